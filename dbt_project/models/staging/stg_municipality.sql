select
    municipality_code,
    inhabitants
from {{ ref('municipalities') }}
