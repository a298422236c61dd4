{#
    The register of residents against which the matches of a month are checked, per municipality that has any. Without one
    that can be used nobody there is chosen: everybody would seem to have moved.
#}

select
    register.municipality_code,
    {{ month() }} as signal_month,
    register.drop_id,
    register.register_month,
    register.state
from raw.population_register({{ month() }}) as register
where
    exists (
        select 1
        from {{ ref('match') }} as match
        where
            match.municipality_code = register.municipality_code
            and match.signal_month = {{ month() }}
    )
