select
    municipality_code,
    signal_month,
    household_id,
    kind,
    -- Before there were other channels everybody selected was visited.
    case when role = 'selected' then coalesce(channel, 'home_visit') end as channel,
    due_on,
    is_crisis,
    is_sleper,
    verified_by
from {{ ref('standing_selection') }}
where {{ in_own_municipality() }}
