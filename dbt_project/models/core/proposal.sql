{#
    Whom to visit. Everybody who can be chosen gets a place in one order per municipality; the first places, up to the
    capacity, are selected, the next are the reserve. The order is made so that
    1. every sector that has candidates is represented: first come those who together cover the sectors, chosen such
       that no district has to get more than its share, rounded up, where that is possible;
    2. districts are served in proportion: then the whole seats of each district's share, then the largest remainders;
    3. within a district the larger arrears go first, then the older ones, then the earlier row of the drops.
#}

with recursive candidate as (

    select
        candidate.*,
        policy.capacity,
        policy.reserve_size,
        policy.policy,
        row_number() over (
            partition by candidate.municipality_code, candidate.is_selectable
            order by candidate.arrears_eur desc, candidate.arrears_since, candidate.first_row
        ) as preference,
        count(*) over (partition by candidate.municipality_code, candidate.is_selectable, candidate.district)
            as of_district,
        count(*) over (partition by candidate.municipality_code, candidate.is_selectable) as of_municipality
    from {{ ref('candidate') }} as candidate
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    where candidate.signal_month = {{ month() }}

),

selectable as (

    select
        *,
        capacity::numeric * of_district / of_municipality as district_share
    from candidate
    where is_selectable

),

district as (

    select
        municipality_code,
        district,
        capacity,
        min(district_share) as share
    from selectable
    group by municipality_code, district, capacity

),

kind as (

    -- Households of one district with the same sectors can stand in for each other: the first in preference does. More
    -- than a few districts to choose from would only cost time.
    select *
    from (
        select
            *,
            row_number() over (partition by municipality_code, sectors order by preference) as choice
        from (
            select distinct on (municipality_code, district, sectors) *
            from selectable
            order by municipality_code, district, sectors, preference
        ) as first_of_kind
    ) as ranked
    where choice <= 8

),

cover as (

    -- Every way to represent the sectors, one household after the other: each next one brings the first sector that is
    -- still missing.
    select
        municipality_code,
        capacity,
        array_agg(distinct sector.sector order by sector.sector) as missing,
        array[]::bigint[] as households,
        array[]::text[] as districts,
        array[]::bigint[] as preferences
    from selectable
    cross join unnest(selectable.sectors) as sector (sector)
    group by municipality_code, capacity

    union all

    select
        cover.municipality_code,
        cover.capacity,
        array(
            select sector.sector
            from unnest(cover.missing) as sector (sector)
            where sector.sector <> all(kind.sectors)
            order by sector.sector
        ) as missing,
        cover.households || kind.household_id as households,
        cover.districts || kind.district as districts,
        cover.preferences || kind.preference as preferences
    from cover
    inner join kind
        on cover.municipality_code = kind.municipality_code and cover.missing[1] = any(kind.sectors)
    where cardinality(cover.households) < cover.capacity

),

whole_seats as (

    select
        municipality_code,
        sum(floor(share)) as seats
    from district
    group by municipality_code

),

judged_cover as (

    -- How many places a cover takes beyond the shares of its districts and beyond what the whole seats of others leave.
    select
        cover.*,
        beyond.share + greatest(0, beyond.whole_seats + whole_seats.seats - cover.capacity) as places_beyond,
        (select sum(greatest(0, preference - cover.capacity)) from unnest(cover.preferences) as preference) as loss
    from cover
    inner join whole_seats using (municipality_code)
    cross join lateral (
        select
            coalesce(sum(greatest(0, taken.places - ceil(district.share))), 0) as share,
            coalesce(sum(greatest(0, taken.places - floor(district.share))), 0) as whole_seats
        from (
            select
                place.district,
                count(*) as places
            from unnest(cover.districts) as place (district)
            group by place.district
        ) as taken
        inner join district
            on cover.municipality_code = district.municipality_code and taken.district = district.district
    ) as beyond

),

representative as (

    select
        best.municipality_code,
        household.household_id,
        household.step
    from (
        select distinct on (municipality_code) *
        from judged_cover
        order by
            municipality_code, cardinality(missing), places_beyond, loss, cardinality(households), preferences
    ) as best
    cross join unnest(best.households) with ordinality as household (household_id, step)

),

in_district as (

    select
        selectable.*,
        representative.step as represents,
        row_number() over (
            partition by selectable.municipality_code, selectable.district
            order by representative.step, selectable.preference
        ) as place_in_district
    from selectable
    left join representative using (municipality_code, household_id)

),

in_order as (

    select
        *,
        row_number() over (
            partition by municipality_code
            order by
                represents,
                place_in_district > floor(district_share),
                -- After the whole seats: first one of each district by remainder, then by turns.
                case
                    when place_in_district = floor(district_share) + 1 then floor(district_share) - district_share
                    else place_in_district / of_district::numeric
                end,
                of_district desc,
                preference
        ) as place
    from in_district

),

decided as (

    select
        candidate.*,
        in_order.place,
        case
            when in_order.place <= candidate.capacity then 'selected'
            when in_order.place <= candidate.capacity + candidate.reserve_size then 'reserve'
            else 'not_selected'
        end as role
    from candidate
    left join in_order using (municipality_code, household_id)

)

select
    municipality_code,
    signal_month,
    household_id,
    role,
    case when role <> 'not_selected' then place::integer end as rank,
    case when role = 'not_selected' then coalesce(reason, 'over_capacity') end as reason,
    criterion,
    creditors,
    array_to_string(sectors, ', ') as sectors,
    district,
    arrears_eur,
    heropaf,
    policy
from decided
