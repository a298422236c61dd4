select
    municipality_code,
    signal_month as register_month,
    drop_id,
    line_no,
    household_id,
    traject_id as debt_help_id,
    startdatum as started_on,
    einddatum as ended_on
from {{ source('quality', 'accepted_shv') }}
