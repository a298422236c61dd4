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
