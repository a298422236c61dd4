select
    municipality_code,
    period,
    outcome_group as outcome,
    count(*) as n,
    min(total_eur) as min_eur,
    max(total_eur) as max_eur,
    round(avg(total_eur), 2) as mean_eur
from {{ ref('dossier_in_period') }}
-- The total as the case worker registered it, which is more than the known amounts where one of them is missing.
where total_eur is not null
group by municipality_code, period, outcome_group
