with approved as (

    select selection.*
    from {{ source('decision', 'selection') }} as selection

),

derived as (

    select proposal.*
    from {{ ref('proposal') }} as proposal
    inner join {{ source('decision', 'approval') }} as approval using (municipality_code, signal_month)

),

compared as (

    select
        municipality_code,
        signal_month,
        household_id,
        approved.role as approved_role,
        derived.role as derived_role,
        approved.arrears_eur as approved_arrears_eur,
        derived.arrears_eur as derived_arrears_eur,
        case
            when derived.household_id is null then 'no_longer_a_match'
            when approved.household_id is null then 'new_match'
            when (approved.role, approved.reason) is distinct from (derived.role, derived.reason) then 'other_outcome'
            else 'other_arrears'
        end as difference
    from approved
    full outer join derived using (municipality_code, signal_month, household_id)
    where
        (approved.role, approved.reason, approved.creditors, approved.arrears_eur)
        is distinct from (derived.role, derived.reason, derived.creditors, derived.arrears_eur)

)

select * from compared
where {{ in_own_municipality() }}
