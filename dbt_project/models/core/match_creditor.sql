{{ config(indexes=[{'columns': ['signal_month']}]) }}

with standing_signal as (

    -- The signals of the months that the policy looks back over, without those taken back by now.
    select signal.*
    from {{ ref('signal') }} as signal
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    where
        signal.signal_month <= {{ month() }}
        and signal.signal_month > {{ month() }} - make_interval(months => policy.window_months)
        and not exists (
            select 1
            from {{ ref('stg_withdrawal') }} as withdrawal
            where
                withdrawal.municipality_code = signal.municipality_code
                and withdrawal.creditor = signal.creditor
                and withdrawal.signal_id = signal.signal_id
                and withdrawal.signal_month between signal.signal_month and {{ month() }}
        )

),

by_month as (

    -- Two customers of one creditor at an address are one debt of the household to that creditor.
    select
        municipality_code,
        household_id,
        creditor,
        sector,
        signal_month as reported_month,
        sum(amount_eur) as amount_eur,
        min(arrears_since) as arrears_since,
        min(line_no) as line_no
    from standing_signal
    group by municipality_code, household_id, creditor, sector, signal_month

),

latest as (

    select distinct on (municipality_code, household_id, creditor) *
    from by_month
    order by municipality_code, household_id, creditor, reported_month desc

),

matched as (

    -- A match needs a new signal in the month itself, and a different creditor in the window.
    select
        municipality_code,
        household_id
    from latest
    group by municipality_code, household_id
    having count(*) >= 2 and bool_or(reported_month = {{ month() }})

)

select
    latest.municipality_code,
    {{ month() }} as signal_month,
    latest.household_id,
    latest.creditor,
    latest.sector,
    latest.reported_month,
    latest.amount_eur,
    latest.arrears_since,
    latest.line_no,
    latest.amount_eur >= policy.threshold_eur as is_at_threshold
from latest
inner join matched using (municipality_code, household_id)
inner join {{ ref('stg_sector_policy') }} as policy using (municipality_code, sector)
