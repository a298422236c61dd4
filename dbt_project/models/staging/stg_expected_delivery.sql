select distinct
    received.municipality_code,
    received.signal_month,
    agreement.creditor
from {{ ref('stg_month_received') }} as received
inner join {{ ref('stg_agreement') }} as agreement
    on
        received.municipality_code = agreement.municipality_code
        and received.signal_month + 24 between agreement.valid_from and agreement.valid_to
inner join {{ ref('stg_creditor') }} as creditor on agreement.creditor = creditor.creditor
