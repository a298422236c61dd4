with known_residents as (

    {{ register_known('brp') }}

),

known_debt_help as (

    {{ register_known('shv') }}

),

residents as (

    select
        resident.municipality_code,
        resident.household_id,
        bool_or(resident.suspension is null) as is_inhabited,
        min(resident.district) filter (where resident.suspension is null) as district
    from {{ ref('stg_resident') }} as resident
    inner join known_residents using (municipality_code, drop_id)
    group by resident.municipality_code, resident.household_id

),

in_debt_help as (

    select distinct
        debt_help.municipality_code,
        debt_help.household_id
    from {{ ref('stg_debt_help') }} as debt_help
    inner join known_debt_help using (municipality_code, drop_id)
    where {{ match_day() }} between debt_help.started_on and coalesce(debt_help.ended_on, 'infinity')

),

approached as (

    select distinct
        selection.municipality_code,
        selection.household_id
    from {{ source('decision', 'selection') }} as selection
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    where
        selection.role = 'selected'
        and selection.signal_month < {{ month() }}
        and selection.signal_month >= {{ month() }} - make_interval(months => policy.cool_off_months)

),

checked as (

    select
        match.*,
        residents.district,
        -- The first reason that applies, in the order of the agreement.
        case
            when residents.household_id is null then 'address_unknown'
            when not residents.is_inhabited then 'moved_or_deceased'
            when in_debt_help.household_id is not null then 'in_debt_help'
            when approached.household_id is not null then 'approached_recently'
            when match.creditors_at_threshold < 2 then 'below_threshold'
        end as reason
    from {{ ref('match') }} as match
    left join residents using (municipality_code, household_id)
    left join in_debt_help using (municipality_code, household_id)
    left join approached using (municipality_code, household_id)
    where match.signal_month = {{ month() }}

)

select
    municipality_code,
    signal_month,
    household_id,
    criterion,
    creditors,
    sectors,
    district,
    arrears_eur,
    arrears_since,
    first_row,
    reason,
    reason is null as is_selectable,
    false as heropaf
from checked
