with lasted as (

    -- The months that were received: what is not known of did not cost anything either.
    select
        period.municipality_code,
        period.period,
        count(received.signal_month) as months
    from {{ ref('period') }} as period
    left join {{ ref('stg_month_received') }} as received
        on
            period.municipality_code = received.municipality_code
            and received.signal_month between period.first_month and least(period.last_month, {{ as_of() }})
    group by period.municipality_code, period.period

),

attempt as (

    select
        municipality_code,
        dossier_id,
        count(*) as attempts
    from {{ ref('contact_attempt') }}
    group by municipality_code, dossier_id

),

counted as (

    select
        lasted.municipality_code,
        lasted.period,
        lasted.months,
        count(dossier.dossier_id) as dossiers,
        count(dossier.walking_month) as walked,
        coalesce(sum(attempt.attempts), 0) as attempts,
        count(*) filter (where dossier.had_contact) as contact,
        count(*) filter (where dossier.has_plan) as plan,
        count(*) filter (where dossier.is_referred) as accepted
    from lasted
    left join {{ ref('dossier_in_period') }} as dossier using (municipality_code, period)
    left join attempt using (municipality_code, dossier_id)
    group by lasted.municipality_code, lasted.period, lasted.months

),

basis as (

    select
        counted.municipality_code,
        counted.period,
        number.basis,
        number.quantity
    from counted
    inner join {{ ref('municipalities') }} as municipality using (municipality_code)
    cross join lateral (
        values
        ('inhabitants_year', round(municipality.inhabitants * counted.months / 12.0, 2)),
        ('dossiers', counted.dossiers),
        ('walked', counted.walked),
        ('attempts', counted.attempts),
        ('contact', counted.contact),
        ('plan', counted.plan),
        ('accepted', counted.accepted)
    ) as number (basis, quantity)

),

item_in_scenario as (

    -- Costs run the other way, so that the balance of laag is the least favourable one and that of hoog the most.
    select
        item.item,
        item.side,
        item.label,
        item.bearer,
        item.basis,
        item.source,
        given.scenario,
        given.rate,
        given.unit_eur
    from {{ ref('stg_cost_item') }} as item
    cross join lateral (
        values
        (case when item.side = 'kosten' then 'hoog' else 'laag' end, item.rate_low, item.unit_eur_low),
        ('midden', item.rate_mid, item.unit_eur_mid),
        (case when item.side = 'kosten' then 'laag' else 'hoog' end, item.rate_high, item.unit_eur_high)
    ) as given (scenario, rate, unit_eur)

),

counted_item as (

    select
        basis.municipality_code,
        basis.period,
        basis.quantity,
        item.*,
        round(basis.quantity * item.rate * item.unit_eur, 2) as amount_eur
    from basis
    inner join item_in_scenario as item using (basis)

),

spent as (

    select
        counted.municipality_code,
        counted.period,
        -- Nothing said of costs is not no costs.
        sum(item.amount_eur) as quantity
    from counted
    left join counted_item as item
        on
            counted.municipality_code = item.municipality_code
            and counted.period = item.period
            and item.side = 'kosten'
            and item.scenario = 'midden'
    group by counted.municipality_code, counted.period

),

ratio as (

    select
        spent.municipality_code,
        spent.period,
        spent.quantity,
        item.*,
        round(spent.quantity * item.rate * item.unit_eur, 2) as amount_eur
    from spent
    inner join item_in_scenario as item on item.basis = 'costs'

),

scenario as (

    select * from counted_item

    union all

    select * from ratio

)

select
    municipality_code,
    period,
    scenario,
    side,
    item,
    label,
    bearer,
    basis,
    quantity,
    rate,
    unit_eur,
    amount_eur,
    source,
    {{ is_small('coalesce(quantity, 0)') }} as is_small
from scenario
