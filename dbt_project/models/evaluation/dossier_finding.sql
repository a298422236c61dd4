with dossier as {{ on_each_machine() }} (

    select
        newest.*,
        -- Of one match the case that was known first is the case; the others are that match loaded again.
        first_value(newest.dossier_id) over (
            partition by newest.municipality_code, newest.household_id, newest.match_month, newest.is_withdrawn
            order by newest.first_place
        ) as first_dossier_id
    from {{ ref('newest_dossier') }} as newest

),

earlier as (

    -- The cases of earlier matches within the cool-off. A withdrawn one may have been visited before it was withdrawn.
    select
        dossier.municipality_code,
        dossier.dossier_id,
        bool_or(not earlier.is_withdrawn and earlier.total_eur = dossier.total_eur) as is_same_again,
        bool_or(not coalesce(policy.growth_ends_cool_off and dossier.total_eur > earlier.total_eur, false))
            as is_within_cool_off
    from dossier
    inner join {{ ref('policy_in_month') }} as policy
        on dossier.municipality_code = policy.municipality_code and dossier.match_month = policy.signal_month
    inner join dossier as earlier
        on
            dossier.municipality_code = earlier.municipality_code
            and dossier.household_id = earlier.household_id
            and dossier.match_month > earlier.match_month
            and dossier.match_month - make_interval(months => policy.cool_off_months) <= earlier.match_month
    group by dossier.municipality_code, dossier.dossier_id

),

checked as {{ on_each_machine() }} (

    select
        dossier.municipality_code,
        dossier.dossier_id,
        not dossier.is_withdrawn
        and (dossier.dossier_id <> dossier.first_dossier_id or coalesce(earlier.is_same_again, false))
            as is_loaded_twice,
        coalesce(earlier.is_within_cool_off, false) as is_within_cool_off
    from dossier
    left join earlier using (municipality_code, dossier_id)

),

at_threshold as (

    -- As in the selection: enough creditors at or above the threshold. An amount that is not known is not below it.
    select
        municipality_code,
        dossier_id,
        bool_or(is_below_threshold) as is_any_below,
        count(distinct creditor) filter (where not coalesce(is_below_threshold, false))
        + count(*) filter (where creditor is null) as creditors_not_below
    from {{ ref('dossier_signal') }}
    group by municipality_code, dossier_id

),

finding as (

    select
        municipality_code,
        dossier_id,
        'no_match' as finding
    from {{ ref('dossier') }}
    where not has_match

    union all

    -- What the checks of the selection say of the match. Who was approached recently, or owes too little, is told by
    -- the cases themselves: the platform may have chosen others than were visited.
    select
        dossier.municipality_code,
        dossier.dossier_id,
        candidate.reason as finding
    from dossier
    inner join {{ ref('candidate') }} as candidate
        on
            dossier.municipality_code = candidate.municipality_code
            and dossier.household_id = candidate.household_id
            and dossier.match_month = candidate.signal_month
    where
        candidate.signal_month <= {{ as_of() }}
        and candidate.reason not in ('approached_recently', 'below_threshold')

    union all

    select
        municipality_code,
        dossier_id,
        'other_creditor' as finding
    from {{ ref('dossier_signal') }}
    where not is_in_match

    union all

    select
        municipality_code,
        dossier_id,
        'creditor_unknown' as finding
    from {{ ref('dossier_signal') }}
    where creditor is null

    union all

    select
        municipality_code,
        dossier_id,
        'loaded_twice' as finding
    from checked
    where is_loaded_twice

    union all

    -- A case that was loaded again is no second approach.
    select
        municipality_code,
        dossier_id,
        'reapproached_in_cool_off' as finding
    from checked
    where is_within_cool_off and not is_loaded_twice

    union all

    select
        dossier.municipality_code,
        dossier.dossier_id,
        'below_threshold' as finding
    from dossier
    inner join at_threshold using (municipality_code, dossier_id)
    inner join {{ ref('policy_in_month') }} as policy
        on dossier.municipality_code = policy.municipality_code and dossier.match_month = policy.signal_month
    left join {{ ref('match') }} as match
        on
            dossier.municipality_code = match.municipality_code
            and dossier.household_id = match.household_id
            and dossier.match_month = match.signal_month
    where
        at_threshold.is_any_below
        and at_threshold.creditors_not_below < policy.minimum_creditors
        and not coalesce(policy.crisis_first and match.is_crisis, false)

    union all

    select
        municipality_code,
        dossier_id,
        'withdrawn' as finding
    from dossier
    where is_withdrawn

    union all

    select
        municipality_code,
        dossier_id,
        'result_after_closure' as finding
    from dossier
    where is_outcome_after_closing

    union all

    select
        municipality_code,
        dossier_id,
        'outcome_unknown' as finding
    from dossier
    where not is_outcome_listed

    union all

    select
        municipality_code,
        dossier_id,
        'contact_after_closing' as finding
    from {{ ref('contact_attempt') }}
    where is_after_closing

    union all

    select
        municipality_code,
        dossier_id,
        'dates_backwards' as finding
    from dossier
    where least(closed_on, withdrawn_on, flyer_on) < created_on

    union all

    select
        attempt.municipality_code,
        attempt.dossier_id,
        'dates_backwards' as finding
    from {{ ref('contact_attempt') }} as attempt
    inner join dossier using (municipality_code, dossier_id)
    where attempt.attempted_on < dossier.created_on

    union all

    select
        municipality_code,
        dossier_id,
        'dates_backwards' as finding
    from {{ ref('help') }}
    where ended_on < started_on

    union all

    -- A file knows nothing of the months after it.
    select
        municipality_code,
        dossier_id,
        'date_in_future' as finding
    from dossier
    where greatest(created_on, closed_on, withdrawn_on, flyer_on) >= register_month + interval '1 month'

    union all

    -- Claims, attempts and help of a case that nobody told of.
    select
        municipality_code,
        dossier_id,
        'without_dossier' as finding
    from (
        select
            municipality_code,
            dossier_id
        from {{ ref('dossier_signal') }}
        union all
        select
            municipality_code,
            dossier_id
        from {{ ref('contact_attempt') }}
        union all
        select
            municipality_code,
            dossier_id
        from {{ ref('help') }}
    ) as told
    where
        not exists (
            select 1
            from dossier
            where dossier.municipality_code = told.municipality_code and dossier.dossier_id = told.dossier_id
        )

)

select distinct
    finding.municipality_code,
    finding.dossier_id,
    dossier.match_month,
    finding.finding
from finding
left join dossier using (municipality_code, dossier_id)
