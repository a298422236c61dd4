with known as (

    select
        *,
        dense_rank() over (
            partition by municipality_code, dossier_id order by register_month desc, drop_id desc
        ) as age
    from {{ ref('stg_dossier_signal') }}
    where register_month <= {{ as_of() }}

),

registered as {{ on_each_machine() }} (

    -- The claims of a case are what they were at the match: the newest file that names them tells them all, and one
    -- that is silent about a case takes nothing away.
    select
        known.municipality_code,
        known.dossier_id,
        -- What is no code of the register is not known to be a creditor.
        creditor.creditor,
        creditor.sector,
        known.amount_eur
    from known
    left join {{ ref('stg_creditor') }} as creditor on known.creditor = creditor.creditor
    where known.age = 1

),

walked as (

    -- A walking list names no claims of its own: they are those of the match.
    select
        dossier.municipality_code,
        dossier.dossier_id,
        found.creditor,
        found.sector,
        found.amount_eur
    from {{ ref('newest_dossier') }} as dossier
    inner join {{ ref('match_creditor') }} as found
        on
            dossier.municipality_code = found.municipality_code
            and dossier.household_id = found.household_id
            and dossier.match_month = found.signal_month
    where
        dossier.source = 'walking_list'
        and dossier.match_month <= {{ as_of() }}
        and not exists (
            select 1
            from registered
            where
                registered.municipality_code = dossier.municipality_code
                and registered.dossier_id = dossier.dossier_id
        )

),

claim as (

    select * from registered

    union all

    select * from walked

)

select
    claim.municipality_code,
    claim.dossier_id,
    claim.creditor,
    claim.sector,
    claim.amount_eur,
    claim.amount_eur < (policy.threshold_eur ->> claim.sector)::numeric as is_below_threshold,
    found.reported_month,
    found.amount_eur as match_amount_eur,
    case when claim.creditor is not null and match.household_id is not null then found.creditor is not null end
        as is_in_match
from claim
left join {{ ref('newest_dossier') }} as dossier using (municipality_code, dossier_id)
left join {{ ref('policy_in_month') }} as policy
    on dossier.municipality_code = policy.municipality_code and dossier.match_month = policy.signal_month
left join {{ ref('match') }} as match
    on
        dossier.municipality_code = match.municipality_code
        and dossier.household_id = match.household_id
        and dossier.match_month = match.signal_month
        and match.signal_month <= {{ as_of() }}
left join {{ ref('match_creditor') }} as found
    on
        match.municipality_code = found.municipality_code
        and match.household_id = found.household_id
        and match.signal_month = found.signal_month
        and claim.creditor = found.creditor
