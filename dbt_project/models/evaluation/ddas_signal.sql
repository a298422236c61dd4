{{ config(indexes=[{'columns': ['municipality_code', 'signal_month']}]) }}

select
    status.municipality_code,
    status.signal_month,
    status.drop_id,
    status.line_no,
    status.household_id,
    status.creditor,
    status.signal_id,
    status.dossier_id,
    status.status,
    coalesce(own.ddas, other.ddas) as partner_type,
    signal.is_crisis,
    signal.is_warm_handover,
    -- Half a euro goes up.
    round(signal.amount_eur)::bigint as whole_eur,
    signal.arrears_since,
    signal.signal_date
from {{ ref('signal_status') }} as status
inner join {{ ref('signal') }} as signal using (municipality_code, signal_month, drop_id, line_no)
left join {{ ref('stg_ddas_code') }} as own on own.list = 'sector' and status.sector = own.code
left join {{ ref('stg_ddas_code') }} as other on other.list = 'sector' and other.code = '*'
