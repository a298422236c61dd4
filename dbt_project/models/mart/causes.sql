select
    municipality_code,
    period,
    causes,
    count(*) as dossiers
from {{ ref('dossier_in_period') }}
where causes is not null
group by municipality_code, period, causes
