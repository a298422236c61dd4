select
    drop_id,
    municipality_code,
    signal_month,
    -- The case registration comes in several files of one feed: ris_dossiers, ris_signals and so on.
    split_part(feed, '_', 1) as feed,
    creditor,
    delivery,
    received_at,
    status,
    rows_read,
    rows_accepted,
    rows_quarantined,
    rows_rejected
from {{ source('raw', 'drop_ledger') }}
where status <> 'received'
