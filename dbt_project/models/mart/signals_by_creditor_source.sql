with reported as (

    select
        period.municipality_code,
        period.period,
        signal.creditor,
        count(*) as vps_signals,
        0::bigint as ris_signals
    from {{ ref('period') }} as period
    inner join {{ ref('signal') }} as signal
        on
            period.municipality_code = signal.municipality_code
            and signal.signal_month between period.first_month and period.last_month
    where signal.signal_month <= {{ as_of() }}
    group by period.municipality_code, period.period, signal.creditor

),

registered as (

    select
        dossier.municipality_code,
        dossier.period,
        coalesce(claim.creditor, {{ otherwise('creditor') }}) as creditor,
        0::bigint as vps_signals,
        count(*) as ris_signals
    from {{ ref('dossier_in_period') }} as dossier
    inner join {{ ref('dossier_signal') }} as claim using (municipality_code, dossier_id)
    group by dossier.municipality_code, dossier.period, claim.creditor

),

counted as (

    select
        municipality_code,
        period,
        creditor,
        sum(vps_signals)::bigint as vps_signals,
        sum(ris_signals)::bigint as ris_signals
    from (
        select * from reported
        union all
        select * from registered
    ) as told
    group by municipality_code, period, creditor

)

select
    municipality_code,
    period,
    creditor,
    vps_signals,
    {{ pct('vps_signals', 'sum(vps_signals) over in_period') }} as vps_pct,
    ris_signals,
    {{ pct('ris_signals', 'sum(ris_signals) over in_period') }} as ris_pct
from counted
window in_period as (partition by municipality_code, period)
