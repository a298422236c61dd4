with attempted as (

    select
        municipality_code,
        dossier_id,
        count(*) as attempts,
        array[
            case when bool_and(coalesce({{ is_on('contact_kind', 'written') }}, false)) then 'written_only' end,
            case when bool_or(is_phone_call) then 'phone_call' end,
            case when bool_or(is_home_visit) then 'home_visit' end
        ] as channels
    from {{ ref('contact_attempt') }}
    where not is_after_closing
    group by municipality_code, dossier_id

),

claimed as (

    select
        municipality_code,
        dossier_id,
        array_agg(distinct sector) as sectors
    from {{ ref('dossier_signal') }}
    where sector is not null
    group by municipality_code, dossier_id

),

band as (

    select
        list,
        code,
        position as lowest,
        lead(position) over (partition by list order by position) as next_one
    from {{ ref('stg_label') }}
    where list in ('attempts', 'amount_band')

),

described as (

    select
        dossier.municipality_code,
        dossier.period,
        dossier.had_contact,
        dossier.is_referred,
        claimed.sectors,
        attempted.channels,
        attempted.dossier_id is not null as is_attempted,
        attempts_band.code as attempts,
        amount_band.code as amount,
        case
            -- What is not known yet is no definite lack of contact.
            when not dossier.is_ended and dossier.outcome_label = {{ otherwise('outcome') }} then 'open'
            when {{ is_on('dossier.outcome_label', 'national_outcome') }} then dossier.outcome_label
            else 'not_listed'
        end as outcome
    from {{ ref('dossier_in_period') }} as dossier
    left join attempted using (municipality_code, dossier_id)
    left join claimed using (municipality_code, dossier_id)
    left join band as attempts_band
        on
            attempts_band.list = 'attempts'
            and attempted.attempts >= attempts_band.lowest
            and (attempts_band.next_one is null or attempted.attempts < attempts_band.next_one)
    left join band as amount_band
        on
            amount_band.list = 'amount_band'
            and dossier.total_eur >= amount_band.lowest
            and (amount_band.next_one is null or dossier.total_eur < amount_band.next_one)

),

dossier as (

    -- Cases that are alike are counted together before they are laid beside every indicator.
    select
        *,
        count(*) as n
    from described
    group by
        municipality_code, period, had_contact, is_referred, sectors, channels, is_attempted, attempts, amount, outcome

),

told as (

    -- Of each indicator: whether cases are in the denominator (applies), and whether in the numerator (met).
    select
        listed.municipality_code,
        listed.period,
        listed.indicator,
        listed.dimension,
        dossier.n,
        told.applies,
        told.met
    from {{ ref('indicator_row') }} as listed
    left join dossier using (municipality_code, period)
    inner join lateral (
        values
        ('cases_per_1000', true, {{ is_among("array['total'] || dossier.sectors", 'listed.codes') }}),
        ('contact', true, dossier.had_contact),
        (
            'contact_by_channel',
            {{ is_among('dossier.channels', 'listed.codes') }},
            dossier.had_contact
        ),
        (
            'contact_by_attempts',
            {{ is_among('array[dossier.attempts]', 'listed.codes') }},
            dossier.had_contact
        ),
        (
            'contact_by_sector',
            dossier.is_attempted and {{ is_among('dossier.sectors', 'listed.codes') }},
            dossier.had_contact
        ),
        (
            'contact_by_amount',
            dossier.is_attempted and {{ is_among('array[dossier.amount]', 'listed.codes') }},
            dossier.had_contact
        ),
        ('national_outcome', true, {{ is_among('array[dossier.outcome]', 'listed.codes') }}),
        ('help_of_cases', true, dossier.is_referred),
        ('help_of_contacts', dossier.had_contact, dossier.is_referred)
    ) as told (indicator, applies, met) on listed.indicator = told.indicator

)

select
    municipality_code,
    period,
    indicator,
    dimension,
    coalesce(sum(n) filter (where applies and met), 0)::bigint as numerator,
    coalesce(sum(n) filter (where applies), 0)::bigint as denominator
from told
group by municipality_code, period, indicator, dimension
