with signal as (

    select
        period.municipality_code,
        period.period,
        signal.sector,
        signal.is_repeated,
        signal.is_in_case,
        signal.why_no_case,
        count(*) as n
    from {{ ref('period') }} as period
    inner join {{ ref('reported_signal') }} as signal
        on
            period.municipality_code = signal.municipality_code
            and signal.signal_month between period.first_month and period.last_month
    group by
        period.municipality_code, period.period,
        signal.sector, signal.is_repeated, signal.is_in_case, signal.why_no_case

),

household as (

    select
        period.municipality_code,
        period.period,
        case when household.creditors >= 2 then 'multiple' else 'single' end as kind,
        household.is_consecutive,
        count(*) as n
    from {{ ref('period') }} as period
    inner join {{ ref('reported_household') }} as household
        on
            period.municipality_code = household.municipality_code
            and household.signal_month between period.first_month and period.last_month
    group by period.municipality_code, period.period, household.creditors >= 2, household.is_consecutive

),

told as (

    -- Of each indicator: whether signals are in the denominator (applies), and whether in the numerator (met).
    select
        listed.municipality_code,
        listed.period,
        listed.indicator,
        listed.dimension,
        signal.n,
        told.applies,
        told.met
    from {{ ref('indicator_row') }} as listed
    left join signal using (municipality_code, period)
    inner join lateral (
        values
        ('signals_per_1000', true, {{ is_among("array['total', signal.sector]", 'listed.codes') }}),
        ('sector_share', true, {{ is_among('array[signal.sector]', 'listed.codes') }}),
        ('repeated_signals', true, signal.is_repeated),
        ('signals_to_case', true, signal.is_in_case),
        ('signals_without_case', not signal.is_in_case, {{ is_among('array[signal.why_no_case]', 'listed.codes') }})
    ) as told (indicator, applies, met) on listed.indicator = told.indicator

    union all

    select
        listed.municipality_code,
        listed.period,
        listed.indicator,
        listed.dimension,
        household.n,
        true as applies,
        {{ is_among(
            "array[household.kind, case when household.is_consecutive then 'consecutive' end]", 'listed.codes'
        ) }} as met
    from {{ ref('indicator_row') }} as listed
    left join household using (municipality_code, period)
    where listed.indicator = 'households_by_kind'

)

select
    municipality_code,
    period,
    indicator,
    dimension,
    coalesce(sum(n) filter (where applies and met), 0)::bigint as numerator,
    coalesce(sum(n) filter (where applies), 0)::bigint as denominator
from told
group by municipality_code, period, indicator, dimension
