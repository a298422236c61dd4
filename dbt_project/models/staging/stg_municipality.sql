select
    municipality_code,
    name,
    inhabitants
from {{ ref('municipalities') }}
