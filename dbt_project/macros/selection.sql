{#
    The columns of a selection, in the proposal and in the decision ledger alike, that adjusting it does not change; see
    `core.proposal` for what they are.
#}
{% macro grounds(relation) -%}
    {%- for column in [
        'reason', 'criterion', 'creditors', 'sectors', 'district', 'arrears_eur', 'heropaf', 'policy', 'kind', 'is_crisis',
        'is_sleper', 'is_secret', 'verified_by', 'doubt',
    ] -%}
        {{ relation }}.{{ column }}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
