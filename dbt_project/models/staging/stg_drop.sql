select
    drop_id,
    municipality_code,
    signal_month,
    feed,
    creditor,
    delivery,
    status,
    rows_read,
    rows_accepted,
    rows_quarantined,
    rows_rejected
from {{ source('raw', 'drop_ledger') }}
where status <> 'received'
