with matched as (

    select
        municipality_code,
        household_id,
        signal_month,
        extract(year from signal_month)::integer as year,
        coalesce(district, {{ otherwise('district') }}, '?') as district,
        role
    from {{ ref('standing_selection') }}
    where signal_month <= {{ as_of() }}

),

counted as (

    select
        municipality_code,
        year,
        district,
        'selection' as about,
        case when role = 'selected' then 'selected' else 'not_selected' end as part,
        count(*) as n
    from matched
    group by municipality_code, year, district, part

    union all

    -- The district of a case is that of its match.
    select
        dossier.municipality_code,
        extract(year from dossier.match_month)::integer as year,
        coalesce(matched.district, {{ otherwise('district') }}, '?') as district,
        'cases' as about,
        case when dossier.had_contact then 'contact' else 'no_contact' end as part,
        count(*) as n
    from {{ ref('dossier') }} as dossier
    left join matched
        on
            dossier.municipality_code = matched.municipality_code
            and dossier.household_id = matched.household_id
            and dossier.match_month = matched.signal_month
    where not dossier.is_withdrawn
    group by 1, 2, 3, 5

)

select * from counted
