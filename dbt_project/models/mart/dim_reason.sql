with occurring as (

    select distinct
        municipality_code,
        role,
        coalesce(reason, role) as reason
    from {{ ref('standing_selection') }}
    where signal_month <= {{ as_of() }}

)

select
    occurring.municipality_code,
    occurring.reason,
    coalesce(why.label, place.label, occurring.reason) as label,
    occurring.role,
    coalesce(place.label, occurring.role) as role_label,
    -- Of the selected and the reserve their place, then of the others the order in which reasons are looked at.
    coalesce(why.position, place.position)::integer as position
from occurring
left join {{ ref('stg_label') }} as place on place.list = 'role' and occurring.role = place.code
left join {{ ref('stg_label') }} as why
    on why.list = 'no_case' and occurring.reason = why.code and occurring.role = 'not_selected'
