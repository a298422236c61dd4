"""The ways in which a household can come to match exactly once: which creditors reported it in which months.

A signal is (creditor, month index). At most one signal of a pattern is older than the match month: two older ones
would have been a match before.
"""

from itertools import combinations, product
from typing import NamedTuple

from pilot.scope import CREDITORS, SECTORS, UNKNOWN

Signal = tuple[str, int]
MONTHS_BACK = (0, 1, 2)
ONE_SIGNAL_MONTHS = (10, 11)
"""July and August, the two months of table 2.3 with a dossier of one signal."""


class Match(NamedTuple):
    """A way to match: the month, the criterion, and the signals behind it."""

    month: int
    criterion: str
    signals: tuple[Signal, ...]


class Case(NamedTuple):
    """A match that became a dossier, with the creditors that the RIS shows of it."""

    match: Match
    shown: tuple[str, ...]

    @property
    def combination(self) -> tuple[str, ...]:
        """The sectors shown, sorted: what table 2.5 counts by."""
        return tuple(sorted(SECTORS.get(creditor, "onbekend") for creditor in self.shown))


def matches(month: int, capacity: dict[Signal, int], size: int) -> list[Match]:
    """Every way to match in the month with `size` creditors, at most one of them a landlord.

    `capacity` holds the number of signals of each delivery; one that is absent or 0 was never made.
    """
    found = []
    for creditors in combinations(CREDITORS, size):
        if [SECTORS[creditor] for creditor in creditors].count("wonen") > 1:
            continue
        for back in product(MONTHS_BACK, repeat=size):
            in_month = back.count(0)
            signals = tuple((creditor, month - ago) for creditor, ago in zip(creditors, back, strict=True))
            possible = all(capacity.get(signal, 0) for signal in signals)
            if possible and in_month >= 1 and len(back) - in_month <= 1:
                found.append(Match(month, "same_month" if in_month > 1 else "three_months", signals))
    return found


def cases(month: int, capacity: dict[Signal, int]) -> list[Case]:
    """Every way in which a match of the month can stand in the RIS: whole, one creditor unknown, or one signal only."""
    found = []
    for match in matches(month, capacity, 2) + matches(month, capacity, 3):
        creditors = tuple(creditor for creditor, _ in match.signals)
        found.append(Case(match, creditors))
        landlord = tuple(creditor for creditor in creditors if SECTORS[creditor] == "wonen")
        if landlord and len(creditors) == 2:
            found.append(Case(match, (*landlord, UNKNOWN)))
            if month in ONE_SIGNAL_MONTHS:
                found.append(Case(match, landlord))
    return found
