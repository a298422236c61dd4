-- The delivery to Statistics Netherlands (DDAS): the one place where a signal gets a citizen service number or an address
-- back for people outside the municipality. Who calls these functions reads the deliveries themselves anyway.

drop function if exists vault.delivered_cases(text, date, date);
create function vault.delivered_cases(of_municipality text, first_month date, last_month date)
returns table (
    dossier_id text,
    outcome text,
    matched_on date,
    window_starts_on date,
    window_ends_on date,
    picked_up_on date
)
-- In this language the tables that dbt makes need not be there yet.
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    -- Without those of the erased: what was counted of them stays, and may be counted only.
    return query
    select
        kept.dossier_id, kept.outcome, kept.matched_on, kept.window_starts_on, kept.window_ends_on, kept.picked_up_on
    from core.ddas_case as kept
    where
        kept.municipality_code = of_municipality
        and kept.signal_month between first_month and last_month
        and not exists (
            select 1 from vault.household as household
            where household.household_id = kept.household_id and household.erased_at is not null
        )
        and not exists (
            select 1 from quality.accepted_ris_dossiers as version
            where
                version.municipality_code = kept.municipality_code and version.dossier_id = kept.dossier_id
                and version.erased
        )
        and not exists (
            select 1 from quality.accepted_ris_walking_list as listed
            where
                listed.municipality_code = kept.municipality_code and listed.zaaknummer = kept.dossier_id
                and listed.erased
        );
end
$$;

drop function if exists vault.ddas_cases(text, date, date);
create function vault.ddas_cases(of_municipality text, first_month date, last_month date)
returns table (
    dossier_id text,
    outcome text,
    matched_on date,
    window_starts_on date,
    window_ends_on date,
    picked_up_on date,
    attempts jsonb
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select delivered.*, coalesce(attempt.list, '[]'::jsonb)
    from vault.delivered_cases(of_municipality, first_month, last_month) as delivered
    left join (
        select
            told.dossier_id,
            jsonb_agg(
                jsonb_build_object(
                    'kind', told.contact_kind,
                    'is_reached', told.is_reached,
                    'attempted_on', told.attempted_on,
                    'part_of_day', told.part_of_day
                )
                order by
                    told.attempted_on, array_position(array['Ochtend', 'Middag', 'Avond'], told.part_of_day),
                    told.contact_kind collate "C", told.is_reached
            ) as list
        from core.ddas_attempt as told
        where told.municipality_code = of_municipality
        group by told.dossier_id
    ) as attempt on attempt.dossier_id = delivered.dossier_id
    order by delivered.dossier_id collate "C";
end
$$;

drop function if exists vault.ddas_signals(text, date, date);
create function vault.ddas_signals(of_municipality text, first_month date, last_month date)
returns table (
    signal_key text,
    dossier_id text,
    is_crisis boolean,
    is_warm_handover boolean,
    whole_eur bigint,
    arrears_since date,
    signal_date date,
    status text,
    partner_type text,
    bsn text,
    geboortedatum date,
    postcode text,
    huisnummer integer,
    huisnummertoevoeging text
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform vault.open_list(of_municipality, told.month::date, 'ddas')
    from generate_series(first_month::timestamp, last_month::timestamp, interval '1 month') as told (month);

    -- Without those that were erased. A case of another month is not in the delivery, and not told of.
    return query
    with numbered as (
        select
            signal.*,
            -- The same number twice: a double that a person released.
            row_number() over (
                partition by signal.signal_month, signal.creditor, signal.signal_id order by signal.line_no
            ) as turn
        from core.ddas_signal as signal
        where
            signal.municipality_code = of_municipality
            and signal.signal_month between first_month and last_month
    ),

    delivered_case as (
        select delivered.dossier_id
        from vault.delivered_cases(of_municipality, first_month, last_month) as delivered
    )

    select
        left(
            encode(
                sha256(
                    convert_to(
                        concat_ws(
                            '/', of_municipality, to_char(numbered.signal_month, 'YYYY-MM'), numbered.creditor,
                            numbered.signal_id
                        ),
                        'UTF8'
                    )
                ),
                'hex'
            ),
            32
        ) || case when numbered.turn > 1 then '-' || numbered.turn else '' end,
        delivered_case.dossier_id,
        numbered.is_crisis,
        numbered.is_warm_handover,
        numbered.whole_eur,
        numbered.arrears_since,
        numbered.signal_date,
        numbered.status,
        numbered.partner_type,
        customer.bsn,
        customer.geboortedatum,
        customer.postcode,
        customer.huisnummer,
        nullif(concat(customer.huisletter, customer.huisnummertoevoeging), '')
    from numbered
    inner join quality.accepted_signals as customer
        on customer.drop_id = numbered.drop_id and customer.line_no = numbered.line_no and not customer.erased
    left join delivered_case on delivered_case.dossier_id = numbered.dossier_id
    -- Of a case together, and the rest in the order in which creditors number them.
    order by
        delivered_case.dossier_id collate "C", numbered.signal_month, numbered.creditor collate "C",
        numbered.signal_id collate "C", numbered.line_no;
end
$$;

-- What the deliveries of a municipality tell, as a fingerprint by month, but for who the customers are: a signal that was
-- accepted stays with its customer, and an erasure writes the deliveries anew itself.
drop function if exists vault.ddas_facts(text, date);
create function vault.ddas_facts(of_municipality text, of_month date default null)
returns table (signal_month date, facts text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query
    with told (month, line) as (
        select signal.signal_month, signal::text from core.ddas_signal as signal
        where signal.municipality_code = of_municipality
        union all
        select kept.signal_month, kept::text from core.ddas_case as kept
        where kept.municipality_code = of_municipality
        union all
        select kept.signal_month, attempt::text
        from core.ddas_attempt as attempt
        inner join core.ddas_case as kept
            on attempt.municipality_code = kept.municipality_code and attempt.dossier_id = kept.dossier_id
        where attempt.municipality_code = of_municipality
    )

    select told.month, encode(sha256(convert_to(string_agg(told.line, ' ' order by told.line collate "C"), 'UTF8')), 'hex')
    from told
    where of_month is null or told.month = of_month
    group by told.month;
end
$$;

revoke execute on function vault.ddas_facts(text, date) from public;
grant execute on function vault.ddas_facts(text, date) to loader;
revoke execute on function vault.delivered_cases(text, date, date) from public;
revoke execute on function vault.ddas_cases(text, date, date) from public;
revoke execute on function vault.ddas_signals(text, date, date) from public;
grant execute on function vault.ddas_cases(text, date, date) to loader;
grant execute on function vault.ddas_signals(text, date, date) to loader;
