"""What households told at the door: who they consist of, causes and other problems; and who helps those referred."""

import datetime as dt
import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pilot.households import Household, all_households
from pilot.published import cells, number
from pilot.solve.outcome_rows import ROWS
from pilot.solve.workdays import is_workday

if TYPE_CHECKING:
    from pilot.solve.casework import Dossier

COMPOSITIONS = {
    "single": "alleenstaande",
    "single_with_children": "alleenstaande met kinderen",
    "couple": "(echt)paar",
    "couple_with_children": "(echt)paar met kinderen",
}
PROBLEMS = ("fysieke problemen", "geestelijke problemen", "problemen tussen gezinsleden")
VOLUNTEERS = ("SchuldHulpMaatje", "Humanitas", "Palet Welzijn", "MiM")
PROFESSIONALS = "Kwadraad"
KNOWN_UNTIL = dt.date(2019, 10, 31)
"""The end of the last month with an export."""


def deal(dossiers: list["Dossier"], rng: random.Random) -> None:
    """Deal compositions (table 2.10), causes (table 2.11) and other problems (text 2.4) to those spoken to."""
    _deal_compositions(dossiers, rng)
    _deal_causes(dossiers, rng)
    _deal_problems(dossiers, rng)


def help_programmes(dossiers: list["Dossier"], rng: random.Random) -> list[tuple]:
    """Rows of the plan's `help`: of each dossier that was referred, the organisations. Few programmes had ended."""
    rows = []
    for dossier in dossiers:
        kind = dossier.outcome.removeprefix("verwezen ")
        if kind == dossier.outcome:
            continue
        who = {"vrijwillig": [rng.choice(VOLUNTEERS)], "professioneel": [PROFESSIONALS]}.get(
            kind, [PROFESSIONALS, rng.choice(VOLUNTEERS)]
        )
        spoken_to = dossier.attempts[-1].day
        for organisation in who:
            start = _workday(spoken_to + dt.timedelta(days=rng.randint(3, 16)))
            end = _workday(start + dt.timedelta(days=rng.randint(60, 300)))
            if rng.random() < 0.6 or end > KNOWN_UNTIL:
                rows.append((dossier.number, organisation, kind, start.isoformat(), "", ""))
            else:
                kept = "j" if rng.random() < 0.5 else "n"
                rows.append((dossier.number, organisation, kind, start.isoformat(), end.isoformat(), kept))
    return rows


def _deal_compositions(dossiers: list["Dossier"], rng: random.Random) -> None:
    """As the register of residents has them, as far as there are such households among those spoken to."""
    registered = {household.plan_id: _composition(household) for household in all_households() if household.plan_id}
    wanted = [
        (row, column)
        for (row, column), value in cells("table_2_10").items()
        if row != "totaal" and column != "total"
        for _ in range(int(number(value)))
    ]
    free = rng.sample(dossiers, len(dossiers))
    later = []
    for row, column in wanted:
        found = next((d for d in free if ROWS.get(d.outcome) == row and registered[d.household] == column), None)
        if found:
            free.remove(found)
            found.composition = COMPOSITIONS[column]
        else:
            later.append((row, column))
    for row, column in later:
        found = next(d for d in free if ROWS.get(d.outcome) == row)
        free.remove(found)
        found.composition = COMPOSITIONS[column]


def _composition(household: Household) -> str:
    """A partner is registered with a partner's name, a child without."""
    others = household.residents[1:]
    couple = "couple" if any(person.partner_name for person in others) else "single"
    return couple + ("_with_children" if any(not person.partner_name for person in others) else "")


def _deal_causes(dossiers: list["Dossier"], rng: random.Random) -> None:
    """Those who accept help tell most."""
    rank = {
        "informatie en advies gegeven": 0.5,
        "klant wil het zelf oplossen": 0.8,
        "klant wil niet geholpen worden": 1.6,
    }
    talked = sorted((d for d in dossiers if d.spoken_to), key=lambda d: rank.get(d.outcome, 0) + rng.random())
    causes = [
        tuple(re.split(r",? en |, ", row))
        for (row, _), value in cells("table_2_11").items()
        if row != "totaal"
        for _ in range(int(number(value)))
    ]
    talked = talked[: len(causes)]
    rng.shuffle(talked)
    for dossier, told in zip(talked, causes, strict=True):
        dossier.causes = told


def _deal_problems(dossiers: list["Dossier"], rng: random.Random) -> None:
    """Psychological problems where the debts came from them; the others anywhere a cause is known."""
    left = [d for d in dossiers if d.causes]
    rng.shuffle(left)
    left.sort(key=lambda d: "compensatieschulden" in d.causes)
    for problem in _problems():
        left.pop().problems = (problem,)


def _problems() -> Iterator[str]:
    """Each problem as often as printed, the psychological ones first."""
    printed = cells("text_2_4")
    for problem in sorted(PROBLEMS, key=lambda name: name != "geestelijke problemen"):
        for _ in range(int(number(printed[problem, "dossiers"]))):
            yield problem


def _workday(day: dt.date) -> dt.date:
    while not is_workday(day):
        day += dt.timedelta(days=1)
    return day
