with approved as (

    select * from {{ source('decision', 'selection') }}

),

derived as (

    -- Of the months that were approved: in the others nothing is final yet.
    select proposal.*
    from {{ ref('adjusted_proposal') }} as proposal
    where exists (
        select 1
        from {{ source('decision', 'approval') }} as approval
        where
            approval.municipality_code = proposal.municipality_code
            and approval.signal_month = proposal.signal_month
    )

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
            when derived.role is null then 'no_longer_a_match'
            when approved.role is null then 'new_match'
            when
                approved.role <> derived.role or coalesce(approved.reason, '') <> coalesce(derived.reason, '')
                then 'other_outcome'
            when
                approved.arrears_eur <> derived.arrears_eur or approved.creditors <> derived.creditors
                then 'other_arrears'
        end as difference
    from approved
    full outer join derived using (municipality_code, signal_month, household_id)

)

select * from compared
where difference is not null and {{ in_own_municipality() }}
