select
    municipality_code,
    signal_month,
    household_id,
    role,
    rank,
    reason,
    criterion,
    creditors,
    sectors,
    district,
    arrears_eur,
    heropaf
from {{ ref('standing_selection') }}
where {{ in_own_municipality() }}
