{#
    Whom to visit. Everybody who can be chosen gets a place in one order per municipality; the first places, up to the
    capacity, are selected, the next are the reserve. The order is made so that
    1. every sector that has candidates is represented: first come those who together cover the sectors;
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

representative as (

    -- Who together cover the sectors: each next one brings the most sectors that are not covered yet. A district with
    -- a larger share goes first, so that covering the sectors does not upset the districts.
    select
        municipality_code,
        null::bigint as household_id,
        array[]::text[] as covered,
        0 as step
    from selectable
    group by municipality_code

    union all

    select
        representative.municipality_code,
        chosen.household_id,
        representative.covered || chosen.sectors as covered,
        representative.step + 1 as step
    from representative
    cross join lateral (
        select
            selectable.household_id,
            selectable.sectors
        from selectable
        cross join
            lateral (
                select count(*) as brought
                from unnest(selectable.sectors) as sector (sector)
                where sector.sector <> all(representative.covered)
            ) as new
        where selectable.municipality_code = representative.municipality_code and new.brought > 0
        order by new.brought desc, selectable.district_share desc, selectable.preference
        limit 1
    ) as chosen

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
                -- Among the places after the whole seats: the first of each district by remainder, then by turns.
                place_in_district > floor(district_share) + 1,
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
