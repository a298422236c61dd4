with broken_down as (

    -- By which list of labels each indicator is broken down.
    select *
    from (
        values
        ('signals_per_1000', 'total'),
        ('signals_per_1000', 'sector'),
        ('sector_share', 'sector'),
        ('households_by_kind', 'kind'),
        ('repeated_signals', 'total'),
        ('signals_to_case', 'total'),
        ('signals_without_case', 'no_case'),
        ('cases_per_1000', 'total'),
        ('cases_per_1000', 'sector'),
        ('contact', 'total'),
        ('contact_by_channel', 'channel_mix'),
        ('contact_by_attempts', 'attempts'),
        ('contact_by_sector', 'sector'),
        ('contact_by_amount', 'amount_band'),
        ('national_outcome', 'national_outcome'),
        ('help_of_cases', 'total'),
        ('help_of_contacts', 'total'),
        ('households_again', 'total'),
        ('brp_mismatch', 'mismatch'),
        ('deliveries', 'delivery')
    ) as given (indicator, list)

),

named as (

    select
        list,
        code,
        label
    from {{ ref('stg_label') }}

    union all

    select
        'sector' as list,
        sector as code,
        label
    from {{ ref('stg_sector') }}

)

select
    period.municipality_code,
    period.period,
    indicator.code as indicator,
    named.label as dimension,
    -- Several codes may have one label: they count together.
    string_agg(distinct named.code, '|') as codes
from {{ ref('period') }} as period
inner join {{ ref('stg_label') }} as indicator on indicator.list = 'indicator'
inner join broken_down on indicator.code = broken_down.indicator
inner join named on broken_down.list = named.list
group by period.municipality_code, period.period, indicator.code, named.label
