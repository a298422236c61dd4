with known as {{ on_each_machine() }} (

    select * from {{ ref('signal') }}
    where signal_month <= {{ as_of() }}

),

taken_back as (

    -- What its creditor said first.
    select distinct on (known.municipality_code, known.drop_id, known.line_no)
        known.municipality_code,
        known.drop_id,
        known.line_no,
        withdrawal.signal_month as taken_back_month,
        withdrawal.reason as taken_back_reason,
        withdrawal.withdrawn_on as taken_back_on
    from known
    inner join {{ ref('stg_withdrawal') }} as withdrawal
        on
            known.municipality_code = withdrawal.municipality_code
            and known.creditor = withdrawal.creditor
            and known.signal_id = withdrawal.signal_id
            and known.signal_month <= withdrawal.signal_month
    where withdrawal.signal_month <= {{ as_of() }}
    order by
        known.municipality_code, known.drop_id, known.line_no,
        withdrawal.signal_month, withdrawal.withdrawn_on, withdrawal.reason

),

signal as {{ on_each_machine() }} (

    select
        known.*,
        taken_back.taken_back_month,
        taken_back.taken_back_reason,
        taken_back.taken_back_on
    from known
    left join taken_back using (municipality_code, drop_id, line_no)

),

report as {{ on_each_machine() }} (

    -- Two customers of one creditor at an address are one report.
    select distinct
        municipality_code,
        household_id,
        creditor,
        signal_month
    from signal

),

in_match as {{ on_each_machine() }} (

    -- What a match took in: of each creditor its latest report in the months that the match looks back over.
    select
        municipality_code,
        household_id,
        creditor,
        reported_month as signal_month,
        signal_month as match_month
    from {{ ref('match_creditor') }}
    where signal_month <= {{ as_of() }}

),

standing_case as {{ on_each_machine() }} (

    -- Of one match the case that was made first; the others are that match loaded again.
    select distinct on (municipality_code, household_id, match_month)
        municipality_code,
        household_id,
        match_month,
        dossier_id
    from {{ ref('dossier') }}
    where not is_withdrawn and household_id is not null
    order by municipality_code, household_id, match_month, created_on, dossier_id

),

in_cases as (

    -- The reports of the month of the case's match, and the earlier ones that the match took in.
    select
        report.municipality_code,
        report.household_id,
        report.creditor,
        report.signal_month,
        standing_case.match_month,
        standing_case.dossier_id
    from report
    inner join standing_case
        on
            report.municipality_code = standing_case.municipality_code
            and report.household_id = standing_case.household_id
            and report.signal_month = standing_case.match_month

    union

    select
        in_match.municipality_code,
        in_match.household_id,
        in_match.creditor,
        in_match.signal_month,
        in_match.match_month,
        standing_case.dossier_id
    from in_match
    inner join standing_case using (municipality_code, household_id, match_month)

),

in_case as (

    -- The case that picked it up is the first one.
    select distinct on (municipality_code, household_id, creditor, signal_month) *
    from in_cases
    order by municipality_code, household_id, creditor, signal_month, match_month

),

judged as (

    -- What was decided on the matches of a report: that it was chosen goes before that it was not, what was approved
    -- before what is proposed, and the newest match before the others.
    select distinct on (in_match.municipality_code, in_match.household_id, in_match.creditor, in_match.signal_month)
        in_match.municipality_code,
        in_match.household_id,
        in_match.creditor,
        in_match.signal_month,
        in_match.match_month,
        coalesce(selection.is_approved, false) as is_approved,
        case
            when selection.role = 'selected' then 'no_case'
            when selection.role = 'reserve' then 'reserve'
            -- Without a register of residents nothing was decided.
            else coalesce(selection.reason, 'not_checked')
        end as why_no_case
    from in_match
    left join {{ ref('standing_selection') }} as selection
        on
            in_match.municipality_code = selection.municipality_code
            and in_match.household_id = selection.household_id
            and in_match.match_month = selection.signal_month
    order by
        in_match.municipality_code, in_match.household_id, in_match.creditor, in_match.signal_month,
        array_position(array['selected', 'reserve'], selection.role),
        selection.is_approved desc nulls last,
        in_match.match_month desc

)

select
    signal.municipality_code,
    signal.signal_month,
    signal.drop_id,
    signal.line_no,
    signal.household_id,
    signal.creditor,
    signal.sector,
    signal.signal_id,
    signal.amount_eur,
    signal.arrears_since,
    signal.signal_date,
    signal.taken_back_month,
    -- What is on no list may be a remark about somebody.
    case
        when {{ is_code('signal.taken_back_reason', 'withdrawal_reason') }} then signal.taken_back_reason
    end as taken_back_reason,
    signal.taken_back_on,
    before.household_id is not null as is_repeated,
    in_case.household_id is not null as is_in_case,
    in_case.dossier_id,
    coalesce(in_case.match_month, judged.match_month) as match_month,
    coalesce(judged.is_approved, false) as is_decided,
    case
        when in_case.household_id is not null then null
        when judged.household_id is not null then judged.why_no_case
        when signal.taken_back_month is not null then 'taken_back'
        else 'not_matched'
    end as why_no_case
from signal
left join in_case using (municipality_code, household_id, creditor, signal_month)
left join judged using (municipality_code, household_id, creditor, signal_month)
left join report as before
    on
        signal.municipality_code = before.municipality_code
        and signal.household_id = before.household_id
        and signal.creditor = before.creditor
        and signal.signal_month = before.signal_month + interval '1 month'
