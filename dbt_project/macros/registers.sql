{#
    The drop of a register (brp, shv) that is known in a month (that of the run): of each municipality the newest accepted
    one, since each file is the whole register. One row per municipality: municipality_code, drop_id.
#}
{% macro register_known(feed, known_in=none) -%}
    select distinct on (municipality_code)
        municipality_code,
        drop_id
    from {{ ref('stg_drop') }}
    where feed = '{{ feed }}' and status = 'accepted' and signal_month <= {{ known_in or month() }}
    order by municipality_code, signal_month desc
{%- endmacro %}

{# The drops of a feed whose rows count: those that no later delivery replaced. #}
{% macro in_force(feed) -%}
    select drop_id from {{ ref('stg_drop') }} where feed = '{{ feed }}' and status = 'accepted'
{%- endmacro %}
