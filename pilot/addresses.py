"""Addresses that do not exist: four digits of Zoetermeer, and letter pairs with a Q, which are never in use there."""

import random
from collections.abc import Iterator
from string import ascii_uppercase
from typing import NamedTuple

from pilot.names import STREET_KINDS, STREET_STEMS

# Residential four-digit postcodes; a district is drawn as wholly made of them, which is roughly so.
DISTRICTS = {
    "2711": "Centrum", "2712": "Centrum", "2713": "Centrum",
    "2715": "Meerzicht", "2716": "Meerzicht",
    "2717": "Buytenwegh de Leyens", "2725": "Buytenwegh de Leyens", "2726": "Buytenwegh de Leyens",
    "2723": "Seghwaert", "2724": "Seghwaert", "2727": "Seghwaert", "2728": "Seghwaert",
    "2719": "Rokkeveen", "2718": "Rokkeveen",
    "2721": "Oosterheem", "2722": "Oosterheem", "2729": "Oosterheem",
}  # fmt: skip

LETTER_PAIRS = tuple(a + b for a in ascii_uppercase for b in ascii_uppercase if "Q" in (a, b))
SUFFIXES = (("a", ""), ("b", ""), ("c", ""), ("", "2"), ("", "hs"), ("", "II"), ("", "bis"), ("A", "3"))
"""(letter, addition) of the homes that share a house number."""


class Address(NamedTuple):
    """An address as the register writes it."""

    street: str
    number: int
    letter: str
    addition: str
    postcode: str
    district: str


def homes() -> Iterator[Address]:
    """All homes, in random order but always the same; no two are one address."""
    rng = random.Random("addresses")
    streets = [stem + kind for stem in STREET_STEMS for kind in STREET_KINDS]
    rng.shuffle(streets)
    found = []
    for place, (digits, letters) in enumerate((d, pair) for d in DISTRICTS for pair in LETTER_PAIRS):
        # Two postcodes to a street: the even and the odd side.
        street, side = streets[place // 2 % len(streets)], place % 2
        first = rng.randrange(1, 90) * 2 + side
        for number in range(first, first + 18, 2):
            for letter, addition in _suffixes(rng):
                found.append(Address(street, number, letter, addition, digits + letters, DISTRICTS[digits]))
    rng.shuffle(found)
    return iter(found)


def _suffixes(rng: random.Random) -> list[tuple[str, str]]:
    """Most numbers are one home; some are two or three, the first of them without a suffix."""
    extra = rng.choices((0, 1, 2), (88, 8, 4))[0]
    return [("", ""), *rng.sample(SUFFIXES, extra)]


def as_written(address: Address, rng: random.Random) -> tuple[int, str, str, str]:
    """The same address as some creditor types it: (house number, letter, addition, postcode)."""
    suffix = address.letter + address.addition
    letter, addition = address.letter, address.addition
    if suffix:
        letter, addition = rng.choice(
            [(letter, addition), ("", suffix.upper()), ("", f"-{suffix}"), (letter.upper(), addition.lower())]
        )
    digits, letters = address.postcode[:4], address.postcode[4:]
    postcode = rng.choices(
        [digits + letters, f"{digits} {letters}", digits + letters.lower(), f"{digits} {letters.lower()}"],
        (60, 30, 7, 3),
    )[0]
    return address.number, letter, addition, postcode
