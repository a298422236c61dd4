with attempt as (

    select
        dossier.municipality_code,
        dossier.match_month,
        -- What is on no code list may be a remark about somebody.
        {{ as_listed('attempt.contact_kind', 'contact_kind', 'attempt') }} as contact_kind,
        {{ as_listed('attempt.part_of_day', 'part_of_day', 'attempt') }} as part_of_day,
        attempt.is_reached
    from {{ ref('contact_attempt') }} as attempt
    inner join {{ ref('dossier') }} as dossier using (municipality_code, dossier_id)
    where not dossier.is_withdrawn

)

select
    municipality_code,
    match_month,
    contact_kind,
    part_of_day,
    count(*) as attempts,
    count(*) filter (where is_reached) as reached
from attempt
group by municipality_code, match_month, contact_kind, part_of_day
