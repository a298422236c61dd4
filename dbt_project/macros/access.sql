{# The municipality that a session is limited to; without that setting, all. #}
{% macro in_own_municipality() -%}
    (
        coalesce(current_setting('vroegsignaal.municipality', true), '') = ''
        or municipality_code = current_setting('vroegsignaal.municipality', true)
    )
{%- endmacro %}

{# A policy set outside dbt would be lost when the table is built anew, and then everybody would see everything. #}
{% macro only_own_municipality() -%}
    alter table {{ this }} enable row level security;
    drop policy if exists own_municipality on {{ this }};
    create policy own_municipality on {{ this }} for select using ({{ in_own_municipality() }})
{%- endmacro %}
