select
    municipality_code,
    match_month as signal_month,
    count(*) filter (where signals = 1) as one_signal,
    count(*) filter (where signals = 2) as two_signals,
    count(*) filter (where signals = 3) as three_signals,
    count(*) as total
from {{ ref('dossier') }}
where not is_withdrawn
group by municipality_code, match_month
