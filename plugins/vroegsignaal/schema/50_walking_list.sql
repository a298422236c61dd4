-- The walking list: the one place where a selected household gets its name and address back.

-- A function keeps its columns when it is replaced: it is made anew.
drop function if exists vault.walking_list(text, date);
create function vault.walking_list(of_municipality text, of_month date)
returns table (
    rang integer,
    rol text,
    zaaknummer text,
    achternaam text,
    straatnaam text,
    huisnummer integer,
    huisletter text,
    huisnummertoevoeging text,
    postcode text,
    woonplaats text,
    wijk text,
    crediteuren text,
    achterstand numeric,
    criterium text,
    heropaf boolean,
    let_op text
)
language sql stable security definer set search_path = pg_catalog as $$
    select
        selection.rank,
        case selection.role when 'selected' then 'geselecteerd' else 'reserve' end,
        of_municipality || '-' || to_char(of_month, 'YYYYMM') || '-' || lpad(selection.rank::text, 3, '0'),
        concat_ws(' ', customer.voorvoegsel, customer.achternaam),
        coalesce(customer.straatnaam, resident.straatnaam),
        customer.huisnummer,
        customer.huisletter,
        customer.huisnummertoevoeging,
        customer.postcode,
        coalesce(customer.woonplaats, resident.woonplaats, municipality.name),
        selection.district,
        creditors.names,
        selection.arrears_eur,
        case selection.criterion when 'same_month' then 'in één maand' else 'in drie maanden' end,
        selection.heropaf,
        creditors.taken_back
    from decision.selection as selection
    inner join config.municipalities as municipality on municipality.municipality_code = selection.municipality_code
    -- What a creditor has taken back of its newest signals is marked: the household may have paid since the 25th, and an
    -- approved selection stands.
    cross join lateral (
        select
            string_agg(register.name || coalesce(' (' || since.mark || ')', ''), ', ' order by register.creditor) as names,
            string_agg(
                register.name || ': ' || since.mark || ' op ' || to_char(since.day, 'DD-MM-YYYY'),
                '; ' order by register.creditor
            ) as taken_back
        from config.creditors as register
        left join lateral (
            select
                case when bool_and(withdrawal.day is not null) then '' else 'deels ' end
                || (array_agg(withdrawal.reason order by withdrawal.day desc nulls last))[1] as mark,
                max(withdrawal.day) as day
            from (
                select
                    signal.*,
                    max(signal.signal_month) over () as newest_month
                from quality.accepted_signals as signal
                inner join raw.drop_ledger as ledger on ledger.drop_id = signal.drop_id
                where
                    ledger.status = 'accepted'
                    and signal.municipality_code = selection.municipality_code
                    and signal.household_id = selection.household_id
                    and signal.creditor = register.creditor
                    and signal.signal_month <= of_month
            ) as signal
            left join lateral (
                select
                    taken.datum as day,
                    -- Only the words of the agreement go on the list.
                    case when taken.reden in ('betaald', 'onterecht') then taken.reden else 'ingetrokken' end as reason
                from quality.accepted_withdrawals as taken
                inner join raw.drop_ledger as ledger on ledger.drop_id = taken.drop_id
                where
                    ledger.status = 'accepted'
                    and taken.municipality_code = signal.municipality_code
                    and taken.creditor = signal.creditor
                    and taken.signaal_id = signal.signaal_id
                    and taken.signal_month >= signal.signal_month
                order by taken.datum desc, taken.drop_id desc, taken.line_no
                limit 1
            ) as withdrawal on true
            where signal.signal_month = signal.newest_month
            having bool_or(withdrawal.day is not null)
        ) as since on true
        where register.creditor = any(string_to_array(selection.creditors, ', '))
    ) as creditors
    -- The customer whose arrears in the newest month are largest is whom the visitor asks for.
    cross join lateral (
        select signal.*
        from quality.accepted_signals as signal
        inner join raw.drop_ledger as ledger on ledger.drop_id = signal.drop_id
        where
            signal.municipality_code = selection.municipality_code
            and signal.household_id = selection.household_id
            and signal.signal_month <= of_month
        order by
            ledger.status = 'accepted' desc, signal.signal_month desc, signal.bedrag desc, signal.creditor, signal.line_no
        limit 1
    ) as customer
    left join lateral (
        select person.straatnaam, person.woonplaats
        from quality.accepted_brp as person
        where
            person.municipality_code = selection.municipality_code
            and person.household_id = selection.household_id
            and person.signal_month <= of_month
        order by person.signal_month desc, person.line_no
        limit 1
    ) as resident on true
    where
        selection.municipality_code = of_municipality
        and selection.signal_month = of_month
        and selection.role in ('selected', 'reserve')
    order by selection.rank
$$;

revoke execute on function vault.walking_list(text, date) from public;
grant execute on function vault.walking_list(text, date) to caseworker;
