{# The columns of a selection that say what is done with a household: those that an exchange changes. #}
{% macro place_columns() -%}
    {{ return(['role', 'rank', 'channel']) }}
{%- endmacro %}

{# The columns of a selection that say what that rests on. #}
{% macro ground_columns() -%}
    {{ return([
        'reason', 'criterion', 'creditors', 'sectors', 'district', 'arrears_eur', 'heropaf', 'policy', 'kind', 'due_on',
        'is_crisis', 'is_sleper', 'is_secret', 'verified_by', 'doubt',
    ]) }}
{%- endmacro %}

{% macro columns_of(relation, columns) -%}
    {%- for column in columns -%}
        {{ relation }}.{{ column }}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# All columns of a selection, in the proposal and in the decision ledger alike; see `core.proposal` for what they are. #}
{% macro selection_columns(relation) -%}
    {{ columns_of(relation, ['municipality_code', 'signal_month', 'household_id'] + place_columns() + ground_columns()) }}
{%- endmacro %}
