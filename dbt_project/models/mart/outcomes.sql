with counted as (

    select
        municipality_code,
        period,
        outcome_label as outcome,
        count(*) as dossiers
    from {{ ref('dossier_in_period') }}
    group by municipality_code, period, outcome_label

)

select
    *,
    {{ pct('dossiers', 'sum(dossiers) over (partition by municipality_code, period)') }} as pct
from counted
