with in_month as (

    -- All recorded cases, the withdrawn ones too: those were made as well.
    select
        municipality_code,
        match_month,
        count(*) as n,
        count(*) filter (where not is_withdrawn) as standing
    from {{ ref('dossier') }}
    group by municipality_code, match_month

),

found as (

    select
        municipality_code,
        match_month,
        finding,
        count(*) as dossiers
    from {{ ref('dossier_finding') }}
    where match_month is not null
    group by municipality_code, match_month, finding

    union all

    -- Which of the cases are too many nobody can say, how many there are can be counted.
    select
        in_month.municipality_code,
        in_month.match_month,
        'over_capacity' as finding,
        in_month.standing - policy.places as dossiers
    from in_month
    inner join {{ ref('policy_in_month') }} as policy
        on in_month.municipality_code = policy.municipality_code and in_month.match_month = policy.signal_month
    where in_month.standing > policy.places

)

select
    found.municipality_code,
    found.match_month as signal_month,
    found.finding,
    {{ is_on('found.finding', 'prevented') }} as is_prevented,
    found.dossiers,
    in_month.n,
    {{ pct('found.dossiers', 'in_month.n') }} as pct,
    {{ is_small('in_month.n') }} as is_small
from found
inner join in_month using (municipality_code, match_month)
