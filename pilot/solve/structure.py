"""First stage: how many households match in which way, under tables 2.1 to 2.5.

January's twenty dossiers stand in the RIS twice (loaded again in February), so they weigh two in tables 2.4 and 2.5.
The counts are first drawn at random, in proportion to what the creditors delivered; the solver then looks for the
nearest counts that meet the tables, so that the plan looks like a year and not like a corner of a polytope.
"""

import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

from ortools.sat.python import cp_model

from pilot.published import cells, number
from pilot.scope import CREDITORS, MONTHS, UNKNOWN
from pilot.solve.patterns import Case, Match, Signal, cases, matches

JANUARY, FEBRUARY = MONTHS.index("2019-01"), MONTHS.index("2019-02")
SIZE_COLUMNS = {1: "one_signal", 2: "two_signals", 3: "three_signals"}
SECONDS = 150


Model = cp_model.CpModel
CaseCounts = dict[Case, cp_model.IntVar]
OtherCounts = dict[Match, cp_model.IntVar]


class Structure(NamedTuple):
    """How many households follow each pattern, and how many signals of each delivery stand alone."""

    cases: dict[Case, int]
    others: dict[Match, int]
    single: dict[Signal, int]


def weight(case: Case) -> int:
    """How many dossiers the household has in the RIS."""
    return 2 if case.match.month == JANUARY else 1


def capacities() -> dict[Signal, int]:
    """Table 2.1: signals per (creditor, month index)."""
    table = cells("table_2_01")
    return {(c, m): int(number(table[month, c])) for c in CREDITORS for m, month in enumerate(MONTHS)}


def solve(seed: int) -> Structure:
    """Counts that meet tables 2.1 to 2.5; raises RuntimeError when none are found in time."""
    capacity = capacities()
    model = cp_model.CpModel()
    case_counts = {case: model.new_int_var(0, 40, "") for m in range(len(MONTHS)) for case in cases(m, capacity)}
    other_counts = {
        match: model.new_int_var(0, 90, "") for m in range(len(MONTHS)) for match in matches(m, capacity, 2)
    }
    _within_capacity(model, case_counts, other_counts, capacity)
    _matches_as_printed(model, case_counts, other_counts)
    _dossiers_as_printed(model, case_counts)
    _creditors_and_combinations_as_printed(model, case_counts)
    rng = random.Random(f"structure {seed}")
    distance = _distance(model, case_counts, _drawn_cases(rng, capacity))
    distance += _distance(model, other_counts, _drawn_others(rng, capacity))
    model.minimize(distance)

    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = SECONDS
    solver.parameters.num_workers = 2
    solver.parameters.random_seed = seed
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise RuntimeError("no structure found")
    chosen_cases = {case: solver.value(count) for case, count in case_counts.items() if solver.value(count)}
    chosen_others = {match: solver.value(count) for match, count in other_counts.items() if solver.value(count)}
    used = _signals_used(chosen_cases, chosen_others)
    single = {signal: count - used[signal] for signal, count in capacity.items() if count > used[signal]}
    return Structure(chosen_cases, chosen_others, single)


def _signals_used(chosen_cases: dict[Case, int], chosen_others: dict[Match, int]) -> Counter:
    used: Counter = Counter()
    for match, count in [(case.match, n) for case, n in chosen_cases.items()] + list(chosen_others.items()):
        used.update(dict.fromkeys(match.signals, count))
    return used


def _within_capacity(model: Model, case_counts: CaseCounts, other_counts: OtherCounts, capacity: dict) -> None:
    """Table 2.1: no more signals than were delivered."""
    terms = _grouped(
        [(signal, count) for case, count in case_counts.items() for signal in case.match.signals]
        + [(signal, count) for match, count in other_counts.items() for signal in match.signals]
    )
    for signal, counts in terms.items():
        model.add(sum(counts) <= capacity[signal])


def _matches_as_printed(model: Model, case_counts: CaseCounts, other_counts: OtherCounts) -> None:
    """Table 2.2: matches per month and criterion."""
    table = cells("table_2_02")
    terms = _grouped(
        [((case.match.month, case.match.criterion), count) for case, count in case_counts.items()]
        + [((match.month, match.criterion), count) for match, count in other_counts.items()]
    )
    for m, month in enumerate(MONTHS):
        for criterion in ("same_month", "three_months"):
            model.add(sum(terms.get((m, criterion), [])) == int(number(table[month, criterion])))


def _dossiers_as_printed(model: Model, case_counts: CaseCounts) -> None:
    """Table 2.3: dossiers per month and number of signals; February's own are what January's leave."""
    table = cells("table_2_03")
    terms = _grouped(((case.match.month, len(case.shown)), count) for case, count in case_counts.items())
    for m, month in enumerate(MONTHS):
        for size, column in SIZE_COLUMNS.items():
            printed = int(number(table[month, column]))
            if m == FEBRUARY:
                printed -= int(number(table[MONTHS[JANUARY], column]))
            model.add(sum(terms.get((m, size), [])) == printed)


def _creditors_and_combinations_as_printed(model: Model, case_counts: CaseCounts) -> None:
    """Tables 2.4 and 2.5: dossier signals per creditor, dossiers per combination of sectors."""
    creditors, combinations = cells("table_2_04"), cells("table_2_05")
    terms = _grouped((creditor, count * weight(case)) for case, count in case_counts.items() for creditor in case.shown)
    for creditor in (*CREDITORS, UNKNOWN):
        model.add(sum(terms[creditor]) == int(number(creditors[creditor or "onbekend", "ris_signals"])))
    terms = _grouped((case.combination, count * weight(case)) for case, count in case_counts.items())
    printed = {
        tuple(sorted(label.replace(" en ", ", ").split(", "))): int(number(value))
        for (label, column), value in combinations.items()
        if column == "dossiers" and label != "totaal"
    }
    for combination, counts in terms.items():
        model.add(sum(counts) == printed.get(combination, 0))


def _grouped(pairs: Iterable[tuple[Hashable, object]]) -> dict:
    groups: dict = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _distance(model: Model, counts: dict, drawn: Counter) -> cp_model.LinearExprT:
    """The sum of |count - drawn|, as a linear expression."""
    terms = []
    for key, count in counts.items():
        gap = model.new_int_var(0, 90, "")
        model.add(gap >= count - drawn[key])
        model.add(gap >= drawn[key] - count)
        terms.append(gap)
    return sum(terms)


def _drawn_cases(rng: random.Random, capacity: dict[Signal, int]) -> Counter:
    """Dossiers drawn per month; the municipality spread them over the sectors, so small creditors weigh more."""
    table, ris = cells("table_2_03"), cells("table_2_04")
    preference = {c: number(ris[c, "ris_signals"]) / number(ris[c, "vps_signals"]) for c in CREDITORS}
    drawn: Counter = Counter()
    for m, month in enumerate(MONTHS):
        options = [Case(match, tuple(c for c, _ in match.signals)) for match in matches(m, capacity, 2)]
        number_of = 20 if m == FEBRUARY else int(number(table[month, "total"]))
        drawn.update(_draw(rng, options, number_of, lambda case: _volume(case.match, capacity, preference)))
    return drawn


def _drawn_others(rng: random.Random, capacity: dict[Signal, int]) -> Counter:
    """The matches that never became a dossier, drawn per month and criterion."""
    table, dossiers = cells("table_2_02"), cells("table_2_03")
    preference = dict.fromkeys(CREDITORS, 1.0)
    drawn: Counter = Counter()
    for m, month in enumerate(MONTHS):
        taken = 20 if m == FEBRUARY else number(dossiers[month, "total"])
        share = 1 - taken / number(table[month, "total"])
        for criterion in ("same_month", "three_months"):
            options = [match for match in matches(m, capacity, 2) if match.criterion == criterion]
            number_of = round(share * number(table[month, criterion]))
            drawn.update(_draw(rng, options, number_of, lambda match: _volume(match, capacity, preference)))
    return drawn


def _draw(rng: random.Random, options: list, number_of: int, volume: Callable) -> list:
    return rng.choices(options, [volume(option) for option in options], k=number_of) if number_of else []


def _volume(match: Match, capacity: dict[Signal, int], preference: dict[str, float]) -> float:
    """How likely a pattern is, were debts to fall on households at random; older signals count less."""
    volume = 1.0
    for creditor, month in match.signals:
        volume *= (capacity[creditor, month] ** 0.8) * preference[creditor] * 0.8 ** (match.month - month)
    return volume
