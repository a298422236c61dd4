-- Cases on walking lists: their numbers, and what a list that came back filled in says of them.

create or replace function decision.case_number(of_municipality text, of_month date, of_rank integer) returns text
language sql stable parallel safe as $$
    -- Such as 0637-201901-001: in no language, and the same whatever happens to the names on the list.
    select of_municipality || '-' || to_char(of_month, 'YYYYMM') || '-'
        || lpad(of_rank::text, greatest(3, length(of_rank::text)), '0')
$$;

create or replace function decision.case_month(of_municipality text, given text) returns date
language sql immutable parallel safe as $$
    -- The month of the match in a case number of the municipality; null for what is no such number.
    select case
        when given ~ ('^' || of_municipality || '-[12][0-9]{3}(0[1-9]|1[0-2])-[0-9]{3,6}$')
            then make_date(substr(given, 6, 4)::integer, substr(given, 10, 2)::integer, 1)
    end
$$;

create or replace function decision.listed_cases(up_to date)
returns table (municipality_code text, case_number text, household_id bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    -- The cases that were on a list; for who may not read what was decided, but has to know the numbers.
    select
        selection.municipality_code,
        decision.case_number(selection.municipality_code, selection.signal_month, selection.rank),
        selection.household_id
    from decision.selection as selection
    where selection.role in ('selected', 'reserve') and selection.signal_month <= up_to
$$;

revoke execute on function decision.listed_cases(date) from public;
grant execute on function decision.listed_cases(date) to loader;

create or replace view quality.walked_case as
-- The rows of lists in force on which something was filled in, each for the household that its number stands for. Where
-- a list has a number twice, the last of these rows holds.
select distinct on (listed.municipality_code, listed.drop_id, listed.zaaknummer)
    listed.drop_id,
    listed.line_no,
    listed.municipality_code,
    listed.signal_month,
    selection.household_id,
    listed.zaaknummer,
    selection.signal_month as matchmaand,
    -- Made on the day of the approval. Where months are replayed that is long after all that came of it: then on the
    -- first day that the row tells of, else on the day of the match.
    case
        when (approval.approved_at at time zone 'Europe/Amsterdam')::date
        <= coalesce(told.first_day, (selection.signal_month + interval '1 month')::date + 24)
            then (approval.approved_at at time zone 'Europe/Amsterdam')::date
        else coalesce(told.first_day, selection.signal_month + 24)
    end as aangemaakt_op,
    date_trunc('month', least(listed.poging_1_datum, listed.poging_2_datum)::timestamp)::date as loopmaand,
    listed.resultaat,
    selection.arrears_eur as totaal_bedrag,
    listed.flyer_op,
    listed.contact_na_flyer,
    listed.afgesloten_op,
    selection.channel
from quality.accepted_ris_walking_list as listed
inner join raw.drop_ledger as ledger using (drop_id)
inner join decision.selection as selection
    on selection.municipality_code = listed.municipality_code
    and selection.signal_month = decision.case_month(listed.municipality_code, listed.zaaknummer)
    and selection.role in ('selected', 'reserve')
    and decision.case_number(selection.municipality_code, selection.signal_month, selection.rank) = listed.zaaknummer
inner join decision.approval as approval
    on approval.municipality_code = selection.municipality_code and approval.signal_month = selection.signal_month
cross join lateral (
    select least(listed.poging_1_datum, listed.poging_2_datum, listed.flyer_op, listed.afgesloten_op) as first_day
) as told
where
    ledger.status = 'accepted'
    and selection.signal_month <= listed.signal_month
    and num_nonnulls(
        listed.resultaat, listed.poging_1_datum, listed.poging_1_dagdeel, listed.poging_1_soort, listed.poging_1_bereikt,
        listed.poging_2_datum, listed.poging_2_dagdeel, listed.poging_2_soort, listed.poging_2_bereikt,
        listed.flyer_op, listed.contact_na_flyer, listed.afgesloten_op
    ) > 0
order by listed.municipality_code, listed.drop_id, listed.zaaknummer, listed.line_no desc;

create or replace view quality.walked_attempt as
-- The attempts on those rows. Who fills in no means used that of the list; who does not say whether somebody was
-- reached, did not.
select
    walked.drop_id,
    walked.line_no,
    walked.municipality_code,
    walked.signal_month,
    walked.zaaknummer,
    attempt.datum,
    attempt.dagdeel,
    coalesce(
        attempt.soort,
        case walked.channel when 'phone' then 'Telefoon' when 'mail' then 'Mail' when 'letter' then 'Brief' else 'Huisbezoek' end
    ) as soort,
    coalesce(attempt.bereikt, false) as bereikt
from quality.walked_case as walked
inner join quality.accepted_ris_walking_list as listed using (municipality_code, drop_id, line_no)
cross join lateral (
    values
    (listed.poging_1_datum, listed.poging_1_dagdeel, listed.poging_1_soort, listed.poging_1_bereikt),
    (listed.poging_2_datum, listed.poging_2_dagdeel, listed.poging_2_soort, listed.poging_2_bereikt)
) as attempt (datum, dagdeel, soort, bereikt)
where attempt.datum is not null;

grant select on quality.walked_case, quality.walked_attempt to transformer;
-- A case that is registered as well is a second one.
grant select on quality.walked_case to loader;
