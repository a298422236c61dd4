with month_with_data as (

    select
        municipality_code,
        signal_month
    from {{ ref('stg_month_received') }}
    where signal_month <= {{ as_of() }}

    union

    select
        municipality_code,
        match_month as signal_month
    from {{ ref('newest_dossier') }}

),

calendar_year as (

    -- Of a municipality that named no period of its own.
    select distinct
        municipality_code,
        extract(year from signal_month)::integer as year
    from month_with_data
    where municipality_code not in (select own.municipality_code from {{ ref('stg_period') }} as own)

),

period as (

    select
        municipality_code,
        period,
        period_start,
        period_end
    from {{ ref('stg_period') }}

    union all

    select
        municipality_code,
        year::text as period,
        make_date(year, 1, 1) as period_start,
        make_date(year, 12, 31) as period_end
    from calendar_year

)

select
    *,
    date_trunc('month', period_start)::date as first_month,
    date_trunc('month', period_end)::date as last_month
from period
