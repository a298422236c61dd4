select
    municipality_code,
    signal_month
from {{ source('raw', 'month_received') }}
