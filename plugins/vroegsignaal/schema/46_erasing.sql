-- Erasing: what points at somebody goes, what was counted stays. The functions belong to the owner; who erases gives the
-- rows by drop and line, and a key that is thrown away.

create or replace function quality.token(key text, given text) returns text
language sql immutable parallel safe as $$
    -- A word in the place of a number: the same for the same number within one erasure, and for nobody else.
    select case when given is not null then 'gewist-' || left(encode(sha256(convert_to(key || given, 'UTF8')), 'hex'), 16) end
$$;

create or replace function quality.without_remarks(key text, given text) returns text
language sql stable as $$
    -- Of codes separated by a vertical bar those that are on a list; what is on none may be a remark about somebody.
    select string_agg(
        case
            when
                exists (select 1 from config.labels as label where lower(label.code) = lower(btrim(part.code)))
                or exists (select 1 from config.code_lists as listed where listed.code = btrim(part.code))
                or exists (select 1 from config.creditors as register where register.creditor = btrim(part.code))
                or btrim(part.code) = ''
                then part.code
            else quality.token(key, btrim(part.code))
        end,
        '|' order by part.place
    )
    from unnest(string_to_array(given, '|')) with ordinality as part (code, place)
$$;

create or replace procedure vault.erase_households(households bigint [])
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    -- The number stays taken: else the next address would get it, and with it a history that is not its own.
    update vault.household set address_key = 'gewist ' || household_id, erased_at = now()
    where household_id = any(households) and erased_at is null;
end
$$;

create or replace procedure vault.move_residents(households bigint [], registers bigint [])
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moved record;
    fresh bigint;
begin
    -- The registers in use go on under a new number, without the history of the old one.
    for moved in
        select distinct household.household_id, household.municipality_code, household.address_key
        from vault.household as household
        inner join (
            select resident.household_id from quality.accepted_brp as resident where resident.drop_id = any(registers)
            union
            select helped.household_id from quality.accepted_shv as helped where helped.drop_id = any(registers)
        ) as present using (household_id)
        where household.household_id = any(households) and household.erased_at is null
        order by household.household_id
    loop
        select coalesce(max(household_id), 0) + 1 into fresh from vault.household;
        call vault.erase_households(array[moved.household_id]);
        insert into vault.household (household_id, municipality_code, address_key)
        values (fresh, moved.municipality_code, moved.address_key);
        update quality.accepted_brp set household_id = fresh
        where household_id = moved.household_id and drop_id = any(registers);
        update quality.accepted_shv set household_id = fresh
        where household_id = moved.household_id and drop_id = any(registers);
    end loop;
end
$$;

create or replace procedure quality.mark_erased(drop_ids bigint [])
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update raw.drop_ledger set erased_at = now() where drop_id = any(drop_ids) and erased_at is null;
    -- The numbers of signals that months keep which were matched before.
    if to_regclass('core.signal') is not null then
        update core.signal as kept set signal_id = erased.signaal_id
        from quality.accepted_signals as erased
        where
            erased.drop_id = any(drop_ids) and erased.erased
            and kept.drop_id = erased.drop_id and kept.line_no = erased.line_no;
    end if;
    -- And those of signals that creditors were told of.
    update decision.feedback as kept set signal_id = erased.signaal_id
    from quality.accepted_signals as erased
    where
        erased.drop_id = any(drop_ids) and erased.erased
        and kept.drop_id = erased.drop_id and kept.line_no = erased.line_no;
end
$$;

revoke execute on procedure vault.erase_households(bigint []) from public;
revoke execute on procedure vault.move_residents(bigint [], bigint []) from public;
revoke execute on procedure quality.mark_erased(bigint []) from public;
grant execute on procedure vault.erase_households(bigint []) to loader;
grant execute on procedure vault.move_residents(bigint [], bigint []) to loader;
grant execute on procedure quality.mark_erased(bigint []) to loader;

create or replace function vault.expiry(of_municipality text, on_day date)
returns table (household_id bigint, signal_month date, is_expired boolean, is_last boolean)
-- In this language the tables that dbt makes need not be there yet.
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    if to_regclass('core.retention') is null then
        return;
    end if;
    -- Of what is held about each household in a month whether its last term has passed; and whether that holds of all that
    -- is held about the household. Never while a case is open, or while a later month may look back at it.
    return query
    with policy as (
        select held.parameter, max(held.value)::integer as months
        from config.policy_on(on_day) as held
        where held.municipality_code = of_municipality
        group by held.parameter
    ),

    horizon as (
        select max(policy.months) as months
        from policy
        where policy.parameter in ('window_months', 'cool_off_months', 'sleper_months', 'consecutive_months')
    ),

    ended as (
        select
            kept.household_id,
            kept.signal_month,
            bool_and(
                kept.object <> 'open'
                and kept.counts_from + make_interval(months => term.months) <= on_day
                and kept.signal_month + 24 + make_interval(months => horizon.months + 1) <= on_day
            ) as is_expired
        from core.retention as kept
        left join policy as term on term.parameter = 'retain_' || kept.object || '_months'
        cross join horizon
        where kept.municipality_code = of_municipality
        group by kept.household_id, kept.signal_month
    )

    select
        ended.household_id,
        ended.signal_month,
        coalesce(ended.is_expired, false),
        bool_and(coalesce(ended.is_expired, false)) over (partition by ended.household_id)
    from ended;
end
$$;

revoke execute on function vault.expiry(text, date) from public;
grant execute on function vault.expiry(text, date) to loader;
