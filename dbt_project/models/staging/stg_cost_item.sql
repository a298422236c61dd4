select
    item,
    side,
    bearer,
    label,
    basis,
    rate_low,
    rate_mid,
    rate_high,
    unit_eur_low,
    unit_eur_mid,
    unit_eur_high,
    source
from {{ ref('cost_items') }}
