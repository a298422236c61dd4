with newest_list as (

    -- Of a case on walking lists the newest list holds, also when it tells of fewer attempts: it corrects older ones.
    select distinct on (municipality_code, dossier_id)
        municipality_code,
        dossier_id,
        drop_id
    from {{ ref('stg_dossier') }}
    where source = 'walking_list' and register_month <= {{ as_of() }}
    order by municipality_code, dossier_id, register_month desc, drop_id desc

),

known as (

    -- The case registration may repeat an attempt in every export, or tell of it once: all of them count.
    select attempt.*
    from {{ ref('stg_contact_attempt') }} as attempt
    left join newest_list
        on
            attempt.municipality_code = newest_list.municipality_code
            and attempt.dossier_id = newest_list.dossier_id
            and attempt.drop_id = newest_list.drop_id
    where
        attempt.register_month <= {{ as_of() }}
        and (attempt.source = 'registration' or newest_list.drop_id is not null)

),

told_once as (

    -- One attempt is that of one day, part of the day and means; whether it reached anybody the newest file says.
    select distinct on (municipality_code, dossier_id, attempted_on, part_of_day, contact_kind) *
    from known
    order by
        municipality_code, dossier_id, attempted_on, part_of_day, contact_kind,
        register_month desc, drop_id desc, line_no desc

)

select
    attempt.municipality_code,
    attempt.dossier_id,
    attempt.attempted_on,
    attempt.part_of_day,
    attempt.contact_kind,
    coalesce(attempt.is_reached, false) as is_reached,
    coalesce({{ is_on('attempt.contact_kind', 'home_visit') }}, false) as is_home_visit,
    coalesce({{ is_on('attempt.contact_kind', 'phone_call') }}, false) as is_phone_call,
    coalesce(attempt.attempted_on > dossier.closed_on, false) as is_after_closing
from told_once as attempt
left join {{ ref('newest_dossier') }} as dossier using (municipality_code, dossier_id)
