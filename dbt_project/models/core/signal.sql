{#
    The months that this month looks back over are taken anew with it: a delivery may have been corrected since.
#}

{{ config(meta={'replaces': 'window'}) }}

select
    signal.municipality_code,
    signal.signal_month,
    signal.drop_id,
    signal.line_no,
    signal.creditor,
    creditor.sector,
    signal.household_id,
    signal.signal_id,
    signal.amount_eur,
    signal.arrears_since,
    signal.signal_date,
    signal.is_crisis,
    signal.is_warm_handover
from {{ ref('stg_signal') }} as signal
inner join {{ ref('stg_creditor') }} as creditor using (creditor)
where {{ in_window('signal.signal_month') }}
