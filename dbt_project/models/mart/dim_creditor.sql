with occurring as (

    select
        municipality_code,
        creditor
    from {{ ref('stg_agreement') }}

    union

    -- Who delivered without an agreement, or is in no register, is refused and told of.
    select
        municipality_code,
        creditor
    from {{ ref('drops') }}
    where creditor is not null and signal_month <= {{ as_of() }}

    union

    select
        municipality_code,
        creditor
    from {{ ref('reported_signal') }}

)

select
    occurring.municipality_code,
    occurring.creditor,
    coalesce(creditor.name, occurring.creditor) as name,
    creditor.sector,
    sector.label as sector_label,
    sector.position::integer as sector_position
from occurring
left join {{ ref('stg_creditor') }} as creditor using (creditor)
left join {{ ref('stg_sector') }} as sector on creditor.sector = sector.sector
