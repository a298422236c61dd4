select
    municipality_code,
    signal_month,
    feed,
    creditor,
    count(*) filter (where status <> 'missing') as deliveries,
    count(*) filter (where status = 'missing') as missing,
    count(*) filter (where status = 'rejected') as rejected,
    -- A superseded delivery is replaced as a whole, its rows with it.
    coalesce(sum(rows_read) filter (where status <> 'superseded'), 0)::bigint as rows_read,
    coalesce(sum(rows_accepted) filter (where status <> 'superseded'), 0)::bigint as rows_accepted,
    coalesce(sum(rows_quarantined) filter (where status <> 'superseded'), 0)::bigint as rows_quarantined,
    coalesce(sum(rows_rejected) filter (where status <> 'superseded'), 0)::bigint as rows_rejected
from {{ ref('drops') }}
where signal_month <= {{ as_of() }}
group by municipality_code, signal_month, feed, creditor
