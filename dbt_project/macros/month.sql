{#
    The month that a run works for. It is a setting of the database session (see `transform.py`), not a variable of dbt:
    another value of a variable would make dbt parse the whole project again, every month.
#}
{% macro month() -%}
    {{ session_date('vroegsignaal.month') }}
{%- endmacro %}

{% macro match_day() -%}
    ({{ month() }} + 24)
{%- endmacro %}

{#
    The month as of which cases are evaluated: nothing of a later folder is known. A setting of the session as the month.
#}
{% macro as_of() -%}
    {{ session_date('vroegsignaal.as_of') }}
{%- endmacro %}

{% macro as_of_day() -%}
    ({{ as_of() }} + 24)
{%- endmacro %}

{#
    Take this month's rows out of a model before they are derived anew. dbt's own delete would leave them where the month
    has no rows any more.
#}
{% macro forget_month() -%}
    {% if is_incremental() %}
        delete from {{ this }} as kept
        where
            kept.signal_month = {{ month() }}
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
    {% endif %}
{%- endmacro %}

{# Whether a month is among those that the month of the run looks back over, itself included. #}
{% macro in_window(column) -%}
    {{ column }} <= {{ month() }}
    and {{ column }} > {{ month() }} - make_interval(
        months => (select coalesce(max(window_months), 1) from {{ ref('stg_policy') }})
    )
{%- endmacro %}

{# As `forget_month`, for a model that takes the whole window anew. #}
{% macro forget_window() -%}
    {% if is_incremental() %}
        delete from {{ this }} where {{ in_window('signal_month') }}
    {% endif %}
{%- endmacro %}
