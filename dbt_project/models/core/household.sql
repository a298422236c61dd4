{{ config(meta={'month_column': 'first_signal_month'}) }}

with signalled_now as (

    select distinct
        municipality_code,
        household_id
    from {{ ref('signal') }}
    where signal_month = {{ month() }}

),

first_signalled_now as (

    select
        now.municipality_code,
        now.household_id,
        {{ month() }} as first_signal_month
    from signalled_now as now
    where not exists (
        select 1
        from {{ ref('signal') }} as earlier
        where
            earlier.municipality_code = now.municipality_code
            and earlier.household_id = now.household_id
            and earlier.signal_month < {{ month() }}
    )

)

select * from first_signalled_now
