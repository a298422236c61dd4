"""What the report claims to be significant, and whether any amounts could make it so.

Beside table 2.9 it says that households that were referred had significantly larger arrears on average. The amounts
are not published; of each group of outcomes n, minimum, maximum and mean are. That is enough for a bound.

*Of one group.* Let its n amounts have least a, greatest b and mean m. One of them is a and one is b; the n - 2 others
have the mean c = (n m - a - b) / (n - 2). Around c their squares add up to 0 or more, and to 0 only when all of them
are c. So

    sum of (x - m)^2  =  (a - m)^2 + (b - m)^2 + sum over the others of (x - m)^2
                      >= (a - m)^2 + (b - m)^2 + (n - 2) (c - m)^2,

and that is reached, since c, a mean of amounts between a and b, lies between them too. No variance is smaller.

*Of whole euros.* Each of a, b and m may have been half a euro more or less. The derivative of that sum to a is
-2 (c - a), and to b it is 2 (b - c): never above and never below 0, so it is least for the largest a and the smallest
b. To m it is (2 m - a - b) (2 + 4 / (n - 2)): least for the m that is nearest to the middle of a and b.

*Of several groups together.* Around the mean M of all the sum of squares is that of each group around its own mean,
plus n_k (m_k - M)^2 of each. The second is known from the means, the first is least as above, for each group by itself.

*Of t.* Both Welch's and Student's are a difference of means divided by a root that grows with either sum of squares. So
none is larger than the largest difference with the smallest sums. Welch's degrees of freedom are never more than
n1 + n2 - 2, and for the same t the tail is thinner the more there are: p is never below that of the largest t with so
many.
"""

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from pilot.published import cells, notes, number

TABLE, REFERRED = "table_2_09", "verwezen"
OTHERS = {
    "refusing": "wil niet geholpen worden",
    "solving it themselves": "wil het zelf oplossen",
    "informed and advised": "informatie en advies gegeven",
    "no contact and others": "geen contact /overig",
}
"""What the table's other groups are called in English."""
LEVEL = 0.05
HALF = 0.5
"""Amounts are printed in whole euros."""


class Group(NamedTuple):
    """Households of which n, least, greatest and mean amount are known, in euros.

    `greatest` is None where nobody says. `slack`: by how much the mean may differ.
    """

    n: int
    least: float
    greatest: float | None
    mean: float
    slack: float = HALF


class Verdict(NamedTuple):
    """Whom the referred are compared with, and the largest t and smallest two-sided p that any amounts allow."""

    others: str
    n: int
    mean: float
    welch_t: float
    welch_p: float
    student_t: float
    student_p: float


class Ranks(NamedTuple):
    """U and two-sided p of Mann and Whitney's test."""

    u: float
    p: float


# -- the bound


def least_squares_of(group: Group) -> float:
    """The smallest sum of squares around its mean that a group of three or more can have; see the module for why."""
    least = group.least + HALF
    if group.greatest is None:
        # As above, with one amount fixed instead of two: the n - 1 others are equal.
        return max(0, group.mean - group.slack - least) ** 2 * group.n / (group.n - 1)
    greatest = group.greatest - HALF
    middle = (least + greatest) / 2
    mean = min(max(middle, group.mean - group.slack), group.mean + group.slack)
    return (mean - least) ** 2 + (greatest - mean) ** 2 + (2 * mean - least - greatest) ** 2 / (group.n - 2)


def least_squares(groups: list[Group]) -> float:
    """The smallest sum of squares of several groups around the mean of them all."""
    mean, slack = mean_of(groups), slack_of(groups)
    between = sum(group.n * max(0, abs(group.mean - mean) - group.slack - slack) ** 2 for group in groups)
    return between + sum(map(least_squares_of, groups))


def mean_of(groups: list[Group]) -> float:
    """The mean of several groups together, as their printed means give it."""
    return sum(group.n * group.mean for group in groups) / sum(group.n for group in groups)


def slack_of(groups: list[Group]) -> float:
    """By how much that mean may differ, since each of theirs may."""
    return sum(group.n * group.slack for group in groups) / sum(group.n for group in groups)


def compare(group: Group, others: str, groups: list[Group]) -> Verdict:
    """The largest t of a group against others together, and the smallest p."""
    n1, n2 = group.n, sum(other.n for other in groups)
    squares1, squares2 = least_squares_of(group), least_squares(groups)
    mean = mean_of(groups)
    difference = abs(group.mean - mean) + group.slack + slack_of(groups)
    degrees = n1 + n2 - 2
    welch = difference / math.sqrt(squares1 / (n1 - 1) / n1 + squares2 / (n2 - 1) / n2)
    student = difference / math.sqrt((squares1 + squares2) / degrees * (1 / n1 + 1 / n2))
    return Verdict(others, n2, mean, welch, two_sided(welch, degrees), student, two_sided(student, degrees))


def compare_with_mean(group: Group, others: str, n: int, mean: float) -> Verdict:
    """The largest t of a group against a fixed mean, as that of all; there is one t for that."""
    t = (abs(group.mean - mean) + 2 * HALF) / math.sqrt(least_squares_of(group) / (group.n - 1) / group.n)
    p = two_sided(t, group.n - 1)
    return Verdict(others, n, mean, t, p, t, p)


def two_sided(t: float, degrees: int) -> float:
    """The chance of a t as far from 0 or farther, for a whole number of degrees of freedom.

    A finite sum. Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    angle = math.atan(abs(t) / math.sqrt(degrees))
    is_odd = degrees % 2
    term, total = (math.cos(angle) if is_odd else 1.0), 0.0
    for power in range(1 if is_odd else 0, degrees - 1, 2):
        total += term
        term *= math.cos(angle) ** 2 * (power + 1) / (power + 2)
    within = math.sin(angle) * total
    return 1 - (2 / math.pi * (angle + within) if is_odd else within)


# -- ranks


def amounts_of(group: Group) -> list[float]:
    """Amounts in whole cents that a group can have: all equal but the least and the greatest."""
    rest = (group.n * group.mean - group.least - group.greatest) / (group.n - 2)
    return [group.least, *[round(rest, 2)] * (group.n - 2), group.greatest]


def mann_whitney(a: list[float], b: list[float]) -> Ranks:
    """Whether amounts of a tend to be higher: by the normal approximation, corrected for ties and continuity."""
    u = sum((x > y) + (x == y) / 2 for x in a for y in b)
    n = len(a) + len(b)
    ties = sum(size**3 - size for size in Counter([*a, *b]).values())
    spread = math.sqrt(len(a) * len(b) / 12 * (n + 1 - ties / n / (n - 1)))
    return Ranks(u, min(1.0, math.erfc(max(0, abs(u - len(a) * len(b) / 2) - 0.5) / spread / math.sqrt(2))))


# -- the claim


def group_of(row: str) -> Group:
    """A group of outcomes as the table prints it."""
    printed = cells(TABLE)
    n, *rest = (number(printed[row, column]) for column in ("n", "min_eur", "max_eur", "mean_eur"))
    return Group(int(n), *rest)


def without_greatest(group: Group) -> Group:
    """What is known of a group when the household with its greatest amount is left out."""
    n = group.n - 1
    mean = (group.n * group.mean - group.greatest) / n
    return Group(n, group.least, None, mean, (group.n * group.slack + HALF) / n)


def verdicts() -> list[Verdict]:
    """Every comparison that the report's sentence can mean."""
    referred = group_of(REFERRED)
    others = {name: group_of(row) for name, row in OTHERS.items()}
    spoken_to = [group for name, group in others.items() if name != "no contact and others"]
    # The group whose greatest amount holds what a creditor reported by mistake.
    mistaken = {row for row, column in notes(TABLE) if column == "max_eur"}
    corrected = [without_greatest(group) if OTHERS[name] in mistaken else group for name, group in others.items()]
    everybody = group_of("totaal")
    return [
        compare(referred, "all others", list(others.values())),
        *(compare(referred, name, [group]) for name, group in others.items()),
        compare(referred, "all others with contact", spoken_to),
        compare(referred, "all others without the wrong report", corrected),
        compare_with_mean(referred, "the mean of all", everybody.n, everybody.mean),
    ]


def ranks() -> dict[str, Ranks]:
    """What one set of amounts that fits the table gives, against all others together and against each group."""
    referred = amounts_of(group_of(REFERRED))
    others = {name: amounts_of(group_of(row)) for name, row in OTHERS.items()}
    together = [amount for amounts in others.values() for amount in amounts]
    return {name: mann_whitney(referred, amounts) for name, amounts in {"all others": together, **others}.items()}


def format_claims() -> str:
    """The claim, what is printed, and per comparison whether any amounts can make it hold."""
    found, by_rank = verdicts(), ranks()
    referred = group_of(REFERRED)
    return "\n".join(
        [
            "The claim beside table 2.9, that referred households have significantly larger arrears on average:",
            f"  Printed of them: {_described(referred)}; of the other",
            "  groups the same four numbers. Whatever the amounts were, t is at most, and p (two-sided) at least:",
            *map(_line, found),
            f"  By Welch's test it {_in_all(one.welch_p for one in found)}.",
            f"  By Student's, which takes variances to be equal, it {_in_all(one.student_p for one in found)}.",
            "  By ranks (Mann-Whitney) it may hold, which says nothing of means: were all of each group equal but its",
            f"  least and its greatest ({referred.n - 2} of the referred at {_euros(amounts_of(referred)[1])}), p would"
            f" be {_p(by_rank['all others'].p)} against all others.",
        ]
    )


def _line(one: Verdict) -> str:
    may_hold = [name for name, p in (("Welch", one.welch_p), ("Student", one.student_p)) if p < LEVEL]
    verdict = f"may hold by {' and '.join(may_hold)}" if may_hold else "cannot hold"
    return (
        f"  against {one.others} (n={one.n}, mean {_euros(one.mean)}): Welch t {_t(one.welch_t)}, p {_p(one.welch_p)};"
        f" Student t {_t(one.student_t)}, p {_p(one.student_p)}: {verdict}"
    )


def _in_all(values: Iterable[float]) -> str:
    values = list(values)
    possible = sum(p < LEVEL for p in values)
    if not possible:
        one_sided = ", not even one-sided" if all(p / 2 >= LEVEL for p in values) else ""
        return f"cannot hold in any of these comparisons{one_sided}"
    return f"may hold in {possible} of these {len(values)} comparisons"


def _described(group: Group) -> str:
    return f"n={group.n}, minimum {_euros(group.least)}, maximum {_euros(group.greatest)} and mean {_euros(group.mean)}"


def _euros(amount: float) -> str:
    """In whole euros, as the report prints them."""
    return f"€ {amount:,.0f}".replace(",", ".")


def _t(t: float) -> str:
    """Upwards: it is the most that there can be."""
    return f"{math.ceil(100 * t) / 100:.2f}"


def _p(p: float) -> str:
    """Downwards: it is the least that there can be."""
    return f"{math.floor(1000 * p) / 1000:.3f}" if p >= 0.001 else "below 0.001"
