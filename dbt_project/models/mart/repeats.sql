with loaded_twice as (

    select
        municipality_code,
        dossier_id
    from {{ ref('dossier_finding') }}
    where finding = 'loaded_twice'
    group by municipality_code, dossier_id

),

household as (

    -- A case that was loaded again is no second approach.
    select
        dossier.municipality_code,
        dossier.period,
        dossier.household_id,
        count(*) filter (where loaded_twice.dossier_id is null) >= 2 as is_repeated
    from {{ ref('dossier_in_period') }} as dossier
    left join loaded_twice using (municipality_code, dossier_id)
    where dossier.household_id is not null
    group by dossier.municipality_code, dossier.period, dossier.household_id

),

counted as (

    select
        municipality_code,
        period,
        count(*) as households,
        count(*) filter (where is_repeated) as repeated
    from household
    group by municipality_code, period

),

again as (

    select
        period.municipality_code,
        period.period,
        count(*) as heropaf
    from {{ ref('period') }} as period
    inner join {{ ref('standing_selection') }} as selection
        on
            period.municipality_code = selection.municipality_code
            and selection.signal_month between period.first_month and period.last_month
    where selection.role = 'selected' and selection.heropaf and selection.signal_month <= {{ as_of() }}
    group by period.municipality_code, period.period

)

select
    period.municipality_code,
    period.period,
    coalesce(counted.households, 0) as households,
    coalesce(counted.repeated, 0) as repeated,
    {{ pct('counted.repeated', 'counted.households') }} as pct_repeated,
    coalesce(again.heropaf, 0) as heropaf,
    {{ is_small('coalesce(counted.households, 0)') }} as is_small
from {{ ref('period') }} as period
left join counted using (municipality_code, period)
left join again using (municipality_code, period)
