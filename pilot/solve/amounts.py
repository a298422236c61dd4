"""Third stage: the whole-euro amounts of the dossiers, under tables 2.6 and 2.9.

Amounts are drawn per creditor, scaled until the printed sums nearly hold, and then moved a little by the solver until
they hold exactly. The drawing comes first because a solver alone piles amounts up at the ends of their ranges.
"""

import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ortools.sat.python import cp_model

from pilot.arrears import amount
from pilot.published import cells, number
from pilot.scope import CREDITORS, UNKNOWN
from pilot.solve.outcome_rows import REST, ROWS
from pilot.solve.patterns import Case
from pilot.solve.structure import JANUARY

WRONG = 17_693
"""The wrong report of Dunea, in euros; the dossier that contains it has the highest total."""
MISSING_SUM = 6_300
"""Euros of the 22 signals without a printed amount: tables 2.6 and 2.9 leave 6,030 to 6,628."""
UNKNOWN_SUM = 840
"""Euros of the two signals of unknown creditor: the total row of table 2.6 leaves 620 to 1,060."""
SMALL = {"menzis", "eneco", "dunea", "de_goede_woning", "vidomes"}
"""Creditors whose amounts can be small enough for the lowest totals of table 2.9."""

Slot = tuple[int, int]
"""A signal of a dossier: (place of the case, place among its shown creditors)."""


Model = cp_model.CpModel


class Problem(NamedTuple):
    """The dossiers with what was decided before the amounts: which are missing, and which are the ends of a range."""

    cases: Sequence[Case]
    rows: list[Counter]  # per case: row of table 2.9 -> how many of its dossiers stand there
    missing: frozenset[Slot]
    fixed: dict[Slot, int]  # slot -> euros: the ends of table 2.6
    totals: dict[int, int]  # case -> euros: the ends of table 2.9

    def slots(self) -> list[Slot]:
        """Every signal of every dossier."""
        return [(i, j) for i, case in enumerate(self.cases) for j in range(len(case.shown))]

    def creditor(self, slot: Slot) -> str:
        """The creditor that the RIS shows for the signal."""
        return self.cases[slot[0]].shown[slot[1]]

    def weight(self, slot: Slot) -> int:
        """How many dossiers hold the signal."""
        return self.rows[slot[0]].total()


class Range(NamedTuple):
    """A row of table 2.6 or 2.9, in euros."""

    n: int
    low: int
    high: int
    mean: int

    @classmethod
    def printed(cls, table: str, row: str) -> "Range":
        """The row as the table prints it."""
        values = cells(table)
        return cls(*(int(number(values[row, column])) for column in ("n", "min_eur", "max_eur", "mean_eur")))


def solve(cases: Sequence[Case], outcomes: Sequence[str], seed: int) -> tuple[dict[Slot, int], frozenset[Slot]]:
    """Euros per dossier signal and which of them the RIS does not show; tries until a draw can be repaired."""
    rows = []
    for case, outcome in zip(cases, outcomes, strict=True):
        rows.append(Counter([ROWS.get(outcome, REST)] + [REST] * (case.match.month == JANUARY)))
    for attempt in range(20):
        rng = random.Random(f"amounts {seed} {attempt}")
        problem = _decide_ends(cases, rows, rng)
        solution = _repair(problem, _scale(problem, _draw(problem, rng)))
        if solution:
            return solution, problem.missing
    raise RuntimeError("no amounts found")


def _decide_ends(cases: Sequence[Case], rows: list[Counter], rng: random.Random) -> Problem:
    """Choose the signals without an amount and those at the ends of a range, each in a dossier of its own."""
    free = [i for i, case in enumerate(cases) if case.match.month != JANUARY and UNKNOWN not in case.shown]
    rng.shuffle(free)
    free.sort(key=lambda i: len(cases[i].shown) != 2)
    fixed: dict[Slot, int] = {}
    totals: dict[int, int] = {}

    def take(creditor: str | None, row: str | None) -> int:
        place = next(
            i for i in free if (creditor is None or creditor in cases[i].shown) and (row is None or row in rows[i])
        )
        free.remove(place)
        return place

    for row in (*dict.fromkeys(ROWS.values()), REST):
        ends = Range.printed("table_2_09", row)
        place = take("dunea", row)
        totals[place] = ends.high
        if row == REST:
            fixed[place, cases[place].shown.index("dunea")] = WRONG
        small = next(i for i in free if row in rows[i] and set(cases[i].shown) <= SMALL)
        free.remove(small)
        totals[small] = ends.low
    for creditor in CREDITORS:
        ends = Range.printed("table_2_06", creditor)
        for end in (ends.low, ends.high):
            if end != WRONG:
                place = take(creditor, None)
                fixed[place, cases[place].shown.index(creditor)] = end
    missing = []
    ris = cells("table_2_04")
    for creditor in CREDITORS:
        without = int(number(ris[creditor, "ris_signals"])) - Range.printed("table_2_06", creditor).n
        for _ in range(without):
            place = take(creditor, None)
            missing.append((place, cases[place].shown.index(creditor)))
    return Problem(cases, rows, frozenset(missing), fixed, totals)


def _bounds(problem: Problem, slot: Slot) -> tuple[int, int]:
    creditor = problem.creditor(slot)
    if creditor == UNKNOWN:
        return 50, 2_000
    ends = Range.printed("table_2_06", creditor)
    if slot in problem.missing:
        return max(50, ends.low), 1_000
    return ends.low, min(ends.high, 16_000)


def _draw(problem: Problem, rng: random.Random) -> dict[Slot, float]:
    """Plausible amounts; below the agreed € 50 only where an end of a range says so."""
    drawn = {}
    for slot in problem.slots():
        low, high = _bounds(problem, slot)
        top = min(high, 7_000)
        drawn[slot] = problem.fixed.get(slot) or amount(problem.creditor(slot), rng, max(low, 55), top)
    for place, total in problem.totals.items():
        _towards_total(problem, drawn, place, total)
    return drawn


def _towards_total(problem: Problem, drawn: dict[Slot, float], place: int, total: int) -> None:
    """Let the water debt, or else everything, make up a total that was decided."""
    slots = [(place, j) for j in range(len(problem.cases[place].shown)) if (place, j) not in problem.fixed]
    rest = total - sum(problem.fixed.get((place, j), 0) for j in range(len(problem.cases[place].shown)))
    water = [slot for slot in slots if problem.creditor(slot) == "dunea"]
    if water and len(slots) > 1 and rest > 5_000:
        drawn[water[0]] = rest - sum(drawn[slot] for slot in slots if slot != water[0])
        return
    present = sum(drawn[slot] for slot in slots)
    for slot in slots:
        drawn[slot] *= rest / present


def _targets(problem: Problem) -> list[tuple[dict[Slot, int], float]]:
    """The printed sums as (slot -> weight, euros): per creditor, for the unknown and missing ones, per outcome."""
    slots = problem.slots()
    shown = [slot for slot in slots if slot not in problem.missing]
    targets = []
    for creditor in CREDITORS:
        printed = Range.printed("table_2_06", creditor)
        own = {slot: problem.weight(slot) for slot in shown if problem.creditor(slot) == creditor}
        targets.append((own, printed.n * printed.mean))
    targets.append(({slot: 1 for slot in slots if problem.creditor(slot) == UNKNOWN}, UNKNOWN_SUM))
    targets.append((dict.fromkeys(problem.missing, 1), MISSING_SUM))
    for row in (*dict.fromkeys(ROWS.values()), REST):
        printed = Range.printed("table_2_09", row)
        own = {slot: problem.rows[slot[0]][row] for slot in slots if row in problem.rows[slot[0]]}
        targets.append((own, printed.n * printed.mean))
    return targets


def _scale(problem: Problem, drawn: dict[Slot, float]) -> dict[Slot, float]:
    """Scale the free amounts by creditor and by outcome in turn until all sums nearly hold."""
    scaled = dict(drawn)
    held = set(problem.fixed) | {slot for slot in drawn if slot[0] in problem.totals}
    targets = _targets(problem)
    for _ in range(300):
        for weights, euros in targets:
            loose = [slot for slot in weights if slot not in held]
            rest = euros - sum(weights[slot] * scaled[slot] for slot in weights if slot in held)
            present = sum(weights[slot] * scaled[slot] for slot in loose)
            factor = min(max(rest / present, 0.5), 2.0)
            for slot in loose:
                low, high = _bounds(problem, slot)
                scaled[slot] = min(max(scaled[slot] * factor, low * 1.01), high * 0.99)
    return scaled


def _repair(problem: Problem, near: dict[Slot, float]) -> dict[Slot, int] | None:
    """Whole euros near the given ones that meet tables 2.6 and 2.9 exactly; None when there are none."""
    model = cp_model.CpModel()
    euros = {slot: _variable(model, problem, slot, near[slot]) for slot in problem.slots()}
    _rows_as_printed(model, problem, euros)
    _totals_as_printed(model, problem, euros)
    gaps = []
    for slot, variable in euros.items():
        gap = model.new_int_var(0, 20_000, "")
        model.add(gap >= variable - round(near[slot]))
        model.add(gap >= round(near[slot]) - variable)
        gaps.append(gap)
    model.minimize(sum(gaps))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = 20
    solver.parameters.num_workers = 2
    solver.parameters.random_seed = 1
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return {slot: solver.value(variable) for slot, variable in euros.items()}


def _variable(model: Model, problem: Problem, slot: Slot, near: float) -> cp_model.IntVar:
    """An amount may move by 8% or € 15; one beside an end of a range may take any value."""
    if slot in problem.fixed:
        return model.new_constant(problem.fixed[slot])
    low, high = _bounds(problem, slot)
    beside_an_end = slot[0] in problem.totals or slot[0] in {place for place, _ in problem.fixed}
    if not beside_an_end:
        move = max(15, 0.08 * near)
        low, high = max(low + 1, int(near - move)), min(high - 1, int(near + move))
    return model.new_int_var(low, max(low, high), "")


def _mean(model: Model, weighted: list, printed: Range) -> None:
    """The mean, rounded to whole euros, is the printed one (a half is avoided, so that every rounding agrees)."""
    slack = (printed.n - 1) // 2
    model.add_linear_constraint(sum(weighted), printed.n * printed.mean - slack, printed.n * printed.mean + slack)


def _rows_as_printed(model: Model, problem: Problem, euros: dict) -> None:
    shown = [slot for slot in euros if slot not in problem.missing]
    for creditor in CREDITORS:
        own = [problem.weight(slot) * euros[slot] for slot in shown if problem.creditor(slot) == creditor]
        _mean(model, own, Range.printed("table_2_06", creditor))
    _mean(model, [problem.weight(slot) * euros[slot] for slot in shown], Range.printed("table_2_06", "totaal"))


def _totals_as_printed(model: Model, problem: Problem, euros: dict) -> None:
    totals = [sum(euros[i, j] for j in range(len(case.shown))) for i, case in enumerate(problem.cases)]
    for place, total in problem.totals.items():
        model.add(totals[place] == total)
    for row in (*dict.fromkeys(ROWS.values()), REST):
        printed = Range.printed("table_2_09", row)
        own = [(i, counts[row]) for i, counts in enumerate(problem.rows) if row in counts]
        for i, _ in own:
            model.add_linear_constraint(totals[i], printed.low, printed.high)
        _mean(model, [count * totals[i] for i, count in own], printed)
    everyone = [counts.total() * total for counts, total in zip(problem.rows, totals, strict=True)]
    _mean(model, everyone, Range.printed("table_2_09", "totaal"))
