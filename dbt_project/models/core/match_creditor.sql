{{ config(indexes=[{'columns': ['signal_month']}]) }}

with standing_signal as {{ on_each_machine() }} (

    -- The signals of the months that the policy looks back over, without those taken back by now.
    select signal.*
    from {{ ref('signal') }} as signal
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    where
        signal.signal_month <= {{ month() }}
        and signal.signal_month > {{ month() }} - make_interval(
            months => greatest(policy.window_months, policy.sleper_months, policy.consecutive_months + 1)
        )
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

reporter as (

    -- Who reported a household in the window, and when last.
    select
        signal.municipality_code,
        signal.household_id,
        signal.creditor,
        max(signal.signal_month) as reported_month
    from standing_signal as signal
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    where signal.signal_month > {{ month() }} - make_interval(months => policy.window_months)
    group by signal.municipality_code, signal.household_id, signal.creditor

),

matched as (

    -- A match needs a new signal in the month itself, and as many different creditors in the window as the policy says.
    -- Most households match with nobody: all that follows is about those that do.
    select
        reporter.municipality_code,
        reporter.household_id
    from reporter
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    group by reporter.municipality_code, reporter.household_id, policy.minimum_creditors
    having count(*) >= policy.minimum_creditors and max(reporter.reported_month) = {{ month() }}

),

by_month as {{ on_each_machine() }} (

    -- Two customers of one creditor at an address are one debt of the household to that creditor.
    select
        signal.municipality_code,
        signal.household_id,
        signal.creditor,
        signal.sector,
        signal.signal_month as reported_month,
        sum(signal.amount_eur) as amount_eur,
        min(signal.arrears_since) as arrears_since,
        min(signal.line_no) as line_no,
        bool_or(signal.is_crisis) as is_crisis
    from standing_signal as signal
    inner join matched using (municipality_code, household_id)
    group by
        signal.municipality_code, signal.household_id, signal.creditor, signal.sector, signal.signal_month

),

latest as {{ on_each_machine() }} (

    select distinct on (by_month.municipality_code, by_month.household_id, by_month.creditor) by_month.*
    from by_month
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    where by_month.reported_month > {{ month() }} - make_interval(months => policy.window_months)
    order by
        by_month.municipality_code, by_month.household_id, by_month.creditor, by_month.reported_month desc

),

sleper as (

    -- Who is reported month after month without owing more: such arrears last, but do not grow.
    select
        by_month.municipality_code,
        by_month.household_id,
        by_month.creditor
    from by_month
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    where by_month.reported_month > {{ month() }} - make_interval(months => policy.sleper_months)
    group by by_month.municipality_code, by_month.household_id, by_month.creditor, policy.sleper_months
    having
        count(*) >= policy.sleper_months
        and (array_agg(by_month.amount_eur order by by_month.reported_month desc))[1]
        <= (array_agg(by_month.amount_eur order by by_month.reported_month))[1]

),

reported_before as (

    select distinct
        by_month.municipality_code,
        by_month.household_id
    from by_month
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    where
        by_month.reported_month < {{ month() }}
        and by_month.reported_month >= {{ month() }} - make_interval(months => policy.consecutive_months)

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
    latest.amount_eur >= policy.threshold_eur as is_at_threshold,
    latest.is_crisis and latest.reported_month = {{ month() }} as is_crisis,
    sleper.household_id is not null as is_sleper,
    reported_before.household_id is not null as is_reported_before
from latest
inner join {{ ref('stg_sector_policy') }} as policy using (municipality_code, sector)
left join sleper using (municipality_code, household_id, creditor)
left join reported_before using (municipality_code, household_id)
