-- Who a creditor means, laid beside who is registered: the comparison without the people. Names, birth dates and citizen
-- service numbers stay behind this function, which tells only what is alike.

create or replace function vault.folded_name(given text, prefixes text) returns text
language sql immutable parallel safe as $$
    -- A surname without what people write differently: capitals, diacritics, prefixes (a pattern of words), hyphens and
    -- spaces, y for ij and doubled letters. A name that is all prefix keeps it.
    select nullif(regexp_replace(replace(replace(
        coalesce(nullif(btrim(regexp_replace(' ' || words || ' ', '( (' || prefixes || '))+(?= )', '', 'g')), ''), words),
        ' ', ''), 'ij', 'y'), '(.)\1+', '\1', 'g'), '')
    from (
        select btrim(regexp_replace(
            replace(replace(replace(translate(
                regexp_replace(lower(normalize(given, nfkd)), '[\u0300-\u036f]', '', 'g'),
                'øłđı', 'oldi'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
            '[^a-z]+', ' ', 'g'
        )) as words
    ) as spelled
$$;

drop function if exists vault.checked_customers(date, bigint [], bigint []);
create function vault.checked_customers(of_month date, drop_ids bigint [], line_nos bigint [])
returns table (
    drop_id bigint,
    line_no bigint,
    by_bsn boolean,
    by_birth_date boolean,
    by_name boolean,
    is_gone boolean,
    is_elsewhere boolean,
    has_phone boolean,
    has_email boolean
)
language sql stable security definer set search_path = pg_catalog, pg_temp set enable_nestloop = off as $$
    -- Of accepted signals, given by drop and line: whether their customer is known among those who live at the address, by
    -- citizen service number, by birth date, or by name (own, partner's or both, in either order); whether he is
    -- registered there as deceased or emigrated, or as living elsewhere; and how he can be reached. By the registers of
    -- residents that can be used in the month.
    -- How many are given the planner cannot know, and for few it would lay every customer beside every resident: so it may
    -- not, but for what is fetched by key (`lateral` with `offset 0`), which else would be a search through all months.
    with prefix as materialized (
        select coalesce(string_agg(code, '|'), '-') as pattern from config.code_lists where list = 'name_prefix'
    ),

    -- Read twice, which takes less than to keep all of it.
    resident as not materialized (
        select person.*
        from raw.population_register(of_month) as register
        cross join lateral (
            select accepted.* from quality.accepted_brp as accepted where accepted.drop_id = register.drop_id offset 0
        ) as person
        where register.state = 'usable'
    ),

    customer as materialized (
        select signal.*, vault.folded_name(signal.achternaam, prefix.pattern) as name
        from unnest(drop_ids, line_nos) as given (drop_id, line_no)
        cross join lateral (
            select accepted.*
            from quality.accepted_signals as accepted
            where accepted.drop_id = given.drop_id and accepted.line_no = given.line_no
            offset 0
        ) as signal
        cross join prefix
    ),

    beside as (
        select
            customer.drop_id,
            customer.line_no,
            resident.opschorting,
            resident.bsn = customer.bsn as same_bsn,
            resident.geboortedatum = customer.geboortedatum as same_birth_date,
            customer.name in (names.own, names.partner, names.own_partner, names.partner_own) as same_name
        from customer
        inner join resident
            on resident.municipality_code = customer.municipality_code
            and resident.household_id = customer.household_id
        cross join prefix
        cross join lateral (
            select
                vault.folded_name(resident.geslachtsnaam, prefix.pattern) as own,
                vault.folded_name(resident.partnernaam, prefix.pattern) as partner,
                -- Folded as a whole: where two letters meet they may fold into one.
                vault.folded_name(resident.geslachtsnaam || ' ' || resident.partnernaam, prefix.pattern) as own_partner,
                vault.folded_name(resident.partnernaam || ' ' || resident.geslachtsnaam, prefix.pattern) as partner_own
        ) as names
    ),

    at_address as (
        select
            beside.drop_id,
            beside.line_no,
            bool_or(beside.same_bsn) filter (where beside.opschorting is null) as by_bsn,
            bool_or(beside.same_birth_date) filter (where beside.opschorting is null) as by_birth_date,
            bool_or(beside.same_name) filter (where beside.opschorting is null) as by_name,
            bool_or(beside.same_bsn or (beside.same_birth_date and beside.same_name))
                filter (where beside.opschorting is not null) as is_gone
        from beside
        group by beside.drop_id, beside.line_no
    ),

    elsewhere as (
        select distinct customer.drop_id, customer.line_no
        from customer
        inner join resident
            on resident.municipality_code = customer.municipality_code and resident.bsn = customer.bsn
        where resident.household_id <> customer.household_id and resident.opschorting is null
    )

    select
        customer.drop_id,
        customer.line_no,
        coalesce(at_address.by_bsn, false),
        coalesce(at_address.by_birth_date, false),
        coalesce(at_address.by_name, false),
        coalesce(at_address.is_gone, false),
        elsewhere.drop_id is not null,
        customer.telefoonnummer is not null,
        customer.email is not null
    from customer
    left join at_address on at_address.drop_id = customer.drop_id and at_address.line_no = customer.line_no
    left join elsewhere on elsewhere.drop_id = customer.drop_id and elsewhere.line_no = customer.line_no
$$;

create or replace function decision.is_to_review(role text, doubt text, is_secret boolean) returns boolean
language sql immutable parallel safe as $$
    -- Whether somebody should look before a selection is approved: at who may be approached, and is doubtful or secret.
    select role <> 'not_selected' and (doubt is not null or coalesce(is_secret, false))
$$;

create or replace function decision.doubt_in_words(doubt text) returns text
language sql immutable parallel safe as $$
    -- What is doubtful about a household, for case workers.
    select case doubt
        when 'customer_gone' then 'wie een crediteur bedoelt staat er in de BRP als overleden of geëmigreerd'
        when 'customer_elsewhere' then 'wie een crediteur bedoelt staat in de BRP op een ander adres'
        when 'nobody_known' then 'niemand van wie de crediteuren bedoelen staat in de BRP op dit adres'
        when 'one_creditor_unknown' then 'een van de crediteuren bedoelt iemand die in de BRP niet op dit adres staat'
    end
$$;

revoke execute on function vault.checked_customers(date, bigint [], bigint []) from public;
grant usage on schema vault to transformer;
grant execute on function vault.checked_customers(date, bigint [], bigint []) to transformer;
