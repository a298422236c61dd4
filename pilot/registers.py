"""The municipality's own registers as they stood each month: residents (brp) and running debt help (shv)."""

import datetime as dt
import random
from typing import NamedTuple

from pilot import plan
from pilot.households import Household
from pilot.people import Person
from pilot.scope import MONTHS

Row = dict[str, str]

RESIDENT_COLUMNS = (
    "bsn", "voorletters", "voorvoegsel", "geslachtsnaam", "partnernaam", "naamgebruik", "geboortedatum", "straatnaam",
    "huisnummer", "huisletter", "huisnummertoevoeging", "postcode", "woonplaats", "wijk", "opschorting",
    "geheimhouding",
)  # fmt: skip
DEBT_HELP_COLUMNS = (
    "traject_id", "bsn", "postcode", "huisnummer", "huisletter", "huisnummertoevoeging", "startdatum", "einddatum",
)  # fmt: skip

ABSENT, GONE, HELPED = 14, 10, 16
"""Matched households that are not in the register, that all left or died, that have debt help while they match."""
ABSENT_SHARE, HELPED_SHARE = 0.01, 0.012
"""The same among the other households."""
COMING, GOING = 9, 7
"""Residents a month who come to live in the city, and who leave it or die."""


class Course(NamedTuple):
    """A course of debt help."""

    household: Household
    start: dt.date
    end: dt.date


class Fate(NamedTuple):
    """When a resident is in the register: from a month index on, and suspended from another one."""

    since: int
    suspended: int
    reason: str


class Registers:
    """Who stands in which register when; decided once for the whole pilot."""

    def __init__(self, households: list[Household]) -> None:
        rng = random.Random("registers")
        # The municipality checked the households of the dossiers, and those that should have been in another's place,
        # so what is amiss is amiss with others.
        checked = {row[column] for row in plan.read("dossiers") for column in ("household", "instead_of")}
        matched = [household for household in households if household.plan_id and household.plan_id not in checked]
        others = [household for household in households if not household.plan_id]
        amiss = rng.sample(matched, ABSENT + GONE + HELPED)
        absent = {id(h) for h in [*amiss[:ABSENT], *rng.sample(others, round(ABSENT_SHARE * len(others)))]}
        gone, helped = amiss[ABSENT : ABSENT + GONE], amiss[ABSENT + GONE :]
        self._present = [household for household in households if id(household) not in absent]
        self._fates = _fates(others, gone, rng)
        self._secret = {p.bsn for household in households for p in household.residents if rng.random() < 0.01}
        self._courses = _courses(helped, rng.sample(others, round(HELPED_SHARE * len(others))), rng)

    def residents(self, month: str) -> list[Row]:
        """The register of residents of the signal addresses, in the month."""
        index = MONTHS.index(month)
        rows = []
        for household in self._present:
            for person in household.residents:
                fate = self._fates.get(person.bsn, Fate(0, len(MONTHS), ""))
                if fate.since <= index:
                    rows.append(self._resident(household, person, fate.reason if fate.suspended <= index else ""))
        return sorted(rows, key=lambda row: row["bsn"])

    def debt_help(self, month: str) -> list[Row]:
        """The courses begun by the 25th of the month; an end is known once it has come."""
        today = dt.date.fromisoformat(f"{month}-25")
        rows = []
        for number, course in enumerate(self._courses, start=1):
            if course.start <= today:
                address = course.household.address
                rows.append({
                    "traject_id": f"SHV{number:04d}",
                    "bsn": course.household.residents[0].bsn,
                    "postcode": address.postcode,
                    "huisnummer": str(address.number),
                    "huisletter": address.letter,
                    "huisnummertoevoeging": address.addition,
                    "startdatum": course.start.isoformat(),
                    "einddatum": course.end.isoformat() if course.end <= today else "",
                })  # fmt: skip
        return rows

    def _resident(self, household: Household, person: Person, suspended: str) -> Row:
        address = household.address
        return {
            "bsn": person.bsn,
            "voorletters": person.initials,
            "voorvoegsel": person.prefix,
            "geslachtsnaam": person.surname,
            "partnernaam": person.partner_name,
            "naamgebruik": person.name_use,
            "geboortedatum": person.born.isoformat(),
            "straatnaam": address.street,
            "huisnummer": str(address.number),
            "huisletter": address.letter,
            "huisnummertoevoeging": address.addition,
            "postcode": address.postcode,
            "woonplaats": "Zoetermeer",
            "wijk": address.district,
            "opschorting": suspended,
            "geheimhouding": "j" if person.bsn in self._secret else "n",
        }


def _fates(others: list[Household], gone: list[Household], rng: random.Random) -> dict[str, Fate]:
    """Those who come or go: a few of the other households each month, and everybody of the households that are gone."""
    fates = {}
    people = [person.bsn for household in others for person in household.residents]
    moving = iter(rng.sample(people, len(MONTHS) * (COMING + GOING)))
    for index in range(len(MONTHS)):
        for _ in range(COMING):
            fates[next(moving)] = Fate(index, len(MONTHS), "")
        for _ in range(GOING):
            fates[next(moving)] = Fate(0, index, _reason(rng))
    for household in gone:
        first = min(MONTHS.index(signal.month) for signal in household.signals)
        reason = _reason(rng)
        fates |= {person.bsn: Fate(0, first, reason) for person in household.residents}
    return fates


def _reason(rng: random.Random) -> str:
    return rng.choices(("emigratie", "overleden"), (2, 3))[0]


def _courses(helped: list[Household], others: list[Household], rng: random.Random) -> list[Course]:
    """Courses in order of their start: of those helped while they match, and of others, many ending in the pilot."""
    courses = []
    for household in helped:
        first = dt.date.fromisoformat(f"{min(signal.month for signal in household.signals)}-01")
        start = first - dt.timedelta(days=rng.randint(20, 300))
        courses.append(Course(household, start, first + dt.timedelta(days=rng.randint(400, 900))))
    for household in others:
        start = dt.date(2017, 9, 1) + dt.timedelta(days=rng.randrange(700))
        courses.append(Course(household, start, start + dt.timedelta(days=rng.randint(60, 700))))
    return sorted(courses, key=lambda course: (course.start, course.household.address))
