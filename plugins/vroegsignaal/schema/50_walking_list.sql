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
    with known_then as materialized (
        select in_force.drop_id
        from decision.approval as approval
        cross join lateral raw.in_force_at(approval.approved_at) as in_force
        where approval.municipality_code = of_municipality and approval.signal_month = of_month
    ),

    counted as (
        -- The signals that the decision rests on: of the creditors named in it, without what was taken back before.
        -- What a creditor has taken back since is marked: the household may have paid, and an approved selection stands.
        select
            signal.*,
            ledger.status = 'accepted' as in_force,
            taken.day as taken_on,
            taken.reason as taken_reason
        from decision.selection as selection
        inner join quality.accepted_signals as signal
            on signal.municipality_code = selection.municipality_code
            and signal.household_id = selection.household_id
            and signal.creditor = any(string_to_array(selection.creditors, ', '))
            and signal.signal_month <= selection.signal_month
        inner join raw.drop_ledger as ledger on ledger.drop_id = signal.drop_id
        left join lateral (
            select
                withdrawal.datum as day,
                -- Only the words of the agreement go on the list.
                case
                    when withdrawal.reden in ('betaald', 'onterecht') then withdrawal.reden else 'ingetrokken'
                end as reason
            from quality.standing_withdrawal as withdrawal
            where
                withdrawal.municipality_code = signal.municipality_code
                and withdrawal.creditor = signal.creditor
                and withdrawal.signaal_id = signal.signaal_id
                and withdrawal.signal_month >= signal.signal_month
            order by withdrawal.datum desc, withdrawal.drop_id desc, withdrawal.line_no
            limit 1
        ) as taken on true
        where
            selection.municipality_code = of_municipality
            and selection.signal_month = of_month
            and selection.role in ('selected', 'reserve')
            and not exists (
                select 1
                from quality.replaced_signal as replaced
                where replaced.drop_id = signal.drop_id and replaced.line_no = signal.line_no
            )
            and not exists (
                select 1
                from quality.accepted_withdrawals as withdrawal
                inner join known_then on known_then.drop_id = withdrawal.drop_id
                where
                    withdrawal.municipality_code = signal.municipality_code
                    and withdrawal.creditor = signal.creditor
                    and withdrawal.signaal_id = signal.signaal_id
                    and withdrawal.signal_month between signal.signal_month and of_month
            )
    ),

    newest as (
        select counted.*
        from counted
        inner join (
            select counted.household_id, counted.creditor, max(counted.signal_month) as signal_month
            from counted
            where counted.in_force
            group by counted.household_id, counted.creditor
        ) as latest
            on latest.household_id = counted.household_id
            and latest.creditor = counted.creditor
            and latest.signal_month = counted.signal_month
        where counted.in_force
    ),

    since as (
        select
            newest.household_id,
            newest.creditor,
            case when bool_and(newest.taken_on is not null) then '' else 'deels ' end
            || (array_agg(newest.taken_reason order by newest.taken_on desc nulls last))[1] as mark,
            max(newest.taken_on) as day
        from newest
        group by newest.household_id, newest.creditor
        having bool_or(newest.taken_on is not null)
    )

    select
        selection.rank,
        case selection.role when 'selected' then 'geselecteerd' else 'reserve' end,
        of_municipality || '-' || to_char(of_month, 'YYYYMM') || '-' || lpad(selection.rank::text, 3, '0'),
        nullif(concat_ws(' ', customer.voorvoegsel, customer.achternaam), ''),
        coalesce(customer.straatnaam, resident.straatnaam),
        coalesce(customer.huisnummer, split_part(household.address_key, ' ', 2)::integer),
        customer.huisletter,
        case
            when customer.drop_id is not null then customer.huisnummertoevoeging
            else nullif(split_part(household.address_key, ' ', 3), '')
        end,
        coalesce(customer.postcode, split_part(household.address_key, ' ', 1)),
        coalesce(customer.woonplaats, resident.woonplaats, municipality.name),
        selection.district,
        creditors.names,
        selection.arrears_eur,
        case selection.criterion when 'same_month' then 'in één maand' else 'in drie maanden' end,
        selection.heropaf,
        creditors.taken_back
    from decision.selection as selection
    inner join config.municipalities as municipality on municipality.municipality_code = selection.municipality_code
    cross join lateral (
        select
            string_agg(register.name || coalesce(' (' || since.mark || ')', ''), ', ' order by register.creditor) as names,
            string_agg(
                register.name || ': ' || since.mark || ' op ' || to_char(since.day, 'DD-MM-YYYY'),
                '; ' order by register.creditor
            ) as taken_back
        from config.creditors as register
        left join since on since.creditor = register.creditor and since.household_id = selection.household_id
        where register.creditor = any(string_to_array(selection.creditors, ', '))
    ) as creditors
    -- Whom the visitor asks for: of those of each creditor's newest month whose arrears still stand, the customer with
    -- the largest. What was replaced by now only helps where nothing in force is left.
    left join lateral (
        select counted.*
        from counted
        left join newest on newest.drop_id = counted.drop_id and newest.line_no = counted.line_no
        where counted.household_id = selection.household_id
        order by
            newest.drop_id is null, counted.taken_on is not null, counted.signal_month desc, counted.bedrag desc,
            counted.creditor, counted.line_no
        limit 1
    ) as customer on true
    -- A delivery may be rejected after all when it is judged again; what was approved is still visited.
    inner join vault.household as household on household.household_id = selection.household_id
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
