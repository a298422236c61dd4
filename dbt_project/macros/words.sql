{# What is doubtful about a household, in words for case workers. #}
{% macro in_words_doubt(doubt) -%}
    case {{ doubt }}
            when 'customer_gone' then 'wie een crediteur bedoelt staat er in de BRP als overleden of geëmigreerd'
            when 'customer_elsewhere' then 'wie een crediteur bedoelt staat in de BRP op een ander adres'
            when 'nobody_known' then 'niemand van wie de crediteuren bedoelen staat in de BRP op dit adres'
            when 'one_creditor_unknown' then 'een van de crediteuren bedoelt iemand die in de BRP niet op dit adres staat'
        end
{%- endmacro %}
