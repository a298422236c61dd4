-- Who a creditor means, laid beside who is registered: the comparison without the people. Names, birth dates and citizen
-- service numbers stay behind these views, which tell only what is alike.

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

create or replace view vault.customer with (security_barrier) as
-- How the customer of each accepted signal can be reached.
select
    signal.drop_id,
    signal.line_no,
    signal.telefoonnummer is not null as has_phone,
    signal.email is not null as has_email
from quality.accepted_signals as signal;

create or replace view vault.customer_at_address with (security_barrier) as
-- Each accepted signal beside everybody registered at its address, of every register.
select
    signal.drop_id,
    signal.line_no,
    resident.drop_id as register_drop_id,
    resident.opschorting as suspension,
    coalesce(signal.bsn = resident.bsn, false) as same_bsn,
    coalesce(signal.geboortedatum = resident.geboortedatum, false) as same_birth_date,
    coalesce(
        signal.folded = any(array[
            resident.own, resident.partner, resident.own || resident.partner, resident.partner || resident.own
        ]),
        false
    ) as same_name
from (
    select given.*, vault.folded_name(given.achternaam, prefix.pattern) as folded
    from quality.accepted_signals as given
    cross join (
        select coalesce(string_agg(code, '|'), '-') as pattern from config.code_lists where list = 'name_prefix'
    ) as prefix
) as signal
inner join (
    select
        registered.*,
        vault.folded_name(registered.geslachtsnaam, prefix.pattern) as own,
        vault.folded_name(registered.partnernaam, prefix.pattern) as partner
    from quality.accepted_brp as registered
    cross join (
        select coalesce(string_agg(code, '|'), '-') as pattern from config.code_lists where list = 'name_prefix'
    ) as prefix
) as resident
    on signal.municipality_code = resident.municipality_code and signal.household_id = resident.household_id;

create or replace view vault.customer_elsewhere with (security_barrier) as
-- The accepted signals whose customer is registered, as living, at another address than the creditor gave.
select
    signal.drop_id,
    signal.line_no,
    resident.drop_id as register_drop_id
from quality.accepted_signals as signal
inner join quality.accepted_brp as resident
    on signal.municipality_code = resident.municipality_code and signal.bsn = resident.bsn
where signal.household_id <> resident.household_id and resident.opschorting is null;

grant usage on schema vault to transformer;
grant select on vault.customer, vault.customer_at_address, vault.customer_elsewhere to transformer;
