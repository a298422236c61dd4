"""Sections 2.1 and 2.2: signals and matches."""

from collections import Counter

from pilot.derived.marts import TOTAL, Derived, Query, counted, month, read, share, value
from pilot.scope import SECTORS


def signals(query: Query) -> Derived:
    """Table 2.1: accepted signals per month and creditor."""
    derived: Derived = {}
    columns = ("signal_month", "creditor", "signals")
    for row in read(query, "signals_by_month_creditor", columns, of_period=False):
        of_month, creditor = month(row), row["creditor"]
        for place in ((of_month, creditor), (of_month, TOTAL), (TOTAL, creditor), (TOTAL, TOTAL)):
            derived[place] = derived.get(place, 0) + value(row, "signals")
    return derived


def told_of_signals(query: Query) -> Derived:
    """What the text of section 2.1 says of table 2.1."""
    table = signals(query)
    months = [count for (row, column), count in table.items() if column == TOTAL and row != TOTAL and count]
    return {
        ("alle maanden", "signals"): table.get((TOTAL, TOTAL), 0),
        ("de_goede_woning", "signals"): table.get((TOTAL, "de_goede_woning"), 0),
        ("maand met de meeste signalen", "signals"): max(months, default=0),
        ("maand met de minste signalen", "signals"): min(months, default=0),
    }


def sectors(query: Query) -> Derived:
    """Figure 2.1: signals per sector, in percent."""
    table = signals(query)
    found: Counter = Counter()
    for (row, creditor), count in table.items():
        if row == TOTAL and creditor != TOTAL:
            found[SECTORS[creditor]] += count
    return {(sector, "vps_pct"): share(count, table[TOTAL, TOTAL]) for sector, count in found.items()}


def matches(query: Query) -> Derived:
    """Table 2.2: matches per month and criterion; the percentage of the total row is ours to compute."""
    counts = ("same_month", "three_months", "total")
    rows = read(query, "matches_by_month", ("signal_month", *counts, "pct_three_months"), of_period=False)
    derived = counted([(month(row), row) for row in rows], counts)
    derived |= {(month(row), "pct_three_months"): value(row, "pct_three_months") for row in rows}
    if rows:
        derived[TOTAL, "pct_three_months"] = share(derived[TOTAL, "three_months"], derived[TOTAL, "total"])
    return derived
