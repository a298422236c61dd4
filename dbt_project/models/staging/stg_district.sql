-- Who leaves out the file gets the project's own, with the districts of a municipality that may be another.
select
    district.municipality_code,
    district.district,
    district.name,
    district.valid_from,
    district.valid_to
from {{ ref('districts') }} as district
inner join {{ ref('municipalities') }} using (municipality_code)
