with known_residents as {{ on_each_machine() }} (

    select
        municipality_code,
        drop_id
    from {{ ref('population_register') }}
    where signal_month = {{ month() }} and state = 'usable'

),

known_debt_help as (

    {{ register_known('shv') }}

),

residents as (

    select
        resident.municipality_code,
        resident.household_id,
        bool_or(resident.suspension is null) as is_inhabited,
        bool_and(resident.is_deceased) as is_deceased,
        bool_or(resident.is_secret) as is_secret,
        min(resident.district) filter (where resident.suspension is null) as district
    from {{ ref('stg_resident') }} as resident
    inner join known_residents using (municipality_code, drop_id)
    -- The register is many times larger than what there is to look up in it.
    inner join {{ ref('match') }} as match using (municipality_code, household_id)
    where match.signal_month = {{ month() }}
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

known_dossier as (

    -- Of each case the newest version that is known in the month. Cases of the month's own matches, or of later ones,
    -- say nothing about its selection.
    select distinct on (municipality_code, dossier_id) *
    from {{ ref('stg_dossier') }}
    where register_month <= {{ month() }}
    order by municipality_code, dossier_id, register_month desc, drop_id desc, line_no desc

),

earlier_dossier as {{ on_each_machine() }} (

    select * from known_dossier where match_month < {{ month() }}

),

with_open_dossier as (

    select distinct
        dossier.municipality_code,
        dossier.household_id
    from earlier_dossier as dossier
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    where
        dossier.created_on <= {{ match_day() }}
        and coalesce(dossier.closed_on, 'infinity') > {{ match_day() }}
        and coalesce(dossier.withdrawn_on, 'infinity') > {{ match_day() }}
        and config.last_working_day(dossier.created_on, policy.closing_working_days) >= {{ match_day() }}

),

approach as (

    select
        municipality_code,
        household_id,
        signal_month as approach_month,
        arrears_eur
    from {{ source('decision', 'selection') }}
    where role = 'selected'

    union all

    select
        municipality_code,
        household_id,
        match_month as approach_month,
        total_eur as arrears_eur
    from earlier_dossier

),

approached as (

    select
        approach.municipality_code,
        approach.household_id,
        max(approach.arrears_eur) as arrears_eur
    from approach
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    where
        approach.approach_month < {{ month() }}
        and approach.approach_month >= {{ month() }} - make_interval(months => policy.cool_off_months)
    group by approach.municipality_code, approach.household_id

),

last_refusal as (

    -- Whose last case ended with a refusal, and the arrears of its match; where there was none, what the case says.
    select
        dossier.municipality_code,
        dossier.household_id,
        coalesce(match.arrears_eur, dossier.total_eur) as arrears_eur
    from (
        select distinct on (municipality_code, household_id) *
        from earlier_dossier
        where coalesce(withdrawn_on, 'infinity') > {{ match_day() }}
        order by municipality_code, household_id, match_month desc, created_on desc, dossier_id desc
    ) as dossier
    left join {{ ref('match') }} as match
        on
            dossier.municipality_code = match.municipality_code
            and dossier.household_id = match.household_id
            and dossier.match_month = match.signal_month
    where dossier.is_refusal

),

checked as (

    select
        match.*,
        match.arrears_eur > last_refusal.arrears_eur as is_more_than_at_refusal,
        residents.district,
        coalesce(residents.is_secret, false) as is_secret,
        coalesce(residents.is_deceased, false) as is_deceased,
        -- At an address where nobody lives there is nobody to verify.
        case when residents.is_inhabited then verification.verified_by end as verified_by,
        case when residents.is_inhabited then verification.doubt end as doubt,
        coalesce(verification.has_phone, false) as has_phone,
        coalesce(verification.has_email, false) as has_email,
        -- The first reason that applies, in the order of the agreement.
        case
            when residents.household_id is null then 'address_unknown'
            when not residents.is_inhabited then 'moved_or_deceased'
            when in_debt_help.household_id is not null then 'in_debt_help'
            when with_open_dossier.household_id is not null then 'open_dossier'
            when
                approached.household_id is not null
                and not coalesce(policy.growth_ends_cool_off and match.arrears_eur > approached.arrears_eur, false)
                then 'approached_recently'
            when
                match.creditors_at_threshold < policy.minimum_creditors
                and not coalesce(policy.crisis_first and match.is_crisis, false)
                then 'below_threshold'
        end as reason
    from {{ ref('match') }} as match
    inner join {{ ref('stg_policy') }} as policy using (municipality_code)
    -- Where no register can be used nobody is a candidate.
    inner join known_residents using (municipality_code)
    left join residents using (municipality_code, household_id)
    left join in_debt_help using (municipality_code, household_id)
    left join with_open_dossier using (municipality_code, household_id)
    left join approached using (municipality_code, household_id)
    left join last_refusal using (municipality_code, household_id)
    left join {{ ref('verification') }} as verification using (municipality_code, signal_month, household_id)
    where match.signal_month = {{ month() }}

)

select
    municipality_code,
    signal_month,
    household_id,
    criterion,
    kind,
    creditors,
    sectors,
    district,
    arrears_eur,
    arrears_since,
    first_row,
    is_crisis,
    is_sleper,
    is_secret,
    is_deceased,
    verified_by,
    doubt,
    has_phone,
    has_email,
    reason,
    reason is null as is_selectable,
    reason is null and coalesce(is_more_than_at_refusal, false) as heropaf
from checked
