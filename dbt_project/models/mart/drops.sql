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
    select
        expected.municipality_code,
        expected.signal_month,
        'signals' as feed,
        expected.creditor,
        null::integer as delivery,
        'missing' as status,
        0::bigint as rows_read,
        0::bigint as rows_accepted,
        0::bigint as rows_quarantined,
        0::bigint as rows_rejected
    from {{ ref('stg_expected_delivery') }} as expected
    where not exists (
        select 1
        from delivered
        where
            delivered.municipality_code = expected.municipality_code
            and delivered.signal_month = expected.signal_month
            and delivered.feed = 'signals'
            and delivered.creditor = expected.creditor
    )

)

select * from delivered
union all
select * from missing
