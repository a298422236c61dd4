with reported as {{ on_each_machine() }} (

    -- As in core.match_creditor: what was taken back by a month does not count in it.
    select
        municipality_code,
        signal_month,
        household_id,
        count(distinct creditor) as creditors
    from {{ ref('reported_signal') }}
    where taken_back_month is distinct from signal_month
    group by municipality_code, signal_month, household_id

),

reported_before as (

    select distinct
        reported.municipality_code,
        reported.signal_month,
        reported.household_id
    from reported
    inner join {{ ref('policy_in_month') }} as policy using (municipality_code, signal_month)
    inner join {{ ref('reported_signal') }} as earlier
        on
            reported.municipality_code = earlier.municipality_code
            and reported.household_id = earlier.household_id
            and reported.signal_month > earlier.signal_month
            and reported.signal_month - make_interval(months => policy.consecutive_months) <= earlier.signal_month
            and reported.signal_month < coalesce(earlier.taken_back_month, 'infinity')

)

select
    reported.municipality_code,
    reported.signal_month,
    reported.household_id,
    reported.creditors,
    reported_before.household_id is not null as is_consecutive
from reported
left join reported_before using (municipality_code, signal_month, household_id)
