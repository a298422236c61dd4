select
    municipality_code,
    signal_month,
    criterion,
    coalesce(reason, role) as reason,
    count(*) as households,
    count(*) filter (where heropaf) as heropaf
from {{ ref('standing_selection') }}
where signal_month <= {{ as_of() }}
group by municipality_code, signal_month, criterion, coalesce(reason, role)
