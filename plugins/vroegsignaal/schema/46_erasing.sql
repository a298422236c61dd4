-- Erasing: what points at somebody goes, what was counted stays. The functions belong to the owner; who erases gives the
-- rows by drop and line, and a key that is thrown away. Only the numbers of cases have one that is kept: who knows a
-- number can tell whether that case was erased, and nobody else learns anything from it.

create or replace function quality.token(key text, given text) returns text
language sql immutable parallel safe as $$
    -- A word in the place of a number: the same for the same number within one erasure, and for nobody else.
    select case when given is not null then 'gewist-' || left(encode(sha256(convert_to(key || given, 'UTF8')), 'hex'), 16) end
$$;

create or replace function vault.kept_key() returns text
language plpgsql volatile as $$
begin
    -- Made with the first erasure of a case, and kept.
    insert into vault.case_key
    select replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')
    where not exists (select 1 from vault.case_key);
    return (select key from vault.case_key);
end
$$;

create or replace function vault.repeated_cases(of_month date)
returns table (feed text, drop_id bigint, line_no bigint, household_id bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    -- The rows of a month's deliveries about cases that were erased. The registration tells of its cases again and again,
    -- and under another number they would count twice.
    for feed in
        select relname from pg_class
        inner join pg_attribute on attrelid = pg_class.oid and attname = 'dossier_id'
        where relnamespace = 'raw'::regnamespace and relkind = 'r'
        order by relname
    loop
        return query execute format(
            $query$
                select distinct on (given.drop_id, given.line_no) %1$L::text, given.drop_id, given.line_no, known.household_id
                from vault.case_key
                cross join raw.%1$I as given
                inner join raw.drop_ledger as ledger on ledger.drop_id = given.drop_id
                inner join quality.accepted_ris_dossiers as known
                    on known.municipality_code = ledger.municipality_code
                    and known.dossier_id = quality.token(case_key.key, quality.trimmed(given.dossier_id))
                where ledger.signal_month = $1 and not given.erased and known.erased
                order by given.drop_id, given.line_no, known.signal_month desc, known.drop_id desc, known.line_no desc
            $query$,
            feed
        ) using of_month;
    end loop;
end
$$;

revoke execute on function vault.kept_key() from public;
revoke execute on function vault.repeated_cases(date) from public;
grant execute on function vault.repeated_cases(date) to loader;

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
    update decision.exchange set reason = 'gewist'
    where household_out = any(households) or household_in = any(households);
end
$$;

create or replace function raw.registers_in_use(of_municipality text) returns table (drop_id bigint)
language sql stable as $$
    -- The newest registers of residents and of debt help.
    select distinct on (ledger.feed) ledger.drop_id
    from raw.drop_ledger as ledger
    where ledger.municipality_code = of_municipality and ledger.feed in ('brp', 'shv') and ledger.status = 'accepted'
    order by ledger.feed, ledger.signal_month desc, ledger.delivery desc, ledger.drop_id desc
$$;

create or replace procedure vault.move_residents(households bigint [], registers bigint [])
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    moved record;
    fresh bigint;
begin
    -- The registers in use go on under a new number, without the history of the old one; not who was erased from them.
    for moved in
        select distinct household.household_id, household.municipality_code, household.address_key
        from vault.household as household
        inner join (
            select resident.household_id from quality.accepted_brp as resident
            where resident.drop_id = any(registers) and not resident.erased
            union
            select helped.household_id from quality.accepted_shv as helped
            where helped.drop_id = any(registers) and not helped.erased
        ) as present using (household_id)
        where household.household_id = any(households) and household.erased_at is null
        order by household.household_id
    loop
        select coalesce(max(household_id), 0) + 1 into fresh from vault.household;
        call vault.erase_households(array[moved.household_id]);
        insert into vault.household (household_id, municipality_code, address_key)
        values (fresh, moved.municipality_code, moved.address_key);
        update quality.accepted_brp set household_id = fresh
        where household_id = moved.household_id and drop_id = any(registers) and not erased;
        update quality.accepted_shv set household_id = fresh
        where household_id = moved.household_id and drop_id = any(registers) and not erased;
    end loop;
end
$$;

create or replace procedure quality.mark_erased(drop_ids bigint [])
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update raw.drop_ledger set erased_at = now() where drop_id = any(drop_ids) and erased_at is null;
    -- What somebody wrote about a row that he let through, also when the file was read anew as another drop since.
    update quality.release as told set reason = 'gewist'
    from raw.drop_ledger as released_from
    inner join raw.drop_ledger as ledger
        using (municipality_code, signal_month, feed, sha256)
    inner join raw.signals as given on given.drop_id = ledger.drop_id
    where
        ledger.drop_id = any(drop_ids) and ledger.feed = 'signals' and given.erased
        and told.drop_id = released_from.drop_id and told.line_no = given.line_no;
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

create or replace procedure quality.erase_repeated_cases(of_month date)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    repeated record;
begin
    for repeated in
        select found.feed, array_agg(found.drop_id) as drop_ids, array_agg(found.line_no) as line_nos
        from vault.repeated_cases(of_month) as found
        group by found.feed
    loop
        execute format('call quality.%I($1, $2, $3)', 'erase_' || repeated.feed)
        -- Known to nobody once this has run.
        using gen_random_uuid()::text, repeated.drop_ids, repeated.line_nos;
        call quality.mark_erased(repeated.drop_ids);
    end loop;
end
$$;

revoke execute on procedure quality.erase_repeated_cases(date) from public;
grant execute on procedure quality.erase_repeated_cases(date) to loader;

create or replace procedure quality.erase_awaited()
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    awaited record;
    accepted text;
    households bigint [];
    gone bigint [];
    in_use bigint [];
    -- Known to nobody once this has run.
    key text := gen_random_uuid()::text || gen_random_uuid()::text;
begin
    -- Backups know nothing of what was erased after them; the numbers of drops and households may be others since. First
    -- all rows, so that nobody who is erased from a register is taken for a resident still.
    for awaited in
        select expected.*, ledger.drop_id
        from quality.erasure_awaited as expected
        inner join raw.drop_ledger as ledger using (municipality_code, signal_month, feed, sha256)
        where ledger.creditor is not distinct from expected.creditor and ledger.status <> 'received'
        order by expected.proof, ledger.drop_id
    loop
        accepted := format('quality.accepted_%s', awaited.feed);
        execute format(
            'select array_agg(distinct kept.household_id) from %s as kept'
            ' where kept.drop_id = $1 and kept.line_no = any($2) and kept.household_id is not null',
            accepted::regclass
        ) into gone using awaited.drop_id, awaited.household_lines;
        households := households || gone;
        execute format('call quality.%I($1, $2, $3)', 'erase_' || awaited.feed)
        using key, array_fill(awaited.drop_id, array[cardinality(awaited.line_nos)]), awaited.line_nos;
        call quality.mark_erased(array[awaited.drop_id]);
        delete from quality.erasure_awaited as expected
        where
            (expected.proof, expected.municipality_code, expected.signal_month, expected.feed, expected.sha256)
            = (awaited.proof, awaited.municipality_code, awaited.signal_month, awaited.feed, awaited.sha256)
            and expected.creditor is not distinct from awaited.creditor;
    end loop;
    -- Who was reported anew since has an address again.
    households := array(
        select distinct given.household_id
        from unnest(households) as given (household_id)
        where not exists (
            select 1 from quality.accepted_signals as signal
            where signal.household_id = given.household_id and not signal.erased
        )
    );
    in_use := array(
        select newest.drop_id
        from (
            select distinct household.municipality_code
            from vault.household as household
            where household.household_id = any(households)
        ) as town
        cross join raw.registers_in_use(town.municipality_code) as newest
    );
    call vault.move_residents(households, in_use);
    call vault.erase_households(households);
end
$$;

revoke execute on procedure quality.erase_awaited() from public;
grant execute on procedure quality.erase_awaited() to loader;
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
