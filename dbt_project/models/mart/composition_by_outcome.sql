select
    municipality_code,
    period,
    outcome_group as outcome,
    count(*) filter (where composition = 'single') as single,
    count(*) filter (where composition = 'single_with_children') as single_with_children,
    count(*) filter (where composition = 'couple') as couple,
    count(*) filter (where composition = 'couple_with_children') as couple_with_children,
    count(*) as total
from {{ ref('dossier_in_period') }}
where composition is not null
group by municipality_code, period, outcome_group
