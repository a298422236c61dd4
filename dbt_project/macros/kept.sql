{#
    A mart keeps its table when it is made anew: its rows are replaced, in the transaction that fills it. BI users have views
    on it, and a new table would drop those with the old one. What an older version made is first given the shape of the
    contract; new columns dbt adds itself.
#}
{% macro empty_table() -%}
    {% if is_incremental() %}
        delete from {{ this }};
        {% for name, type in run_query(columns_there()).rows %}
            {% if name not in model.columns %}
                {{ refuse_where_used(name, 'goes') }}
                alter table {{ this }} drop column "{{ name }}";
            {% elif type != model.columns[name].data_type %}
                {{ refuse_where_used(name, 'becomes ' ~ model.columns[name].data_type) }}
                alter table {{ this }}
                alter column "{{ name }}" type {{ model.columns[name].data_type }} using null;
            {% endif %}
        {% endfor %}
    {% endif %}
{%- endmacro %}

{% macro columns_there() -%}
    select
        attname,
        format_type(atttypid, atttypmod) as type
    from pg_catalog.pg_attribute
    where attrelid = '{{ this }}'::regclass and attnum > 0 and not attisdropped
    order by attnum
{%- endmacro %}

{# Say which views of users are in the way of a column that changes, instead of taking them away. #}
{% macro refuse_where_used(column, what) -%}
    {% set users %}
        select distinct used.relnamespace::regnamespace::text || '.' || used.relname as name
        from pg_catalog.pg_depend as dependency
        inner join pg_catalog.pg_rewrite as rule
            on dependency.classid = 'pg_rewrite'::regclass and dependency.objid = rule.oid
        inner join pg_catalog.pg_class as used on rule.ev_class = used.oid
        inner join pg_catalog.pg_attribute as attribute
            on dependency.refobjid = attribute.attrelid and dependency.refobjsubid = attribute.attnum
        where
            dependency.refclassid = 'pg_class'::regclass
            and dependency.refobjid = '{{ this }}'::regclass
            and attribute.attname = '{{ column }}'
        order by 1
    {% endset %}
    {% set names = run_query(users).columns[0].values() | join(', ') %}
    {% if names %}
        {{ exceptions.raise_compiler_error(
            'Column ' ~ column ~ ' of ' ~ this.schema ~ '.' ~ this.identifier ~ ' ' ~ what
            ~ ' in this version, and a view of a user needs it: ' ~ names
            ~ '. Have it changed or dropped, and run the step again.'
        ) }}
    {% endif %}
{%- endmacro %}

{#
    A dashboard asks for one municipality, and without statistics of values only an index tells that its rows are few. Not
    by the model's own setting: tables that are there already get an index too.
#}
{% macro find_by_municipality() -%}
    create index if not exists {{ this.identifier }}_by_municipality on {{ this }} (municipality_code)
{%- endmacro %}
