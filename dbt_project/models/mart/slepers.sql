with counted as (

    select
        received.municipality_code,
        received.signal_month,
        count(match.household_id) as matches,
        count(*) filter (where match.is_sleper) as slepers
    from {{ ref('stg_month_received') }} as received
    -- A single creditor is no match, also where every signal gets a follow-up.
    left join {{ ref('match') }} as match
        on
            received.municipality_code = match.municipality_code
            and received.signal_month = match.signal_month
            and match.criterion <> 'one_creditor'
    group by received.municipality_code, received.signal_month

)

select
    *,
    {{ pct('slepers', 'matches') }} as pct_slepers,
    {{ is_small('matches') }} as is_small
from counted
