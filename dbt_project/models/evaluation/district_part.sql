with matched as {{ on_each_machine() }} (

    select
        municipality_code,
        household_id,
        signal_month,
        coalesce(district, {{ otherwise('district') }}, '?') as district,
        role
    from {{ ref('standing_selection') }}
    where signal_month <= {{ as_of() }}

),

counted_once as (

    select
        municipality_code,
        signal_month as match_month,
        district,
        'selection' as about,
        case when role = 'selected' then 'selected' else 'not_selected' end as part
    from matched

    union all

    -- The district of a case is that of its match.
    select
        dossier.municipality_code,
        dossier.match_month,
        coalesce(matched.district, {{ otherwise('district') }}, '?') as district,
        'cases' as about,
        case when dossier.had_contact then 'contact' else 'no_contact' end as part
    from {{ ref('dossier') }} as dossier
    left join matched
        on
            dossier.municipality_code = matched.municipality_code
            and dossier.household_id = matched.household_id
            and dossier.match_month = matched.signal_month
    where not dossier.is_withdrawn

)

select
    municipality_code,
    extract(year from match_month)::integer as year,
    district,
    about,
    part,
    count(*) as n
from counted_once
group by municipality_code, extract(year from match_month), district, about, part
