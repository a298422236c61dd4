select
    creditor,
    name,
    sector
from {{ ref('creditors') }}
