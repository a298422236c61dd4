with occurring as (

    select
        municipality_code,
        signal_month as month
    from {{ ref('stg_month_received') }}
    where signal_month <= {{ as_of() }}

    union

    select
        municipality_code,
        match_month as month
    from {{ ref('dossier') }}

    union

    select
        municipality_code,
        signal_month as month
    from {{ ref('standing_selection') }}
    where signal_month <= {{ as_of() }}

)

select
    occurring.municipality_code,
    occurring.month,
    extract(year from occurring.month)::integer as year,
    extract(quarter from occurring.month)::integer as quarter,
    extract(month from occurring.month)::integer as month_of_year,
    to_char(occurring.month, 'YYYY-MM') as label,
    received.signal_month is not null as is_received
from occurring
left join {{ ref('stg_month_received') }} as received
    on occurring.municipality_code = received.municipality_code and occurring.month = received.signal_month
where occurring.month is not null
