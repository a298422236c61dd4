{#
    Whether the register of residents knows whom the creditors mean, per matched household. Matching itself is by address:
    this tells case workers how sure it is, and what is doubtful.
#}

with by_creditor as (

    -- A creditor may have two customers at an address: one who is known is enough.
    select
        municipality_code,
        household_id,
        creditor,
        bool_or(by_bsn) as by_bsn,
        bool_or(by_birth_date) as by_birth_date,
        bool_or(by_name) as by_name,
        bool_or(by_bsn or by_birth_date or by_name) as is_known,
        bool_or(is_gone) as is_gone,
        bool_or(is_elsewhere) as is_elsewhere,
        bool_or(has_phone) as has_phone,
        bool_or(has_email) as has_email
    from {{ ref('customer_check') }}
    where signal_month = {{ month() }}
    group by municipality_code, household_id, creditor

)

select
    municipality_code,
    {{ month() }} as signal_month,
    household_id,
    -- The strongest tier that any creditor's customer reaches.
    case
        when bool_or(by_bsn) then 'bsn'
        when bool_or(by_birth_date) then 'address_birth_date'
        when bool_or(by_name) then 'address_name'
        else 'address'
    end as verified_by,
    -- What a person should look at first; not a reason to leave anybody out.
    case
        when bool_or(is_gone and not is_known) then 'customer_gone'
        when bool_or(is_elsewhere and not is_known) then 'customer_elsewhere'
        when not bool_or(is_known) then 'nobody_known'
        when not bool_and(is_known) then 'one_creditor_unknown'
    end as doubt,
    bool_or(has_phone) as has_phone,
    bool_or(has_email) as has_email
from by_creditor
group by municipality_code, household_id
