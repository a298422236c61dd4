"""Section 2.3: the dossiers and the signals in them."""

from collections import Counter

from pilot.derived.marts import (
    RANGE,
    UNKNOWN,
    Derived,
    Query,
    counted,
    month,
    percentages,
    ranges,
    read,
    share,
    value,
)
from pilot.scope import SECTORS

SOURCES = ("vps", "ris")


def by_month(query: Query) -> Derived:
    """Table 2.3: dossiers per month and number of signals."""
    columns = ("one_signal", "two_signals", "three_signals", "total")
    rows = read(query, "dossiers_by_month", ("signal_month", *columns), of_period=False)
    return counted([(month(row), row) for row in rows], columns)


def by_creditor(query: Query) -> Derived:
    """Table 2.4: signals per creditor, delivered and in the dossiers."""
    rows = _by_creditor(query)
    derived = counted(rows, [f"{source}_signals" for source in SOURCES])
    for source in SOURCES:
        derived |= percentages(rows, f"{source}_pct")
    return derived


def by_sector(query: Query) -> Derived:
    """Figure 2.2: the same per sector, in percent."""
    derived: Derived = {}
    for source in SOURCES:
        found: Counter = Counter()
        for creditor, row in _by_creditor(query):
            found[SECTORS.get(creditor, UNKNOWN)] += value(row, f"{source}_signals")
        derived |= {(sector, f"{source}_pct"): share(count, found.total()) for sector, count in found.items()}
    return derived


def by_combination(query: Query) -> Derived:
    """Table 2.5: dossiers per combination of sectors."""
    rows = read(query, "dossiers_by_combination", ("combination", "dossiers", "pct"))
    named = [(row["combination"], row) for row in rows]
    return counted(named, ("dossiers",)) | percentages(named, "pct")


def arrears_by_creditor(query: Query) -> Derived:
    """Table 2.6: the known amounts per creditor."""
    rows = read(query, "arrears_by_creditor", ("creditor", *RANGE))
    return ranges([(row["creditor"] or UNKNOWN, row) for row in rows])


def _by_creditor(query: Query) -> list[tuple[str, dict]]:
    columns = [f"{source}_{what}" for source in SOURCES for what in ("signals", "pct")]
    rows = read(query, "signals_by_creditor_source", ("creditor", *columns))
    return [(row["creditor"] or UNKNOWN, row) for row in rows]
