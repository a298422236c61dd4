with counted as (

    select
        municipality_code,
        walking_month,
        count(*) filter (where had_contact) as contact,
        count(*) filter (where not had_contact) as no_contact,
        count(*) as total
    from {{ ref('dossier') }}
    where walking_month is not null and not is_withdrawn
    group by municipality_code, walking_month

)

select
    *,
    {{ pct('contact', 'total') }} as pct_contact
from counted
