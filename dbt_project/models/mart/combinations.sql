with counted as (

    -- Of who was never visited nothing follows about contact.
    select
        municipality_code,
        period,
        combination,
        count(*) as dossiers,
        count(*) filter (where had_contact) as contact,
        count(*) filter (where is_referred) as accepted
    from {{ ref('dossier_in_period') }}
    where walking_month is not null
    group by municipality_code, period, combination

)

select
    counted.municipality_code,
    counted.period,
    counted.combination,
    counted.dossiers,
    counted.contact,
    {{ pct('counted.contact', 'counted.dossiers') }} as pct_contact,
    {{ one_decimal('of_contact.low_pct') }} as contact_low_pct,
    {{ one_decimal('of_contact.high_pct') }} as contact_high_pct,
    counted.accepted,
    {{ pct('counted.accepted', 'counted.dossiers') }} as pct_accepted,
    {{ one_decimal('of_accepted.low_pct') }} as accepted_low_pct,
    {{ one_decimal('of_accepted.high_pct') }} as accepted_high_pct,
    {{ is_small('counted.dossiers') }} as is_small
from counted
cross join lateral statistics.wilson(counted.contact, counted.dossiers) as of_contact
cross join lateral statistics.wilson(counted.accepted, counted.dossiers) as of_accepted
