"""Synthetic homes, people and spellings for random landing areas; nobody and nothing in it exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from .contract_values import BSN_WEIGHTS, passes_eleven_test

SURNAMES = ("Jansen", "de Vries", "Çelik", "Böhm", "El Idrissi", "Groß", "van den Berg", "Ó Brádaigh", "Nguyễn", "Smit")
SUFFIXES = ("A", "B2", "BIS", "1")

# What is special about a home that several creditors report; the others are plain.
TRAITS = (
    "not_in_brp",
    "all_suspended",
    "some_suspended",
    "help_open",
    "help_ended_24",
    "help_ends_25",
    "help_starts_25",
    "help_starts_26",
    "small_debts",
    "debts_at_threshold",
    "small_debts_two_customers",
    "two_customers",
)


@dataclass(frozen=True)
class Home:
    """An address as it should be compared, what is special about it, and whether it is reported often."""

    postcode: str
    number: int
    suffix: str
    street: str
    district: str
    trait: str
    often: bool


def make_homes(rng: Random, area: int, count: int) -> list[Home]:
    """Make the homes of a municipality: each trait three times and as many plain ones reported often, then the rest.

    Postcodes have letter pairs with a Q, which are hardly in use; numbers run on, so that no two homes are the same.
    """
    special = [trait for trait in TRAITS for _ in range(3)]
    traits = special + ["plain"] * (count - len(special))
    homes: list[Home] = []
    for place, trait in enumerate(traits):
        district = rng.randrange(4)
        postcode = f"{area + district}Q{rng.choice('QXZ')}"
        if place % 2:  # a neighbour, told apart by what follows the house number only
            district, postcode = int(homes[-1].district[-1]), homes[-1].postcode
        homes.append(
            Home(
                postcode=postcode,
                number=place // 2 + 1,
                suffix=rng.choice(SUFFIXES) if place % 2 else "",
                street=f"Proefstraat {district}",
                district=f"Wijk {district}",
                trait=trait,
                often=place < 2 * len(special),
            )
        )
    return homes


def make_bsn(rng: Random) -> str:
    """Make a citizen number of the range for tests (9999xxxxx) that passes the eleven test."""
    while True:
        bsn = f"9999{rng.randrange(100000):05d}"
        if passes_eleven_test(bsn):
            return bsn


def break_bsn(rng: Random) -> str:
    """Make a citizen number of the range for tests that fails: by its last digit, a letter or its length."""
    bsn = make_bsn(rng)
    assert BSN_WEIGHTS[-1] == -1  # hence another last digit never passes
    return rng.choice((bsn[:-1] + str((int(bsn[-1]) + 1) % 10), bsn[:-1] + "X", bsn + "0", "9999", "000000000"))


def spell_postcode(rng: Random, postcode: str) -> str:
    """Write a postcode as people do."""
    digits, letters = postcode[:4], postcode[4:]
    return rng.choice(
        (postcode, postcode, f"{digits} {letters}", f"{digits}{letters.lower()}", f" {digits} {letters} ")
    )


def spell_suffix(rng: Random, suffix: str) -> tuple[str, str]:
    """Write what follows a house number as people do: house letter and addition, split in any way."""
    low = suffix.lower()
    if not suffix:
        return rng.choice((("", ""), ("", ""), ("", "-")))
    if len(suffix) == 1:
        return rng.choice(((suffix, ""), (low, ""), ("", suffix), ("", f"-{low}"), ("", f" {suffix}.")))
    return rng.choice(((suffix[0], suffix[1:]), (low[0], f"-{low[1:]}"), ("", suffix), ("", f"/{low[0]} {low[1:]}")))


def spell_date(rng: Random, day: date) -> str:
    """Write a date in one of the two forms."""
    return day.isoformat() if rng.random() < 0.6 else day.strftime("%d-%m-%Y")


def spell_place(rng: Random, home: Home) -> dict[str, str]:
    """Write the columns of an address."""
    letter, addition = spell_suffix(rng, home.suffix)
    return {
        "straatnaam": home.street,
        "huisnummer": str(home.number),
        "huisletter": letter,
        "huisnummertoevoeging": addition,
        "postcode": spell_postcode(rng, home.postcode),
        "woonplaats": "Proefstad",
    }
