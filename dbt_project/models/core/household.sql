{{ config(materialized='view', contract={'enforced': false}) }}

select
    municipality_code,
    household_id,
    min(signal_month) as first_signal_month
from {{ ref('signal') }}
group by municipality_code, household_id
