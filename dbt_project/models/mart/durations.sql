with bucket as (

    select
        label as bucket,
        position as first_day,
        lead(position) over (order by position) as next_day
    from {{ ref('stg_label') }}
    where list = 'duration'

),

counted as (

    -- Of the cases that were closed, and not before they were made.
    select
        dossier.municipality_code,
        dossier.period,
        bucket.bucket,
        count(*) as dossiers
    from {{ ref('dossier_in_period') }} as dossier
    inner join bucket
        on
            dossier.days_to_closing >= bucket.first_day
            and (bucket.next_day is null or dossier.days_to_closing < bucket.next_day)
    group by dossier.municipality_code, dossier.period, bucket.bucket

)

select
    *,
    {{ pct('dossiers', 'sum(dossiers) over (partition by municipality_code, period)') }} as pct
from counted
