{#
    Whom to approach, and how. Households stand in order of preference: the larger arrears go first, then the older ones,
    then the earlier row of the drops. Where the policy says so, those in a crisis go before all others.
    1. Home visits go to those who together look most like all who can be chosen, in sectors and districts: see
       decision.balanced_choice.
    2. Where the policy has places for them, others are called, mailed or written to, in order of preference.
    3. The reserve is chosen so that every drop-out has a stand-in: see decision.reserve_order.
#}

with candidate as {{ on_each_machine() }} (

    select
        candidate.*,
        policy.capacity,
        policy.capacity_phone,
        policy.capacity_mail,
        policy.capacity_letter,
        policy.reserve_size,
        policy.term_days,
        policy.crisis_term_working_days,
        policy.policy,
        coalesce(candidate.is_crisis and policy.crisis_first, false) as goes_first
    from {{ ref('candidate') }} as candidate
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    where candidate.signal_month = {{ month() }}

),

sector_bit as (

    select
        municipality_code,
        sector,
        1 << (dense_rank() over (partition by municipality_code order by sector) - 1)::integer as bit
    from (
        select distinct
            municipality_code,
            unnest(sectors) as sector
        from candidate
        where is_selectable
    ) as present

),

sector_set as (

    -- Joined, and not looked up for each candidate: that would look through those of the whole country each time.
    select
        candidate.municipality_code,
        candidate.household_id,
        bit_or(sector_bit.bit) as sector_bits
    from candidate
    cross join unnest(candidate.sectors) as present (sector)
    inner join sector_bit using (municipality_code, sector)
    where candidate.is_selectable
    group by candidate.municipality_code, candidate.household_id

),

selectable as {{ on_each_machine() }} (

    select
        candidate.*,
        dense_rank() over (
            partition by candidate.municipality_code order by candidate.district
        )::integer as district_no,
        sector_set.sector_bits,
        row_number() over (
            partition by candidate.municipality_code
            order by
                candidate.goes_first desc, candidate.arrears_eur desc, candidate.arrears_since, candidate.first_row
        ) as preference
    from candidate
    inner join sector_set using (municipality_code, household_id)
    where candidate.is_selectable

),

first as (

    select
        municipality_code,
        count(*) as households,
        bit_or(sector_bits) as sector_bits
    from selectable
    where goes_first and preference <= capacity
    group by municipality_code

),

town as (

    -- Who goes first takes a place and represents its sectors; the choice is between the others.
    select
        selectable.municipality_code,
        (selectable.capacity - coalesce(first.households, 0))::integer as places,
        array_agg(selectable.household_id order by selectable.preference) as households,
        array_agg(selectable.district_no order by selectable.preference) as districts,
        array_agg(
            selectable.sector_bits & ~coalesce(first.sector_bits, 0) order by selectable.preference
        ) as sectors
    from selectable
    left join first using (municipality_code)
    where not selectable.goes_first
    group by selectable.municipality_code, selectable.capacity, first.households

),

visited as (

    select
        municipality_code,
        household_id
    from selectable
    where goes_first and preference <= capacity

    union all

    select
        town.municipality_code,
        town.households[chosen.position] as household_id
    from town
    cross join
        lateral
        unnest(decision.balanced_choice(town.places, town.districts, town.sectors)) as chosen (position)

),

with_visits as (

    select
        selectable.*,
        visited.household_id is not null as is_visited
    from selectable
    left join visited using (municipality_code, household_id)

),

-- Each next channel is for those whom none before it took, and whom it reaches.

with_calls as (

    select
        *,
        not is_visited
        and has_phone
        and row_number() over (
            partition by municipality_code, not is_visited and has_phone
            order by preference
        ) <= capacity_phone as is_called
    from with_visits

),

with_mails as (

    select
        *,
        not (is_visited or is_called)
        and has_email
        and row_number() over (
            partition by municipality_code, not (is_visited or is_called) and has_email
            order by preference
        ) <= capacity_mail as is_mailed
    from with_calls

),

approached as {{ on_each_machine() }} (

    select
        *,
        case
            when is_visited then 'home_visit'
            when is_called then 'phone'
            when is_mailed then 'mail'
            when
                row_number() over (
                    partition by municipality_code, is_visited or is_called or is_mailed
                    order by preference
                ) <= capacity_letter then 'letter'
        end as channel
    from with_mails

),

spare_town as (

    select
        municipality_code,
        reserve_size,
        array_agg(household_id order by preference) as households,
        array_agg(district_no order by preference) as districts,
        array_agg(sector_bits order by preference) as sectors,
        array_agg(channel order by preference) as channels
    from approached
    where channel = 'home_visit' or (channel is null and not goes_first)
    group by municipality_code, reserve_size

),

spare as (

    -- A crisis without a place comes first.
    select
        municipality_code,
        household_id,
        reserve_size,
        0 as place,
        preference
    from approached
    where channel is null and goes_first

    union all

    select
        spare_town.municipality_code,
        spare_town.households[ordered.position] as household_id,
        spare_town.reserve_size,
        ordered.place,
        0 as preference
    from spare_town
    cross join lateral unnest(
        decision.reserve_order(
            spare_town.reserve_size, spare_town.districts, spare_town.sectors,
            array_positions(spare_town.channels, 'home_visit')
        )
    ) with ordinality as ordered (position, place)

),

reserve as (

    select
        municipality_code,
        household_id,
        place
    from (
        select
            municipality_code,
            household_id,
            reserve_size,
            row_number() over (partition by municipality_code order by place, preference) as place
        from spare
    ) as ordered
    where place <= reserve_size

),

ranked as (

    select
        approached.municipality_code,
        approached.household_id,
        approached.channel,
        row_number() over (
            partition by approached.municipality_code
            order by
                array_position(array['home_visit', 'phone', 'mail', 'letter'], approached.channel),
                reserve.place,
                approached.preference
        ) as place
    from approached
    left join reserve using (municipality_code, household_id)
    where approached.channel is not null or reserve.household_id is not null

)

select
    candidate.municipality_code,
    candidate.signal_month,
    candidate.household_id,
    case
        when ranked.channel is not null then 'selected'
        when ranked.household_id is not null then 'reserve'
        else 'not_selected'
    end as role,
    ranked.place::integer as rank,
    case when ranked.household_id is null then coalesce(candidate.reason, 'over_capacity') end as reason,
    candidate.criterion,
    candidate.creditors,
    array_to_string(candidate.sectors, ', ') as sectors,
    candidate.district,
    candidate.arrears_eur,
    candidate.heropaf,
    candidate.policy,
    candidate.kind,
    ranked.channel,
    -- A term of days that ends on a day on which nobody works ends on the next day on which somebody does.
    case
        when ranked.household_id is null and not (candidate.is_selectable and candidate.goes_first) then null
        when candidate.goes_first and candidate.crisis_term_working_days > 0
            then config.last_working_day({{ match_day() }}, candidate.crisis_term_working_days)
        when candidate.term_days > 0 then config.last_working_day({{ match_day() }} + candidate.term_days - 1, 1)
    end as due_on,
    candidate.is_crisis,
    candidate.is_sleper,
    candidate.is_secret,
    candidate.verified_by,
    candidate.doubt
from candidate
left join ranked using (municipality_code, household_id)
