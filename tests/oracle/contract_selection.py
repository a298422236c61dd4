"""The properties that the contract asks of a selection; which household is chosen among equals is left free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from .contract_match import Match
from .contract_values import Address

REASONS = (
    "address_unknown",
    "moved_or_deceased",
    "in_debt_help",
    "open_dossier",
    "approached_recently",
    "below_threshold",
    "over_capacity",
)


class Decision(NamedTuple):
    """What the platform made of a match: its role (selected, reserve, not_selected), and the reason when neither."""

    role: str
    reason: str | None = None


class Kind(NamedTuple):
    """All that a selection must look at: candidates of one kind can take each other's place."""

    district: str | None
    sectors: frozenset[str]


def check_selection(
    matches: list[Match], decisions: Mapping[Address, Decision], capacity: int, reserve_size: int
) -> list[str]:
    """Return what is wrong with the decisions on the matches of one municipality and month; nothing when all is well.

    Addresses stand in the messages: for tests with synthetic households only.
    """
    if set(decisions) != {match.address for match in matches}:
        return [f"decided on {len(decisions)} households, expected exactly the {len(matches)} that match"]
    candidates = [match for match in matches if match.reason is None]
    chosen = [match for match in candidates if decisions[match.address].role == "selected"]
    return [
        *wrong_reasons(matches, decisions),
        *wrong_numbers(len(candidates), decisions, capacity, reserve_size),
        *wrong_balance(candidates, chosen),
    ]


def wrong_reasons(matches: list[Match], decisions: Mapping[Address, Decision]) -> Iterable[str]:
    """Yield each match whose role and reason do not go together with what the contract derives."""
    for match in matches:
        role, reason = decisions[match.address]
        expected = match.reason or (None if role in ("selected", "reserve") else "over_capacity")
        fitting = role == "not_selected" if expected else role in ("selected", "reserve")
        if not fitting or (reason or None) != expected:
            yield f"{match.address}: {role} with reason {reason or None}, expected reason {expected}"


def wrong_numbers(
    candidates: int, decisions: Mapping[Address, Decision], capacity: int, reserve_size: int
) -> Iterable[str]:
    """Yield when not as many are selected, or held in reserve, as capacity and candidates allow."""
    roles = Counter(decision.role for decision in decisions.values())
    selected = min(capacity, candidates)
    reserve = min(reserve_size, candidates - selected)
    for role, expected in {"selected": selected, "reserve": reserve}.items():
        if roles[role] != expected:
            yield f"{roles[role]} households {role}, expected {expected}"


def wrong_balance(candidates: list[Match], chosen: list[Match]) -> Iterable[str]:
    """Yield each sector that is left out and each district that is served out of proportion, without need.

    When the sectors cannot all be represented by so few, they are not asked for. A district's number differs less than
    1 from its share, or, when that cannot go together with the sectors, less than the least number that can.
    """
    supply = Counter(kind_of(match) for match in candidates)
    sectors = frozenset(sector for match in candidates for sector in match.sectors)
    size = len(chosen)
    if not can_cover(supply, sectors, dict.fromkeys(districts_of(supply), (0, size)), size):
        sectors = frozenset()
    for sector in sorted(sectors - {sector for match in chosen for sector in match.sectors}):
        yield f"sector {sector} has candidates, but none is selected"
    shares = {name: Fraction(size * count, len(candidates)) for name, count in districts_of(supply).items()}
    served = Counter(match.district for match in chosen)
    tolerance = least_tolerance(supply, sectors, shares, size)
    for district, share in sorted(shares.items(), key=str):
        if abs(served[district] - share) >= tolerance:
            yield f"district {district}: {served[district]} selected, its share is {float(share):.2f} of {size}"


def kind_of(match: Match) -> Kind:
    """Return what a selection must look at."""
    return Kind(match.district, match.sectors)


def districts_of(supply: Counter[Kind]) -> Counter[str | None]:
    """Count the candidates of each district."""
    districts: Counter[str | None] = Counter()
    for kind, count in supply.items():
        districts[kind.district] += count
    return districts


def least_tolerance(
    supply: Counter[Kind], sectors: frozenset[str], shares: dict[str | None, Fraction], size: int
) -> int:
    """Return the least deviation that every district can stay under in some selection with all these sectors."""
    available = districts_of(supply)
    tolerance = 1
    while True:
        bounds = {
            name: (max(0, floor(share - tolerance) + 1), min(available[name], ceil(share + tolerance) - 1))
            for name, share in shares.items()
        }
        if can_cover(supply, sectors, bounds, size):
            return tolerance
        tolerance += 1


def can_cover(
    supply: Counter[Kind], sectors: frozenset[str], bounds: dict[str | None, tuple[int, int]], size: int
) -> bool:
    """Tell whether `size` candidates, in each district a number within its bounds, can represent all sectors."""
    if not sectors:
        return sum(low for low, _ in bounds.values()) <= size <= sum(high for _, high in bounds.values())
    wanted = min(sectors)
    return any(
        can_cover(
            supply - Counter([kind]),
            sectors - kind.sectors,
            bounds | {kind.district: (max(0, low - 1), high - 1)},
            size - 1,
        )
        for kind in supply
        if wanted in kind.sectors and size > 0
        for low, high in [bounds[kind.district]]
        if high > 0
    )
