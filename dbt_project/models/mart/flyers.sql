select
    period.municipality_code,
    period.period,
    count(dossier.flyer_on) as flyer_left,
    count(*) filter (where dossier.is_contact_after_flyer) as contact_after_flyer,
    count(dossier.dossier_id) as dossiers
from {{ ref('period') }} as period
left join {{ ref('dossier_in_period') }} as dossier using (municipality_code, period)
group by period.municipality_code, period.period
