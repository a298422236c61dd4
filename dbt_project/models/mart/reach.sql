with numbered as (

    select
        municipality_code,
        dossier_id,
        is_reached,
        -- What is on no code list may be a remark about somebody.
        {{ as_listed('part_of_day', 'part_of_day', 'attempt') }} as part_of_day_label,
        {{ as_listed('contact_kind', 'contact_kind', 'attempt') }} as contact_kind_label,
        row_number() over (
            partition by municipality_code, dossier_id
            order by attempted_on, array_position(array['Ochtend', 'Middag', 'Avond'], part_of_day), contact_kind
        ) as attempt_no
    from {{ ref('contact_attempt') }}

),

described as (

    -- Every attempt counts once in each dimension.
    select
        standing.municipality_code,
        standing.period,
        told.dimension,
        told.value,
        numbered.is_reached
    from {{ ref('dossier_in_period') }} as standing
    inner join numbered using (municipality_code, dossier_id)
    cross join lateral (
        values
        ('dagdeel', numbered.part_of_day_label),
        ('soort', numbered.contact_kind_label),
        ('poging', case when numbered.attempt_no < 3 then numbered.attempt_no::text else '3 of meer' end)
    ) as told (dimension, value)

),

counted as (

    select
        municipality_code,
        period,
        dimension,
        value,
        count(*) as attempts,
        count(*) filter (where is_reached) as reached
    from described
    group by municipality_code, period, dimension, value

)

select
    counted.municipality_code,
    counted.period,
    counted.dimension,
    counted.value,
    counted.attempts,
    counted.reached,
    {{ pct('counted.reached', 'counted.attempts') }} as pct_reached,
    {{ one_decimal('margin.low_pct') }} as low_pct,
    {{ one_decimal('margin.high_pct') }} as high_pct,
    {{ is_small('counted.attempts') }} as is_small
from counted
cross join lateral statistics.wilson(counted.reached, counted.attempts) as margin
