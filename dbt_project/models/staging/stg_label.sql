select
    list,
    code,
    label,
    position
from {{ ref('labels') }}
