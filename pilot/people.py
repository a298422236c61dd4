"""People who do not exist: names, birth dates and citizen service numbers from the range kept for tests."""

import datetime as dt
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from pilot.names import INITIALS, SURNAMES

TEST_NUMBERS = range(999_900_000, 1_000_000_000)
"""The range of citizen service numbers that is never given to anyone; 9,090 of them are valid."""


@dataclass(frozen=True)
class Person:
    """One resident; `name_use` is E (own), P (partner), V (partner-own) or N (own-partner)."""

    bsn: str
    initials: str
    prefix: str
    surname: str
    partner_name: str
    name_use: str
    born: dt.date


def passes_eleven_test(number: int) -> bool:
    """Nine digits, weighted 9 to 2 and -1, add up to a multiple of eleven."""
    digits = [int(digit) for digit in f"{number:09d}"]
    return sum(w * d for w, d in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), digits, strict=True)) % 11 == 0


def numbers() -> Iterator[str]:
    """Every valid number of the test range once, in random order but always the same."""
    valid = [str(number) for number in TEST_NUMBERS if passes_eleven_test(number)]
    random.Random("bsn").shuffle(valid)
    return iter(valid)


def adult(bsn: str, rng: random.Random, partner: Person | None = None) -> Person:
    """An adult; with a partner given, someone of about that age who may bear the partner's name."""
    prefix, surname = rng.choice(SURNAMES)
    year = partner.born.year + rng.randint(-6, 6) if partner else round(rng.triangular(1935, 1999, 1975))
    born = dt.date(min(year, 1999), 1, 1) + dt.timedelta(days=rng.randrange(365))
    partner_name, name_use = "", "E"
    if partner:
        partner_name = full_surname(partner.prefix, partner.surname)
        name_use = rng.choices("EPVN", (50, 15, 15, 20))[0]
    return Person(bsn, initials(rng), prefix, surname, partner_name, name_use, born)


def child(bsn: str, rng: random.Random, parent: Person) -> Person:
    """A child of the parent, born within the parent's adult life and before the pilot."""
    year = min(parent.born.year + rng.randint(20, 38), 2017)
    born = dt.date(year, 1, 1) + dt.timedelta(days=rng.randrange(365))
    return Person(bsn, initials(rng), parent.prefix, parent.surname, "", "E", born)


def initials(rng: random.Random) -> str:
    """One to three letters, each with a full stop."""
    return "".join(f"{rng.choice(INITIALS)}." for _ in range(rng.choices((1, 2, 3), (45, 40, 15))[0]))


def full_surname(prefix: str, surname: str) -> str:
    """The surname with its voorvoegsel: `d'Abreu`, `van der Wal`."""
    return f"{prefix}{surname}" if prefix.endswith("'") and len(prefix) == 2 else f"{prefix} {surname}".strip()


def as_written(person: Person, rng: random.Random) -> tuple[str, str]:
    """(voorvoegsel, surname) as some creditor knows the person: by the name in use, often without diacritics."""
    prefix, surname = person.prefix, person.surname
    if person.name_use == "P":
        prefix, surname = "", person.partner_name
    elif person.name_use == "V":
        prefix, surname = "", f"{person.partner_name}-{full_surname(person.prefix, person.surname)}"
    elif person.name_use == "N":
        surname = f"{person.surname}-{person.partner_name}"
    return (prefix, plain(surname)) if rng.random() < 0.5 else (prefix, surname)


def plain(name: str) -> str:
    """The name in unaccented letters: `Strauß` -> `Strauss`, `Daniëls` -> `Daniels`."""
    name = name.replace("ß", "ss").replace("\N{LATIN SMALL LETTER DOTLESS I}", "i").replace("ł", "l")
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
