select
    municipality_code,
    signal_month,
    criterion,
    kind,
    count(*) as households,
    count(*) filter (where is_sleper) as slepers,
    count(*) filter (where is_crisis) as crisis
from {{ ref('match') }}
where signal_month <= {{ as_of() }}
group by municipality_code, signal_month, criterion, kind
