with attempt as (

    select
        municipality_code,
        dossier_id,
        min(attempted_on) as first_attempt_on,
        min(attempted_on) filter (where is_reached) as first_contact_on
    from {{ ref('contact_attempt') }}
    where not is_after_closing
    group by municipality_code, dossier_id

),

dossier as (

    select
        standing.municipality_code,
        standing.dossier_id,
        standing.match_month,
        standing.created_on,
        standing.closed_on,
        standing.term_ends_on,
        standing.had_contact,
        coalesce(match.is_crisis, false) as is_crisis,
        attempt.first_attempt_on,
        attempt.first_contact_on
    from {{ ref('dossier') }} as standing
    left join attempt using (municipality_code, dossier_id)
    left join {{ ref('match') }} as match
        on
            standing.municipality_code = match.municipality_code
            and standing.household_id = match.household_id
            and standing.match_month = match.signal_month
            and match.signal_month <= {{ as_of() }}
    where not standing.is_withdrawn

),

approach_term as (

    -- Once for each match day, with and without a crisis: counting working days takes its time. As in core.proposal, a
    -- term of days that ends on a day on which nobody works ends on the next day on which somebody does.
    select
        policy.municipality_code,
        policy.signal_month as match_month,
        given.is_crisis,
        case
            when given.is_crisis and policy.crisis_first and policy.crisis_term_working_days > 0
                then config.last_working_day(policy.signal_month + 24, policy.crisis_term_working_days)
            when policy.term_days > 0
                then config.last_working_day(policy.signal_month + 24 + policy.term_days - 1, 1)
        end as policy_ends_on,
        case
            when given.is_crisis and policy.statutory_crisis_working_days > 0
                then config.last_working_day(policy.signal_month + 24, policy.statutory_crisis_working_days)
            when policy.statutory_term_days > 0
                then config.last_working_day(policy.signal_month + 24 + policy.statutory_term_days - 1, 1)
        end as statutory_ends_on
    from {{ ref('policy_in_month') }} as policy
    cross join (values (false), (true)) as given (is_crisis)

),

step as (

    select
        dossier.municipality_code,
        dossier.dossier_id,
        step.step,
        step.term,
        step.taken_on,
        step.due_on,
        dossier.created_on,
        step.taken_on < dossier.created_on as is_backwards,
        -- By its outcome there was a contact, or by the flyer, and nobody wrote down when.
        step.step = 'first_contact' and step.taken_on is null and dossier.had_contact as is_day_unknown
    from dossier
    left join approach_term using (municipality_code, match_month, is_crisis)
    cross join lateral (
        values
        ('first_attempt', 'policy_approach', dossier.first_attempt_on, approach_term.policy_ends_on),
        ('first_attempt', 'statutory', dossier.first_attempt_on, approach_term.statutory_ends_on),
        ('first_contact', 'policy_approach', dossier.first_contact_on, approach_term.policy_ends_on),
        ('first_contact', 'statutory', dossier.first_contact_on, approach_term.statutory_ends_on),
        ('closing', 'policy_closing', dossier.closed_on, dossier.term_ends_on)
    ) as step (step, term, taken_on, due_on)

)

select
    municipality_code,
    dossier_id,
    step,
    term,
    taken_on,
    due_on,
    case when taken_on >= created_on then taken_on - created_on end as days,
    coalesce(is_backwards, false) as is_backwards,
    case
        when is_backwards or is_day_unknown then null
        when taken_on is not null then taken_on <= due_on
        when due_on < {{ as_of_day() }} then false
    end as is_in_term
from step
