select
    municipality_code,
    signal_month,
    creditor,
    sector,
    count(*) as signals
from {{ ref('signal') }}
group by municipality_code, signal_month, creditor, sector
