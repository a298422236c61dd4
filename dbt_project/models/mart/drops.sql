with delivered as (

    select
        municipality_code,
        signal_month,
        feed,
        creditor,
        delivery,
        status,
        rows_read,
        rows_accepted,
        rows_quarantined,
        rows_rejected
    from {{ ref('stg_drop') }}

),

missing as (

    -- A creditor with an agreement on the 25th that delivered nothing in a month that was received.
    select distinct
        received.municipality_code,
        received.signal_month,
        'signals' as feed,
        agreement.creditor,
        null::integer as delivery,
        'missing' as status,
        0::bigint as rows_read,
        0::bigint as rows_accepted,
        0::bigint as rows_quarantined,
        0::bigint as rows_rejected
    from {{ ref('stg_month_received') }} as received
    inner join {{ ref('stg_agreement') }} as agreement
        on
            received.municipality_code = agreement.municipality_code
            and received.signal_month + 24 between agreement.valid_from and agreement.valid_to
    inner join {{ ref('stg_creditor') }} as creditor on agreement.creditor = creditor.creditor
    where not exists (
        select 1
        from delivered
        where
            delivered.municipality_code = received.municipality_code
            and delivered.signal_month = received.signal_month
            and delivered.feed = 'signals'
            and delivered.creditor = agreement.creditor
    )

)

select * from delivered
union all
select * from missing
