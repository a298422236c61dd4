{# The label for what is empty, or on no code list. #}
{% macro otherwise(code) -%}
    (select fallback.label from {{ ref('stg_label') }} as fallback where fallback.list = 'otherwise' and fallback.code = '{{ code }}')
{%- endmacro %}

{# Whether a code is on a list of labels; empty for an empty code. #}
{% macro is_on(column, list) -%}
    {{ column }} in (select listed.code from {{ ref('stg_label') }} as listed where listed.list = '{{ list }}')
{%- endmacro %}

{# Whether a code is on a code list; empty for an empty code. #}
{% macro is_code(column, list) -%}
    {{ column }} in (select known.code from {{ ref('code_lists') }} as known where known.list = '{{ list }}')
{%- endmacro %}

{#
    A code of a code list as it is, and the label for what is empty. What is on no list may be a remark about somebody,
    and is only said to be there.
#}
{% macro as_listed(column, list, empty) -%}
    case
        when {{ column }} is null then {{ otherwise(empty) }}
        when {{ is_code(column, list) }} then {{ column }}
        else {{ otherwise('not_listed') }}
    end
{%- endmacro %}

{# An array of labels in words: `wonen`, `wonen en zorg`, `wonen, zorg en energie`; empty for an empty array. #}
{% macro in_words(labels) -%}
    case
        when cardinality({{ labels }}) <= 1 then {{ labels }}[1]
        else
            array_to_string({{ labels }}[1:cardinality({{ labels }}) - 1], ', ')
            || ' en ' || {{ labels }}[cardinality({{ labels }})]
    end
{%- endmacro %}

{#
    The labels of a text with codes separated by a vertical bar, in the order of their list, each once; null when there is
    none. What is on no list may be a remark about somebody, and is only said to be there.
#}
{% macro labels_of(column, list) -%}
    (
        select array_agg(found.label order by found.position nulls last, found.label)
        from (
            select distinct
                coalesce(known.label, {{ otherwise('not_listed') }}) as label,
                known.position
            from unnest(string_to_array({{ column }}, '|')) as given (code)
            left join {{ ref('stg_label') }} as known
                on known.list = '{{ list }}' and lower(btrim(given.code)) = lower(known.code)
            where btrim(given.code) <> ''
        ) as found
    )
{%- endmacro %}

{# Whether one of the codes of an array is among those of a text, separated by a vertical bar; null for no array. #}
{% macro is_among(given, codes) -%}
    {{ given }} && string_to_array({{ codes }}, '|')
{%- endmacro %}

{# A share in percent with one decimal; null of nothing. #}
{% macro pct(part, whole) -%}
    round(100.0 * {{ part }} / nullif({{ whole }}, 0), 1)
{%- endmacro %}

{# Of so few a percentage misleads. #}
{% macro is_small(n) -%}
    {{ n }} < 5
{%- endmacro %}

{# What a function of `statistics` gives, with one decimal. #}
{% macro one_decimal(value) -%}
    round({{ value }}::numeric, 1)
{%- endmacro %}
