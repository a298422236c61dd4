"""A household that had refused and was selected again within the cool-off, without a change in any table.

The report tells of households that had refused help and stood on the walking list again. The stages before never make
one, so one dossier is given to a household that refused shortly before and matches once more, in the place of a
household with the same creditors. The amounts of the RIS change with it; which of a creditor's amounts are missing, and
a total that was registered on its own, make up for the difference. The signals stay as they were.
"""

import copy
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from pilot import plan
from pilot.matching import matches
from pilot.published import cells, number
from pilot.scope import CREDITORS, MONTHS
from pilot.solve.outcome_rows import REST, ROWS

REFUSALS = {"klant wil het zelf oplossen", "klant wil niet geholpen worden"}
COOL_OFF = 3
"""Months after an approach in which a household should have been left alone."""

Row = dict[str, str]


class Plan(NamedTuple):
    """The dossiers and, per dossier, what the RIS shows of its signals."""

    dossiers: list[Row]
    shown: dict[str, dict[str, str]]  # dossier -> creditor -> whole euros, empty when missing


def add() -> None:
    """Change the kept plan, once; a plan that has such a household stays as it is. Raises LookupError without one."""
    found = Plan(plan.read("dossiers"), defaultdict(dict))
    if any(row.get("instead_of") for row in found.dossiers):
        return
    for row in plan.read("dossier_signals"):
        found.shown[row["dossier"]][row["creditor"]] = row["amount"]
    changed = next((each for each in _changed(found) if _meets(each)), None)
    if changed is None:
        raise LookupError("no household that refused can take a dossier's place")
    columns = ("dossier", "household", "match_month", "walking_month", "outcome", "total", "instead_of")
    plan.write("dossiers", columns, [tuple(row.get(name, "") for name in columns) for row in changed.dossiers])
    rows = [(dossier, *signal) for dossier, signals in changed.shown.items() for signal in signals.items()]
    plan.write("dossier_signals", ("dossier", "creditor", "amount"), rows)


def _changed(found: Plan) -> Iterator[Plan]:
    """Plans with one dossier given away, and the amount of one of its creditors exchanged for a missing one."""
    reported = _reported()
    for household, month in _again(found, reported):
        latest = _latest(reported[household], month)
        for place, dossier in enumerate(found.dossiers):
            shown = found.shown[dossier["dossier"]]
            walked = dossier["match_month"] == MONTHS[month] and dossier["walking_month"]
            if walked and len(shown) > 1 and all(latest.get(c) and shown[c] for c in shown):
                yield from _given_away(found, reported, place, household, latest)


def _given_away(found: Plan, reported: dict, place: int, household: str, latest: dict[str, int]) -> Iterator[Plan]:
    changed = copy.deepcopy(found)
    dossier = changed.dossiers[place]
    dossier["instead_of"], dossier["household"] = dossier["household"], household
    shown = changed.shown[dossier["dossier"]] = {c: str(latest[c]) for c in found.shown[dossier["dossier"]]}
    total = sum(map(int, shown.values()))
    less, dossier["total"] = int(dossier["total"]) - total, str(total)
    for creditor in shown:
        for known, hidden in _exchanges(found, creditor, dossier):
            again = copy.deepcopy(changed)
            month = MONTHS.index(known["match_month"])
            again.shown[known["dossier"]][creditor] = str(_latest(reported[known["household"]], month)[creditor])
            again.shown[hidden["dossier"]][creditor] = ""
            row = next(row for row in again.dossiers if row["dossier"] == hidden["dossier"])
            row["total"] = str(int(row["total"]) + less)
            yield again


def _exchanges(found: Plan, creditor: str, dossier: Row) -> Iterator[tuple[Row, Row]]:
    """Two dossiers: one whose missing amount becomes known, and one whose amount, and total, may change for it."""
    walked = [row for row in found.dossiers if row["walking_month"] and row["match_month"] != "2019-01"]
    for known in walked:
        for hidden in walked:
            amounts = found.shown[hidden["dossier"]]
            if (
                found.shown[known["dossier"]].get(creditor) == ""
                and amounts.get(creditor)
                and all(amounts.values())
                and hidden["dossier"] != dossier["dossier"]
                and ROWS.get(hidden["outcome"], REST) == ROWS.get(dossier["outcome"], REST)
            ):
                yield known, hidden


def _again(found: Plan, reported: dict) -> Iterator[tuple[str, int]]:
    """(household, month index) of matches that are no dossier, within the cool-off of a refusal."""
    dossiers: dict[str, dict[int, str]] = defaultdict(dict)
    for row in found.dossiers:
        dossiers[row["household"]][MONTHS.index(row["match_month"])] = row["outcome"]
    for household, before in dossiers.items():
        for month, _ in sorted(matches((creditor, m) for creditor, m, _ in reported[household])):
            refused = any(0 < month - m <= COOL_OFF and outcome in REFUSALS for m, outcome in before.items())
            # January's dossiers stand in the RIS twice.
            if month not in before and refused and MONTHS[month] != "2019-01":
                yield household, month


def _reported() -> dict[str, list[tuple[str, int, int]]]:
    """Household -> (creditor, month index, whole euros) of its signals."""
    found = defaultdict(list)
    for row in plan.read("signals"):
        found[row["household"]].append((row["creditor"], MONTHS.index(row["month"]), int(float(row["amount"]))))
    return found


def _latest(signals: list[tuple[str, int, int]], month: int) -> dict[str, int]:
    """Creditor -> whole euros of its latest signal in the three months up to the month."""
    return {c: euros for c, m, euros in sorted(signals, key=lambda signal: signal[1]) if month - 2 <= m <= month}


def _meets(found: Plan) -> bool:
    """Whether tables 2.6 and 2.9 hold."""
    counted = [row for row in found.dossiers if row["outcome"]]
    known = [(c, int(euros)) for row in counted for c, euros in found.shown[row["dossier"]].items() if euros]
    totals = [(ROWS.get(row["outcome"], REST), int(row["total"])) for row in counted]
    return all(
        _row_meets(table, row, [euros for name, euros in values if row in (name, "totaal")])
        for table, values, rows in (
            ("table_2_06", known, (*CREDITORS, "totaal")),
            ("table_2_09", totals, (*dict.fromkeys(ROWS.values()), REST, "totaal")),
        )
        for row in rows
    )


def _row_meets(table: str, row: str, values: list[int]) -> bool:
    printed = cells(table)
    n, low, high, mean = (number(printed[row, column]) for column in ("n", "min_eur", "max_eur", "mean_eur"))
    return (len(values), min(values), max(values)) == (n, low, high) and abs(sum(values) / n - mean) < 0.5


if __name__ == "__main__":
    add()
