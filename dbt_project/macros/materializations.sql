{#
    How models come to stand in the warehouse, instead of dbt's own materializations of these names. Those ask the catalog
    some ten questions for each model, each time, and take tables and views away to make them anew. Here what is there
    stays there, with the views that users made on it: one question tells whether its shape, its description and its
    grants are those of the model, and what differs is changed.
#}

{# A table whose rows are replaced in the transaction that fills it: see the macro `rows_to_replace`. #}
{% materialization incremental, adapter='postgres' %}
    {% set found = what_is_there() %}
    {{ run_hooks(pre_hooks) }}
    {% if found.kind == 'r' %}
        {% do change_shape(found) %}
        {% call statement('main') %}
            delete from {{ this }} as kept where {{ rows_to_replace() }};
            insert into {{ this }} ({{ named_columns() }})
            select {{ named_columns() }}
            from ({{ sql }}) as made
            {% if model.config.meta.get('replaces') %}
                where {{ in_share('made') }}
            {% endif %}
        {% endcall %}
    {% else %}
        {% do drop_what_is_there(found) %}
        {% call statement('main') %}
            {{ get_create_table_as_sql(False, this, sql) }}
        {% endcall %}
        {% do alter(changes_of_rules(found)) %}
        {% do create_indexes(this) %}
    {% endif %}
    {% do lie_with_municipality() %}
    {% if this.schema == 'core' %}
        {# What was just filled the planner takes for empty, and lays every row of one table beside every row of another. #}
        {% do run_query('analyze ' ~ this) %}
    {% endif %}
    {% set made = this.incorporate(type='table') %}
    {% do tell_and_grant(made, found) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [made]}) }}
{% endmaterialization %}

{# A view, replaced where it stands; only where its columns change it is made anew, and what rests on it with it. #}
{% materialization view, adapter='postgres' %}
    {% set found = what_is_there() %}
    {{ run_hooks(pre_hooks) }}
    {% if found.kind == 'v' %}
        {% call statement('main') %}
            do $materialization$
            begin
                create or replace view {{ this }} as ({{ sql }});
            exception when invalid_table_definition then
                drop view {{ this }} cascade;
                create view {{ this }} as ({{ sql }});
            end
            $materialization$
        {% endcall %}
    {% else %}
        {% do drop_what_is_there(found) %}
        {% call statement('main') %}
            create view {{ this }} as ({{ sql }})
        {% endcall %}
    {% endif %}
    {% set made = this.incorporate(type='view') %}
    {% do tell_and_grant(made, found) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [made]}) }}
{% endmaterialization %}

{#
    What of this model is in the warehouse, as a dictionary: kind ('r' a table, 'v' a view, empty when there is none),
    description, by column its type, its description and whether it is required, the privileges that are granted, and the
    names of a table's rules. As one text, since dbt guesses the type of every column of an answer.
#}
{% macro what_is_there() %}
    {% set question %}
        select json_build_object(
            'kind', relation.relkind,
            'description', coalesce(obj_description(relation.oid, 'pg_class'), ''),
            'types', json_object_agg(attribute.attname, format_type(attribute.atttypid, attribute.atttypmod)),
            'descriptions', json_object_agg(
                attribute.attname, coalesce(col_description(relation.oid, attribute.attnum), '')
            ),
            'required', json_object_agg(attribute.attname, attribute.attnotnull),
            'grants', (
                select coalesce(json_agg(privilege), '[]')
                from (
                    select lower(granted.privilege_type) || ' ' || granted.grantee::regrole::text as privilege
                    from aclexplode(relation.relacl) as granted
                    where granted.grantee <> relation.relowner
                    order by 1
                ) as granted
            ),
            'rules', (
                select coalesce(json_agg(conname), '[]')
                from pg_catalog.pg_constraint
                where conrelid = relation.oid and starts_with(conname, '{{ this.identifier }}_rule_')
            )
        )::text
        from pg_catalog.pg_class as relation
        inner join pg_catalog.pg_attribute as attribute
            on relation.oid = attribute.attrelid and attribute.attnum > 0 and not attribute.attisdropped
        where relation.oid = to_regclass('{{ this }}')
        group by relation.oid
    {% endset %}
    {% set answer = run_query(question).rows %}
    {{ return(fromjson(answer[0][0]) if answer else {'kind': '', 'description': '', 'descriptions': {}, 'grants': [], 'rules': []}) }}
{% endmacro %}

{# An older version may have had a view where there is a table now, or the other way round. #}
{% macro drop_what_is_there(found) %}
    {% if found.kind %}
        {% do run_query('drop ' ~ ('view ' if found.kind == 'v' else 'table ') ~ this ~ ' cascade') %}
    {% endif %}
{% endmacro %}

{#
    Give a table that an older version made the shape of the contract. Months that are kept keep what they had: a column
    that goes stays with them, and a new one is empty there.
#}
{% macro change_shape(found) %}
    {% set changes = [] %}
    {% set whole = not model.config.meta.get('replaces') %}
    {% for name, type in found.types.items() %}
        {% if name not in model.columns %}
            {% if whole %}
                {% do refuse_where_used(name, 'goes') %}
                {% do changes.append('drop column "' ~ name ~ '"') %}
            {% endif %}
        {% elif type != model.columns[name].data_type %}
            {% set new = model.columns[name].data_type %}
            {% do refuse_where_used(name, 'becomes ' ~ new) %}
            {% do changes.append('alter column "' ~ name ~ '" type ' ~ new ~ (' using null' if whole else '')) %}
        {% endif %}
    {% endfor %}
    {% for name, column in model.columns.items() if name not in found.types %}
        {% do changes.append('add column "' ~ name ~ '" ' ~ column.data_type) %}
    {% endfor %}
    {% if whole and changes %}
        {% do run_query('delete from ' ~ this) %}
    {% endif %}
    {% for name, column in model.columns.items() if column.constraints and not found.required.get(name) %}
        {% do changes.append('alter column "' ~ name ~ '" set not null') %}
    {% endfor %}
    {% do alter(changes + changes_of_rules(found)) %}
{% endmacro %}

{#
    What makes the constraints of a table those of its model: its key, and which codes there are. Each is named after what
    it says, so that one that was changed is another; those that others made are theirs.
#}
{% macro changes_of_rules(found) %}
    {% set wanted = {} %}
    {% for rule in adapter.render_raw_model_constraints(raw_constraints=model.constraints) %}
        {% do wanted.update({this.identifier ~ '_rule_' ~ local_md5(rule)[:8]: rule}) %}
    {% endfor %}
    {% set changes = [] %}
    {% for name in found.rules if name not in wanted %}
        {% do changes.append('drop constraint ' ~ name) %}
    {% endfor %}
    {% for name, rule in wanted.items() if name not in found.rules %}
        {% do changes.append('add constraint ' ~ name ~ ' ' ~ rule) %}
    {% endfor %}
    {{ return(changes) }}
{% endmacro %}

{% macro alter(changes) %}
    {% if changes %}
        {% do run_query('alter table ' ~ this ~ ' ' ~ changes | join(', ')) %}
    {% endif %}
{% endmacro %}

{# The columns of a new table; its rules get their names later, see `changes_of_rules`. #}
{% macro postgres__get_table_columns_and_constraints() %}
    ({{ adapter.render_raw_columns_constraints(raw_columns=model['columns']) | join(', ') }})
{% endmacro %}

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

{# Descriptions and grants, where they are not yet what the model says. #}
{% macro tell_and_grant(made, found) %}
    {% set told = {} %}
    {% for name, column in model.columns.items() %}
        {% do told.update({name: column.description}) %}
    {% endfor %}
    {% if found.description != model.description or found.descriptions != told %}
        {% do persist_docs(made, model) %}
    {% endif %}
    {% set granted = [] %}
    {% for privilege, roles in (config.get('grants') or {}).items() %}
        {% for role in roles %}
            {% do granted.append(privilege ~ ' ' ~ role) %}
        {% endfor %}
    {% endfor %}
    {% if found.grants != granted | sort %}
        {% do apply_grants(made, config.get('grants'), should_revoke=found.kind != '') %}
    {% endif %}
{% endmacro %}

{% macro named_columns() -%}
    {% for name in model.columns %}"{{ name }}"{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}
