{#
    The selection of every month as it stands: as it was approved, or as it is proposed while nobody has approved it.
#}

{{ config(materialized='view', contract={'enforced': false}) }}

with proposed as (

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
    {{ selection_columns('approved') }},
    true as is_approved
from {{ source('decision', 'selection') }} as approved

union all

select
    {{ selection_columns('proposed') }},
    false as is_approved
from proposed
