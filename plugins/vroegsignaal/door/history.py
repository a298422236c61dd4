"""What signals are laid beside: the addresses that the municipality knows, and what their creditors reported before.

Nothing of a later month is looked at, and of earlier months only what is in force.
"""

from __future__ import annotations

import psycopg

from vroegsignaal.months import Month

REMEMBERED_MONTHS = 12
"""How far back a creditor's usual amounts and numbers of rows are looked for."""


def lay_out_history(connection: psycopg.Connection, month: Month, residents: bool) -> None:
    """Make the tables that the contract of signals joins; `residents`: whether this month has a register of them."""
    values = {
        "month": month.first_day,
        "day": month.match_day,
        "before": month.plus(-1).first_day,
        "first": month.plus(-REMEMBERED_MONTHS).first_day,
    }
    connection.execute(_KNOWN_ADDRESSES.format(this_month=_OF_THIS_MONTH if residents else ""), values)
    connection.execute(
        "create unlogged table quality.door_area as"
        " select distinct municipality_code, left(address_key, 4) as postcode_area, true as area_known"
        " from quality.door_address"
    )
    connection.execute(_MONTH_BEFORE, values)
    connection.execute(_USUAL_AMOUNTS, values)
    connection.execute(
        "analyze quality.door_address, quality.door_area, quality.door_month_before, quality.door_usual_amount"
    )


# Of each municipality the newest register that is known: this month's highest delivery, whose rows are being judged in
# the same run, else the newest accepted one.
_KNOWN_ADDRESSES = """
    create unlogged table quality.door_address as
    with newest as (
        select distinct on (municipality_code) municipality_code, drop_id, signal_month
        from raw.drop_ledger as ledger
        where feed = 'brp' and (
            (signal_month < %(month)s and status = 'accepted')
            or (
                signal_month = %(month)s and not exists (
                    select 1 from quality.door_finding as found
                    where found.drop_id = ledger.drop_id and found.severity = 'critical'
                )
            )
        )
        order by municipality_code, signal_month desc, delivery desc, drop_id desc
    ),
    known as (
        select kept.municipality_code, household.address_key
        from newest
        inner join quality.accepted_brp as kept using (drop_id)
        inner join vault.household as household using (household_id)
        where newest.signal_month < %(month)s
        {this_month}
    )
    select distinct municipality_code, address_key, true as address_known from known where address_key is not null
"""
_OF_THIS_MONTH = """
        union all
        select door.municipality_code, door.address_key from quality.door_brp as door inner join newest using (drop_id)
"""

# Somebody may be a customer at two addresses, with two amounts.
_MONTH_BEFORE = """
    create unlogged table quality.door_month_before as
    select
        ledger.municipality_code,
        ledger.creditor,
        kept.klantnummer,
        min(kept.bedrag) as least_before_eur,
        max(kept.bedrag) as most_before_eur
    from quality.accepted_signals as kept
    inner join raw.drop_ledger as ledger using (drop_id)
    where kept.signal_month = %(before)s and ledger.status = 'accepted'
    group by ledger.municipality_code, ledger.creditor, kept.klantnummer
"""

# Arrears are skewed, their logarithm is not; and median and median deviation (1.4826 times as large it is a standard
# deviation, were they normal) do not move with the very amounts that are looked for. Where most amounts are alike, a
# spread of a tenth is still allowed.
_USUAL_AMOUNTS = """
    create unlogged table quality.door_usual_amount as
    with history as (
        select ledger.municipality_code, ledger.creditor, ln(kept.bedrag::double precision) as size
        from quality.accepted_signals as kept
        inner join raw.drop_ledger as ledger using (drop_id)
        where kept.signal_month >= %(first)s and kept.signal_month < %(month)s and ledger.status = 'accepted'
    ),
    middle as (
        select
            municipality_code, creditor, count(*) as signals, percentile_cont(0.5) within group (order by size) as size
        from history group by municipality_code, creditor
    ),
    spread as (
        select
            history.municipality_code, history.creditor,
            greatest(0.1, 1.4826 * percentile_cont(0.5) within group (order by abs(history.size - middle.size))) as size
        from history inner join middle using (municipality_code, creditor)
        group by history.municipality_code, history.creditor
    ),
    policy as (
        select municipality_code, sector,
            max(value) filter (where parameter = 'unusual_amount_spreads') as spreads,
            max(value) filter (where parameter = 'unusual_amount_history') as history
        from config.policy_on(%(day)s) group by municipality_code, sector
    )
    select
        middle.municipality_code,
        middle.creditor,
        -- Amounts have at most thirty digits: e^70.
        exp(greatest(-70, middle.size - policy.spreads * spread.size))::numeric as usual_lowest_eur,
        exp(least(70, middle.size + policy.spreads * spread.size))::numeric as usual_highest_eur
    from middle
    inner join spread using (municipality_code, creditor)
    inner join config.creditors as register using (creditor)
    inner join policy on policy.municipality_code = middle.municipality_code and policy.sector = register.sector
    where middle.signals >= policy.history
"""
