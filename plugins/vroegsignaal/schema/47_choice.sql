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
-- 4. who comes first in preference goes first.
-- A share is in proportion to the candidates.
--
-- Households alike in district and sectors are of one kind: the first in preference stands for the others. The search
-- begins with the fewest kinds that represent the sectors, gives each next place to the kind that brings the selection
-- closest, and then exchanges one household for another, or two at once, as long as that brings it closer.
declare
    trials constant integer := 2500;  -- of a second exchange, before an exchange of two is given up
    candidates constant bigint := cardinality(given_districts);
    seats constant bigint := least(places, candidates);
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
    -- What one household fewer or more costs: per district, and per set of sectors.
    district_fewer bigint [];
    district_more bigint [];
    sector_fewer bigint [];
    sector_more bigint [];
    -- The exchanges of one household for another: out, into, and what they cost.
    outs integer [];
    intos integer [];
    costs bigint [];
    halves integer [];
    half integer;
    trial integer [];
    best integer [];
    best_cost bigint;
    best_loss integer;
    start bigint;
    cost bigint;
    loss integer;
    pattern integer;
begin
    if seats = 0 then
        return array[]::integer[];
    end if;

    select
        array_agg(kind.district order by kind.first),
        array_agg(kind.sectors order by kind.first),
        array_agg(kind.supply order by kind.first),
        array_agg(kind.before order by kind.first),
        array_fill(0, array[count(*)::integer]),
        count(*) + 1
    into district, sector, supply, before, taken, kinds
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
    district := district || (select max(number) + 1 from unnest(given_districts) as number);
    sector := sector || 0;
    supply := supply || 0;
    before := before || 0;
    sector_count := (select length(ltrim(bit_or(number)::bit(31)::text, '0')) from unnest(given_sectors) as number);
    beyond := candidates * seats * (sector_count + 2) + 1;
    missing := beyond * (2 * seats * seats + 1);

    -- The fewest sets of sectors that together have the most; a set within another does not come first.
    for pattern in
        with recursive pattern as (
            select distinct one.sectors from unnest(given_sectors) as one (sectors)
            where not exists (
                select 1 from unnest(given_sectors) as other (sectors)
                where other.sectors <> one.sectors and other.sectors & one.sectors = one.sectors
            )
        ),
        cover as (
            select 0 as sectors, array[]::integer[] as patterns
            union all
            select cover.sectors | pattern.sectors, cover.patterns || pattern.sectors
            from cover
            inner join pattern on pattern.sectors > all(cover.patterns)
            where cardinality(cover.patterns) < least(seats, sector_count)
        )
        select unnest(best.patterns)
        from (
            select cover.patterns from cover
            order by bit_count(cover.sectors::bit(31)) desc, cardinality(cover.patterns), cover.patterns
            limit 1
        ) as best
    loop
        half := array_position(sector, pattern);
        taken[half] := taken[half] + 1;
    end loop;
    taken := taken || (seats - (select sum(number) from unnest(taken) as number))::integer;

    loop
        best := null;
        best_cost := 0;
        best_loss := 0;
        half := 0;
        halves := '{}';
        loop
            trial := taken;
            start := 0;
            if half > 0 then
                trial[outs[halves[half]]] := trial[outs[halves[half]]] - 1;
                trial[intos[halves[half]]] := trial[intos[halves[half]]] + 1;
                start := costs[halves[half]];
            end if;

            select
                array_agg(
                    decision.deviation_cost(number - 1, share, candidates, beyond)
                    - decision.deviation_cost(number, share, candidates, beyond) order by one.district
                ) || 0::bigint,
                array_agg(
                    decision.deviation_cost(number + 1, share, candidates, beyond)
                    - decision.deviation_cost(number, share, candidates, beyond) order by one.district
                ) || 0::bigint
            into district_fewer, district_more
            from (
                select kind.district, sum(kind.taken) as number, seats * sum(kind.supply) as share
                from unnest(district, supply, trial) as kind (district, supply, taken)
                where kind.supply > 0
                group by kind.district
            ) as one;

            select array_agg(one.fewer order by one.sectors), array_agg(one.more order by one.sectors)
            into sector_fewer, sector_more
            from (
                select
                    sets.sectors,
                    coalesce(sum(
                        abs((number - 1) * candidates - share) - abs(number * candidates - share)
                        + case when number = 1 then missing else 0 end
                    ), 0)::bigint as fewer,
                    coalesce(sum(
                        abs((number + 1) * candidates - share) - abs(number * candidates - share)
                        - case when number = 0 then missing else 0 end
                    ), 0)::bigint as more
                from generate_series(0, (1 << sector_count) - 1) as sets (sectors)
                left join (
                    select bit, sum(kind.taken) as number, seats * sum(kind.supply) as share
                    from generate_series(0, sector_count - 1) as bit
                    inner join unnest(sector, supply, trial) as kind (sectors, supply, taken)
                        on kind.sectors & (1 << bit) > 0
                    group by bit
                ) as one on sets.sectors & (1 << one.bit) > 0
                group by sets.sectors
            ) as one;

            if half = 0 then
                outs := '{}';
                intos := '{}';
                costs := '{}';
            end if;
            -- First all places are given; only then households are exchanged.
            for a in reverse kinds..case when trial[kinds] > 0 then kinds else 1 end loop
                continue when trial[a] = 0;
                for b in 1..kinds - 1 loop
                    continue when trial[b] = supply[b] or a = b;
                    cost := start
                        + sector_fewer[(sector[a] & ~sector[b]) + 1] + sector_more[(sector[b] & ~sector[a]) + 1];
                    if district[a] <> district[b] then
                        cost := cost + district_fewer[district[a]] + district_more[district[b]];
                    end if;
                    loss := 0;
                    if half = 0 then
                        loss := members[before[b] + trial[b] + 1];
                        if a < kinds then
                            loss := loss - members[before[a] + trial[a]];
                            outs := outs || a;
                            intos := intos || b;
                            costs := costs || cost;
                        end if;
                    end if;
                    if
                        cost < best_cost or (cost = best_cost and loss < best_loss)
                        or (a = kinds and best is null)
                    then
                        best := trial;
                        best[a] := best[a] - 1;
                        best[b] := best[b] + 1;
                        best_cost := cost;
                        best_loss := loss;
                    end if;
                end loop;
            end loop;

            exit when half = 0 and best is not null;
            if half = 0 then
                halves := array(
                    select number from unnest(costs) with ordinality as swap (cost, number)
                    order by swap.cost, number
                    limit trials / greatest(cardinality(costs), 1)
                );
            end if;
            half := half + 1;
            exit when half > cardinality(halves);
        end loop;
        exit when best is null;
        taken := best;
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
    gain integer;
    best integer;
    best_gain integer;
begin
    select
        array_agg(kind.district), array_agg(kind.sectors), array_agg(kind.left_over), array_agg(kind.before),
        array_agg(kind.chosen), array_fill(0, array[count(*)::integer])
    into district, sector, left_over, before, chosen_of, none_served
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

    while cardinality(reserve) < least(places, cardinality(members)) loop
        best_gain := -1;
        for b in 1..cardinality(district) loop
            continue when used[b] = left_over[b];
            gain := 0;
            for a in 1..cardinality(district) loop
                continue when chosen_of[a] = 0;
                gain := gain + chosen_of[a] * greatest(
                    0, decision.fit(district[a], sector[a], district[b], sector[b]) - served[a]
                );
            end loop;
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
