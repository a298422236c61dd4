select
    municipality_code,
    match_month,
    outcome_label as outcome,
    count(*) as dossiers,
    sum(signals)::bigint as signals,
    count(walking_month) as walked,
    count(*) filter (where had_contact) as contact,
    count(*) filter (where is_ended) as ended,
    count(days_to_closing) as closed,
    coalesce(sum(days_to_closing), 0)::bigint as days_to_closing
from {{ ref('dossier') }}
where not is_withdrawn
group by municipality_code, match_month, outcome_label
