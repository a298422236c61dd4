with delivery as (

    select * from {{ ref('stg_drop') }} where feed = 'signals'

),

expected as (

    -- The missing deliveries included.
    select distinct
        municipality_code,
        signal_month,
        creditor
    from {{ ref('drops') }}
    where feed = 'signals'

),

counted as (

    select
        municipality_code,
        signal_month,
        creditor,
        count(*) as deliveries,
        min(received_at) filter (where status <> 'rejected') as received_at
    from delivery
    group by municipality_code, signal_month, creditor

),

judged as (

    -- The delivery in force; where all were rejected, the last one.
    select distinct on (municipality_code, signal_month, creditor)
        municipality_code,
        signal_month,
        creditor,
        drop_id,
        rows_read,
        rows_accepted,
        rows_quarantined
    from delivery
    where status <> 'superseded'
    order by municipality_code, signal_month, creditor, status = 'accepted' desc, delivery desc, drop_id desc

),

repeated as (

    select
        drop_id,
        count(distinct line_no) as rows_repeated
    from {{ ref('stg_finding') }}
    where rule = 'signal_repeated'
    group by drop_id

)

select
    expected.municipality_code,
    expected.signal_month,
    expected.creditor,
    coalesce(counted.deliveries, 0) as deliveries,
    greatest(counted.deliveries - 1, 0) as corrections,
    case
        when counted.deliveries is null then 'missing'
        when counted.received_at <= coalesce(approval.approved_at, 'infinity') then 'yes'
        else 'no'
    end as on_time,
    round(100.0 * judged.rows_accepted / nullif(judged.rows_read, 0), 1) as pct_accepted,
    coalesce(judged.rows_quarantined, 0) as rows_quarantined,
    round(100.0 * coalesce(repeated.rows_repeated, 0) / nullif(judged.rows_read, 0), 1) as pct_repeated,
    count(counted.received_at) over (
        partition by expected.municipality_code, expected.creditor
        order by expected.signal_month
        range between interval '11 months' preceding and current row
    ) as months_delivered
from expected
left join counted
    on
        expected.municipality_code = counted.municipality_code
        and expected.signal_month = counted.signal_month
        and expected.creditor = counted.creditor
left join judged
    on
        expected.municipality_code = judged.municipality_code
        and expected.signal_month = judged.signal_month
        and expected.creditor = judged.creditor
left join repeated on judged.drop_id = repeated.drop_id
left join {{ source('decision', 'approval') }} as approval
    on
        expected.municipality_code = approval.municipality_code
        and expected.signal_month = approval.signal_month
