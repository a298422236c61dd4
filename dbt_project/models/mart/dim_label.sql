select
    municipality.municipality_code,
    label.list,
    label.code,
    label.label,
    label.position::integer as position
from {{ ref('dim_municipality') }} as municipality
cross join {{ ref('stg_label') }} as label
