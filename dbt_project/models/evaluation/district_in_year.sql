with occurring as {{ on_each_machine() }} (

    select distinct
        municipality_code,
        year,
        district
    from {{ ref('district_part') }}

),

year_known as {{ on_each_machine() }} (

    select distinct
        municipality_code,
        year
    from occurring

),

listed as {{ on_each_machine() }} (

    -- A code that is given to another district within a year keeps the name of its last one.
    select distinct on (year_known.municipality_code, year_known.year, district.district)
        year_known.municipality_code,
        year_known.year,
        district.district,
        coalesce(district.name, district.district) as name
    from year_known
    inner join {{ ref('stg_district') }} as district
        on
            year_known.municipality_code = district.municipality_code
            and make_date(year_known.year, 12, 31) >= district.valid_from
            and make_date(year_known.year, 1, 1) <= coalesce(district.valid_to, 'infinity')
    order by
        year_known.municipality_code, year_known.year, district.district, district.valid_from desc

),

-- Also of whom the district is not known there is always a row: what is withheld may hide in it.
unknown as (

    select
        municipality_code,
        year,
        coalesce({{ otherwise('district') }}, '?') as district
    from year_known

),

district as (

    select
        municipality_code,
        year,
        district
    from occurring

    union

    select
        municipality_code,
        year,
        district
    from listed

    union

    select * from unknown

)

select
    district.municipality_code,
    district.district,
    district.year,
    coalesce(listed.name, district.district) as name,
    listed.district is not null as is_listed
from district
left join listed using (municipality_code, year, district)
