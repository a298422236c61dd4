with counted as (

    select
        period.municipality_code,
        period.period,
        period.period_start,
        period.period_end,
        count(dossier.dossier_id) as dossiers,
        count(dossier.walking_month) as walked,
        count(dossier.days_to_closing) as closed,
        coalesce(sum(dossier.signals), 0)::bigint as signals
    from {{ ref('period') }} as period
    left join {{ ref('dossier_in_period') }} as dossier using (municipality_code, period)
    group by period.municipality_code, period.period, period.period_start, period.period_end

)

select
    municipality_code,
    period,
    period_start,
    period_end,
    {{ as_of() }} as as_of,
    dossiers,
    walked,
    closed,
    signals,
    {{ is_small('dossiers') }} as is_small
from counted
