with policy_month as (

    select match_month as signal_month from {{ ref('newest_dossier') }}

    union

    select signal_month from {{ ref('stg_month_received') }}
    where signal_month <= {{ as_of() }}

)

select
    policy.municipality_code,
    policy_month.signal_month,
    max(policy.value) filter (where policy.parameter = 'minimum_creditors')::integer as minimum_creditors,
    max(policy.value) filter (where policy.parameter = 'consecutive_months')::integer as consecutive_months,
    max(policy.value) filter (where policy.parameter = 'cool_off_months')::integer as cool_off_months,
    max(policy.value) filter (where policy.parameter = 'window_months')::integer as window_months,
    max(policy.value) filter (where policy.parameter = 'pause_months')::integer as pause_months,
    max(policy.value) filter (where policy.parameter = 'closing_working_days')::integer as closing_working_days,
    max(policy.value) filter (where policy.parameter = 'term_days')::integer as term_days,
    max(policy.value) filter (where policy.parameter = 'crisis_term_working_days')::integer as crisis_term_working_days,
    max(policy.value) filter (where policy.parameter = 'statutory_term_days')::integer as statutory_term_days,
    max(policy.value) filter (where policy.parameter = 'statutory_crisis_working_days')::integer
        as statutory_crisis_working_days,
    max(policy.value) filter (where policy.parameter = 'growth_ends_cool_off') > 0 as growth_ends_cool_off,
    max(policy.value) filter (where policy.parameter = 'crisis_first') > 0 as crisis_first,
    (
        max(policy.value) filter (where policy.parameter = 'capacity')
        + max(policy.value) filter (where policy.parameter = 'capacity_phone')
        + max(policy.value) filter (where policy.parameter = 'capacity_mail')
        + max(policy.value) filter (where policy.parameter = 'capacity_letter')
    )::integer as places,
    jsonb_object_agg(policy.sector, policy.value) filter (where policy.parameter = 'threshold_eur') as threshold_eur
from policy_month
cross join lateral config.policy_on(policy_month.signal_month + 24) as policy
group by policy.municipality_code, policy_month.signal_month
