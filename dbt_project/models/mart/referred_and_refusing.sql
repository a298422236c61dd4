with grouped as (

    select
        municipality_code,
        period,
        total_eur::double precision as total_eur,
        is_referred,
        coalesce({{ is_on('outcome_label', 'refused') }}, false) as is_refusing
    from {{ ref('dossier_in_period') }}
    -- The total as the case worker registered it, as in arrears_by_outcome.
    where total_eur is not null

),

pair as (

    -- 1 for those referred, 2 for those refusing; the first of a difference is the first of the two.
    select
        period.municipality_code,
        period.period,
        count(*) filter (where grouped.is_referred) as n1,
        avg(grouped.total_eur) filter (where grouped.is_referred) as mean1,
        var_samp(grouped.total_eur) filter (where grouped.is_referred) as var1,
        array_agg(grouped.total_eur) filter (where grouped.is_referred) as totals1,
        count(*) filter (where grouped.is_refusing) as n2,
        avg(grouped.total_eur) filter (where grouped.is_refusing) as mean2,
        var_samp(grouped.total_eur) filter (where grouped.is_refusing) as var2,
        array_agg(grouped.total_eur) filter (where grouped.is_refusing) as totals2
    from {{ ref('period') }} as period
    left join grouped using (municipality_code, period)
    group by period.municipality_code, period.period

)

select
    pair.municipality_code,
    pair.period,
    pair.n1 as referred,
    round(pair.mean1::numeric, 2) as referred_mean_eur,
    round(sqrt(pair.var1)::numeric, 2) as referred_sd_eur,
    pair.n2 as refusing,
    round(pair.mean2::numeric, 2) as refusing_mean_eur,
    round(sqrt(pair.var2)::numeric, 2) as refusing_sd_eur,
    round((pair.mean1 - pair.mean2)::numeric, 2) as difference_eur,
    round(welch.t::numeric, 3) as welch_t,
    round(welch.degrees::numeric, 1) as welch_degrees,
    round(welch.p::numeric, 4) as welch_p,
    round(effect.hedges_g::numeric, 3) as hedges_g,
    {{ one_decimal('ranks.u') }} as mann_whitney_u,
    round(ranks.p::numeric, 4) as mann_whitney_p,
    round(ranks.rank_biserial::numeric, 3) as rank_biserial,
    {{ is_small('least(pair.n1, pair.n2)') }} as is_small
from pair
cross join lateral statistics.welch(pair.n1, pair.mean1, pair.var1, pair.n2, pair.mean2, pair.var2) as welch
cross join lateral statistics.effect_size(pair.n1, pair.mean1, pair.var1, pair.n2, pair.mean2, pair.var2) as effect
cross join lateral statistics.mann_whitney(pair.totals1, pair.totals2) as ranks
