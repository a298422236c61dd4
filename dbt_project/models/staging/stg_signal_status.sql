select
    reason,
    status,
    outcome
from {{ ref('signal_statuses') }}
