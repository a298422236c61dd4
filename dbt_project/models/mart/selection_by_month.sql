select
    municipality_code,
    signal_month,
    role,
    reason,
    criterion,
    count(*) as households
from {{ ref('selection') }}
group by municipality_code, signal_month, role, reason, criterion
