{#
    Whether the register of residents knows whom the creditors mean, per matched household. Matching itself is by address:
    this tells case workers how sure it is, and what is doubtful.
#}

with customer as (

    -- The signals behind the latest report of each creditor.
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
    where found.signal_month = {{ month() }}

),

register as (

    select
        municipality_code,
        drop_id
    from {{ ref('population_register') }}
    where signal_month = {{ month() }} and state = 'usable'

),

at_address as (

    select
        customer.municipality_code,
        customer.household_id,
        customer.creditor,
        bool_or(beside.same_bsn) filter (where beside.suspension is null) as by_bsn,
        bool_or(beside.same_birth_date) filter (where beside.suspension is null) as by_birth_date,
        bool_or(beside.same_name) filter (where beside.suspension is null) as by_name,
        bool_or(beside.same_bsn or (beside.same_birth_date and beside.same_name))
            filter (where beside.suspension is not null) as is_gone
    from customer
    inner join register using (municipality_code)
    inner join {{ source('vault', 'customer_at_address') }} as beside
        on
            customer.drop_id = beside.drop_id
            and customer.line_no = beside.line_no
            and register.drop_id = beside.register_drop_id
    group by customer.municipality_code, customer.household_id, customer.creditor

),

elsewhere as (

    select distinct
        customer.municipality_code,
        customer.household_id,
        customer.creditor
    from customer
    inner join register using (municipality_code)
    inner join {{ source('vault', 'customer_elsewhere') }} as other
        on
            customer.drop_id = other.drop_id
            and customer.line_no = other.line_no
            and register.drop_id = other.register_drop_id

),

reachable as (

    select
        customer.municipality_code,
        customer.household_id,
        bool_or(contact.has_phone) as has_phone,
        bool_or(contact.has_email) as has_email
    from customer
    inner join {{ source('vault', 'customer') }} as contact
        on customer.drop_id = contact.drop_id and customer.line_no = contact.line_no
    group by customer.municipality_code, customer.household_id

),

by_creditor as (

    select
        found.municipality_code,
        found.household_id,
        coalesce(at_address.by_bsn, false) as by_bsn,
        coalesce(at_address.by_birth_date, false) as by_birth_date,
        coalesce(at_address.by_name, false) as by_name,
        coalesce(at_address.by_bsn or at_address.by_birth_date or at_address.by_name, false) as is_known,
        coalesce(at_address.is_gone, false) as is_gone,
        elsewhere.household_id is not null as is_elsewhere
    from {{ ref('match_creditor') }} as found
    left join at_address using (municipality_code, household_id, creditor)
    left join elsewhere using (municipality_code, household_id, creditor)
    where found.signal_month = {{ month() }}

)

select
    verified.municipality_code,
    {{ month() }} as signal_month,
    verified.household_id,
    -- The strongest tier that any creditor's customer reaches.
    case
        when bool_or(verified.by_bsn) then 'bsn'
        when bool_or(verified.by_birth_date) then 'address_birth_date'
        when bool_or(verified.by_name) then 'address_name'
        else 'address'
    end as verified_by,
    -- What a person should look at first; not a reason to leave anybody out.
    case
        when bool_or(verified.is_gone and not verified.is_known) then 'customer_gone'
        when bool_or(verified.is_elsewhere and not verified.is_known) then 'customer_elsewhere'
        when not bool_or(verified.is_known) then 'nobody_known'
        when not bool_and(verified.is_known) then 'one_creditor_unknown'
    end as doubt,
    coalesce(bool_or(reachable.has_phone), false) as has_phone,
    coalesce(bool_or(reachable.has_email), false) as has_email
from by_creditor as verified
left join reachable using (municipality_code, household_id)
group by verified.municipality_code, verified.household_id
