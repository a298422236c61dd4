"""The attempts to reach a household, as the report tells of them.

Two visits, then a flyer; from May on a call when nobody was at home; by day only in the first nine months, and from the
summer on in the early evening too, when more people opened.
"""

import datetime as dt
import random
from typing import TYPE_CHECKING, NamedTuple

from pilot.solve.workdays import of_month

if TYPE_CHECKING:
    from pilot.solve.casework import Dossier

CALLS_FROM, EVENINGS_FROM = "2019-05", "2019-07"
VISIT, CALL, CARD = "Huisbezoek", "Telefoon", "Kaartje"
MORNING, AFTERNOON, EVENING = "Ochtend", "Middag", "Avond"
SOON = 6
"""Most who are spoken to are closed within so many working days."""


class Attempt(NamedTuple):
    """One attempt: the day, its part, by which means, and whether somebody was reached."""

    day: dt.date
    part: str
    kind: str
    reached: bool


def deal(dossier: "Dossier", rng: random.Random) -> None:
    """Deal the attempts of a dossier, within its walking month and before it closes, and the day of its flyer."""
    days = [day for day in of_month(dossier.walking_month) if day > dossier.created and day <= (dossier.closed or day)]
    if dossier.spoken_to:
        days = _until_contact(dossier, days, rng)
    kinds = _kinds(dossier, rng)[-len(days) :]
    chosen = (
        sorted(rng.sample(days[:-1], len(kinds) - 1)) if dossier.spoken_to else sorted(rng.sample(days, len(kinds)))
    )
    if dossier.spoken_to:
        chosen.append(days[-1])
    last_visit = max((place for place, kind in enumerate(kinds) if kind == VISIT), default=-1)
    for place, (day, kind) in enumerate(zip(chosen, kinds, strict=True)):
        reached = dossier.spoken_to and place == len(kinds) - 1
        part = _part(dossier.walking_month, reached, rng)
        dossier.attempts.append(Attempt(day, part, kind, reached))
        if dossier.flyer and place == last_visit:
            dossier.flyer_on = day
            dossier.attempts.append(Attempt(day, part, CARD, False))


def _until_contact(dossier: "Dossier", days: list[dt.date], rng: random.Random) -> list[dt.date]:
    """The days up to the one on which somebody was reached: the last ones, but for a day or so."""
    wait = min(int(rng.triangular(0, SOON, 0)), len(days) - 1)
    if dossier.outcome == "klant wil niet geholpen worden":
        wait = 0
    if dossier.contact_after_flyer:
        wait = min(wait, len(days) - 3)
    return days[: len(days) - wait]


def _kinds(dossier: "Dossier", rng: random.Random) -> list[str]:
    """By which means, in order. A card goes with the last visit and is no attempt of its own here."""
    calls = dossier.walking_month >= CALLS_FROM
    if dossier.contact_after_flyer:
        return [VISIT, VISIT, CALL]
    if dossier.spoken_to:
        visits = rng.choices((1, 2), (60, 40))[0]
        called = calls and visits == 2 and rng.random() < 0.5
        return [VISIT] * visits + [CALL] * called
    visits = 2 if dossier.flyer or rng.random() < 0.8 else 1
    return [VISIT] * visits + [CALL] * (calls and rng.random() < 0.7)


def _part(month: str, reached: bool, rng: random.Random) -> str:
    if month < EVENINGS_FROM:
        return rng.choices((MORNING, AFTERNOON), (40, 60))[0]
    return rng.choices((MORNING, AFTERNOON, EVENING), (10, 25, 65) if reached else (30, 40, 30))[0]
