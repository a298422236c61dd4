select
    sector,
    label,
    position
from {{ ref('sectors') }}
