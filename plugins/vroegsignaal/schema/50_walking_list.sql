-- The walking list: the one place where a selected household gets its name and address back.

create or replace function vault.natural_key(given text) returns text
language sql immutable parallel safe as $$
    -- Sorts 2 before 10 and a beside A: every number is written with ten digits.
    select regexp_replace(
        regexp_replace(upper(given), '\d+', '0000000000\&', 'g'), '\d*(\d{10})', '\1', 'g'
    )
$$;

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
    kanaal text,
    uiterlijk date,
    telefoonnummer text,
    email text,
    maanden_achterstand integer,
    eerder_contact text,
    vervangen_door integer,
    let_op text
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select vault.check_opened(of_municipality, of_month, 'walking_list');

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

    in_turn as (
        -- In which turn the visitor asks for the customers of a household: first those of each creditor's newest month
        -- whose arrears still stand, the largest first, and last who was erased. What was replaced by now only helps where nothing in force is left.
        select
            counted.*,
            newest.drop_id is not null as is_newest,
            row_number() over (
                partition by counted.household_id
                order by
                    counted.erased, newest.drop_id is null, counted.taken_on is not null, counted.signal_month desc,
                    counted.bedrag desc, counted.creditor, counted.line_no
            ) as turn
        from counted
        left join newest on newest.drop_id = counted.drop_id and newest.line_no = counted.line_no
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
    ),

    lasting as (
        -- The months that the oldest arrears last on the 25th, those that have begun included.
        select
            aged.household_id,
            (
                12 * extract(year from aged.age) + extract(month from aged.age)
                + (extract(day from aged.age) > 0)::integer
            )::integer as months
        from (
            select newest.household_id, age(of_month + 24, min(newest.ontstaansdatum)) as age
            from newest
            group by newest.household_id
        ) as aged
    ),

    known_case as (
        -- Of each case the newest version in the files up to this month.
        select distinct on (version.dossier_id) version.*
        from (
            select
                kept.dossier_id, kept.household_id, kept.matchmaand, kept.aangemaakt_op, kept.ingetrokken_op,
                kept.resultaat, kept.signal_month, kept.drop_id, kept.line_no, false as is_walked
            from quality.accepted_ris_dossiers as kept
            inner join raw.drop_ledger as ledger on ledger.drop_id = kept.drop_id and ledger.status = 'accepted'
            where kept.municipality_code = of_municipality and kept.signal_month <= of_month
            union all
            select
                walked.zaaknummer, walked.household_id, walked.matchmaand, walked.aangemaakt_op, null,
                walked.resultaat, walked.signal_month, walked.drop_id, walked.line_no, true
            from quality.walked_case as walked
            where walked.municipality_code = of_municipality and walked.signal_month <= of_month
        ) as version
        order by version.dossier_id, version.signal_month desc, version.drop_id desc, version.line_no desc
    ),

    attempts as (
        -- A later file may tell of an attempt once more.
        select
            attempt.dossier_id,
            count(distinct (attempt.datum, attempt.dagdeel, attempt.soort)) as number,
            bool_or(attempt.bereikt) as is_reached
        from (
            select kept.dossier_id, kept.datum, kept.dagdeel, kept.soort, kept.bereikt
            from quality.accepted_ris_contacts as kept
            inner join raw.drop_ledger as ledger on ledger.drop_id = kept.drop_id and ledger.status = 'accepted'
            where kept.municipality_code = of_municipality and kept.signal_month <= of_month
            union all
            select known_case.dossier_id, walked.datum, walked.dagdeel, walked.soort, walked.bereikt
            from known_case
            inner join quality.walked_attempt as walked
                on walked.drop_id = known_case.drop_id and walked.line_no = known_case.line_no
            where known_case.is_walked
        ) as attempt
        group by attempt.dossier_id
    ),

    earlier as (
        -- Of an earlier month the newest case, else the newest approach that no case tells of.
        select distinct on (contact.household_id)
            contact.household_id,
            to_char(contact.month, 'MM-YYYY') || ': ' || contact.told as told
        from (
            select
                known_case.household_id, known_case.matchmaand as month, true as is_case,
                known_case.aangemaakt_op as day, known_case.dossier_id,
                concat_ws(
                    ', ',
                    coalesce(known_case.resultaat, 'nog geen resultaat'),
                    attempts.number || case attempts.number when 1 then ' poging' else ' pogingen' end,
                    case when attempts.is_reached then 'bereikt' when not attempts.is_reached then 'niet bereikt' end
                ) as told
            from known_case
            left join attempts using (dossier_id)
            where coalesce(known_case.ingetrokken_op, 'infinity') > of_month + 24
            union all
            select selection.household_id, selection.signal_month, false, null, null, 'geselecteerd'
            from decision.selection as selection
            where selection.municipality_code = of_municipality and selection.role = 'selected'
        ) as contact
        where contact.month < of_month
        order by
            contact.household_id, contact.month desc, contact.is_case desc, contact.day desc, contact.dossier_id desc
    ),

    kind as (
        -- District and sectors as the numbers that `decision.fit` compares.
        select
            selection.household_id,
            selection.role,
            selection.rank,
            dense_rank() over (order by selection.district)::integer as district,
            (
                select coalesce(sum(1 << sector.place), 0)::integer
                from (
                    select known.sector, (row_number() over (order by known.sector))::integer - 1 as place
                    from config.sectors as known
                ) as sector
                where sector.sector = any(string_to_array(selection.sectors, ', '))
            ) as sectors
        from decision.selection as selection
        where
            selection.municipality_code = of_municipality
            and selection.signal_month = of_month
            and selection.role in ('selected', 'reserve')
            -- Whom a person took off the list stands in for nobody.
            and not exists (
                select 1
                from decision.exchange as exchanged
                where
                    exchanged.municipality_code = selection.municipality_code
                    and exchanged.signal_month = selection.signal_month
                    and exchanged.household_out = selection.household_id
            )
    )

    select
        selection.rank,
        case selection.role when 'selected' then 'geselecteerd' else 'reserve' end,
        decision.case_number(of_municipality, of_month, selection.rank),
        nullif(concat_ws(' ', customer.voorvoegsel, customer.achternaam), ''),
        -- What the register says of an address that is kept secret does not leave it.
        coalesce(customer.straatnaam, case when resident.is_secret is not true then resident.straatnaam end),
        door.huisnummer,
        door.huisletter,
        door.huisnummertoevoeging,
        door.postcode,
        coalesce(
            customer.woonplaats, case when resident.is_secret is not true then resident.woonplaats end, municipality.name
        ),
        selection.district,
        creditors.names,
        selection.arrears_eur,
        case selection.criterion
            when 'same_month' then 'in één maand' when 'three_months' then 'in drie maanden' else 'één crediteur'
        end,
        selection.heropaf,
        case door.channel
            when 'home_visit' then 'huisbezoek' when 'phone' then 'telefoon' when 'mail' then 'mail' when 'letter' then 'brief'
        end,
        selection.due_on,
        reached.telefoonnummer,
        reached.email,
        lasting.months,
        earlier.told,
        stand_in.rank,
        nullif(
            concat_ws(
                '; ',
                case when selection.is_crisis then 'crisissignaal' end,
                creditors.taken_back,
                case when selection.is_sleper then 'sleper: betaalt maand na maand te laat, de achterstand groeit niet' end,
                decision.doubt_in_words(selection.doubt),
                'van de lijst gehaald (' || exchanged.reason || '): geen vervanger',
                case when resident.is_secret then 'geheimhouding: noem aan niemand wie hier woont' end
            ),
            ''
        )
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
    left join in_turn as customer on customer.household_id = selection.household_id and customer.turn = 1
    -- The number and the address may be another customer's than the one to ask for.
    cross join lateral (
        select
            (array_agg(other.telefoonnummer order by other.turn) filter (where other.telefoonnummer is not null))[1]
                as telefoonnummer,
            (array_agg(other.email order by other.turn) filter (where other.email is not null))[1] as email
        from in_turn as other
        where other.household_id = selection.household_id and other.is_newest = customer.is_newest
    ) as reached
    -- A delivery may be rejected after all when it is judged again; what was approved is still visited.
    -- Who was erased is not on it.
    inner join vault.household as household
        on household.household_id = selection.household_id
        and household.erased_at is null and customer.erased is not true
    cross join lateral (
        select
            -- By the approval, or asked for since.
            selection.is_secret or bool_or(person.geheimhouding) as is_secret,
            (array_agg(person.straatnaam order by person.line_no))[1] as straatnaam,
            (array_agg(person.woonplaats order by person.line_no))[1] as woonplaats
        from raw.population_register(of_month) as register
        inner join quality.accepted_brp as person
            on person.drop_id = register.drop_id and person.household_id = selection.household_id
        where register.municipality_code = of_municipality
    ) as resident
    left join decision.exchange as exchanged
        on exchanged.municipality_code = selection.municipality_code
        and exchanged.signal_month = selection.signal_month
        and exchanged.household_out = selection.household_id
    left join lasting on lasting.household_id = selection.household_id
    left join earlier on earlier.household_id = selection.household_id
    -- Who is visited when this household falls away.
    left join lateral (
        select reserve.rank
        from kind as mine
        inner join kind as reserve on mine.role = 'selected' and reserve.role = 'reserve'
        where mine.household_id = selection.household_id
        order by
            decision.fit(mine.district, mine.sectors, reserve.district, reserve.sectors) desc, reserve.rank
        limit 1
    ) as stand_in on true
    -- As one walks: by district and address. The reserve is taken in its own order.
    cross join lateral (
        select
            selection.role = 'selected' as is_selected,
            -- Before there were other channels everybody was visited.
            case when selection.role = 'selected' then coalesce(selection.channel, 'home_visit') end as channel,
            coalesce(customer.postcode, split_part(household.address_key, ' ', 1)) as postcode,
            coalesce(customer.huisnummer, split_part(household.address_key, ' ', 2)::integer) as huisnummer,
            customer.huisletter as huisletter,
            case
                when customer.drop_id is not null then customer.huisnummertoevoeging
                else nullif(split_part(household.address_key, ' ', 3), '')
            end as huisnummertoevoeging
    ) as door
    where
        selection.municipality_code = of_municipality
        and selection.signal_month = of_month
        and selection.role in ('selected', 'reserve')
    order by
        array_position(array['home_visit', 'phone', 'mail', 'letter'], door.channel),
        case when door.is_selected then vault.natural_key(selection.district) end collate "C",
        case when door.is_selected then door.postcode end collate "C",
        case when door.is_selected then door.huisnummer end,
        case when door.is_selected then vault.natural_key(door.huisletter) end collate "C" nulls first,
        case when door.is_selected then vault.natural_key(door.huisnummertoevoeging) end collate "C" nulls first,
        selection.rank
$$;

revoke execute on function vault.walking_list(text, date) from public;
grant execute on function vault.walking_list(text, date) to caseworker;
