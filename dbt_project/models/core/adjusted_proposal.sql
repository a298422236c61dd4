{#
    The proposal as a person left it: a household that was exchanged takes the place and the role of the other.
#}

{{ config(materialized='view', contract={'enforced': false}) }}

with exchange as {{ on_each_machine() }} (

    -- What does not fit the proposal of now, because that was derived anew since, is void.
    select
        chosen.municipality_code,
        chosen.signal_month,
        chosen.household_id as chosen_id,
        chosen.rank as chosen_rank,
        chosen.channel,
        spare.household_id as spare_id,
        spare.rank as spare_rank
    from {{ source('decision', 'exchange') }} as exchange
    inner join {{ ref('proposal') }} as chosen
        on
            exchange.municipality_code = chosen.municipality_code
            and exchange.signal_month = chosen.signal_month
            and exchange.household_out = chosen.household_id
            and chosen.role = 'selected'
    inner join {{ ref('proposal') }} as spare
        on
            exchange.municipality_code = spare.municipality_code
            and exchange.signal_month = spare.signal_month
            and exchange.household_in = spare.household_id
            and spare.role = 'reserve'

),

given as (

    select
        municipality_code,
        signal_month,
        chosen_id as household_id,
        'reserve' as role,
        spare_rank as rank,
        null as channel
    from exchange

    union all

    select
        municipality_code,
        signal_month,
        spare_id as household_id,
        'selected' as role,
        chosen_rank as rank,
        channel
    from exchange

)

select
    proposal.municipality_code,
    proposal.signal_month,
    proposal.household_id,
    coalesce(given.role, proposal.role) as role,
    coalesce(given.rank, proposal.rank) as rank,
    case when given.role is null then proposal.channel else given.channel end as channel,
    {{ columns_of('proposal', ground_columns()) }}
from {{ ref('proposal') }} as proposal
left join given using (municipality_code, signal_month, household_id)
