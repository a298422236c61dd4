"""The households of the pilot: who lives where, and which creditor reported whom in which month.

Households that match come from the plan. The other signals are dealt out here: most stand alone, some are of people who
pay late month after month (always to the same creditor, so they never match), and some of two insured adults.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from pilot import plan
from pilot.addresses import Address, homes
from pilot.arrears import any_amount
from pilot.people import Person, adult, child, numbers
from pilot.scope import CREDITORS, MONTHS, SECTORS

LATE_AGAIN = 0.17
"""The chance that a single signal is of someone whom the same creditor reported the month before."""
TWO_INSURED = 0.02
"""The chance that an insurer reports two adults of one household."""


class Signal(NamedTuple):
    """What a creditor reports of a household; `member` is the place of the adult among the residents."""

    creditor: str
    month: str
    amount: Decimal
    member: int = 0
    wrong_amount: str = ""


@dataclass
class Household:
    """An address, those who live there (adults first), and what was reported; `plan_id` only when it matches."""

    address: Address
    signals: list[Signal]
    plan_id: str = ""
    residents: list[Person] = field(default_factory=list)


def all_households() -> list[Household]:
    """Every household of the pilot, always the same; those of the plan first."""
    places, bsns = homes(), numbers()
    households = [Household(next(places), signals, plan_id) for plan_id, signals in _planned().items()]
    households += [Household(next(places), signals) for signals in _single()]
    rng = random.Random("residents")
    for household in households:
        household.residents = [adult(next(bsns), rng)]
        if any(signal.member for signal in household.signals):
            household.residents.append(adult(next(bsns), rng, household.residents[0]))
    _add_family(households, bsns, rng)
    return households


def spare_homes(number: int) -> list[Address]:
    """Homes where none of the households lives."""
    return list(homes())[-number:]


def _planned() -> dict[str, list[Signal]]:
    found: dict[str, list[Signal]] = {}
    for row in plan.read("signals"):
        signal = Signal(row["creditor"], row["month"], Decimal(row["amount"]), 0, row["wrong_amount"])
        found.setdefault(row["household"], []).append(signal)
    return found


def _single() -> list[list[Signal]]:
    """The signals of households that never match, one list for each household."""
    left = Counter({(row["creditor"], row["month"]): int(row["signals"]) for row in plan.read("single_signals")})
    rng = random.Random("single signals")
    found: list[list[Signal]] = []
    for creditor in CREDITORS:
        before: list[list[Signal]] = []
        for month in MONTHS:
            now = []
            while left[creditor, month]:
                now.append(_one(creditor, month, left, before, rng))
            found += [signals for signals in now if len(signals) == 1 or signals[-2].month == month]
            before = now
    rng.shuffle(found)
    return found


def _one(creditor: str, month: str, left: Counter, before: list[list[Signal]], rng: random.Random) -> list[Signal]:
    """One household's signals of the month, taken from what is left: of a late payer, of a newcomer, or of two."""
    left[creditor, month] -= 1
    if before and rng.random() < LATE_AGAIN:
        signals = before.pop(rng.randrange(len(before)))
        grown = round(signals[-1].amount * Decimal(str(round(rng.uniform(0.8, 1.4), 2))), 2)
        signals.append(Signal(creditor, month, min(grown, Decimal(9_500)), signals[-1].member))
        return signals
    signals = [Signal(creditor, month, euros(any_amount(creditor, rng)))]
    if SECTORS[creditor] == "zorg" and left[creditor, month] and rng.random() < TWO_INSURED:
        left[creditor, month] -= 1
        signals.append(Signal(creditor, month, euros(any_amount(creditor, rng)), 1))
    return signals


def euros(value: float) -> Decimal:
    """An amount in whole cents."""
    return Decimal(str(round(value, 2)))


def _add_family(households: list[Household], bsns: Iterator[str], rng: random.Random) -> None:
    """Partners and children for as many households as there are numbers left: those that match come first."""
    few = rng.sample(households, len(households))
    for household in sorted(few, key=lambda household: not household.plan_id):
        wanted = rng.choices(((0, 0), (1, 0), (1, 1), (1, 2), (0, 1), (0, 2)), (44, 20, 9, 9, 12, 6))[0]
        partners, children = wanted
        for make in [adult] * (partners and len(household.residents) == 1) + [child] * children:
            bsn = next(bsns, None)
            if bsn is None:
                return
            household.residents.append(make(bsn, rng, household.residents[0]))
