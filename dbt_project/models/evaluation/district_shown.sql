{#
    Which districts are told of in a year, and which are withheld: see statistics.withheld. A district is shown or withheld
    with all its parts, so that its total, known from elsewhere, tells nothing of them.
#}

with part as (

    select *
    from (
        values
        ('selection', 'selected'),
        ('selection', 'not_selected'),
        ('cases', 'contact'),
        ('cases', 'no_contact')
    ) as part (about, part)

),

cell as {{ on_each_machine() }} (

    select
        district.municipality_code,
        district.year,
        district.district,
        part.about,
        part.part,
        coalesce(counted.n, 0) as n
    from {{ ref('district_in_year') }} as district
    cross join part
    left join {{ ref('district_part') }} as counted
        on
            district.municipality_code = counted.municipality_code
            and district.year = counted.year
            and district.district = counted.district
            and part.about = counted.about
            and part.part = counted.part

),

district as (

    select
        municipality_code,
        year,
        about,
        district,
        array_agg(n order by part) as counts,
        -- Drawn once and for all: an order by the numbers would tell something of them.
        md5(concat_ws('|', municipality_code, year, district)) as lot
    from cell
    group by municipality_code, year, about, district

),

told as (

    select
        district.municipality_code,
        district.year,
        district.about,
        array_agg(district.district order by district.lot) as districts,
        statistics.withheld(array_agg(district.counts order by district.lot), small_cell.minimum) as withheld
    from district
    inner join {{ ref('small_cell') }} as small_cell using (municipality_code)
    group by district.municipality_code, district.year, district.about, small_cell.minimum

)

select
    cell.municipality_code,
    cell.year,
    cell.about,
    cell.district,
    cell.part,
    cell.n,
    told.withheld[array_position(told.districts, cell.district)] as is_withheld
from cell
inner join told using (municipality_code, year, about)
