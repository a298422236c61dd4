with counted as (

    select
        municipality_code,
        period,
        has_plan,
        count(*) as dossiers
    from {{ ref('dossier_in_period') }}
    where walking_month is not null
    group by municipality_code, period, has_plan

)

select
    *,
    {{ pct('dossiers', 'sum(dossiers) over (partition by municipality_code, period)') }} as pct
from counted
