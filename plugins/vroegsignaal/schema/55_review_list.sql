-- Whom the creditors mean, for a case worker who looks at what is doubtful.

drop function if exists vault.customers(text, date, bigint []);
create function vault.customers(of_municipality text, of_month date, households bigint [])
returns table (
    household_id bigint,
    crediteur text,
    achternaam text,
    straatnaam text,
    huisnummer integer,
    huisletter text,
    huisnummertoevoeging text,
    postcode text,
    woonplaats text
)
language sql stable security definer set search_path = pg_catalog as $$
    -- Of each creditor its newest accepted signals in force up to the month, as it wrote them.
    select
        signal.household_id,
        register.name,
        concat_ws(' ', signal.voorletters, signal.voorvoegsel, signal.achternaam),
        signal.straatnaam,
        signal.huisnummer,
        signal.huisletter,
        signal.huisnummertoevoeging,
        signal.postcode,
        signal.woonplaats
    from (
        select
            signal.*,
            rank() over (
                partition by signal.household_id, signal.creditor order by signal.signal_month desc
            ) as age
        from quality.accepted_signals as signal
        inner join raw.drop_ledger as ledger on ledger.drop_id = signal.drop_id and ledger.status = 'accepted'
        where
            signal.municipality_code = of_municipality
            and signal.signal_month <= of_month
            and signal.household_id = any(households)
    ) as signal
    inner join config.creditors as register on register.creditor = signal.creditor
    where signal.age = 1
    order by signal.household_id, register.name, signal.line_no
$$;

revoke execute on function vault.customers(text, date, bigint []) from public;
grant execute on function vault.customers(text, date, bigint []) to caseworker;
