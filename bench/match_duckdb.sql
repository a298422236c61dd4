-- Matching and selection as somebody would write them by hand for DuckDB, from tables of its own: the matches, the
-- creditors of each, arrears, the first reason why a household cannot be chosen, and who is chosen.
-- What is left out: whether the register knows the customers (the models tell it beside a match, and it changes
-- nothing), slepers and kinds, and the balanced choice, which cannot be said in SQL: each district gets its share of the
-- places by rank instead, and the reserve is whoever comes next.

create or replace table match_creditor as
with by_month as (

    select
        signal.municipality_code,
        signal.household_id,
        signal.creditor,
        signal.signal_month,
        sum(signal.amount_eur) as amount_eur,
        min(signal.arrears_since) as arrears_since,
        min(signal.line_no) as line_no,
        bool_or(signal.is_crisis) as is_crisis
    from signal
    inner join policy using (municipality_code)
    anti join withdrawal
        on
            withdrawal.municipality_code = signal.municipality_code
            and withdrawal.creditor = signal.creditor
            and withdrawal.signal_id = signal.signal_id
            and withdrawal.signal_month >= signal.signal_month
            and withdrawal.signal_month <= getvariable('month')
    where
        signal.signal_month <= getvariable('month')
        and signal.signal_month > getvariable('month') - to_months(policy.window_months)
    group by all

),

latest as (

    select
        municipality_code,
        household_id,
        creditor,
        max(signal_month) as reported_month,
        unnest(arg_max(
            {
                'amount_eur': amount_eur,
                'arrears_since': arrears_since,
                'line_no': line_no,
                'is_crisis': is_crisis
            },
            signal_month
        ))
    from by_month
    group by municipality_code, household_id, creditor

),

matched as (

    select
        latest.municipality_code,
        latest.household_id
    from latest
    inner join policy using (municipality_code)
    group by latest.municipality_code, latest.household_id, policy.minimum_creditors
    having count(*) >= policy.minimum_creditors and max(latest.reported_month) = getvariable('month')

)

select
    latest.*,
    creditor.sector,
    latest.amount_eur >= threshold.threshold_eur as is_at_threshold
from latest
semi join matched using (municipality_code, household_id)
inner join creditor using (creditor)
inner join threshold using (municipality_code, sector);

create or replace table match as
select
    municipality_code,
    household_id,
    case
        when count(*) filter (reported_month = getvariable('month')) >= 2 then 'same_month' else 'three_months'
    end as criterion,
    string_agg(creditor, ', ' order by creditor) as creditors,
    list(distinct sector order by sector) as sectors,
    count(*) filter (is_at_threshold) as creditors_at_threshold,
    sum(amount_eur) as arrears_eur,
    min(arrears_since) as arrears_since,
    min([creditor, lpad(line_no::varchar, 12, '0')]) filter (reported_month = getvariable('month')) as first_row
from match_creditor
group by municipality_code, household_id;

create or replace table candidate as
with residents as (

    select
        municipality_code,
        household_id,
        bool_or(suspension is null) as is_inhabited,
        min(district) filter (suspension is null) as district
    from resident
    semi join match using (municipality_code, household_id)
    group by municipality_code, household_id

),

in_debt_help as (

    select distinct
        municipality_code,
        household_id
    from debt_help
    where getvariable('match_day') between started_on and coalesce(ended_on, 'infinity'::date)

),

known_dossier as (

    select *
    from dossier
    where register_month <= getvariable('month')
    qualify row_number() over (
        partition by municipality_code, dossier_id order by register_month desc, drop_id desc, line_no desc
    ) = 1

),

working_day as (

    select
        day,
        row_number() over (order by day) as number
    from (
        select unnest(generate_series(date '2015-01-01', date '2040-01-01', interval 1 day))::date as day
    )
    where isodow(day) <= 5 and day not in (select holiday.day from holiday)

),

with_open_dossier as (

    select distinct
        dossier.municipality_code,
        dossier.household_id
    from known_dossier as dossier
    inner join policy using (municipality_code)
    asof join working_day as begins on dossier.created_on >= begins.day
    inner join working_day as ends on ends.number = begins.number + policy.closing_working_days
    where
        dossier.match_month < getvariable('month')
        and dossier.created_on <= getvariable('match_day')
        and coalesce(dossier.closed_on, 'infinity'::date) > getvariable('match_day')
        and coalesce(dossier.withdrawn_on, 'infinity'::date) > getvariable('match_day')
        and ends.day >= getvariable('match_day')

),

approached as (

    select distinct
        dossier.municipality_code,
        dossier.household_id
    from known_dossier as dossier
    inner join policy using (municipality_code)
    where
        dossier.match_month < getvariable('month')
        and dossier.match_month >= getvariable('month') - to_months(policy.cool_off_months)

)

select
    match.*,
    residents.district,
    case
        when residents.household_id is null then 'address_unknown'
        when not residents.is_inhabited then 'moved_or_deceased'
        when in_debt_help.household_id is not null then 'in_debt_help'
        when with_open_dossier.household_id is not null then 'open_dossier'
        when approached.household_id is not null then 'approached_recently'
        when match.creditors_at_threshold < policy.minimum_creditors then 'below_threshold'
    end as reason
from match
inner join policy using (municipality_code)
left join residents using (municipality_code, household_id)
left join in_debt_help using (municipality_code, household_id)
left join with_open_dossier using (municipality_code, household_id)
left join approached using (municipality_code, household_id);

create or replace table proposal as
with preferred as (

    select
        candidate.*,
        policy.capacity,
        policy.reserve_size,
        row_number() over (
            partition by municipality_code, district order by arrears_eur desc, arrears_since, first_row
        ) / count(*) over (partition by municipality_code, district) as place_in_district
    from candidate
    inner join policy using (municipality_code)
    where reason is null

),

ranked as (

    select
        *,
        row_number() over (
            partition by municipality_code order by place_in_district, arrears_eur desc, arrears_since, first_row
        ) as rank
    from preferred

)

select
    candidate.municipality_code,
    candidate.household_id,
    case
        when ranked.rank <= ranked.capacity then 'selected'
        when ranked.rank <= ranked.capacity + ranked.reserve_size then 'reserve'
        else 'not_selected'
    end as role,
    case when ranked.rank <= ranked.capacity + ranked.reserve_size then ranked.rank end as rank,
    case
        when ranked.rank <= ranked.capacity + ranked.reserve_size then null
        else coalesce(candidate.reason, 'over_capacity')
    end as reason,
    candidate.criterion,
    candidate.creditors,
    array_to_string(candidate.sectors, ', ') as sectors,
    candidate.district,
    candidate.arrears_eur
from candidate
left join ranked using (municipality_code, household_id)
