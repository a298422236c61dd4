select
    municipality_code,
    signal_month,
    household_id,
    case
        when count(*) filter (where reported_month = signal_month) >= 2 then 'same_month'
        else 'three_months'
    end as criterion,
    string_agg(creditor, ', ' order by creditor) as creditors,
    array_agg(distinct sector order by sector) as sectors,
    count(*)::integer as creditor_count,
    count(*) filter (where is_at_threshold)::integer as creditors_at_threshold,
    sum(amount_eur) as arrears_eur,
    min(arrears_since) as arrears_since,
    -- Where the household stands first in this month's drops: the last tie-break, since it is the same in every replay.
    min(array[creditor, lpad(line_no::text, 12, '0')]) filter (where reported_month = signal_month) as first_row
from {{ ref('match_creditor') }}
where signal_month = {{ month() }}
group by municipality_code, signal_month, household_id
