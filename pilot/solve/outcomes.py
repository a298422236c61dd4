"""Second stage: how each dossier ended, under table 2.7 and, but for February, table 2.8.

Table 2.8 has 108 contacts in its rows and table 2.7 leaves 103, so not all can hold. February, which also prints a
wrong percentage, gets what is left: 3. The payment arrangement counts as a contact.
"""

import random
from collections.abc import Sequence

from pilot.published import cells, number
from pilot.scope import MONTHS, next_month
from pilot.solve.patterns import Case

NO_CONTACT = "geen contact / onbekend"
WALKED_IN_DOUBT = "2019-02"
NEEDS_WATER = {"klant wil het zelf oplossen": 2, "klant wil niet geholpen worden": 2, "verwezen": 2}
"""Outcomes with a total above € 10.000, which only Dunea's amounts can make, and how many Dunea dossiers to want."""


def assign(cases: Sequence[Case], seed: int) -> list[str]:
    """An outcome for each case, in the same order; drawn until every outcome that needs water debts has them."""
    rng = random.Random(f"outcomes {seed}")
    outcomes = _attempt(cases, rng)
    while not _enough_water(cases, outcomes):
        outcomes = _attempt(cases, rng)
    return outcomes


def contact_outcomes() -> list[str]:
    """Table 2.7 without those not spoken to, one entry per dossier."""
    return [
        outcome
        for (outcome, column), value in cells("table_2_07").items()
        if column == "dossiers" and outcome not in (NO_CONTACT, "totaal")
        for _ in range(int(number(value)))
    ]


def _attempt(cases: Sequence[Case], rng: random.Random) -> list[str]:
    table = cells("table_2_08")
    printed = {month: int(number(table[next_month(month), "contact"])) for month in MONTHS}
    spoken_to = contact_outcomes()
    in_doubt = next(month for month in MONTHS if next_month(month) == WALKED_IN_DOUBT)
    printed[in_doubt] -= sum(printed.values()) - len(spoken_to)
    rng.shuffle(spoken_to)
    outcomes = [NO_CONTACT] * len(cases)
    for m, month in enumerate(MONTHS):
        in_month = [place for place, case in enumerate(cases) if case.match.month == m]
        for place in rng.sample(in_month, printed[month]):
            outcomes[place] = spoken_to.pop()
    return outcomes


def _enough_water(cases: Sequence[Case], outcomes: Sequence[str]) -> bool:
    return all(
        sum("dunea" in case.shown and outcome.startswith(start) for case, outcome in zip(cases, outcomes, strict=True))
        >= least
        for start, least in NEEDS_WATER.items()
    )
