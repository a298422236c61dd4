with counted as (

    select * from {{ ref('indicator_signals') }}

    union all

    select * from {{ ref('indicator_cases') }}

    union all

    select * from {{ ref('indicator_checks') }}

    union all

    select
        listed.municipality_code,
        listed.period,
        listed.indicator,
        listed.dimension,
        repeats.repeated as numerator,
        repeats.households as denominator
    from {{ ref('indicator_row') }} as listed
    inner join {{ ref('repeats') }} as repeats using (municipality_code, period)
    where listed.indicator = 'households_again'

),

unit as (

    select
        *,
        indicator not in ('signals_per_1000', 'cases_per_1000') as is_share
    from counted

),

measured as (

    select
        unit.municipality_code,
        unit.period,
        unit.indicator,
        unit.dimension,
        unit.numerator,
        case when unit.is_share then unit.denominator else population.inhabitant_months end as denominator,
        unit.is_share,
        -- Inhabitants are no sample: a rate has no margin.
        case when unit.is_share then unit.denominator end as sampled
    from unit
    inner join {{ ref('inhabitant_months') }} as population using (municipality_code, period)

),

benchmark as (

    select distinct on (indicator, dimension)
        indicator,
        dimension,
        figure,
        year,
        source
    from {{ ref('stg_benchmark') }}
    order by indicator, dimension, year desc

)

select
    measured.municipality_code,
    measured.period,
    measured.indicator,
    measured.dimension,
    measured.numerator::numeric as numerator,
    measured.denominator::numeric as denominator,
    case
        when measured.is_share then {{ pct('measured.numerator', 'measured.denominator') }}
        else round(1000.0 * measured.numerator / nullif(measured.denominator, 0), 2)
    end as figure,
    case when measured.is_share then 'pct' else 'per_1000_month' end as unit,
    {{ one_decimal('margin.low_pct') }} as low_pct,
    {{ one_decimal('margin.high_pct') }} as high_pct,
    case
        when measured.is_share then {{ is_small('measured.denominator') }}
        else {{ is_small('measured.numerator') }}
    end as is_small,
    benchmark.figure as benchmark,
    benchmark.year as benchmark_year,
    benchmark.source as benchmark_source
from measured
cross join lateral statistics.wilson(measured.numerator, measured.sampled) as margin
left join benchmark using (indicator, dimension)
