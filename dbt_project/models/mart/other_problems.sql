select
    dossier.municipality_code,
    dossier.period,
    problem.label as problem,
    count(*) as dossiers
from {{ ref('dossier_in_period') }} as dossier
cross join lateral unnest(string_to_array(dossier.other_problems, '|')) as problem (label)
group by dossier.municipality_code, dossier.period, problem.label
