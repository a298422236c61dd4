with signal as (

    select
        municipality_code,
        household_id,
        signal_month
    from {{ ref('signal') }}
    group by municipality_code, household_id, signal_month

),

matched as {{ on_each_machine() }} (

    -- A signal was part of the matches of its own month and of those that looked back at it.
    select
        found.municipality_code,
        found.household_id,
        found.reported_month as signal_month,
        found.signal_month as match_month
    from {{ ref('match_creditor') }} as found
    where
        exists (
            select 1
            from {{ ref('match') }} as match
            where
                match.municipality_code = found.municipality_code
                and match.household_id = found.household_id
                and match.signal_month = found.signal_month
        )

),

approached as (

    select
        municipality_code,
        household_id,
        signal_month as match_month
    from {{ ref('standing_selection') }}
    where role in ('selected', 'reserve')

),

dossier as {{ on_each_machine() }} (

    select
        municipality_code,
        household_id,
        match_month,
        -- A withdrawn case has ended as well.
        bool_and(closed_on is not null or is_withdrawn or is_ended) as is_over,
        bool_and(coalesce({{ is_code('outcome', 'refusal') }}, false)) as is_refused,
        max(coalesce(closed_on, term_ends_on, match_month + 24)) as over_on
    from {{ ref('dossier') }}
    where household_id is not null
    group by municipality_code, household_id, match_month

),

held as (

    select
        municipality_code,
        household_id,
        signal_month,
        'unmatched' as object,
        signal_month + 24 as counts_from
    from signal

    union all

    select
        municipality_code,
        household_id,
        signal_month,
        'matched' as object,
        match_month + 24 as counts_from
    from matched

    union all

    select
        matched.municipality_code,
        matched.household_id,
        matched.signal_month,
        'selected' as object,
        matched.match_month + 24 as counts_from
    from matched
    inner join approached using (municipality_code, household_id, match_month)

    union all

    select
        matched.municipality_code,
        matched.household_id,
        matched.signal_month,
        case when not dossier.is_over then 'open' when dossier.is_refused then 'refused' else 'closed' end as object,
        dossier.over_on as counts_from
    from matched
    inner join dossier using (municipality_code, household_id, match_month)

    union all

    -- The case itself, also where nothing matched.
    select
        municipality_code,
        household_id,
        match_month as signal_month,
        case when not is_over then 'open' when is_refused then 'refused' else 'closed' end as object,
        over_on as counts_from
    from dossier

)

select
    municipality_code,
    household_id,
    signal_month,
    object,
    max(counts_from) as counts_from
from held
group by municipality_code, household_id, signal_month, object
