with occurring as (

    select
        municipality.municipality_code,
        listed.code as outcome
    from {{ ref('small_cell') }} as municipality
    cross join {{ ref('code_lists') }} as listed
    where listed.list = 'outcome'

    union

    select
        municipality_code,
        outcome_label as outcome
    from {{ ref('dossier') }}

)

select
    occurring.municipality_code,
    occurring.outcome,
    coalesce(outcome_group.label, {{ otherwise('outcome_group') }}) as outcome_group,
    outcome_group.position::integer as outcome_group_position,
    coalesce(national.label, {{ otherwise('not_listed') }}) as national_outcome,
    coalesce({{ is_on('occurring.outcome', 'plan') }}, false) as has_plan,
    coalesce({{ is_on('occurring.outcome', 'referral') }}, false) as is_referral
from occurring
left join {{ ref('stg_label') }} as outcome_group
    on outcome_group.list = 'outcome_group' and occurring.outcome = outcome_group.code
left join {{ ref('stg_label') }} as national
    on national.list = 'national_outcome' and occurring.outcome = national.code
