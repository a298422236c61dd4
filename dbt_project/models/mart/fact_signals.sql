with counted as (

    select
        reported.municipality_code,
        reported.signal_month,
        reported.creditor,
        count(*) as signals,
        count(*) filter (where signal.is_crisis) as crisis,
        count(*) filter (where reported.is_repeated) as repeated,
        count(reported.taken_back_month) as taken_back,
        count(*) filter (where reported.is_in_case) as in_case,
        sum(signal.amount_eur) as amount_eur
    from {{ ref('reported_signal') }} as reported
    inner join {{ ref('signal') }} as signal using (municipality_code, drop_id, line_no)
    group by reported.municipality_code, reported.signal_month, reported.creditor

)

select
    counted.municipality_code,
    counted.signal_month,
    counted.creditor,
    counted.signals,
    counted.crisis,
    counted.repeated,
    counted.taken_back,
    counted.in_case,
    -- The sum over a few tells the arrears of one.
    case when counted.signals >= small_cell.minimum then counted.amount_eur end as amount_eur,
    counted.signals < small_cell.minimum as is_withheld
from counted
inner join {{ ref('small_cell') }} as small_cell using (municipality_code)
