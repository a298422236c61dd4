"""The choice of households and of their reserve, beside every choice there could have been.

What a selection is worth is counted here anew, in fractions; the months are small enough to look at every selection.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import psycopg
import pytest

Household = tuple[int, frozenset[str]]
Worth = tuple[int, int, Fraction]
Ask = Callable[..., list[int]]

SETS = [frozenset(letters) for letters in ("rh", "rw", "re", "we", "he", "hw", "r", "w", "rhe", "rwhe")]
WEIGHTS = [10, 7, 3, 2, 2, 2, 1, 1, 1, 1]


@pytest.fixture
def choose(connection: psycopg.Connection) -> Ask:
    def ask(places: int, households: list[Household], sectors: str = "rhwe") -> list[int]:
        query = "select decision.balanced_choice(%s, %s::integer[], %s::integer[])"
        return connection.execute(query, [places, *as_arrays(households, sectors)]).fetchone()[0]

    return ask


@pytest.fixture
def reserve(connection: psycopg.Connection) -> Ask:
    def ask(places: int, households: list[Household], chosen: list[int], sectors: str = "rhwe") -> list[int]:
        query = "select decision.reserve_order(%s, %s::integer[], %s::integer[], %s::integer[])"
        return connection.execute(query, [places, *as_arrays(households, sectors), chosen]).fetchone()[0]

    return ask


def as_arrays(households: list[Household], sectors: str) -> tuple[list[int], list[int]]:
    """Districts and sets of sectors as the functions take them; where a sector stands in `sectors` is its bit."""
    return (
        [district for district, _ in households],
        [sum(1 << sectors.index(sector) for sector in owed) for _, owed in households],
    )


def month(seed: int, *, most_households: int = 13, most_places: int = 6, most_districts: int = 5) -> tuple:
    """A number of places, and households in order of preference."""
    rng = random.Random(seed)
    sets = rng.sample(SETS, rng.randint(1, len(SETS)))
    weights = [WEIGHTS[SETS.index(each)] for each in sets]
    of = rng.randint(1, most_districts)
    sizes = [rng.uniform(0.2, 3) for _ in range(of)]
    drawn = rng.choices(range(of), sizes, k=rng.randint(1, most_households))
    numbers = {district: number for number, district in enumerate(dict.fromkeys(drawn), start=1)}
    households = [(numbers[district], rng.choices(sets, weights)[0]) for district in drawn]
    return rng.randint(1, most_places), households


def worth(households: list[Household], chosen: tuple[int, ...] | list[int]) -> Worth:
    """Sectors without a place, how far districts are beyond their rounded shares, and the differences."""
    part = Fraction(len(chosen), len(households))
    of_district = Counter(district for district, _ in households)
    of_sector = Counter(sector for _, owed in households for sector in owed)
    in_district = Counter(households[place - 1][0] for place in chosen)
    in_sector = Counter(sector for place in chosen for sector in households[place - 1][1])
    off = [abs(in_district[each] - part * number) for each, number in of_district.items()]
    return (
        len(of_sector) - len(in_sector),
        sum(int(each) ** 2 for each in off),
        sum(off) + sum(abs(in_sector[each] - part * number) for each, number in of_sector.items()),
    )


def least(households: list[Household], places: int) -> Worth:
    """What the best of all selections is worth."""
    positions = range(1, len(households) + 1)
    alike = {
        tuple(sorted((households[place - 1][0], *sorted(households[place - 1][1])) for place in chosen)): chosen
        for chosen in itertools.combinations(positions, min(places, len(households)))
    }
    return min(worth(households, chosen) for chosen in alike.values())


def fit(one: Household, other: Household) -> int:
    """How well one stands in for the other."""
    return 2 * (one[0] == other[0]) + bool(one[1] & other[1])


@pytest.mark.parametrize("seed", range(80))
def test_nothing_better_could_have_been_chosen(choose: Ask, seed: int) -> None:
    places, households = month(seed)
    chosen = choose(places, households)
    assert len(chosen) == min(places, len(households))
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(range(1, len(households) + 1))
    assert worth(households, chosen) == least(households, places)


@pytest.mark.parametrize("seed", range(1000, 1040))
def test_of_a_usual_month_sectors_and_districts_get_what_they_can(choose: Ask, seed: int) -> None:
    places, households = month(seed, most_households=110, most_places=40, most_districts=10)
    chosen = choose(places, households)
    assert len(chosen) == len(set(chosen)) == min(places, len(households))
    present = frozenset().union(*(owed for _, owed in households))
    sets = {owed for _, owed in households}
    possible = max(
        len(frozenset().union(*some)) for some in itertools.combinations(sets, min(len(sets), len(chosen), 4))
    )
    unrepresented, beyond, _ = worth(households, chosen)
    assert unrepresented == len(present) - possible
    # With places enough for four who bring the sectors, no month drawn here wants more in a district than its share.
    if len(chosen) >= 8:
        assert beyond == 0


@pytest.mark.parametrize("seed", range(1000, 1020))
def test_no_earlier_household_would_have_done_as_well(choose: Ask, seed: int) -> None:
    places, households = month(seed, most_households=40, most_places=20)
    chosen = choose(places, households)
    reached = worth(households, chosen)
    for place in chosen:
        for earlier in set(range(1, place)) - set(chosen):
            assert worth(households, [*(set(chosen) - {place}), earlier]) > reached


@pytest.mark.parametrize("seed", range(1000, 1030))
def test_numbering_districts_and_sectors_otherwise_changes_nobody(choose: Ask, reserve: Ask, seed: int) -> None:
    places, households = month(seed, most_households=110, most_places=40, most_districts=10)
    rng = random.Random(seed)
    numbers = rng.sample(range(1, 15), 10)
    renumbered = [(numbers[district - 1], owed) for district, owed in households]
    chosen = choose(places, households)
    stand_ins = reserve(places, households, chosen)
    for sectors in ("ewhr", "wrhe", ".h.r.we"):
        assert choose(places, renumbered, sectors) == chosen
        assert reserve(places, renumbered, chosen, sectors) == stand_ins


def test_sectors_come_before_districts_and_districts_before_differences(choose: Ask) -> None:
    # One place: only the last household has all sectors.
    rent, both = frozenset("r"), frozenset("rw")
    assert choose(1, [(1, rent), (1, rent), (1, rent), (2, both)]) == [4]
    # Each district has one place, though two of district 1 together have the sectors in better proportion.
    water, health = frozenset("w"), frozenset("h")
    households = [(1, water), (1, health), (2, frozenset("wh")), (2, frozenset("wh"))]
    assert choose(2, households) == [1, 3]


def test_of_households_alike_the_first_in_preference_go_first(choose: Ask) -> None:
    rent = frozenset("r")
    assert choose(3, [(1, rent)] * 8) == [1, 2, 3]
    assert choose(4, [(1, rent), (1, rent), (1, rent), (1, rent), (2, rent), (2, rent), (2, rent), (2, rent)]) == [
        *(1, 2),
        *(5, 6),
    ]
    # Which of the two sets that would do goes with the third is for preference.
    assert choose(1, [(3, rent), (2, rent), (1, rent)]) == [1]
    assert choose(1, [(1, frozenset("w")), (1, frozenset("r"))]) == [1]
    assert choose(1, [(1, frozenset("r")), (1, frozenset("w"))]) == [1]


def test_nobody_too_few_and_no_sector_are_no_trouble(choose: Ask, reserve: Ask) -> None:
    households = [(1, frozenset("r")), (2, frozenset("w"))]
    assert choose(0, households) == []
    assert choose(-1, households) == []
    assert choose(5, []) == []
    assert choose(0, []) == []
    assert choose(2, households) == choose(9, households) == [1, 2]
    assert choose(2, [(1, frozenset())] * 3) == [1, 2]
    assert choose(2, [(1, frozenset()), (1, frozenset()), (1, frozenset("e"))]) == [1, 3]
    assert reserve(5, [], []) == []
    assert reserve(0, households, [1]) == []
    assert reserve(5, households, [1, 2]) == []
    assert reserve(5, households, []) == [1, 2]


@pytest.mark.parametrize("seed", range(1000, 1030))
def test_whoever_is_chosen_has_the_best_stand_in_in_a_reserve_that_is_large_enough(
    choose: Ask, reserve: Ask, seed: int
) -> None:
    places, households = month(seed, most_households=110, most_places=40, most_districts=10)
    chosen = choose(places, households)
    left = set(range(1, len(households) + 1)) - set(chosen)
    everybody = reserve(len(households), households, chosen)
    assert sorted(everybody) == sorted(left)
    # Each of them makes at least one kind of the chosen better served, and no kind is better served three times over.
    enough = 3 * len({households[place - 1] for place in chosen})
    kept = reserve(enough, households, chosen)
    assert kept == everybody[:enough]
    for place in chosen if left else ():
        best = max(fit(households[place - 1], households[other - 1]) for other in left)
        assert best == max(fit(households[place - 1], households[other - 1]) for other in kept)


def test_the_reserve_begins_with_who_stands_in_for_most(reserve: Ask) -> None:
    rent, water = frozenset("r"), frozenset("w")
    households = [(1, rent), (1, rent), (2, water), (2, rent), (3, water), (1, water), (1, rent), (2, water)]
    # For two of the chosen the seventh is as good as can be; the eighth is so for the third. Then it begins anew.
    assert reserve(2, households, [1, 2, 3]) == [7, 8]
    assert reserve(3, households, [1, 2, 3])[2] == 6
