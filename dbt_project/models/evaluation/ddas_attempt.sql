with attempt as (

    select
        municipality_code,
        dossier_id,
        attempted_on,
        part_of_day,
        contact_kind,
        is_reached
    from {{ ref('contact_attempt') }}

    union all

    -- A flyer is registered beside the attempts; some registrations tell of it among them too.
    select
        dossier.municipality_code,
        dossier.dossier_id,
        dossier.flyer_on as attempted_on,
        null as part_of_day,
        'Kaartje' as contact_kind,
        dossier.is_contact_after_flyer as is_reached
    from {{ ref('dossier') }} as dossier
    where
        dossier.flyer_on is not null
        and not exists (
            select 1
            from {{ ref('contact_attempt') }} as told
            where
                told.municipality_code = dossier.municipality_code
                and told.dossier_id = dossier.dossier_id
                and told.attempted_on = dossier.flyer_on
                and told.contact_kind = 'Kaartje'
        )

)

select
    attempt.municipality_code,
    attempt.dossier_id,
    attempt.attempted_on,
    part.ddas as part_of_day,
    coalesce(own.ddas, other.ddas) as contact_kind,
    attempt.is_reached
from attempt
left join {{ ref('stg_ddas_code') }} as part on part.list = 'part_of_day' and attempt.part_of_day = part.code
left join {{ ref('stg_ddas_code') }} as own on own.list = 'contact_kind' and attempt.contact_kind = own.code
left join {{ ref('stg_ddas_code') }} as other on other.list = 'contact_kind' and other.code = '*'
