select
    municipality_code,
    creditor,
    valid_from,
    coalesce(valid_to, 'infinity') as valid_to
from {{ ref('agreements') }}
