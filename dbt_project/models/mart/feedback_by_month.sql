with counted as (

    select
        municipality_code,
        signal_month,
        creditor,
        sector,
        status,
        count(*) as signals,
        sum(count(*)) over (partition by municipality_code, signal_month, creditor)::bigint as total
    from {{ ref('signal_status') }}
    group by municipality_code, signal_month, creditor, sector, status

)

select
    municipality_code,
    signal_month,
    creditor,
    sector,
    status,
    signals,
    total,
    {{ pct('signals', 'total') }} as pct,
    {{ is_small('total') }} as is_small
from counted
