-- Who leaves out the file gets the project's own, with the period of a municipality that may be another.
select
    period.municipality_code,
    period.period,
    period.period_start,
    period.period_end
from {{ ref('periods') }} as period
inner join {{ ref('municipalities') }} using (municipality_code)
