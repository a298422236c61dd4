select
    dossier.municipality_code,
    dossier.match_month as signal_month,
    dossier.dossier_id,
    dossier.household_id,
    dossier.match_month + 24 as matched_on,
    -- A signal month begins on the 26th of the month before.
    (
        dossier.match_month - make_interval(months => coalesce(policy.window_months, 1))
    )::date + 25 as window_starts_on,
    dossier.match_month + 24 as window_ends_on,
    dossier.created_on as picked_up_on,
    -- The rule of `signal_status` for a signal that was picked up; some cases have no signal.
    case
        when dossier.is_ended or dossier.outcome_label <> {{ otherwise('outcome') }} then national_outcome.label
    end as outcome
from {{ ref('dossier') }} as dossier
left join {{ ref('policy_in_month') }} as policy
    on dossier.municipality_code = policy.municipality_code and dossier.match_month = policy.signal_month
left join {{ ref('stg_label') }} as national_outcome
    on national_outcome.list = 'national_outcome' and dossier.outcome_label = national_outcome.code
where not dossier.is_withdrawn
