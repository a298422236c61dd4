with standing_drop as (

    -- A superseded drop is replaced as a whole, its findings with it.
    select * from {{ ref('stg_drop') }} where status <> 'superseded'

)

select
    standing_drop.municipality_code,
    standing_drop.signal_month,
    standing_drop.feed,
    standing_drop.creditor,
    finding.rule,
    finding.severity,
    -- A finding on the whole drop has no line and counts as one.
    count(distinct finding.drop_id || ':' || coalesce(finding.line_no, 0)) as rows
from {{ ref('stg_finding') }} as finding
inner join standing_drop using (drop_id)
group by
    standing_drop.municipality_code, standing_drop.signal_month, standing_drop.feed, standing_drop.creditor,
    finding.rule, finding.severity
