-- The policy in force, after the configuration tables exist.

create or replace function config.policy_on(day date)
returns table (municipality_code text, sector text, parameter text, value numeric, valid_from date)
language sql stable as $$
    -- Per municipality, sector and parameter the newest value that holds on the day; one for the sector goes before one
    -- for all sectors, and the parameter's default stands in where the municipality has said nothing.
    select distinct on (municipality.municipality_code, sector.sector, parameter.parameter)
        municipality.municipality_code,
        sector.sector,
        parameter.parameter,
        coalesce(policy.value, parameter.default_value),
        policy.valid_from
    from config.municipalities as municipality
    cross join config.sectors as sector
    cross join config.policy_parameters as parameter
    left join config.policy as policy
        on municipality.municipality_code = policy.municipality_code
        and parameter.parameter = policy.parameter
        and (policy.sector is null or sector.sector = policy.sector)
        and policy.valid_from <= day
    order by
        municipality.municipality_code, sector.sector, parameter.parameter,
        policy.sector is null, policy.valid_from desc
$$;

create or replace function config.has_capacity(of_municipality text, day date) returns boolean
language sql stable as $$
    -- Whether the municipality has said by the day how many households it can approach, by whichever means. The defaults
    -- stand in for what it left open; for this they would mean that nobody is chosen.
    select exists (
        select 1 from config.policy
        where municipality_code = of_municipality and starts_with(parameter, 'capacity') and valid_from <= day
    )
$$;

create or replace function config.raised_on(day date)
returns table (municipality_code text, sector text, rule text)
language sql stable as $$
    -- The rules that hold a row back by policy alone: the newest value that holds on the day is 2, and one for the sector
    -- goes before one for all sectors. Senders without a sector have a row with none.
    select newest.municipality_code, newest.sector, substr(newest.parameter, length('severity_') + 1)
    from (
        select distinct on (policy.municipality_code, sector.sector, policy.parameter)
            policy.municipality_code, sector.sector, policy.parameter, policy.value
        from config.policy as policy
        inner join (select sector from config.sectors union all select null) as sector
            on policy.sector is null or sector.sector = policy.sector
        where starts_with(policy.parameter, 'severity_') and policy.valid_from <= day
        order by
            policy.municipality_code, sector.sector, policy.parameter,
            policy.sector is null, policy.valid_from desc
    ) as newest
    where newest.value = 2
$$;

create or replace function config.last_working_day(start date, working_days integer) returns date
language sql stable as $$
    -- The day on which a term of working days that begins after the start ends; the start itself without any.
    select coalesce(max(term.day), start)
    from (
        select later.day::date as day
        from generate_series(start + 1, start + 20 + 2 * working_days, interval '1 day') as later (day)
        where
            extract(isodow from later.day) <= 5
            and not exists (select 1 from config.holiday as holiday where holiday.day = later.day::date)
            and not exists (select 1 from config.equated_days as equated where equated.day = later.day::date)
        order by later.day
        limit working_days
    ) as term
$$;

create or replace function raw.population_register(of_month date)
returns table (municipality_code text, drop_id bigint, register_month date, state text)
language sql stable as $$
    -- The register of residents of each municipality that is known in a month, the newest accepted one, and whether it can
    -- be used: against an old or an empty one everybody would seem to have moved.
    select
        municipality.municipality_code,
        register.drop_id,
        register.signal_month,
        case
            when register.drop_id is null then 'missing'
            when register.rows_accepted = 0 then 'empty'
            when register.signal_month < of_month - make_interval(months => policy.months) then 'old'
            else 'usable'
        end
    from config.municipalities as municipality
    inner join (
        select of.municipality_code, max(of.value)::integer as months
        from config.policy_on(of_month + 24) as of
        where of.parameter = 'register_maximum_age_months'
        group by of.municipality_code
    ) as policy using (municipality_code)
    left join lateral (
        select ledger.drop_id, ledger.signal_month, ledger.rows_accepted
        from raw.drop_ledger as ledger
        where
            ledger.municipality_code = municipality.municipality_code
            and ledger.feed = 'brp' and ledger.status = 'accepted' and ledger.signal_month <= of_month
        order by ledger.signal_month desc, ledger.delivery desc, ledger.drop_id desc
        limit 1
    ) as register on true
$$;
