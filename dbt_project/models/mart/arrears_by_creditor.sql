select
    dossier.municipality_code,
    dossier.period,
    coalesce(claim.creditor, {{ otherwise('creditor') }}) as creditor,
    count(*) as n,
    min(claim.amount_eur) as min_eur,
    max(claim.amount_eur) as max_eur,
    round(avg(claim.amount_eur), 2) as mean_eur
from {{ ref('dossier_in_period') }} as dossier
inner join {{ ref('dossier_signal') }} as claim using (municipality_code, dossier_id)
-- An amount that is not known is not zero.
where claim.amount_eur is not null
group by dossier.municipality_code, dossier.period, claim.creditor
