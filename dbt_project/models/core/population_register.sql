{#
    The register of residents against which the matches of a month are checked, per municipality that has any. Without one
    that can be used nobody there is chosen: everybody would seem to have moved.
#}

with matched as (

    select distinct municipality_code
    from {{ ref('match') }}
    where signal_month = {{ month() }}

)

select
    matched.municipality_code,
    {{ month() }} as signal_month,
    register.drop_id,
    register.register_month,
    register.state
from matched
inner join raw.population_register({{ month() }}) as register on matched.municipality_code = register.municipality_code
