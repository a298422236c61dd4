with counted as (

    select
        received.municipality_code,
        received.signal_month,
        count(*) filter (where match.criterion = 'same_month') as same_month,
        count(*) filter (where match.criterion = 'three_months') as three_months,
        -- A single creditor is no match, also where every signal gets a follow-up.
        count(*) filter (where match.criterion <> 'one_creditor') as total
    from {{ ref('stg_month_received') }} as received
    left join {{ ref('match') }} as match using (municipality_code, signal_month)
    group by received.municipality_code, received.signal_month

)

select
    *,
    round(100.0 * three_months / nullif(total, 0), 1) as pct_three_months
from counted
