"""Months of candidates as they could be, drawn: the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

RENT, HEALTH, WATER, ENERGY = 1, 2, 4, 8
# How often sectors came together in a case of the pilot (its table 2.5).
TOGETHER = {
    RENT | HEALTH: 96,
    RENT | WATER: 66,
    RENT | ENERGY: 25,
    WATER | ENERGY: 21,
    HEALTH | ENERGY: 9,
    HEALTH | WATER: 9,
    RENT: 2,
    RENT | HEALTH | ENERGY: 1,
    RENT | WATER | ENERGY: 1,
    RENT | HEALTH | WATER: 1,
}
# How likely a household is in arrears with a sector, when every set of sectors can occur.
APART = {RENT: 0.7, HEALTH: 0.45, WATER: 0.35, ENERGY: 0.1}


@dataclass(frozen=True)
class Town:
    """Who can be chosen in a municipality and month, in order of preference, and for how many places."""

    places: int
    districts: list[int]
    sectors: list[int]

    @property
    def seats(self) -> int:
        """How many can be chosen at all."""
        return min(self.places, len(self.districts))


def draw_month(rng: random.Random) -> Town:
    """A month, mostly as in the pilot; else with all sets of sectors, few, one sector, or hardly anybody."""
    what = rng.choices(("pilot", "all sets", "few sets", "one sector", "tiny"), (45, 25, 15, 5, 10))[0]
    if what == "tiny":
        return draw(rng, rng.randint(1, 10), rng.randint(1, 5), rng.randint(1, 4), all_sets())
    sets = TOGETHER
    if what == "all sets":
        sets = all_sets()
    elif what == "few sets":
        sets = {each: TOGETHER[each] for each in rng.sample(sorted(TOGETHER), rng.randint(2, 3))}
    elif what == "one sector":
        sets = {rng.choice((RENT, HEALTH, WATER, ENERGY)): 1}
    return draw(rng, rng.randint(1, 110), rng.randint(5, 40), rng.randint(1, 10), sets)


def draw_town(rng: random.Random) -> Town:
    """A month of a town far larger than the pilot's."""
    return draw(rng, 2000, 300, 40, all_sets())


def all_sets() -> dict[int, float]:
    """Every set of sectors, with its likelihood."""
    sets = {}
    for each in range(1, 16):
        likelihood = 1.0
        for sector, share in APART.items():
            likelihood *= share if each & sector else 1 - share
        sets[each] = likelihood
    return sets


def draw(rng: random.Random, candidates: int, places: int, districts: int, sets: dict[int, float]) -> Town:
    """Candidates in districts of very different sizes; in half of the months a creditor is strong in some districts."""
    skew = rng.uniform(0, 1.5)
    sizes = [(number + 1) ** -skew for number in range(districts)]
    local = rng.random() < 0.5
    weights = [
        [weight * (rng.choice((0.2, 1, 3)) if local else 1) for weight in sets.values()] for _ in range(districts)
    ]
    drawn = rng.choices(range(districts), sizes, k=candidates)
    # The database numbers the districts that have candidates.
    numbers = {district: number for number, district in enumerate(sorted(set(drawn)), start=1)}
    return Town(
        places=places,
        districts=[numbers[district] for district in drawn],
        sectors=[rng.choices(list(sets), weights[district])[0] for district in drawn],
    )
