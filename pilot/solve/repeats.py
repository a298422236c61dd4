"""Last stage: households that come back, without a change in any table.

The stages before give every match a household of its own. People who were reported before, or match again months
later, are what the cool-off and *heropaf* are for; so some households are joined where no printed number moves. Only
matches that never became a dossier are moved, and a dossier's household only gets signals from other months.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pilot.matching import matches
from pilot.scope import SECTORS
from pilot.solve.patterns import Signal

EARLIER, ONE_SIGNAL, WHOLE = 90, 30, 25
"""How many households get an earlier signal of a creditor they have, one more signal that matches, a second match."""


@dataclass
class Household:
    """A household that matches: euros per signal, and whether it has a dossier."""

    amounts: dict[Signal, float]
    has_dossier: bool = False
    wrong: dict[Signal, int] = field(default_factory=dict)


def add(households: list[Household], single: Counter, seed: int) -> list[Household]:
    """The households after joining; `single` (signals that stand alone, per delivery) is changed to fit."""
    rng = random.Random(f"repeats {seed}")
    households = list(households)
    for join, wanted in ((_join_match, WHOLE), (_join_signal, ONE_SIGNAL)):
        done = 0
        for first, second in _pairs(households, rng):
            if done < wanted and first.amounts and second.amounts and join(first, second, single):
                done += 1
    done = 0
    for household in rng.sample(households, len(households)):
        if done < EARLIER and household.amounts:
            done += _add_earlier(household, single, rng)
    return [household for household in households if household.amounts]


def _pairs(households: list[Household], rng: random.Random) -> Iterator[tuple[Household, Household]]:
    """Pairs to try, in random order: any household and one without a dossier."""
    others = [household for household in households if not household.has_dossier]
    for _ in range(20_000):
        first, second = rng.choice(households), rng.choice(others)
        if first is not second:
            yield first, second


def _plausible(amounts: dict[Signal, float]) -> bool:
    """One landlord, and no more than three creditors in all."""
    creditors = {creditor for creditor, _ in amounts}
    return sum(SECTORS[creditor] == "wonen" for creditor in creditors) <= 1 and len(creditors) <= 3


def _join_match(first: Household, second: Household, _: Counter) -> bool:
    """Let the second household's match be the first one's later match."""
    together = first.amounts | second.amounts
    before, after = matches(first.amounts), matches(second.amounts)
    later = min(month for _, month in second.amounts) > max(month for _, month in first.amounts)
    if not later or not _plausible(together) or matches(together) != before | after:
        return False
    first.amounts, second.amounts = together, {}
    return True


def _join_signal(first: Household, second: Household, single: Counter) -> bool:
    """Let the new signal of the second household's match be the first one's; its older signal then stands alone."""
    if len(second.amounts) != 2 or len({month for _, month in second.amounts}) != 2:
        return False
    (older, _), (newer, euros) = sorted(second.amounts.items(), key=lambda item: item[0][1])
    together = first.amounts | {newer: euros}
    later = newer[1] > max(month for _, month in first.amounts)
    joined = matches(together) == matches(first.amounts) | matches(second.amounts)
    if not later or not joined or not _plausible(together):
        return False
    first.amounts, second.amounts = together, {}
    single[older] += 1
    return True


def _add_earlier(household: Household, single: Counter, rng: random.Random) -> bool:
    """Give the household a signal that stood alone: its creditor had reported it, for less, the month before."""
    (creditor, month), euros = rng.choice(sorted(household.amounts.items()))
    earlier = (creditor, month - 1)
    together = household.amounts | {earlier: euros * rng.uniform(0.4, 0.9)}
    if earlier in household.amounts or not single[earlier] or matches(together) != matches(household.amounts):
        return False
    household.amounts = together
    single[earlier] -= 1
    return True
