with in_force as (

    {{ in_force('ris') }}

),

registered as (

    select
        attempt.municipality_code,
        attempt.signal_month as register_month,
        attempt.drop_id,
        attempt.line_no,
        attempt.dossier_id,
        attempt.datum as attempted_on,
        attempt.dagdeel as part_of_day,
        attempt.soort as contact_kind,
        attempt.bereikt as is_reached,
        'registration' as source
    from {{ source('quality', 'accepted_ris_contacts') }} as attempt
    inner join in_force using (drop_id)

),

walked as (

    select
        municipality_code,
        signal_month as register_month,
        drop_id,
        line_no,
        zaaknummer as dossier_id,
        datum as attempted_on,
        dagdeel as part_of_day,
        soort as contact_kind,
        bereikt as is_reached,
        'walking_list' as source
    from {{ source('quality', 'walked_attempt') }}

)

select * from registered

union all

select * from walked
