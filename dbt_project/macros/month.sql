{#
    The month that a run works for. It is a setting of the database session (see `transform.py`), not a variable of dbt:
    another value of a variable would make dbt parse the whole project again, every month.
#}
{% macro month() -%}
    {{ session_setting('vroegsignaal.month') }}::date
{%- endmacro %}

{% macro match_day() -%}
    ({{ month() }} + 24)
{%- endmacro %}

{#
    The month as of which cases are evaluated: nothing of a later folder is known. A setting of the session as the month.
#}
{% macro as_of() -%}
    {{ session_setting('vroegsignaal.as_of') }}::date
{%- endmacro %}

{% macro as_of_day() -%}
    ({{ as_of() }} + 24)
{%- endmacro %}

{# Whether a month is among those that the month of the run looks back over, itself included. #}
{% macro in_window(column) -%}
    {{ column }} <= {{ month() }}
    and {{ column }} > {{ month() }} - make_interval(
        months => (select coalesce(max(window_months), 1) from {{ ref('stg_policy') }})
    )
{%- endmacro %}

{#
    Whether rows are of a municipality that the run derives: of its share of them, a setting of the session as the month;
    without that setting, of all.
#}
{% macro in_share(relation) -%}
    {% set share = session_setting('vroegsignaal.share', optional=true) %}
    (
        coalesce({{ share }}, '') = ''
        or {{ relation }}.municipality_code = any(string_to_array({{ share }}, ','))
    )
{%- endmacro %}

{#
    Which rows of a model are taken out before it is filled, by what its meta says that it `replaces`: the month of the run,
    the window that it looks back over, or, without a word, all.
#}
{% macro rows_to_replace() -%}
    {% set replaces = model.config.meta.get('replaces') %}
    {% if replaces == 'month' %}
        kept.signal_month = {{ month() }} and {{ in_share('kept') }}
    {% elif replaces == 'window' %}
        {{ in_window('kept.signal_month') }} and {{ in_share('kept') }}
    {% else %}
        true
    {% endif %}
    {% if model.config.meta.get('keeps_erased') %}
        -- What was derived of somebody who was erased since cannot be derived again.
        and not exists (
            select 1
            from {{ source('quality', 'accepted_signals') }} as accepted
            where
                accepted.municipality_code = kept.municipality_code
                and accepted.drop_id = kept.drop_id
                and accepted.line_no = kept.line_no
                and accepted.erased
        )
    {% endif %}
{%- endmacro %}
