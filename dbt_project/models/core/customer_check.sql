{#
    Whether the register of residents knows the customers behind each match: the signals of every creditor's latest report.
    Who they are stays in the vault.
#}

{#
    Of whom was erased nothing is left to compare: what was found before stays (see the macro `rows_to_replace`).
#}

{{ config(meta={'keeps_erased': true}) }}

with customer as (

    select
        found.municipality_code,
        found.household_id,
        found.creditor,
        signal.drop_id,
        signal.line_no
    from {{ ref('match_creditor') }} as found
    inner join {{ ref('signal') }} as signal
        on
            found.municipality_code = signal.municipality_code
            and found.household_id = signal.household_id
            and found.creditor = signal.creditor
            and found.reported_month = signal.signal_month
    where
        found.signal_month = {{ month() }}
        and not exists (
            select 1
            from {{ source('quality', 'accepted_signals') }} as accepted
            where
                accepted.municipality_code = signal.municipality_code
                and accepted.drop_id = signal.drop_id
                and accepted.line_no = signal.line_no
                and accepted.erased
        )

),

given as (

    select
        coalesce(array_agg(drop_id order by drop_id, line_no), '{}') as drop_ids,
        coalesce(array_agg(line_no order by drop_id, line_no), '{}') as line_nos
    from customer

)

select
    customer.municipality_code,
    {{ month() }} as signal_month,
    customer.household_id,
    customer.creditor,
    checked.drop_id,
    checked.line_no,
    checked.by_bsn,
    checked.by_birth_date,
    checked.by_name,
    checked.is_gone,
    checked.is_elsewhere,
    checked.has_phone,
    checked.has_email
from given
cross join lateral vault.checked_customers({{ month() }}, given.drop_ids, given.line_nos) as checked
inner join customer on checked.drop_id = customer.drop_id and checked.line_no = customer.line_no
