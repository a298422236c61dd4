-- The door's rules on signals as somebody would write them once, by hand: read, judge, and keep, in one pass. `offset 0`
-- keeps PostgreSQL from reading a value anew at each use.

create temporary table judged as
with given as (
    select
        drop_id, line_no, ledger.municipality_code, ledger.signal_month, ledger.creditor,
        nullif(btrim(signaal_id, E' \t\r\n\u00a0'), '') as signaal_id,
        nullif(btrim(klantnummer, E' \t\r\n\u00a0'), '') as klantnummer,
        nullif(btrim(bsn, E' \t\r\n\u00a0'), '') as bsn_given,
        nullif(btrim(voorletters, E' \t\r\n\u00a0'), '') as voorletters,
        nullif(btrim(voorvoegsel, E' \t\r\n\u00a0'), '') as voorvoegsel,
        nullif(btrim(achternaam, E' \t\r\n\u00a0'), '') as achternaam,
        nullif(btrim(geboortedatum, E' \t\r\n\u00a0'), '') as geboortedatum_given,
        nullif(btrim(straatnaam, E' \t\r\n\u00a0'), '') as straatnaam,
        nullif(btrim(huisnummer, E' \t\r\n\u00a0'), '') as huisnummer_given,
        nullif(btrim(huisletter, E' \t\r\n\u00a0'), '') as huisletter,
        nullif(btrim(huisnummertoevoeging, E' \t\r\n\u00a0'), '') as huisnummertoevoeging,
        nullif(btrim(postcode, E' \t\r\n\u00a0'), '') as postcode_given,
        nullif(btrim(woonplaats, E' \t\r\n\u00a0'), '') as woonplaats,
        nullif(btrim(telefoonnummer, E' \t\r\n\u00a0'), '') as telefoonnummer,
        nullif(btrim(email, E' \t\r\n\u00a0'), '') as email,
        nullif(btrim(bedrag, E' \t\r\n\u00a0'), '') as bedrag_given,
        nullif(btrim(ontstaansdatum, E' \t\r\n\u00a0'), '') as ontstaansdatum_given,
        nullif(btrim(signaaldatum, E' \t\r\n\u00a0'), '') as signaaldatum_given,
        nullif(btrim(crisissignaal, E' \t\r\n\u00a0'), '') as crisissignaal_given,
        nullif(btrim(warme_overdracht, E' \t\r\n\u00a0'), '') as warme_overdracht_given
    from raw.signals
    inner join raw.drop_ledger as ledger using (drop_id)
    offset 0
),
read as (
    select
        *,
        quality.read_bsn(bsn_given) as bsn,
        quality.read_date(geboortedatum_given) as geboortedatum,
        quality.read_house_number(huisnummer_given) as huisnummer,
        quality.read_postcode(postcode_given) as postcode,
        quality.read_amount(bedrag_given, ',', '') as bedrag,
        quality.read_date(ontstaansdatum_given) as ontstaansdatum,
        quality.read_date(signaaldatum_given) as signaaldatum,
        quality.read_flag(crisissignaal_given) as crisissignaal,
        quality.read_flag(warme_overdracht_given) as warme_overdracht
    from given
    offset 0
),
keyed as (
    select *, quality.address_key(postcode, huisnummer, huisletter, huisnummertoevoeging) as address_key
    from read
    offset 0
),
month_before as (
    select
        municipality_code, creditor, klantnummer, min(bedrag) as least_before_eur, max(bedrag) as most_before_eur
    from quality.accepted_signals
    where signal_month = (select min(signal_month) - interval '1 month' from raw.drop_ledger)
    group by municipality_code, creditor, klantnummer
),
counted as (
    select
        keyed.*, least_before_eur, most_before_eur,
        row_number() over (partition by drop_id, address_key, klantnummer order by line_no) as household_row,
        row_number() over (partition by drop_id, signaal_id order by line_no) as signal_id_row,
        min(address_key) over person <> max(address_key) over person and bsn is not null as elsewhere_too,
        min(address_key) over customer <> max(address_key) over customer and klantnummer is not null
        or min(address_key) over namesake <> max(address_key) over namesake as spelled_otherwise
    from keyed
    left join month_before using (municipality_code, creditor, klantnummer)
    window
        person as (partition by drop_id, bsn),
        customer as (partition by drop_id, postcode, huisnummer, klantnummer),
        namesake as (partition by drop_id, postcode, huisnummer, lower(achternaam))
)
select
    *,
    array_remove(array[
        case when signaal_id is null then 'value_missing' end,
        case when klantnummer is null then 'value_missing' end,
        case when achternaam is null then 'value_missing' end,
        case when huisnummer_given is null then 'value_missing' end,
        case when postcode_given is null then 'value_missing' end,
        case when bedrag_given is null then 'value_missing' end,
        case when ontstaansdatum_given is null then 'value_missing' end,
        case when signaaldatum_given is null then 'value_missing' end,
        case when bsn_given is not null and bsn is null then 'bsn_invalid' end,
        case when geboortedatum_given is not null and geboortedatum is null then 'date_invalid' end,
        case when huisnummer_given is not null and huisnummer is null then 'house_number_invalid' end,
        case when postcode_given is not null and postcode is null then 'postcode_invalid' end,
        case when bedrag_given is not null and bedrag is null then 'amount_invalid' end,
        case when ontstaansdatum_given is not null and ontstaansdatum is null then 'date_invalid' end,
        case when signaaldatum_given is not null and signaaldatum is null then 'date_invalid' end,
        case when bedrag <= 0 then 'amount_not_positive' end,
        case when bedrag > 17000 then 'amount_implausible' end,
        case when signaaldatum - ontstaansdatum > 100 then 'arrears_too_old' end,
        case when signaaldatum - ontstaansdatum < 0 then 'arrears_after_signal' end,
        case
            when signaaldatum not between (signal_month - interval '1 month')::date + 25 and signal_month + 24
            then 'signal_outside_month'
        end,
        case when signaal_id is not null and signal_id_row > 1 then 'duplicate_signal_id' end,
        case when address_key is not null and klantnummer is not null and household_row > 1 then 'duplicate_household' end
    ], null) as warnings,
    array_remove(array[
        case when crisissignaal_given is not null and crisissignaal is null then 'code_unknown' end,
        case when warme_overdracht_given is not null and warme_overdracht is null then 'code_unknown' end,
        case when bedrag < 50 then 'below_threshold' end,
        case when signaaldatum - ontstaansdatum > 365 then 'arrears_over_a_year' end,
        case when bedrag in (least_before_eur, most_before_eur) then 'signal_repeated' end,
        case
            when bedrag between 80 * most_before_eur and 125 * most_before_eur
            or least_before_eur between 80 * bedrag and 125 * bedrag then 'amount_slipped'
        end,
        case when elsewhere_too then 'same_person_two_addresses' end,
        case when address_key is not null and spelled_otherwise then 'near_duplicate_household' end,
        case
            when achternaam ~* '(^|[ ,(.])(b\.?v|n\.?v|vve|stichting|vereniging|coöperatie|cooperatie)([ ,).]|$)'
            then 'legal_person'
        end,
        case when email !~ '^[^@\s,;]+@([^@\s,;.]+\.)+[^@\s,;.]{2,}$' then 'email_invalid' end,
        case
            when translate(telefoonnummer, ' ()-./', '')
            !~ '^(0|(\+|00)310?)[1-9][0-9]{8}$|^(\+|00)(?!31)[1-9][0-9]{6,13}$' then 'phone_invalid'
        end
    ], null) as remarks
from counted;

insert into quality.finding (drop_id, line_no, rule, severity)
select distinct drop_id, line_no, rule, 'warning' from judged cross join unnest(warnings) as rule
union all
select distinct drop_id, line_no, rule, 'info' from judged cross join unnest(remarks) as rule
union all
select later.drop_id, later.line_no, 'household_reported_twice', 'info'
from judged as later
where later.address_key is not null and later.klantnummer is not null and exists (
    select 1 from judged as earlier
    where earlier.drop_id = later.drop_id and earlier.address_key = later.address_key
    and earlier.line_no < later.line_no and earlier.klantnummer <> later.klantnummer and earlier.warnings = '{}'
);

insert into vault.household (household_id, municipality_code, address_key)
select row_number() over (order by drop_id, line_no), municipality_code, address_key
from (
    select distinct on (municipality_code, address_key) * from judged
    where warnings = '{}' order by municipality_code, address_key, drop_id, line_no
) as first_seen;

insert into quality.accepted_signals (
    drop_id, line_no, municipality_code, signal_month, creditor, household_id, signaal_id, klantnummer, bsn, voorletters,
    voorvoegsel, achternaam, geboortedatum, straatnaam, huisnummer, huisletter, huisnummertoevoeging, postcode, woonplaats,
    telefoonnummer, email, bedrag, ontstaansdatum, signaaldatum, crisissignaal, warme_overdracht
)
select
    drop_id, line_no, municipality_code, signal_month, creditor, household_id, signaal_id, klantnummer, bsn, voorletters,
    voorvoegsel, achternaam, geboortedatum, straatnaam, huisnummer, huisletter, huisnummertoevoeging, postcode, woonplaats,
    telefoonnummer, email, bedrag, ontstaansdatum, signaaldatum, crisissignaal, warme_overdracht
from judged
left join vault.household using (municipality_code, address_key)
where warnings = '{}';

update raw.drop_ledger as ledger set
    status = 'accepted',
    rows_quarantined = (select count(*) from judged where warnings <> '{}'),
    rows_accepted = (select count(*) from judged where warnings = '{}')
