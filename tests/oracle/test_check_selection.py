"""The properties of a selection, on small examples worked out by hand."""

from __future__ import annotations

from decimal import Decimal

from .contract_oracle import Address, Decision, Match, check_selection

SELECTED, RESERVE, OVER = Decision("selected"), Decision("reserve"), Decision("not_selected", "over_capacity")


def match(number: int, district: str, sectors: str = "rent water", reason: str | None = None) -> Match:
    """Make a match in a district."""
    names = frozenset(sectors.split())
    return Match(
        "9101", "2022-01", Address("1234QQ", number, ""), "same_month", names, names, Decimal(100), district, reason
    )


def check(
    matches: list[Match], selected: set[int], reserve: set[int], capacity: int, reserve_size: int = 0
) -> list[str]:
    """Check the selection of some house numbers; what is not selectable gets the reason derived for it."""
    decisions = {
        m.address: SELECTED
        if m.address.number in selected
        else RESERVE
        if m.address.number in reserve
        else Decision("not_selected", m.reason or "over_capacity")
        for m in matches
    }
    return check_selection(matches, decisions, capacity, reserve_size)


def test_as_many_as_capacity_and_candidates_allow() -> None:
    four = [match(n, "Noord") for n in (1, 2, 3, 4)]
    assert check(four, {1, 2}, {3}, capacity=2, reserve_size=1) == []
    assert check(four, {1, 2, 3, 4}, set(), capacity=9, reserve_size=3) == []
    assert check(four, {1}, {2, 3}, capacity=2, reserve_size=1) == [
        "1 households selected, expected 2",
        "2 households reserve, expected 1",
    ]
    assert check([], set(), set(), capacity=3) == []
    assert check(four, set(), set(), capacity=0) == []


def test_every_match_is_decided_on_with_its_own_reason() -> None:
    two = [match(1, "Noord"), match(2, "Noord", reason="in_debt_help")]
    assert check(two, {1}, set(), capacity=1) == []
    assert len(check_selection(two, {two[0].address: SELECTED}, 1, 0)) == 1
    # A household in debt help that is selected is wrong, and so is one that is left over for want of capacity.
    assert "expected reason in_debt_help" in check(two, {1, 2}, set(), capacity=2)[0]
    assert check_selection(two, {two[0].address: SELECTED, two[1].address: OVER}, 1, 0) != []


def test_every_sector_is_represented_when_capacity_allows() -> None:
    five = [*(match(n, "Noord") for n in (1, 2, 3, 4)), match(5, "Noord", "health energy")]
    assert check(five, {1, 5}, set(), capacity=2) == []
    assert check(five, {1, 2}, set(), capacity=2) == [
        "sector energy has candidates, but none is selected",
        "sector health has candidates, but none is selected",
    ]
    assert check(five, {1}, set(), capacity=1) == []  # no single household has all four


def test_districts_get_less_than_one_from_their_share() -> None:
    # 6, 3 and 1 candidates for 5 places: shares 3, 1.5 and 0.5.
    ten = [match(n, "Noord" if n < 6 else "Oost" if n < 9 else "West") for n in range(10)]
    assert check(ten, {0, 1, 2, 6, 7}, set(), capacity=5) == []
    assert check(ten, {0, 1, 2, 6, 9}, set(), capacity=5) == []
    assert check(ten, {0, 1, 2, 3, 6}, set(), capacity=5) == ["district Noord: 4 selected, its share is 3.00 of 5"]


def test_a_district_may_get_more_when_a_sector_is_found_there_only() -> None:
    # 8 in Noord and 2 in West for 5 places: shares 4 and 1. Two sectors are to be had in West only, one household each.
    ten = [*(match(n, "Noord") for n in range(8)), match(8, "West", "health rent"), match(9, "West", "energy rent")]
    assert check(ten, {0, 1, 2, 8, 9}, set(), capacity=5) == []
    assert check(ten, {0, 1, 2, 3, 8}, set(), capacity=5) == ["sector energy has candidates, but none is selected"]
    # Without those sectors there is no need for it.
    plain = [match(n, "Noord" if n < 8 else "West") for n in range(10)]
    assert len(check(plain, {0, 1, 2, 8, 9}, set(), capacity=5)) == 2
