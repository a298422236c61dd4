select
    municipality_code,
    year,
    district,
    sum(n) filter (where part = 'contact' and not is_withheld)::bigint as contact,
    sum(n) filter (where part = 'no_contact' and not is_withheld)::bigint as no_contact,
    bool_or(is_withheld) as is_withheld
from {{ ref('district_shown') }}
where about = 'cases'
group by municipality_code, year, district
