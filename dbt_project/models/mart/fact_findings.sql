select
    municipality_code,
    signal_month,
    feed,
    creditor,
    rule,
    severity,
    rows
from {{ ref('findings') }}
where signal_month <= {{ as_of() }}
