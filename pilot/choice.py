"""Month by month whom the platform would have chosen in the pilot, beside the cases that were made then."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from pilot.published import cells, number
from pilot.scope import MUNICIPALITY

Query = Callable[[str], list[dict]]
"""Runs one SQL statement as the role bi and gives its rows."""


class Choice(NamedTuple):
    """A month of the pilot: the printed number of cases, and numbers of households by what became of them."""

    month: str
    cases_then: int
    matches: int
    selected: int
    reserve: int
    reasons: dict[str, int]
    """Of those who were neither."""


def choices(query: Query) -> list[Choice]:
    """One entry per month that was matched, in order."""
    rows = query(
        "select signal_month, role, reason, households from mart.selection_by_month"  # noqa: S608 (constants)
        f" where municipality_code = '{MUNICIPALITY}' order by signal_month"
    )
    then = cells("table_2_03")
    by_month: dict[str, list[dict]] = {}
    for row in rows:
        by_month.setdefault(str(row["signal_month"])[:7], []).append(row)
    found = []
    for month, of_month in by_month.items():
        roles, reasons = Counter(), Counter()
        for row in of_month:
            roles[row["role"]] += int(row["households"])
            if row["reason"]:
                reasons[row["reason"]] += int(row["households"])
        printed = int(number(then.get((month, "total"), "0")))
        found.append(
            Choice(month, printed, roles.total(), roles["selected"], roles["reserve"], dict(sorted(reasons.items())))
        )
    return found


def format_choices(found: list[Choice]) -> str:
    """A line per month."""
    lines = [
        f"{each.month}: {each.matches} matches, {each.selected} selected and {each.reserve} in reserve"
        f" (then: {each.cases_then} cases); not selected: "
        + (", ".join(f"{count} {reason}" for reason, count in each.reasons.items()) or "nobody")
        for each in found
    ]
    return "\n".join(lines)
