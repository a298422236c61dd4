with version as (

    select
        *,
        row_number() over (partition by municipality_code order by register_month, drop_id, line_no) as place
    from {{ ref('stg_dossier') }}
    where register_month <= {{ as_of() }}

),

numbered as {{ on_each_machine() }} (

    select
        *,
        min(place) over (partition by municipality_code, dossier_id) as first_place,
        row_number() over (partition by municipality_code, dossier_id order by place desc) as age
    from version

),

closed_before as (

    -- Whether a file that was known before had the case closed already, with another outcome or none.
    select
        newest.municipality_code,
        newest.dossier_id,
        bool_or(earlier.outcome is distinct from newest.outcome) as is_outcome_after_closing
    from numbered as newest
    inner join numbered as earlier
        on newest.municipality_code = earlier.municipality_code and newest.dossier_id = earlier.dossier_id
    where newest.age = 1 and earlier.age > 1 and earlier.closed_on is not null
    group by newest.municipality_code, newest.dossier_id

)

select
    newest.municipality_code,
    newest.dossier_id,
    newest.household_id,
    newest.match_month,
    newest.walking_month,
    newest.source,
    newest.register_month,
    newest.first_place,
    newest.created_on,
    newest.closed_on,
    newest.withdrawn_on,
    newest.withdrawn_on is not null as is_withdrawn,
    newest.outcome,
    newest.is_outcome_listed,
    newest.total_eur,
    newest.flyer_on,
    coalesce(newest.is_contact_after_flyer, false) as is_contact_after_flyer,
    newest.composition,
    newest.causes,
    newest.other_problems,
    coalesce(closed_before.is_outcome_after_closing, false) as is_outcome_after_closing
from numbered as newest
left join closed_before using (municipality_code, dossier_id)
where newest.age = 1
