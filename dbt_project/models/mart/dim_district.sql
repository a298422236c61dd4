select
    municipality_code,
    district,
    year,
    name,
    is_listed
from {{ ref('district_in_year') }}
