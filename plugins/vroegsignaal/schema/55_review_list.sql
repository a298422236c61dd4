-- Whom the creditors mean, for a case worker who looks at what is doubtful: of the households to look at, and no others.

drop function if exists vault.customers(text, date, bigint []);
drop function if exists vault.customers(text, date);
create function vault.customers(of_municipality text, of_month date)
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
-- In this language the tables that dbt makes need not be there yet.
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform vault.check_opened(of_municipality, of_month, 'review_list');
    -- The signals behind the month's matches as their creditors wrote them, without those taken back.
    return query
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
    from casework.review as review
    inner join core.customer_check as checked
        on checked.municipality_code = review.municipality_code
        and checked.signal_month = review.signal_month
        and checked.household_id = review.household_id
    inner join quality.accepted_signals as signal
        on signal.drop_id = checked.drop_id and signal.line_no = checked.line_no
    inner join config.creditors as register on register.creditor = signal.creditor
    where
        review.municipality_code = of_municipality
        and review.signal_month = of_month
        and not signal.erased
        and not exists (
            select 1
            from quality.standing_withdrawal as withdrawal
            where
                withdrawal.municipality_code = signal.municipality_code
                and withdrawal.creditor = signal.creditor
                and withdrawal.signaal_id = signal.signaal_id
                and withdrawal.signal_month >= signal.signal_month
        )
    order by signal.household_id, register.name, signal.line_no;
end
$$;

revoke execute on function vault.customers(text, date) from public;
grant execute on function vault.customers(text, date) to caseworker;
