with checked as (

    -- A match of which no register of residents could be used was not checked, and is no candidate.
    select
        period.municipality_code,
        period.period,
        array[candidate.reason, case when candidate.doubt is not null then 'doubt' end] as codes,
        count(*) as n
    from {{ ref('period') }} as period
    inner join {{ ref('candidate') }} as candidate
        on
            period.municipality_code = candidate.municipality_code
            and candidate.signal_month between period.first_month and period.last_month
    where candidate.signal_month <= {{ as_of() }}
    group by period.municipality_code, period.period, candidate.reason, candidate.doubt is not null

),

delivered as (

    select
        municipality_code,
        signal_month,
        creditor,
        min(received_at) filter (where status <> 'rejected') as received_at
    from {{ ref('stg_drop') }}
    where feed = 'signals'
    group by municipality_code, signal_month, creditor

),

delivery as (

    -- In time as in creditor_scorecard: before the selection of its month was approved.
    select
        period.municipality_code,
        period.period,
        array[
            case when delivered.creditor is not null then 'received' end,
            case when delivered.creditor is not null and delivered.received_at is null then 'rejected' end,
            case when delivered.received_at <= coalesce(approval.approved_at, 'infinity') then 'on_time' end
        ] as codes,
        count(*) as n
    from {{ ref('period') }} as period
    inner join {{ ref('stg_expected_delivery') }} as expected
        on
            period.municipality_code = expected.municipality_code
            and expected.signal_month between period.first_month and period.last_month
    left join delivered
        on
            expected.municipality_code = delivered.municipality_code
            and expected.signal_month = delivered.signal_month
            and expected.creditor = delivered.creditor
    left join {{ source('decision', 'approval') }} as approval
        on
            expected.municipality_code = approval.municipality_code
            and expected.signal_month = approval.signal_month
    where expected.signal_month <= {{ as_of() }}
    group by period.municipality_code, period.period, codes

),

fact as (

    select
        'brp_mismatch' as indicator,
        checked.*
    from checked

    union all

    select
        'deliveries' as indicator,
        delivery.*
    from delivery

)

select
    listed.municipality_code,
    listed.period,
    listed.indicator,
    listed.dimension,
    coalesce(sum(fact.n) filter (where {{ is_among('fact.codes', 'listed.codes') }}), 0)::bigint as numerator,
    coalesce(sum(fact.n), 0)::bigint as denominator
from {{ ref('indicator_row') }} as listed
left join fact using (municipality_code, period, indicator)
where listed.indicator in ('brp_mismatch', 'deliveries')
group by listed.municipality_code, listed.period, listed.indicator, listed.dimension
