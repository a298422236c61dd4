with in_force as (

    {{ in_force('ris') }}

)

select
    signal.municipality_code,
    signal.signal_month as register_month,
    signal.drop_id,
    signal.line_no,
    signal.dossier_id,
    signal.crediteur as creditor,
    signal.bedrag as amount_eur
from {{ source('quality', 'accepted_ris_signals') }} as signal
inner join in_force using (drop_id)
