"""`python -m pilot.solve`: solve the stages one after the other and rewrite the plan."""

import random
from collections import Counter

from pilot import plan
from pilot.arrears import any_amount
from pilot.scope import CREDITORS, MONTHS, UNKNOWN, next_month
from pilot.solve import amounts, casework, outcomes, refusers, repeats, structure
from pilot.solve.patterns import Case, Signal
from pilot.solve.repeats import Household

SEED = 1
WITHDRAWN = MONTHS.index("2018-11")
"""In November one dossier was withdrawn; it stands in no table."""


def main() -> None:
    """Solve and write; every stage is seeded, but another version of the solver may find another plan."""
    found = structure.solve(SEED)
    cases = sorted(case for case, count in found.cases.items() for _ in range(count))
    results = outcomes.assign(cases, SEED)
    euros, missing = amounts.solve(cases, results, SEED)
    rng = random.Random(f"plan {SEED}")
    dossiers = [_household(case, place, euros, rng) for place, case in enumerate(cases)]
    others = [
        Household({(creditor, month): any_amount(creditor, rng) for creditor, month in match.signals})
        for match in sorted(match for match, count in found.others.items() for _ in range(count))
    ]
    withdrawn = next(other for other in others if max(month for _, month in other.amounts) == WITHDRAWN)
    withdrawn.has_dossier = True
    withdrawn_shown = [(creditor, int(value)) for (creditor, _), value in withdrawn.amounts.items()]
    single = Counter(found.single)
    households = repeats.add(dossiers + others, single, SEED)
    names = {id(household): f"H{number:03d}" for number, household in enumerate(households, start=1)}

    _write_signals(households, names)
    _write_single(single)
    shown = [
        [
            (creditor, "" if (place, j) in missing else euros[place, j], euros[place, j])
            for j, creditor in enumerate(case.shown)
        ]
        for place, case in enumerate(cases)
    ]
    entries = [
        (names[id(household)], case.match.month, True, outcome, signals)
        for household, case, outcome, signals in zip(dossiers, cases, results, shown, strict=True)
    ]
    again = [
        (name, structure.FEBRUARY, False, outcomes.NO_CONTACT, signals)
        for name, month, _, _, signals in entries
        if month == structure.JANUARY
    ]
    taken_back = (names[id(withdrawn)], WITHDRAWN, False, "", [(c, value, value) for c, value in withdrawn_shown])
    _write_dossiers([*entries, *again, taken_back])
    refusers.add()
    casework.deal()


def _household(case: Case, place: int, euros: dict, rng: random.Random) -> Household:
    """The signals behind a dossier: the amounts of the RIS, and whatever the RIS does not show."""
    values: dict[Signal, float] = {}
    wrong: dict[Signal, int] = {}
    for creditor, month in case.match.signals:
        shown = creditor if creditor in case.shown else UNKNOWN
        if shown not in case.shown:
            values[creditor, month] = any_amount(creditor, rng)
        elif euros[place, case.shown.index(shown)] == amounts.WRONG:
            # The right amount, whose decimal comma was lost; the wrong row follows it in the same delivery.
            values[creditor, month], wrong[creditor, month] = amounts.WRONG / 100, amounts.WRONG
        else:
            # The RIS keeps whole euros.
            values[creditor, month] = euros[place, case.shown.index(shown)] + rng.randrange(100) / 100
    return Household(values, True, wrong)


def _write_signals(households: list[Household], names: dict[int, str]) -> None:
    rows = []
    for household in households:
        for (creditor, month), value in sorted(household.amounts.items(), key=lambda item: item[0][::-1]):
            wrong = household.wrong.get((creditor, month), "")
            rows.append((names[id(household)], creditor, MONTHS[month], f"{value:.2f}", wrong))
    plan.write("signals", ("household", "creditor", "month", "amount", "wrong_amount"), rows)


def _write_single(single: Counter) -> None:
    rows = [(c, month, single[c, m]) for c in CREDITORS for m, month in enumerate(MONTHS) if single[c, m]]
    plan.write("single_signals", ("creditor", "month", "signals"), rows)


def _write_dossiers(entries: list[tuple]) -> None:
    dossiers, signals = [], []
    entries = sorted(entries, key=lambda entry: (entry[1], not entry[2]))
    for number, (name, month, walked, outcome, shown) in enumerate(entries, start=1):
        dossier = f"D{number:03d}"
        total = sum(value for _, _, value in shown)
        walking_month = next_month(MONTHS[month]) if walked else ""
        dossiers.append((dossier, name, MONTHS[month], walking_month, outcome, total))
        signals.extend((dossier, creditor, value) for creditor, value, _ in shown)
    plan.write("dossiers", ("dossier", "household", "match_month", "walking_month", "outcome", "total"), dossiers)
    plan.write("dossier_signals", ("dossier", "creditor", "amount"), signals)


if __name__ == "__main__":
    main()
