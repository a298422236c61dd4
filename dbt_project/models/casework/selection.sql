with approved as (

    select * from {{ source('decision', 'selection') }}

),

proposed as (

    select proposal.*
    from {{ ref('adjusted_proposal') }} as proposal
    where not exists (
        select 1
        from {{ source('decision', 'approval') }} as approval
        where
            approval.municipality_code = proposal.municipality_code
            and approval.signal_month = proposal.signal_month
    )

),

combined as (

    select
        municipality_code,
        signal_month,
        household_id,
        role,
        rank,
        reason,
        criterion,
        creditors,
        sectors,
        district,
        arrears_eur,
        heropaf
    from approved

    union all

    select
        municipality_code,
        signal_month,
        household_id,
        role,
        rank,
        reason,
        criterion,
        creditors,
        sectors,
        district,
        arrears_eur,
        heropaf
    from proposed

)

select * from combined
where {{ in_own_municipality() }}
