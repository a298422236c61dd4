select
    municipality_code,
    year,
    district,
    sum(n) filter (where part = 'selected' and not is_withheld)::bigint as selected,
    sum(n) filter (where part = 'not_selected' and not is_withheld)::bigint as not_selected,
    bool_or(is_withheld) as is_withheld
from {{ ref('district_shown') }}
where about = 'selection'
group by municipality_code, year, district
