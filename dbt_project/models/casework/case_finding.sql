select
    finding.municipality_code,
    finding.match_month as signal_month,
    finding.dossier_id,
    dossier.household_id,
    finding.finding,
    {{ is_on('finding.finding', 'prevented') }} as is_prevented
from {{ ref('dossier_finding') }} as finding
left join {{ ref('newest_dossier') }} as dossier using (municipality_code, dossier_id)
where {{ in_own_municipality() }}
