with attempted as (

    select
        municipality_code,
        dossier_id,
        bool_or(is_reached) as is_reached
    from {{ ref('contact_attempt') }}
    where not is_after_closing
    group by municipality_code, dossier_id

),

rated as (

    -- Of each rate: whether a case is in the denominator (applies), and whether it is in the numerator (met).
    select
        dossier.municipality_code,
        dossier.period,
        rate.rate,
        rate.applies,
        rate.met
    from {{ ref('dossier_in_period') }} as dossier
    left join attempted using (municipality_code, dossier_id)
    cross join lateral (
        values
        ('of_walked', dossier.walking_month is not null, dossier.had_contact),
        ('of_all', true, dossier.had_contact),
        (
            'of_attempted',
            attempted.dossier_id is not null or dossier.flyer_on is not null or dossier.is_contact_after_flyer,
            attempted.is_reached or dossier.is_contact_after_flyer
        ),
        ('of_ended', dossier.is_ended, dossier.had_contact)
    ) as rate (rate, applies, met)

),

listed as (

    -- Also of a period without a case.
    select
        period.municipality_code,
        period.period,
        label.code as rate
    from {{ ref('period') }} as period
    cross join {{ ref('stg_label') }} as label
    where label.list = 'contact_rate'

),

counted as (

    select
        listed.municipality_code,
        listed.period,
        listed.rate,
        count(*) filter (where rated.applies and rated.met) as contact,
        count(*) filter (where rated.applies) as n
    from listed
    left join rated using (municipality_code, period, rate)
    group by listed.municipality_code, listed.period, listed.rate

)

select
    counted.municipality_code,
    counted.period,
    counted.rate,
    counted.contact,
    counted.n,
    {{ pct('counted.contact', 'counted.n') }} as pct,
    {{ one_decimal('margin.low_pct') }} as low_pct,
    {{ one_decimal('margin.high_pct') }} as high_pct,
    {{ is_small('counted.n') }} as is_small
from counted
cross join lateral statistics.wilson(counted.contact, counted.n) as margin
