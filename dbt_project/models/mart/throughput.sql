with listed as (

    -- Also of a period without a case. Closing has a term of its own.
    select
        period.municipality_code,
        period.period,
        step.code as step,
        term.code as term
    from {{ ref('period') }} as period
    inner join {{ ref('stg_label') }} as step on step.list = 'step'
    inner join {{ ref('stg_label') }} as term
        on term.list = 'term' and (step.code = 'closing') = (term.code = 'policy_closing')

),

taken as (

    select
        standing.municipality_code,
        standing.period,
        step.step,
        step.term,
        step.days,
        step.is_in_term
    from {{ ref('dossier_in_period') }} as standing
    inner join {{ ref('dossier_step') }} as step using (municipality_code, dossier_id)

),

counted as (

    select
        listed.municipality_code,
        listed.period,
        listed.step,
        listed.term,
        count(taken.days) as n,
        percentile_cont(0.5) within group (order by taken.days) as median_days,
        percentile_cont(0.9) within group (order by taken.days) as p90_days,
        count(taken.is_in_term) as judged,
        count(*) filter (where taken.is_in_term) as in_term
    from listed
    left join taken using (municipality_code, period, step, term)
    group by listed.municipality_code, listed.period, listed.step, listed.term

)

select
    counted.municipality_code,
    counted.period,
    counted.step,
    counted.term,
    counted.n,
    {{ one_decimal('counted.median_days') }} as median_days,
    {{ one_decimal('counted.p90_days') }} as p90_days,
    counted.judged,
    counted.in_term,
    {{ pct('counted.in_term', 'counted.judged') }} as pct_in_term,
    {{ one_decimal('margin.low_pct') }} as low_pct,
    {{ one_decimal('margin.high_pct') }} as high_pct,
    {{ is_small('least(counted.n, counted.judged)') }} as is_small
from counted
cross join lateral statistics.wilson(counted.in_term, counted.judged) as margin
