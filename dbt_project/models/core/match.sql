select
    found.municipality_code,
    found.signal_month,
    found.household_id,
    case
        when count(*) filter (where found.reported_month = found.signal_month) >= 2 then 'same_month'
        when count(*) >= 2 then 'three_months'
        else 'one_creditor'
    end as criterion,
    case
        when count(*) filter (where found.reported_month = found.signal_month) >= 2 then 'multiple'
        when bool_or(found.is_reported_before) then 'consecutive'
        else 'single'
    end as kind,
    string_agg(found.creditor, ', ' order by found.creditor) as creditors,
    array_agg(distinct found.sector order by found.sector) as sectors,
    count(*)::integer as creditor_count,
    count(*) filter (where found.is_at_threshold)::integer as creditors_at_threshold,
    sum(found.amount_eur) as arrears_eur,
    min(found.arrears_since) as arrears_since,
    bool_or(found.is_crisis) as is_crisis,
    bool_or(found.is_sleper) as is_sleper,
    -- Where the household stands first in this month's drops: the last tie-break, since it is the same in every replay.
    min(array[found.creditor, lpad(found.line_no::text, 12, '0')])
    filter (where found.reported_month = found.signal_month) as first_row,
    -- What counted as a match: that may change, and with it what the numbers mean.
    jsonb_build_object(
        'minimum_creditors', policy.minimum_creditors,
        'window_months', policy.window_months,
        'consecutive_months', policy.consecutive_months,
        'sleper_months', policy.sleper_months
    ) as definition
from {{ ref('match_creditor') }} as found
inner join {{ ref('stg_policy') }} as policy using (municipality_code)
where found.signal_month = {{ month() }}
group by
    found.municipality_code, found.signal_month, found.household_id,
    policy.minimum_creditors, policy.window_months, policy.consecutive_months, policy.sleper_months
