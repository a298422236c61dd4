{#
    Fails on rows whose key is not in another table: dbt's own test for that takes one column, and a key here starts with the
    municipality. An empty value refers to nothing. `key`: what the columns are called there, where that differs.
#}
{% test every_row_is_in(model, columns, to, key=none) %}
select distinct {{ columns | join(', ') }}
from {{ model }} as referring
where
    {% for column in columns -%}
    {{ column }} is not null and
    {% endfor -%}
    not exists (
        select 1
        from {{ to }} as referred
        where
            {% for column in columns -%}
            referred.{{ (key or columns)[loop.index0] }} = referring.{{ column }}{{ ' and ' if not loop.last }}
            {% endfor %}
    )
{% endtest %}
