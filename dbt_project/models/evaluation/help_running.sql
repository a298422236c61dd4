with known_debt_help as (

    {{ register_known('shv', as_of()) }}

),

told as (

    -- Help that was named runs until it is told that it ended.
    select
        municipality_code,
        dossier_id,
        bool_or(coalesce(ended_on > {{ as_of_day() }}, true)) as is_running
    from {{ ref('help') }}
    group by municipality_code, dossier_id

)

select distinct
    debt_help.municipality_code,
    debt_help.household_id,
    null as dossier_id
from {{ ref('stg_debt_help') }} as debt_help
inner join known_debt_help using (municipality_code, drop_id)
where {{ as_of_day() }} between debt_help.started_on and coalesce(debt_help.ended_on, 'infinity')

union all

select
    dossier.municipality_code,
    dossier.household_id,
    dossier.dossier_id
from {{ ref('dossier') }} as dossier
left join told using (municipality_code, dossier_id)
left join {{ ref('policy_in_month') }} as policy
    on dossier.municipality_code = policy.municipality_code and dossier.match_month = policy.signal_month
where
    dossier.is_referred
    and not dossier.is_withdrawn
    -- Of help that nobody tells of, a term is all there is.
    and coalesce(
        told.is_running,
        coalesce(dossier.closed_on, dossier.created_on) + make_interval(months => policy.pause_months)
        > {{ as_of_day() }},
        false
    )
