"""What a selection is worth, and the best there is, proven by a solver (HiGHS); nothing here is the database's.

All is counted in whole numbers: places times the number of candidates, so that a share of the places is whole too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from bench.drawn_months import Town


@dataclass(frozen=True)
class Optimum:
    """What counts in a selection, the first first, and always the less the better."""

    unrepresented: int  # sectors that have candidates and got no place
    beyond: int  # of the districts' whole places beyond their shares, the squares
    differences: int  # from the shares, of districts and sectors, in places times the number of candidates


class Unproven(Exception):
    """The solver did not prove an optimum."""


def judge(town: Town, chosen: list[int]) -> Optimum:
    """What a selection is worth; `chosen` are positions from 1, each once and no more than there are places."""
    if len(set(chosen)) != len(chosen) or len(chosen) != town.seats:
        raise ValueError(f"{town.seats} households have to be chosen, each once")
    taken = Counter(town.districts[place - 1] for place in chosen)
    served = Counter(bit for place in chosen for bit in bits(town.sectors[place - 1]))
    return worth(town, taken, served)


def worth(town: Town, taken: Counter[int], served: Counter[int]) -> Optimum:
    """What a selection with these numbers per district and per sector is worth."""
    candidates = len(town.districts)
    of_district, of_sector = supplies(town)
    off = {each: abs(taken[each] * candidates - town.seats * supply) for each, supply in of_district.items()}
    return Optimum(
        unrepresented=sum(served[bit] == 0 for bit in of_sector) if town.seats else 0,
        beyond=sum((each // candidates) ** 2 for each in off.values()),
        differences=sum(off.values())
        + sum(abs(served[bit] * candidates - town.seats * supply) for bit, supply in of_sector.items()),
    )


def supplies(town: Town) -> tuple[Counter[int], Counter[int]]:
    """How many candidates each district and each sector has."""
    return Counter(town.districts), Counter(bit for sectors in town.sectors for bit in bits(sectors))


def bits(sectors: int) -> list[int]:
    """The sectors of a set, as bits."""
    return [bit for bit in range(sectors.bit_length()) if sectors >> bit & 1]


def optimum(town: Town) -> Optimum:
    """The best that can be chosen: what counts first is solved first, and then kept."""
    if town.seats == 0:
        return worth(town, Counter(), Counter())
    program = Program(town)
    found, kept = None, {}
    for goal in ("unrepresented", "beyond", "differences"):
        found = program.least(goal)
        kept[goal] = getattr(found, goal)
        program.keep(goal, kept[goal])
    if asdict(found) != kept:
        raise Unproven(f"{found} is not {kept}, which was found before")
    return found


class Program:
    """The choice as an integer program: how many are taken of each kind, a kind being a district and a set of sectors.

    A number n with share s (places) is written as floor(s) + within + over - under, 0 <= within <= ceil(s) - floor(s).
    Its difference is then linear in these parts, and so are the squares of the places beyond, when every place over or
    under has a part of its own, the later ones dearer: the solver takes the cheap ones first. With whole numbers of
    every kind all the parts come out whole.
    """

    def __init__(self, town: Town) -> None:
        self.town = town
        self.kinds = Counter(zip(town.districts, town.sectors, strict=True))
        self.upper: list[float] = []
        self.whole: list[int] = []
        self.costs: dict[str, dict[int, int]] = {"unrepresented": {}, "beyond": {}, "differences": {}}
        self.constant = {"unrepresented": 0, "beyond": 0, "differences": 0}
        self.rows: list[tuple[dict[int, int], float, float]] = []
        of_kind = {kind: self.variable(supply, whole=True) for kind, supply in self.kinds.items()}
        self.rows.append((dict.fromkeys(of_kind.values(), 1), town.seats, town.seats))
        of_district, of_sector = supplies(town)
        for district, supply in of_district.items():
            self.count([of_kind[kind] for kind in of_kind if kind[0] == district], supply, is_district=True)
        for bit, supply in of_sector.items():
            members = [of_kind[kind] for kind in of_kind if kind[1] >> bit & 1]
            self.count(members, supply, is_district=False)
            # A sector is unrepresented unless somebody with it is taken.
            absent = self.variable(1, whole=True)
            self.costs["unrepresented"][absent] = 1
            self.rows.append(({**dict.fromkeys(members, 1), absent: 1}, 1, np.inf))
        self.of_kind = of_kind

    def variable(self, upper: float, *, whole: bool = False) -> int:
        """A variable from 0 to `upper`; its number."""
        self.upper.append(upper)
        self.whole.append(int(whole))
        return len(self.upper) - 1

    def count(self, members: list[int], supply: int, *, is_district: bool) -> None:
        """How many of some kinds are taken, and what that costs."""
        candidates, seats = len(self.town.districts), self.town.seats
        floor, rest = divmod(seats * supply, candidates)
        row = dict.fromkeys(members, 1)
        within = self.variable(1 if rest else 0)
        row[within] = -1
        self.constant["differences"] += rest
        self.costs["differences"][within] = candidates - 2 * rest
        for sign, most in ((-1, seats - floor), (1, floor)):
            for place in range(1, most + 1):
                part = self.variable(1)
                row[part] = sign
                self.costs["differences"][part] = candidates
                if is_district:
                    self.costs["beyond"][part] = 2 * place - 1
        self.rows.append((row, floor, floor))

    def keep(self, goal: str, value: int) -> None:
        """From now on nothing worse than `value` for this goal."""
        self.rows.append((self.costs[goal], -np.inf, value - self.constant[goal]))

    def least(self, goal: str) -> Optimum:
        """What the selection that has least of `goal` is worth; raises Unproven when the solver is not sure."""
        costs = np.zeros(len(self.upper))
        for variable, cost in self.costs[goal].items():
            costs[variable] = cost
        matrix = np.zeros((len(self.rows), len(self.upper)))
        for number, (row, _, _) in enumerate(self.rows):
            for variable, factor in row.items():
                matrix[number, variable] = factor
        result = milp(
            costs,
            integrality=self.whole,
            bounds=Bounds(0, self.upper),
            constraints=LinearConstraint(matrix, [low for _, low, _ in self.rows], [high for _, _, high in self.rows]),
            options={"mip_rel_gap": 0},
        )
        if result.status != 0:
            raise Unproven(result.message)
        taken, served = Counter(), Counter()
        for (district, sectors), variable in self.of_kind.items():
            number = round(result.x[variable])
            taken[district] += number
            for bit in bits(sectors):
                served[bit] += number
        found = worth(self.town, taken, served)
        # The solver counts in floating point: what it found is counted anew in whole numbers, and less than the bound
        # that it proved, rounded up, cannot be.
        proven = self.constant[goal] + result.mip_dual_bound
        if taken.total() != self.town.seats or getattr(found, goal) >= proven + 0.5:
            raise Unproven(f"{goal}: {found} was found, {proven} proven")
        return found
