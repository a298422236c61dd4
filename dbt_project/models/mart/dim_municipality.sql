select
    known.municipality_code,
    coalesce(municipality.name, known.municipality_code) as name,
    municipality.inhabitants
from {{ ref('small_cell') }} as known
left join {{ ref('stg_municipality') }} as municipality using (municipality_code)
