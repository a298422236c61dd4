select
    municipality_code,
    period,
    period_start,
    period_end
from {{ ref('periods') }}
