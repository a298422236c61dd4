with claim as (

    select
        municipality_code,
        dossier_id,
        count(*) as signals,
        sum(amount_eur) as known_amounts_eur
    from {{ ref('dossier_signal') }}
    group by municipality_code, dossier_id

),

sector_of_creditor as (

    -- One for each creditor: two health insurers are `zorg en zorg`. Who is not known comes last.
    select distinct
        claim.municipality_code,
        claim.dossier_id,
        claim.creditor,
        coalesce(sector.label, {{ otherwise('creditor') }}) as label,
        sector.position
    from {{ ref('dossier_signal') }} as claim
    left join {{ ref('stg_sector') }} as sector on claim.sector = sector.sector

),

sectors as (

    select
        municipality_code,
        dossier_id,
        array_agg(label order by creditor is null, position nulls last, label) as labels
    from sector_of_creditor
    group by municipality_code, dossier_id

),

attempt as (

    select
        municipality_code,
        dossier_id,
        count(*) as attempts,
        bool_or(is_reached) as is_reached
    from {{ ref('contact_attempt') }}
    group by municipality_code, dossier_id

),

term as (

    -- Once for each day on which cases were made: counting working days takes its time.
    select
        started.created_on,
        started.closing_working_days,
        config.last_working_day(started.created_on, started.closing_working_days) as term_ends_on
    from (
        select distinct
            dossier.created_on,
            policy.closing_working_days
        from {{ ref('newest_dossier') }} as dossier
        inner join {{ ref('policy_in_month') }} as policy
            on dossier.municipality_code = policy.municipality_code and dossier.match_month = policy.signal_month
    ) as started

),

named as (

    select
        dossier.*,
        {{ labels_of('dossier.causes', 'cause') }} as cause_labels,
        {{ labels_of('dossier.other_problems', 'problem') }} as problem_labels,
        case
            when dossier.is_outcome_listed then dossier.outcome
            when dossier.outcome is null then {{ otherwise('outcome') }}
            else {{ otherwise('not_listed') }}
        end as outcome_label
    from {{ ref('newest_dossier') }} as dossier

),

described as (

    select
        dossier.municipality_code,
        dossier.dossier_id,
        dossier.household_id,
        dossier.source,
        dossier.match_month,
        dossier.walking_month,
        dossier.register_month,
        match.criterion as match_criterion,
        match.household_id is not null as has_match,
        match.arrears_eur as match_arrears_eur,
        dossier.created_on,
        dossier.closed_on,
        term.term_ends_on,
        dossier.closed_on is not null or coalesce(term.term_ends_on < {{ as_of_day() }}, false) as is_ended,
        case when dossier.closed_on >= dossier.created_on then dossier.closed_on - dossier.created_on end
            as days_to_closing,
        dossier.is_withdrawn,
        dossier.outcome,
        dossier.outcome_label,
        coalesce(outcome_group.label, {{ otherwise('outcome_group') }}) as outcome_group,
        outcome_group.position as outcome_group_position,
        case
            when dossier.is_outcome_listed then not {{ is_on('dossier.outcome', 'no_contact') }}
            -- Closed without an outcome: not known, which the outcomes hold to be no contact.
            when dossier.outcome is null and dossier.closed_on is not null then false
            else coalesce(attempt.is_reached, false) or dossier.is_contact_after_flyer
        end as had_contact,
        coalesce({{ is_on('dossier.outcome', 'plan') }}, false) as has_plan,
        coalesce({{ is_on('dossier.outcome', 'referral') }}, false) as is_referred,
        dossier.total_eur,
        claim.known_amounts_eur,
        coalesce(claim.signals, 0) as signals,
        coalesce({{ in_words('sectors.labels') }}, {{ otherwise('creditor') }}) as combination_in_words,
        coalesce(attempt.attempts, 0) as attempts,
        dossier.flyer_on,
        dossier.is_contact_after_flyer,
        composition.label as composition,
        {{ in_words('dossier.cause_labels') }} as causes_in_words,
        array_to_string(dossier.problem_labels, '|') as other_problems
    from named as dossier
    left join {{ ref('match') }} as match
        on
            dossier.municipality_code = match.municipality_code
            and dossier.household_id = match.household_id
            and dossier.match_month = match.signal_month
            and match.signal_month <= {{ as_of() }}
    left join {{ ref('policy_in_month') }} as policy
        on dossier.municipality_code = policy.municipality_code and dossier.match_month = policy.signal_month
    left join term
        on dossier.created_on = term.created_on and policy.closing_working_days = term.closing_working_days
    left join claim
        on dossier.municipality_code = claim.municipality_code and dossier.dossier_id = claim.dossier_id
    left join sectors
        on dossier.municipality_code = sectors.municipality_code and dossier.dossier_id = sectors.dossier_id
    left join attempt
        on dossier.municipality_code = attempt.municipality_code and dossier.dossier_id = attempt.dossier_id
    left join {{ ref('stg_label') }} as outcome_group
        on outcome_group.list = 'outcome_group' and dossier.outcome = outcome_group.code
    left join {{ ref('stg_label') }} as composition
        on composition.list = 'composition' and lower(dossier.composition) = composition.code

)

select
    described.municipality_code,
    described.dossier_id,
    described.household_id,
    described.source,
    described.match_month,
    described.walking_month,
    described.register_month,
    described.match_criterion,
    described.has_match,
    described.match_arrears_eur,
    described.created_on,
    described.closed_on,
    described.term_ends_on,
    described.is_ended,
    described.days_to_closing,
    described.is_withdrawn,
    described.outcome,
    described.outcome_label,
    described.outcome_group,
    described.outcome_group_position,
    described.had_contact,
    described.has_plan,
    described.is_referred,
    described.total_eur,
    described.known_amounts_eur,
    described.signals,
    -- A few combinations are written in an order of their own.
    coalesce(printed_combination.label, described.combination_in_words) as combination,
    described.attempts,
    described.flyer_on,
    described.is_contact_after_flyer,
    described.composition,
    coalesce(printed_causes.label, described.causes_in_words) as causes,
    described.other_problems
from described
left join {{ ref('stg_label') }} as printed_combination
    on printed_combination.list = 'as_printed' and described.combination_in_words = printed_combination.code
left join {{ ref('stg_label') }} as printed_causes
    on printed_causes.list = 'as_printed' and described.causes_in_words = printed_causes.code
