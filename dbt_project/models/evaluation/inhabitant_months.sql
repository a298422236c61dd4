with counted as (

    -- A month in which nothing was received, or nothing was derived of it yet, is no month without signals.
    select
        period.municipality_code,
        period.period,
        count(distinct signal.signal_month) as months
    from {{ ref('period') }} as period
    left join {{ ref('reported_signal') }} as signal
        on
            period.municipality_code = signal.municipality_code
            and signal.signal_month between period.first_month and period.last_month
    group by period.municipality_code, period.period

)

select
    counted.municipality_code,
    counted.period,
    counted.months,
    municipality.inhabitants,
    counted.months * municipality.inhabitants as inhabitant_months
from counted
left join {{ ref('stg_municipality') }} as municipality using (municipality_code)
