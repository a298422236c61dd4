{#
    Where the warehouse is on many machines, a model's rows lie with the rows of their municipality: the joins of a month
    then need no other machine. For tables that are there already it asks once. See docs/scale.md.
#}
{% macro lie_with_municipality() -%}
    {% if target.name == 'distributed' and model.config.materialized != 'view' %}
        select create_distributed_table('{{ this }}', 'municipality_code', colocate_with => 'vault.household')
        where not exists (select 1 from pg_dist_partition where logicalrelid = '{{ this }}'::regclass)
    {% endif %}
{%- endmacro %}

{#
    Before the bracket of a CTE that is used twice. Many machines would gather its rows in one place first; each works
    out its own part again. On one machine it is worked out once.
#}
{% macro on_each_machine() -%}
    {% if execute and target.name == 'distributed' %}not materialized{% endif %}
{%- endmacro %}

{#
    A setting of the session as a date. Other machines have settings of their own, so where there are any the value is
    written out; not in a view, which outlives the session.
#}
{% macro session_date(setting) -%}
    {%- if execute and target.name == 'distributed' and model.config.materialized != 'view' -%}
        date '{{ run_query("select current_setting('" ~ setting ~ "')").columns[0].values()[0] }}'
    {%- else -%}
        current_setting('{{ setting }}')::date
    {%- endif -%}
{%- endmacro %}

{#
    The rows of a month, before dbt adds them to their table. A temporary table is of one machine, through which all rows
    would go; through a view they go from table to table where they are.
#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {% if temporary and target.name == 'distributed' %}
        create temporary view {{ relation }} as ({{ sql }})
    {% else %}
        {{ return(dbt.postgres__create_table_as(temporary, relation, sql)) }}
    {% endif %}
{%- endmacro %}
