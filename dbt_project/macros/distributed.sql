{#
    Where the warehouse is on many machines, a model's rows lie with the rows of their municipality: the joins of a month
    then need no other machine. `mart` is small, and stays in one place. See docs/scale.md.
#}
{% macro lie_with_municipality() -%}
    {% if target.name == 'distributed' and this.schema == 'core' %}
        {% do run_query(
            "select create_distributed_table('" ~ this ~ "', 'municipality_code', colocate_with => 'vault.household')"
            ~ " where not exists (select from pg_dist_partition where logicalrelid = '" ~ this ~ "'::regclass)"
        ) %}
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
    A setting of the session. Other machines have settings of their own, so where there are any the value is written out;
    not in a view, which outlives the session.
#}
{% macro session_setting(name, optional=false) -%}
    {%- set setting = "current_setting('" ~ name ~ "'" ~ (', true' if optional) ~ ')' -%}
    {%- if execute and target.name == 'distributed' and model.config.materialized != 'view' -%}
        '{{ run_query('select ' ~ setting).columns[0].values()[0] or '' }}'
    {%- else -%}
        {{ setting }}
    {%- endif -%}
{%- endmacro %}
