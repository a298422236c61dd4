with visit as (

    select
        municipality_code,
        dossier_id,
        attempted_on,
        is_reached,
        row_number() over (partition by municipality_code, dossier_id order by attempted_on, part_of_day) as visit_no
    from {{ ref('contact_attempt') }}
    where is_home_visit

),

visited as (

    select
        municipality_code,
        dossier_id,
        bool_or(is_reached) as is_reached,
        bool_or(is_reached) filter (where visit_no <= 2) as is_reached_in_two,
        min(attempted_on) filter (where visit_no = 2) as second_visit_on
    from visit
    group by municipality_code, dossier_id

),

called as (

    select
        municipality_code,
        dossier_id,
        max(attempted_on) as last_call_on
    from {{ ref('contact_attempt') }}
    where is_phone_call
    group by municipality_code, dossier_id

),

helped as (

    select
        municipality_code,
        dossier_id,
        bool_or(started_on is not null) as is_started,
        bool_and(ended_on is not null) filter (where started_on is not null) as is_ended,
        bool_and(is_agreement_kept) as is_kept
    from {{ ref('help') }}
    group by municipality_code, dossier_id

),

dossier as (

    select
        standing.municipality_code,
        standing.period,
        standing.walking_month,
        standing.had_contact,
        standing.is_referred,
        standing.is_ended,
        standing.is_contact_after_flyer,
        standing.closed_on <= standing.term_ends_on as is_closed_in_term,
        standing.walking_month is not null and standing.is_ended as is_walked_to_the_end,
        coalesce(visited.is_reached, false) as is_reached,
        visited.second_visit_on is not null and not visited.is_reached_in_two as is_visited_twice_in_vain,
        coalesce(standing.flyer_on >= visited.second_visit_on, false) as is_flyer_after_visits,
        coalesce(called.last_call_on >= standing.flyer_on, false) as is_called_after_flyer,
        helped.dossier_id is not null as has_help,
        coalesce(helped.is_started, false) as is_help_started,
        coalesce(helped.is_ended, false) as is_help_ended,
        helped.is_kept
    from {{ ref('dossier_in_period') }} as standing
    left join visited using (municipality_code, dossier_id)
    left join called using (municipality_code, dossier_id)
    left join helped using (municipality_code, dossier_id)

),

agreed as (

    -- Of what is agreed on each case: whether it is asked of this one (applies), and whether it was done (met).
    select
        dossier.municipality_code,
        dossier.period,
        agreement.agreement,
        agreement.applies,
        agreement.met
    from dossier
    cross join lateral (
        values
        ('contact', dossier.walking_month is not null, dossier.had_contact),
        (
            'two_visits',
            -- Who was reached otherwise before the second visit needs none.
            dossier.is_walked_to_the_end and not dossier.is_reached
            and (not dossier.had_contact or dossier.is_visited_twice_in_vain),
            dossier.is_visited_twice_in_vain
        ),
        (
            'flyer_after_visits',
            dossier.is_walked_to_the_end and dossier.is_visited_twice_in_vain,
            dossier.is_flyer_after_visits
        ),
        (
            'phone_after_flyer',
            dossier.is_walked_to_the_end and dossier.is_visited_twice_in_vain and dossier.is_flyer_after_visits
            and not dossier.is_contact_after_flyer,
            dossier.is_called_after_flyer
        ),
        ('closed_in_term', dossier.is_ended, coalesce(dossier.is_closed_in_term, false)),
        ('help_started', dossier.is_referred or dossier.has_help, dossier.is_help_started),
        ('help_finished', dossier.is_help_started, dossier.is_help_ended),
        ('agreement_kept', dossier.is_kept is not null, dossier.is_kept)
    ) as agreement (agreement, applies, met)

),

listed as (

    -- Also where it was asked of nobody, or the period is empty.
    select
        period.municipality_code,
        period.period,
        period.period_end,
        label.code as agreement
    from {{ ref('period') }} as period
    cross join {{ ref('stg_label') }} as label
    where label.list = 'agreement'

),

counted as (

    select
        listed.municipality_code,
        listed.period,
        listed.period_end,
        listed.agreement,
        count(*) filter (where agreed.applies) as n,
        count(*) filter (where agreed.applies and agreed.met) as met
    from listed
    left join agreed using (municipality_code, period, agreement)
    group by listed.municipality_code, listed.period, listed.period_end, listed.agreement

)

select
    counted.municipality_code,
    counted.period,
    counted.agreement,
    counted.n,
    counted.met,
    {{ pct('counted.met', 'counted.n') }} as pct,
    target.target_pct,
    {{ is_small('counted.n') }} as is_small
from counted
left join lateral (
    select max(policy.value) as target_pct
    from config.policy_on(least(counted.period_end, {{ as_of_day() }})) as policy
    where
        counted.agreement = 'contact'
        and policy.municipality_code = counted.municipality_code
        and policy.parameter = 'contact_target_pct'
) as target on true
