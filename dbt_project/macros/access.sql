{# The municipality that a session is limited to; without that setting, all. #}
{% macro in_own_municipality() -%}
    (
        coalesce(current_setting('vroegsignaal.municipality', true), '') = ''
        or municipality_code = current_setting('vroegsignaal.municipality', true)
    )
{%- endmacro %}

{#
    A policy set outside dbt would be lost when the table is built anew, and then everybody would see everything. Who has
    the login of a municipality sees its rows by who it is, since anybody may change a setting of the session; in a view
    that is who asks, not who made the view.
#}
{% macro only_own_municipality() -%}
    alter table {{ this }} enable row level security;
    drop policy if exists own_municipality on {{ this }};
    create policy own_municipality on {{ this }} for select to bi
    -- Asked once for a query, and of unknown weight for the planner: it would take a condition on the column for a rare
    -- one, and choose its joins by that.
    using (
        case
            when not (select pg_has_role(current_user, 'bi', 'usage')) then false
            when (select coalesce(current_setting('vroegsignaal.municipality', true), '')) = '' then true
            else municipality_code = (select current_setting('vroegsignaal.municipality', true))
        end
    );
    drop policy if exists municipality_of_login on {{ this }};
    create policy municipality_of_login on {{ this }} for select to bi_municipality
    using (municipality_code = (select substr(current_user::text, 4)))
{%- endmacro %}

{#
    Of what the rows of others are like the planner would tell in its estimates: it keeps no statistics of values. The
    tables are small, and read whole or by an index.
#}
{% macro tell_no_statistics() -%}
    alter table {{ this }}
    {% for name in model.columns -%}
        alter column "{{ name }}" set statistics 0{{ ', ' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{#
    A dashboard asks for one municipality, and without statistics of values only an index tells that its rows are few. Not
    by the model's own setting: tables that are there already get an index too.
#}
{% macro find_by_municipality() -%}
    create index if not exists {{ this.identifier }}_by_municipality on {{ this }} (municipality_code)
{%- endmacro %}
