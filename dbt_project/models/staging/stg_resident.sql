select
    municipality_code,
    signal_month as register_month,
    drop_id,
    line_no,
    household_id,
    wijk as district,
    opschorting as suspension,
    coalesce(opschorting = 'overleden', false) as is_deceased,
    coalesce(geheimhouding, false) as is_secret
from {{ source('quality', 'accepted_brp') }}
