{#
    The selection of every month as it stands: as it was approved, or as it is proposed while nobody has approved it.
#}

{{ config(materialized='view') }}

with approved as (

    select
        *,
        true as is_approved
    from {{ source('decision', 'selection') }}

),

proposed as (

    select
        *,
        false as is_approved
    from {{ ref('adjusted_proposal') }} as proposal
    where not exists (
        select 1
        from {{ source('decision', 'approval') }} as approval
        where
            approval.municipality_code = proposal.municipality_code
            and approval.signal_month = proposal.signal_month
    )

)

{% for part in ['approved', 'proposed'] %}
select
    municipality_code,
    signal_month,
    household_id,
    role,
    rank,
    channel,
    due_on,
    {{ grounds(part) }},
    is_approved
from {{ part }}
{{ 'union all' if not loop.last }}
{% endfor %}
