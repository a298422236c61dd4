-- The choice: which of those who can be chosen make a selection that looks most like all of them.

create or replace function decision.deviation_cost(number bigint, share bigint, candidates bigint, beyond bigint)
returns bigint
language sql immutable parallel safe as $$
    -- How far a number of places is from a share, both times the number of candidates; a whole place or more is beyond it.
    select abs(number * candidates - share)
        + beyond * (abs(number * candidates - share) / candidates) * (abs(number * candidates - share) / candidates)
$$;

create or replace function decision.balanced_choice(places integer, given_districts integer [], given_sectors integer [])
returns integer []
language plpgsql immutable strict parallel safe as $$
-- Who is chosen, as positions in what is given. Households stand in order of preference; of each, `given_districts`
-- has a number from 1, and `given_sectors` a number in which every sector is a bit.
--
-- What counts, each before the next:
-- 1. as many sectors are represented as the places allow;
-- 2. every district has its share of the places, rounded down or up;
-- 3. the numbers per district and per sector differ little from their shares (the sum, in places);
-- 4. who comes first in preference goes first: nobody chosen could as well give way to one household before it.
-- A share is in proportion to the candidates. How districts and sectors are numbered makes no difference.
--
-- Households alike in district and sectors are of one kind: the first in preference stands for the others. The search
-- begins with the fewest kinds that represent the sectors, and with the whole places of each kind's share of what they
-- leave. It gives each next place to the kind that brings the selection closest, and then exchanges one household for
-- another as long as that brings it closer; when none does, two or three at once. Of those it tries the ones that begin
-- with the exchanges that cost least, and go on with the one that then costs least.
declare
    trials constant integer := 3000;  -- of a second exchange, before exchanges of more than one are given up
    most constant bigint := 4000000;  -- exchanges that are looked at in all: with very many kinds it ends before the best
    seen bigint := 0;
    candidates constant bigint := cardinality(given_districts);
    seats constant bigint := least(places, candidates);
    district_count integer;
    sector_count integer;
    beyond bigint;
    missing bigint;
    -- Per kind. The last stands for a place that nobody has yet: of a district and with sectors that cost nothing.
    kinds integer;
    district integer [];
    sector integer [];
    supply integer [];
    taken integer [];
    before integer [];  -- how many households stand before its own in `members`
    members integer [];
    -- Per district, and per sector: the share (times the number of candidates), and how many are taken.
    district_share bigint [];
    sector_share bigint [];
    of_district bigint [];
    of_sector bigint [];
    -- What is taken after a number of exchanges, which are pairs of kinds: out, into.
    exchanges integer [] := '{}';
    trial integer [];
    in_district bigint [];
    in_sector bigint [];
    -- What one household fewer or more then costs: per district, and per set of sectors.
    district_fewer bigint [];
    district_more bigint [];
    sector_fewer bigint [];
    sector_more bigint [];
    fewer bigint;
    more bigint;
    -- The exchanges of one household for another, what they cost, and those that are tried as the first of several.
    outs integer [];
    intos integer [];
    costs bigint [];
    openings integer [];
    tried integer := 0;  -- which of those it is now; 0: none
    best integer [];
    best_cost bigint;
    best_loss integer;
    next integer [];
    next_cost bigint;
    start bigint := 0;  -- what the exchanges made so far cost
    cost bigint;
    loss integer;
    number bigint;
    goes integer;
    comes integer;
begin
    if seats <= 0 then
        return array[]::integer[];
    end if;

    select
        array_agg(kind.district order by kind.first),
        array_agg(kind.sectors order by kind.first),
        array_agg(kind.supply order by kind.first),
        array_agg(kind.before order by kind.first),
        count(*) + 1
    into district, sector, supply, before, kinds
    from (
        select
            household.district, household.sectors, min(household.place) as first, count(*) as supply,
            sum(count(*)) over (order by min(household.place)) - count(*) as before
        from unnest(given_districts, given_sectors) with ordinality as household (district, sectors, place)
        group by household.district, household.sectors
    ) as kind;
    select array_agg(household.place order by household.first, household.place)
    into members
    from (
        select place, min(place) over (partition by one.district, one.sectors) as first
        from unnest(given_districts, given_sectors) with ordinality as one (district, sectors, place)
    ) as household;
    select max(one.district), length(ltrim(bit_or(one.sectors)::bit(31)::text, '0'))
    into district_count, sector_count
    from unnest(district, sector) as one (district, sectors);
    beyond := candidates * seats * (sector_count + 2) + 1;
    missing := beyond * (2 * seats * seats + 1);

    -- The fewest sets of sectors that together have the most; a set within another does not come first.
    with recursive pattern as (
        select one.sectors, min(one.place) as first
        from unnest(given_sectors) with ordinality as one (sectors, place)
        where not exists (
            select from unnest(sector) as other (sectors)
            where other.sectors <> one.sectors and other.sectors & one.sectors = one.sectors
        )
        group by one.sectors
    ),
    cover as (
        select 0 as sectors, array[]::bigint[] as firsts
        union all
        select cover.sectors | pattern.sectors, cover.firsts || pattern.first
        from cover
        inner join pattern on pattern.first > all(cover.firsts)
        where cardinality(cover.firsts) < least(seats, sector_count)
    ),
    best_cover as (
        select firsts from cover
        order by bit_count(sectors::bit(31)) desc, cardinality(firsts), firsts
        limit 1
    )
    select array_agg(
        least(
            kind.supply,
            (members[kind.before + 1] = any(best_cover.firsts))::integer
            + (seats - cardinality(best_cover.firsts)) * kind.supply / candidates
        ) order by kind.number
    )
    into taken
    from unnest(supply, before) with ordinality as kind (supply, before, number)
    cross join best_cover;

    district := district || district_count + 1;
    sector := sector || 0;
    supply := supply || 0;
    before := before || 0;
    taken := taken || (seats - (select sum(one) from unnest(taken) as one))::integer;
    select
        array_agg(one.share order by one.name), array_agg(one.taken order by one.name)
    into district_share, of_district
    from (
        select
            every.name, seats * coalesce(sum(kind.supply), 0) as share, coalesce(sum(kind.taken), 0) as taken
        from generate_series(1, district_count + 1) as every (name)
        left join unnest(district, supply, taken) as kind (district, supply, taken)
            on every.name = kind.district
        group by every.name
    ) as one;
    select
        array_agg(one.share order by one.bit), array_agg(one.taken order by one.bit)
    into sector_share, of_sector
    from (
        select every.bit, seats * coalesce(sum(kind.supply), 0) as share, coalesce(sum(kind.taken), 0) as taken
        from generate_series(0, sector_count - 1) as every (bit)
        left join unnest(sector, supply, taken) as kind (sectors, supply, taken) on kind.sectors & (1 << every.bit) > 0
        group by every.bit
    ) as one;
    district_fewer := array_fill(0::bigint, array[district_count + 1]);
    district_more := district_fewer;
    sector_fewer := array_fill(0::bigint, array[1 << sector_count]);
    sector_more := sector_fewer;

    loop
        -- Either the best exchanges are made, or the first ones of several are tried.
        trial := taken;
        in_district := of_district;
        in_sector := of_sector;
        for one in 1..cardinality(exchanges) by 2 loop
            goes := exchanges[one];
            comes := exchanges[one + 1];
            trial[goes] := trial[goes] - 1;
            trial[comes] := trial[comes] + 1;
            in_district[district[goes]] := in_district[district[goes]] - 1;
            in_district[district[comes]] := in_district[district[comes]] + 1;
            for bit in 0..sector_count - 1 loop
                in_sector[bit + 1] := in_sector[bit + 1] + (sector[comes] >> bit & 1) - (sector[goes] >> bit & 1);
            end loop;
        end loop;
        if tried = 0 then
            taken := trial;
            of_district := in_district;
            of_sector := in_sector;
            best := null;
            best_cost := 0;
            best_loss := 0;
            exchanges := '{}';
            outs := '{}';
            intos := '{}';
            costs := '{}';
        end if;
        next := null;
        exit when seen > most and taken[kinds] = 0;

        for one in 1..district_count loop
            number := in_district[one];
            cost := decision.deviation_cost(number, district_share[one], candidates, beyond);
            district_fewer[one] := decision.deviation_cost(number - 1, district_share[one], candidates, beyond) - cost;
            district_more[one] := decision.deviation_cost(number + 1, district_share[one], candidates, beyond) - cost;
        end loop;
        for bit in 0..sector_count - 1 loop
            number := in_sector[bit + 1];
            cost := abs(number * candidates - sector_share[bit + 1]);
            fewer := abs((number - 1) * candidates - sector_share[bit + 1]) - cost
                + case when number = 1 then missing else 0 end;
            more := abs((number + 1) * candidates - sector_share[bit + 1]) - cost
                - case when number = 0 then missing else 0 end;
            -- Every set of sectors in which this one is the last, from the same set without it.
            for rest in 1..1 << bit loop
                sector_fewer[(1 << bit) + rest] := sector_fewer[rest] + fewer;
                sector_more[(1 << bit) + rest] := sector_more[rest] + more;
            end loop;
        end loop;

        -- First all places are given; only then households are exchanged.
        for a in reverse kinds..case when trial[kinds] > 0 then kinds else 1 end loop
            continue when trial[a] = 0;
            seen := seen + kinds;
            for b in 1..kinds - 1 loop
                continue when trial[b] = supply[b] or a = b;
                cost := start
                    + sector_fewer[(sector[a] & ~sector[b]) + 1] + sector_more[(sector[b] & ~sector[a]) + 1];
                if district[a] <> district[b] then
                    cost := cost + district_fewer[district[a]] + district_more[district[b]];
                end if;
                -- As long as none brings the selection closer, each may be the first of several.
                if tried = 0 and best is null and a < kinds then
                    outs := outs || a;
                    intos := intos || b;
                    costs := costs || cost;
                end if;
                -- A third follows the second that costs least and does not undo the first.
                if
                    cardinality(exchanges) = 2 and a <> exchanges[2] and b <> exchanges[1]
                    and (next is null or cost < next_cost)
                then
                    next := array[a, b];
                    next_cost := cost;
                end if;
                continue when cost > best_cost and (a < kinds or best is not null);
                loss := 0;
                if tried = 0 then
                    loss := members[before[b] + trial[b] + 1];
                    if a < kinds then
                        loss := loss - members[before[a] + trial[a]];
                    end if;
                end if;
                if cost < best_cost or loss < best_loss or (a = kinds and best is null) then
                    best := exchanges || a || b;
                    best_cost := cost;
                    best_loss := loss;
                end if;
            end loop;
        end loop;

        if next is not null then
            exchanges := exchanges || next;
            start := next_cost;
            continue;
        end if;
        if tried = 0 and best is null then
            openings := array(
                select swap.place from unnest(costs) with ordinality as swap (cost, place)
                order by swap.cost, swap.place
                limit trials / greatest(cardinality(costs), 1)
            );
        end if;
        if tried > 0 or best is null then
            tried := tried + 1;
        end if;
        if tried between 1 and cardinality(openings) then
            exchanges := array[outs[openings[tried]], intos[openings[tried]]];
            start := costs[openings[tried]];
        else
            exit when best is null;
            exchanges := best;
            start := 0;
            tried := 0;
        end if;
    end loop;

    return array(
        select chosen.place
        from unnest(supply, taken, before) as kind (supply, taken, before)
        cross join lateral unnest(members[kind.before + 1:kind.before + kind.taken]) as chosen (place)
        where kind.supply > 0
        order by chosen.place
    );
end
$$;

create or replace function decision.fit(a_district integer, a_sectors integer, b_district integer, b_sectors integer)
returns integer
language sql immutable parallel safe as $$
    -- How well one household stands in for another: the same district counts for more than a sector in common.
    select 2 * (a_district = b_district)::integer + (a_sectors & b_sectors <> 0)::integer
$$;

create or replace function decision.reserve_order(
    places integer, given_districts integer [], given_sectors integer [], chosen integer []
)
returns integer []
language plpgsql immutable strict parallel safe as $$
-- Who is kept in reserve, in order, as positions in what is given; `chosen`: the positions of who was chosen. See
-- `balanced_choice`.
--
-- Each next place goes to who is a better stand-in than those before it for the most of the chosen, and among equals to
-- who comes first in preference. When nobody is a better one for anybody, it begins anew: then second stand-ins follow.
declare
    reserve integer [] := '{}';
    -- Per kind: who is left of it, in order of preference, and of how many of the chosen it is the kind.
    district integer [];
    sector integer [];
    left_over integer [];
    before integer [];
    used integer [];
    chosen_of integer [];
    members integer [];
    -- How well each kind of the chosen is stood in for by now.
    served integer [];
    none_served integer [];
    -- What each kind gained when it was last looked at: until it begins anew, it cannot gain more.
    gains integer [];
    unknown integer [];
    gain integer;
    best integer;
    best_gain integer;
begin
    select
        array_agg(kind.district), array_agg(kind.sectors), array_agg(kind.left_over), array_agg(kind.before),
        array_agg(kind.chosen), array_fill(0, array[count(*)::integer]),
        array_fill(null::integer, array[count(*)::integer])
    into district, sector, left_over, before, chosen_of, none_served, unknown
    from (
        select
            one.district, one.sectors,
            count(*) filter (where one.place <> all(chosen)) as left_over,
            count(*) filter (where one.place = any(chosen)) as chosen,
            sum(count(*) filter (where one.place <> all(chosen))) over (order by one.district, one.sectors)
            - count(*) filter (where one.place <> all(chosen)) as before
        from unnest(given_districts, given_sectors) with ordinality as one (district, sectors, place)
        group by one.district, one.sectors
        order by one.district, one.sectors
    ) as kind;
    members := array(
        select one.place
        from unnest(given_districts, given_sectors) with ordinality as one (district, sectors, place)
        where one.place <> all(chosen)
        order by one.district, one.sectors, one.place
    );
    used := none_served;
    served := none_served;
    gains := unknown;

    while cardinality(reserve) < least(places, cardinality(members)) loop
        best_gain := -1;
        for b in 1..cardinality(district) loop
            continue when used[b] = left_over[b] or gains[b] < best_gain;
            gain := 0;
            for a in 1..cardinality(district) loop
                continue when chosen_of[a] = 0;
                gain := gain + chosen_of[a] * greatest(
                    0, decision.fit(district[a], sector[a], district[b], sector[b]) - served[a]
                );
            end loop;
            gains[b] := gain;
            if
                gain > best_gain
                or (gain = best_gain and members[before[b] + used[b] + 1] < members[before[best] + used[best] + 1])
            then
                best := b;
                best_gain := gain;
            end if;
        end loop;
        if best_gain = 0 and served <> none_served then
            served := none_served;
            gains := unknown;
            continue;
        end if;
        used[best] := used[best] + 1;
        reserve := reserve || members[before[best] + used[best]];
        for a in 1..cardinality(district) loop
            served[a] := greatest(served[a], decision.fit(district[a], sector[a], district[best], sector[best]));
        end loop;
    end loop;
    return reserve;
end
$$;
