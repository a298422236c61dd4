"""A country of invented households in arrears: the same for the same seed, made row by row, of any size.

What is skewed as it is in the Netherlands: municipalities (inhabitants are lognormal), creditors (energy suppliers and
insurers report everywhere, water companies in a region, landlords in one place), and debt itself. Most signals are of
households that owe one creditor; a few are of households that owe several, and those make the matches. A creditor
reports the same household for one to four months, so that the months before matter.

Nothing is remembered: what a creditor reports in a month follows from its place in the month, so a month costs the same
memory at any size, and any month can be made alone.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import accumulate, cycle
from statistics import NormalDist
from typing import NamedTuple

from pilot.people import numbers
from vroegsignaal.months import Month

FIRST_MONTH = Month(2019, 1)
MOST_MUNICIPALITIES = 342
# Half of the municipalities have fewer inhabitants than the first; the second makes the largest some twenty times that.
_MEDIAN_INHABITANTS, _SPREAD = 33_000, 0.95
_SECTOR_SHARES = {"rent": 0.35, "health": 0.35, "water": 0.15, "energy": 0.15}
_NATIONAL = {"health": 4, "energy": 3}
_WATER_COMPANIES = 10
_INHABITANTS_PER_LANDLORD = 40_000
_MOST_LANDLORDS = 6
_INHABITANTS_PER_DISTRICT = 15_000
# Of a thousand signals so many are of households that owe several creditors, of which there are so many.
_TROUBLED_SIGNALS, _TROUBLED_HOUSEHOLDS = 150, 400
_FEWEST_HOUSEHOLDS = 5
_REGISTER_ADDRESSES_PER_SIGNAL = 2
_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


class Signal(NamedTuple):
    """A creditor's report of a household; `household` is a number within the municipality, from 0."""

    number: int
    household: int
    customer: int
    cents: int
    since: dt.date
    day: dt.date
    is_crisis: bool


class Resident(NamedTuple):
    """A person of the register; `suspension` is empty while somebody lives there."""

    bsn: str
    household: int
    born: dt.date
    district: str
    suspension: str


@dataclass(frozen=True)
class Creditor:
    """Who reports; `share` is of the signals of the municipality in which it does."""

    name: str
    sector: str
    share: float


@dataclass(frozen=True)
class Municipality:
    """A municipality with its creditors, and how many signals it gets in a month."""

    number: int
    code: str
    inhabitants: int
    signals: int
    seed: int
    creditors: tuple[Creditor, ...] = field(repr=False)

    @cached_property
    def numbers_of_signals(self) -> list[int]:
        """How many signals each creditor reports in a month; together `signals`."""
        return _divided(self.signals, [each.share for each in self.creditors])

    @property
    def troubled(self) -> int:
        """How many households owe several creditors: those with the first numbers."""
        return max(_FEWEST_HOUSEHOLDS, self.signals * _TROUBLED_HOUSEHOLDS // 1000)

    @property
    def registered(self) -> int:
        """How many addresses, from the first, the register of residents tells of (those left out aside)."""
        return self.troubled + _REGISTER_ADDRESSES_PER_SIGNAL * self.signals

    @property
    def capacity(self) -> int:
        """How many households can be visited in a month: some six in ten of the matches of a town."""
        return max(2, self.signals // 40)

    def district(self, household: int) -> str:
        """The district of an address; the first ones are the largest."""
        districts = max(2, min(60, self.inhabitants // _INHABITANTS_PER_DISTRICT))
        place = (_mixed(household, self.seed) >> 11) / (1 << 53)
        return f"Wijk {int(districts * place**1.5) + 1}"

    def address(self, household: int) -> tuple[str, int]:
        """Postcode, with letters that are not in use, and house number."""
        return (
            f"{1000 + 26 * self.number + household % 26}Q{chr(65 + household // 26 % 26)}",
            household // 676 + 1,
        )

    def signals_of(self, creditor: int, month: Month) -> Iterator[Signal]:
        """What the creditor with this place among the municipality's reports in a month, in the order of its file."""
        since_first = (month.year - FIRST_MONTH.year) * 12 + month.number - FIRST_MONTH.number
        salt = _mixed(creditor + 1, self.seed)
        before = sum(self.numbers_of_signals[:creditor])
        for place in range(self.numbers_of_signals[creditor]):
            about = _mixed(place, salt)
            lasts = 1 + about % 4
            turn, age = divmod(since_first + (about >> 8) % lasts, lasts)
            drawn = _mixed(turn, about)
            if drawn % 1000 < _TROUBLED_SIGNALS:
                household = (drawn >> 10) % self.troubled
            else:
                household = self.troubled + turn * self.signals + before + place
            now = _mixed(age, drawn)
            day = month.match_day - dt.timedelta(days=(now >> 4) % 28)
            yield Signal(
                number=place + 1,
                household=household,
                customer=turn * self.signals + place + 1,
                # From 30 to 2,500 euros, most of them small, and more each month.
                cents=int(3_000 * math.exp((drawn >> 30) % 1000 / 226)) + 4_500 * age,
                since=day - dt.timedelta(days=31 + (now >> 16) % 64),
                day=day,
                is_crisis=(now >> 40) % 100 == 0,
            )

    def withdrawn(self, creditor: int, month: Month) -> Iterator[Signal]:
        """The signals of the month that the creditor takes back in that month: one in a hundred."""
        return (each for each in self.signals_of(creditor, month) if each.cents % 100 == 7)

    def residents(self) -> Iterator[Resident]:
        """The register: one to three persons at an address; some addresses are not in it, at some nobody is left."""
        # There are 9,090 in all: in a large register several people have the same.
        bsns = cycle(_test_numbers())
        for household in range(self.registered):
            about = _mixed(household, self.seed ^ 1)
            if about % 100 < 3:
                continue
            suspension = ("overleden", "emigratie")[(about >> 8) % 2] if about % 100 < 5 else ""
            for person in range(1 + (about >> 16) % 3):
                yield Resident(next(bsns), household, born(household, person), self.district(household), suspension)

    def in_debt_help(self) -> Iterator[int]:
        """The households with a course of debt help that runs."""
        return self._some_troubled(2, 4)

    def approached(self, month: Month) -> Iterator[int]:
        """Households that were approached in a month, as cases of the registration tell."""
        return self._some_troubled(month.year * 12 + month.number, 10)

    def _some_troubled(self, salt: int, pct: int) -> Iterator[int]:
        return (number for number in range(self.troubled) if _mixed(number, self.seed ^ (salt << 20)) % 100 < pct)


def born(household: int, person: int) -> dt.date:
    """The birth date of a person at an address; whom creditors mean is the first."""
    return dt.date(1950, 1, 1) + dt.timedelta(days=(household * 7919 + person * 104_729) % 18_000)


def country(signals: int, municipalities: int = 1, seed: int = 1) -> list[Municipality]:
    """So many municipalities, the largest first, that together get so many signals in a month.

    One alone is of the size that the number of signals asks for; raises ValueError above 342.
    """
    if not 1 <= municipalities <= MOST_MUNICIPALITIES:
        raise ValueError(f"{municipalities} municipalities: there are 1 to {MOST_MUNICIPALITIES}")
    inhabitants = [_inhabitants((place + 0.5) / municipalities) for place in range(municipalities)]
    return [
        Municipality(
            number=place,
            code=f"{place + 1:04d}",
            inhabitants=size,
            signals=number,
            seed=_mixed(place, seed),
            creditors=_creditors(place, size),
        )
        for place, (size, number) in enumerate(zip(inhabitants, _divided(signals, inhabitants), strict=True))
    ]


def _inhabitants(above: float) -> int:
    """Of a municipality, when this share of the others is larger."""
    return round(_MEDIAN_INHABITANTS * math.exp(-_SPREAD * NormalDist().inv_cdf(above)))


def _creditors(place: int, inhabitants: int) -> tuple[Creditor, ...]:
    landlords = 1 + min(_MOST_LANDLORDS - 1, inhabitants // _INHABITANTS_PER_LANDLORD)
    names = {
        "rent": [f"verhuurder_{place + 1:04d}_{n + 1}" for n in range(landlords)],
        "water": [f"water_{place % _WATER_COMPANIES + 1}"],
        **{sector: [f"{sector}_{n + 1}" for n in range(count)] for sector, count in _NATIONAL.items()},
    }
    found = []
    for sector, those in names.items():
        # The first has twice the share of the second, three times that of the third.
        weights = [1 / (n + 1) for n in range(len(those))]
        found += [
            Creditor(name, sector, _SECTOR_SHARES[sector] * weight / sum(weights))
            for name, weight in zip(those, weights, strict=True)
        ]
    return tuple(found)


def _divided(total: int, weights: list[float]) -> list[int]:
    """A total in whole parts, in proportion to weights, that add up to it."""
    reached = [round(total * part / sum(weights)) for part in accumulate(weights)]
    return [upper - lower for lower, upper in zip([0, *reached], reached, strict=False)]


@cache
def _test_numbers() -> tuple[str, ...]:
    return tuple(numbers())


def _mixed(number: int, salt: int) -> int:
    """64 bits that look drawn, and are not: the finisher of splitmix64."""
    mixed = (salt + (number + 1) * _STEP) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)
