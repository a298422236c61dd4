select
    drop_id,
    line_no,
    rule,
    severity,
    column_name
from {{ source('quality', 'finding') }}
