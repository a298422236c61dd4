{#
    The selection of every month as it stands: as it was approved, or as it is proposed while nobody has approved it.
#}

{{ config(materialized='view') }}

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

)

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
    heropaf,
    policy,
    true as is_approved
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
    heropaf,
    policy,
    false as is_approved
from proposed
