with municipality as (

    select municipality_code from {{ ref('stg_municipality') }}

    union

    -- Also one that is in no configuration.
    select municipality_code from {{ ref('stg_month_received') }}

)

select
    municipality.municipality_code,
    -- The default stands in where a list of parameters of one's own is from before there was this one.
    coalesce(max(policy.value), 5)::integer as minimum
from municipality
left join config.policy_on({{ as_of_day() }}) as policy
    on municipality.municipality_code = policy.municipality_code and policy.parameter = 'small_cell_minimum'
group by municipality.municipality_code
