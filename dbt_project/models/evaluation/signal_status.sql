{#
    What became of every accepted signal, in the words of the national standard. A signal is open as long as something
    may still come of it: a match in a later month of the window, a decision on its match, or a case of whom was chosen.
    Those that are not picked up for another reason all end with the window, whatever the reason is: when it ends, and the
    day that is told, would else tell whether another creditor reported the household too.
#}

with signal as {{ on_each_machine() }} (

    select
        signal.*,
        policy.cool_off_months,
        -- Where one creditor makes a match, every signal is decided on in its own month.
        case when policy.minimum_creditors > 1 then policy.window_months else 1 end as months_to_match,
        signal.amount_eur < (policy.threshold_eur ->> signal.sector)::numeric as is_below_threshold
    from {{ ref('reported_signal') }} as signal
    left join {{ ref('policy_in_month') }} as policy using (municipality_code, signal_month)

),

report as {{ on_each_machine() }} (

    -- Two customers of one creditor at an address are one debt of the household to that creditor.
    select
        municipality_code,
        household_id,
        creditor,
        signal_month,
        cool_off_months,
        is_in_case,
        match_month,
        sum(amount_eur) as amount_eur,
        min(arrears_since) as arrears_since,
        max(signal_date) as signal_date
    from signal
    group by municipality_code, household_id, creditor, signal_month, cool_off_months, is_in_case, match_month

),

picked_up_before as (

    -- What was last picked up of the same creditor, within the cool-off.
    select distinct on (report.municipality_code, report.household_id, report.creditor, report.signal_month)
        report.municipality_code,
        report.household_id,
        report.creditor,
        report.signal_month,
        report.amount_eur <= before.amount_eur and report.arrears_since <= before.signal_date as is_same_arrears
    from report
    inner join report as before
        on
            report.municipality_code = before.municipality_code
            and report.household_id = before.household_id
            and report.creditor = before.creditor
            and report.signal_month > before.match_month
            and report.signal_month <= before.match_month + make_interval(months => report.cool_off_months)
    where not report.is_in_case and before.is_in_case
    order by
        report.municipality_code, report.household_id, report.creditor, report.signal_month,
        before.signal_month desc

),

withdrawn_case as (

    select distinct
        municipality_code,
        household_id,
        match_month
    from {{ ref('dossier') }}
    where is_withdrawn and household_id is not null

),

term as (

    -- Who was chosen has a case by the end of the term in which one without contact would have been closed.
    select
        municipality_code,
        signal_month as match_month,
        config.last_working_day(signal_month + 24, closing_working_days) as term_ends_on
    from {{ ref('policy_in_month') }}

),

judged as (

    select
        signal.*,
        dossier.created_on,
        dossier.closed_on,
        dossier.outcome_label,
        case when dossier.is_ended then dossier.term_ends_on end as case_term_ended_on,
        dossier.is_ended or dossier.outcome_label <> {{ otherwise('outcome') }} as is_case_ended,
        coalesce(candidate.is_deceased, false) as is_deceased,
        coalesce(before.is_same_arrears, false) as is_same_arrears,
        -- Of whom was chosen and whose case was withdrawn no case is to come.
        case when withdrawn_case.household_id is null then term.term_ends_on end as case_due_on,
        (signal.signal_month + make_interval(months => signal.months_to_match - 1))::date as last_month
    from signal
    left join {{ ref('dossier') }} as dossier using (municipality_code, dossier_id)
    left join {{ ref('candidate') }} as candidate
        on
            signal.municipality_code = candidate.municipality_code
            and signal.household_id = candidate.household_id
            and signal.match_month = candidate.signal_month
    left join picked_up_before as before
        on
            signal.municipality_code = before.municipality_code
            and signal.household_id = before.household_id
            and signal.creditor = before.creditor
            and signal.signal_month = before.signal_month
    left join withdrawn_case
        on
            signal.municipality_code = withdrawn_case.municipality_code
            and signal.household_id = withdrawn_case.household_id
            and signal.match_month = withdrawn_case.match_month
    left join term
        on signal.municipality_code = term.municipality_code and signal.match_month = term.match_month

),

explained as (

    -- The first reason that applies. What the municipality knows of the people goes before what is known of the signal.
    select
        *,
        case
            when is_in_case then 'picked_up'
            when taken_back_month is not null
                then coalesce(
                    (
                        select told.reason
                        from {{ ref('stg_signal_status') }} as told
                        where told.reason = 'taken_back_' || judged.taken_back_reason
                    ),
                    'taken_back'
                )
            when match_month is not null and why_no_case <> 'not_checked' and not is_decided then 'open'
            when why_no_case = 'moved_or_deceased' and is_deceased then 'deceased'
            when why_no_case in ('in_debt_help', 'moved_or_deceased', 'address_unknown') then why_no_case
            when why_no_case in ('no_case', 'reserve') and case_due_on >= {{ as_of_day() }} then 'open'
            when is_same_arrears then 'repeated'
            when is_below_threshold then 'unjust'
            when last_month > {{ as_of() }} then 'open'
            else why_no_case
        end as reason
    from judged

)

select
    explained.municipality_code,
    explained.signal_month,
    explained.drop_id,
    explained.line_no,
    explained.creditor,
    explained.sector,
    explained.signal_id,
    explained.household_id,
    explained.dossier_id,
    explained.reason,
    told.status,
    case
        when explained.reason <> 'picked_up' then told.outcome
        when explained.is_case_ended then national_outcome.label
    end as outcome,
    explained.reason <> 'open' and (explained.reason <> 'picked_up' or explained.is_case_ended) as is_ended,
    explained.created_on as picked_up_on,
    case
        when explained.reason = 'picked_up'
            then coalesce(explained.closed_on, explained.case_term_ended_on, explained.created_on)
        when explained.taken_back_month is not null then explained.taken_back_on
        when explained.reason in ('open', 'repeated', 'unjust') then explained.signal_month + 24
        when explained.reason in ('in_debt_help', 'deceased', 'moved_or_deceased', 'address_unknown')
            then explained.match_month + 24
        when explained.reason in ('no_case', 'reserve') then greatest(explained.last_month + 24, explained.case_due_on)
        else explained.last_month + 24
    end as status_on,
    explained.taken_back_month is not null as is_taken_back,
    coalesce(
        explained.reason in ('picked_up', 'in_debt_help')
        and exists (
            select 1
            from {{ ref('help_running') }} as running
            where
                running.municipality_code = explained.municipality_code
                and running.household_id = explained.household_id
                and running.dossier_id is not distinct from explained.dossier_id
        ),
        false
    ) as is_help_running,
    {{ as_of() }} as as_of
from explained
left join {{ ref('stg_signal_status') }} as told using (reason)
left join {{ ref('stg_label') }} as national_outcome
    on national_outcome.list = 'national_outcome' and explained.outcome_label = national_outcome.code
