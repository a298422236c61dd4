"""The months of a country, straight into the tables that matching reads: as intake and door would leave them.

Where only matching is measured, a million rows need not pass the door first. The same rows as those of the landing area
(`bench.landing_area`), but for numbers that stand for an address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

import psycopg

from bench.country import Municipality, Signal, born
from bench.landing_area import NAMES, OUTCOMES, signal_id
from vroegsignaal import configuration, warehouse
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

_LEDGER = (
    "drop_id, municipality_code, signal_month, feed, creditor, rows_read, rows_accepted, status, delivery, sha256,"
)
_LEDGER += " file, decimal_separator, thousands_separator"
_ROW = "drop_id, line_no, municipality_code, signal_month, creditor, household_id"
COLUMNS = {
    "signals": f"{_ROW}, signaal_id, klantnummer, bedrag, ontstaansdatum, signaaldatum, crisissignaal, achternaam,"
    " geboortedatum, telefoonnummer",
    "withdrawals": f"{_ROW}, signaal_id, reden, datum",
    "brp": f"{_ROW}, bsn, geslachtsnaam, geboortedatum, wijk, opschorting",
    "shv": f"{_ROW}, traject_id, startdatum",
    "ris_dossiers": f"{_ROW}, dossier_id, aangemaakt_op, matchmaand, resultaat, afgesloten_op, totaal_bedrag",
}
_HOUSEHOLDS_OF_A_MUNICIPALITY = 100_000_000


def fill(here: Settings, towns: list[Municipality], month: Month, months: int = 3) -> None:
    """Put the months up to this one in the tables, with the registers and cases of the last, and have them analysed."""
    with warehouse.connect(here, "owner") as connection:
        configuration.load(here, connection)
        drops = count(1)
        for number in reversed(range(months)):
            for town in towns:
                _receive(connection, town, month.plus(-number), drops, registers=number == 0)
    with warehouse.open_connection(here, "owner") as connection:
        for feed in COLUMNS:
            connection.execute(f"vacuum (analyze) quality.accepted_{feed}")
        connection.execute("analyze raw.drop_ledger")


def _receive(
    connection: psycopg.Connection, town: Municipality, month: Month, drops: Iterator[int], registers: bool
) -> None:
    connection.execute("insert into raw.month_received values (%s, %s)", [town.code, month.first_day])
    for place, creditor in enumerate(town.creditors):
        signals = (_signal(town, month, each) for each in town.signals_of(place, month))
        _put(connection, "signals", (next(drops), town, month, creditor.name), signals)
        taken_back = (
            (None, signal_id(month, each), "betaald", month.match_day) for each in town.withdrawn(place, month)
        )
        _put(connection, "withdrawals", (next(drops), town, month, creditor.name), taken_back)
    if registers:
        _put(connection, "brp", (next(drops), town, month, None), _residents(town))
        _put(connection, "shv", (next(drops), town, month, None), _debt_help(town))
        _put(connection, "ris_dossiers", (next(drops), town, month, None), _cases(town, month.plus(-1)))


def _put(
    connection: psycopg.Connection, feed: str, drop: tuple[int, Municipality, Month, str | None], rows: Iterable[tuple]
) -> None:
    """One drop: its rows, and its line in the ledger."""
    number, town, month, creditor = drop
    lines = 0
    statement = f"copy quality.accepted_{feed} ({COLUMNS[feed]}) from stdin"
    with connection.cursor().copy(statement) as into:  # type: ignore[arg-type]
        for lines, (household, *values) in enumerate(rows, start=1):
            into.write_row((number, lines, town.code, month.first_day, creditor, household, *values))
    connection.execute(
        f"insert into raw.drop_ledger ({_LEDGER}) values (%s, %s, %s, %s, %s, %s, %s, 'accepted', 1, %s, '', ',', '')",
        [number, town.code, month.first_day, feed, creditor, lines, lines, str(number)],
    )


def _household(town: Municipality, household: int) -> int:
    return town.number * _HOUSEHOLDS_OF_A_MUNICIPALITY + household + 1


def _signal(town: Municipality, month: Month, signal: Signal) -> tuple:
    return (
        _household(town, signal.household),
        signal_id(month, signal),
        f"K{signal.customer}",
        f"{signal.cents // 100}.{signal.cents % 100:02d}",
        signal.since,
        signal.day,
        signal.is_crisis,
        NAMES[signal.household % 10],
        born(signal.household, 0),
        "0600000000",
    )


def _residents(town: Municipality) -> Iterator[tuple]:
    for each in town.residents():
        household = _household(town, each.household)
        yield household, each.bsn, NAMES[each.household % 10], each.born, each.district, each.suspension or None


def _debt_help(town: Municipality) -> Iterator[tuple]:
    for household in town.in_debt_help():
        yield _household(town, household), f"T{household}", "2018-06-01"


def _cases(town: Municipality, matched: Month) -> Iterator[tuple]:
    for place, household in enumerate(town.approached(matched)):
        is_closed = place % 3 > 0
        yield (
            _household(town, household),
            f"{matched}-{household}",
            matched.match_day,
            matched.first_day,
            OUTCOMES[place % 3] if is_closed else None,
            matched.plus(1).first_day if is_closed else None,
            str(200 + household % 900),
        )
