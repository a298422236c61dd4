"""The bound on what the report calls significant: beside every small case, random amounts, an optimiser and SciPy."""

from __future__ import annotations

import math
from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy import optimize, stats

from pilot import claims
from pilot.claims import Group
from pilot.published import cells, number

EXACT = 1e-9
Array = np.ndarray


def squares(amounts: Array | list | tuple) -> float:
    """The sum of squares around the mean."""
    return float(np.sum((np.asarray(amounts) - np.mean(amounts)) ** 2))


def exactly(n: int, least: float, greatest: float, mean: float) -> Group:
    """A group whose numbers are as they are: what is taken off for rounding is put on before."""
    return Group(n, least - claims.HALF, greatest + claims.HALF, mean, slack=0)


def as_printed(amounts: Array) -> Group:
    """What a report prints of amounts: in whole euros."""
    return Group(len(amounts), round(amounts.min()), round(amounts.max()), round(amounts.mean()))


def draw(seed: int, n: int) -> Array:
    """Amounts of some shape: even, skewed, nearly all equal, or at both ends."""
    random = np.random.default_rng(seed)
    shape = (
        random.uniform(200, 18_000, n),
        random.lognormal(7, 1, n) + 200,
        np.append(random.normal(1700, 1, n - 2), [240, 16_000]),
        random.choice([239.0, 2359.0, 16_059.0], n) + random.uniform(-0.4, 0.4, n),
    )
    return np.round(shape[seed % 4], 2)


# -- one group


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_no_amounts_on_a_grid_have_a_smaller_variance(n: int) -> None:
    smallest: dict[tuple, float] = {}
    for amounts in combinations_with_replacement(range(8), n):
        told = (amounts[0], amounts[-1], sum(amounts))
        smallest[told] = min(squares(amounts), smallest.get(told, math.inf))
    assert len(smallest) > 80
    for (least, greatest, total), found in smallest.items():
        bound = claims.least_squares_of(exactly(n, least, greatest, total / n))
        assert bound <= found + EXACT
        # Where the others can all be equal on the grid, it is reached.
        if (total - least - greatest) % (n - 2) == 0:
            assert bound == pytest.approx(found)


@pytest.mark.parametrize(("n", "least", "greatest", "mean"), [(5, 0, 10, 3), (6, 2, 40, 9), (9, 380, 6594, 1482)])
def test_an_optimiser_finds_no_smaller_variance(n: int, least: float, greatest: float, mean: float) -> None:
    rest = n * mean - least - greatest
    start = np.random.default_rng(n).uniform(least, greatest, n - 2)
    found = optimize.minimize(
        lambda others: squares([least, *others, greatest]),
        start,
        bounds=[(least, greatest)] * (n - 2),
        constraints={"type": "eq", "fun": lambda others: others.sum() - rest},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    assert found.success
    assert found.fun == pytest.approx(claims.least_squares_of(exactly(n, least, greatest, mean)), rel=1e-6)


@pytest.mark.parametrize("n", [5, 9])
def test_an_optimiser_that_may_round_finds_no_smaller_variance(n: int) -> None:
    """Least, greatest and mean may each be half a euro off; the others are equal, as is proven."""
    group = Group(n, 4, 20, 7)

    def of(told: Array) -> float:
        least, greatest, mean = told
        return squares([least, *[(n * mean - least - greatest) / (n - 2)] * (n - 2), greatest])

    box = [(value - 0.5, value + 0.5) for value in (group.least, group.greatest, group.mean)]
    found = optimize.minimize(of, [4, 20, 7], bounds=box)
    assert found.fun == pytest.approx(claims.least_squares_of(group), rel=1e-6)


@pytest.mark.parametrize("seed", range(40))
def test_random_amounts_never_go_below(seed: int) -> None:
    amounts = draw(seed, 3 + seed)
    assert claims.least_squares_of(as_printed(amounts)) <= squares(amounts) + EXACT


@pytest.mark.parametrize("seed", range(40))
def test_random_amounts_whose_greatest_is_left_out_never_go_below(seed: int) -> None:
    amounts = np.sort(draw(seed, 4 + seed))
    rest = claims.without_greatest(as_printed(amounts))
    assert rest.n == len(amounts) - 1
    assert abs(rest.mean - amounts[:-1].mean()) <= rest.slack + EXACT
    assert claims.least_squares_of(rest) <= squares(amounts[:-1]) + EXACT


# -- several groups, and t


@pytest.mark.parametrize("seed", range(40))
def test_random_groups_never_give_a_larger_t_or_a_smaller_p(seed: int) -> None:
    referred, *others = (draw(seed + place, 3 + (seed + 5 * place) % 30) for place in range(1 + 1 + seed % 4))
    together = np.concatenate(others)
    printed = [as_printed(amounts) for amounts in others]
    assert claims.least_squares(printed) <= squares(together) + EXACT
    bound = claims.compare(as_printed(referred), "others", printed)
    assert bound.n == len(together)
    welch, student = (stats.ttest_ind(referred, together, equal_var=equal) for equal in (False, True))
    assert abs(welch.statistic) <= bound.welch_t + EXACT
    assert abs(student.statistic) <= bound.student_t + EXACT
    assert welch.pvalue >= bound.welch_p - EXACT
    assert student.pvalue >= bound.student_p - EXACT
    one = claims.compare_with_mean(as_printed(referred), "all", 100, 1739)
    alone = stats.ttest_1samp(referred, 1739.3)
    assert abs(alone.statistic) <= one.welch_t + EXACT
    assert alone.pvalue >= one.welch_p - EXACT


def test_what_is_known_of_the_means_of_groups_keeps_them_apart() -> None:
    apart = [exactly(3, 0, 2, 1), exactly(3, 100, 102, 101)]
    # Around 51: each amount of the first is some 50 below, each of the second 50 above.
    assert claims.least_squares(apart) == pytest.approx(squares([0, 1, 2, 100, 101, 102]))


def test_the_bound_is_reached_but_for_rounding() -> None:
    printed = {name: claims.group_of(row) for name, row in claims.OTHERS.items()}
    extreme = {name: claims.amounts_of(group) for name, group in printed.items()}
    referred = claims.amounts_of(claims.group_of(claims.REFERRED))
    for bound in claims.verdicts()[1:5]:
        welch = stats.ttest_ind(referred, extreme[bound.others], equal_var=False)
        student = stats.ttest_ind(referred, extreme[bound.others])
        assert bound.welch_t == pytest.approx(welch.statistic, rel=0.005)
        assert bound.student_t == pytest.approx(student.statistic, rel=0.005)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 20, 36, 233, 1000])
def test_p_is_that_of_the_distribution(degrees: int) -> None:
    for t in (0, 0.01, 0.98, -1.61, 3, 12):
        assert claims.two_sided(t, degrees) == pytest.approx(2 * stats.t.sf(abs(t), degrees), abs=EXACT)


# -- ranks


@pytest.mark.parametrize("seed", range(8))
def test_the_test_of_ranks_is_scipys(seed: int) -> None:
    # Rounded to hundreds, so that there are ties.
    a, b = (list(np.round(draw(seed + place, 20 + seed), -2)) for place in (0, 1))
    found = stats.mannwhitneyu(a, b, method="asymptotic")
    assert claims.mann_whitney(a, b) == pytest.approx((found.statistic, found.pvalue))


def test_of_equal_amounts_nothing_follows() -> None:
    assert claims.mann_whitney([1, 2, 3], [1, 2, 3]) == (4.5, 1)


def test_the_amounts_that_ranks_tell_apart_fit_all_that_is_printed() -> None:
    printed = cells(claims.TABLE)
    for row in (claims.REFERRED, *claims.OTHERS.values()):
        amounts = claims.amounts_of(claims.group_of(row))
        assert len(amounts) == number(printed[row, "n"])
        assert (min(amounts), max(amounts)) == (number(printed[row, "min_eur"]), number(printed[row, "max_eur"]))
        assert round(np.mean(amounts)) == number(printed[row, "mean_eur"])
    assert all(found.p < claims.LEVEL for found in claims.ranks().values())


# -- the claim


def test_every_group_of_the_table_is_compared() -> None:
    rows = {row for row, _ in cells(claims.TABLE)}
    assert rows == {claims.REFERRED, *claims.OTHERS.values(), "totaal"}
    printed = {verdict.others: verdict.n for verdict in claims.verdicts()}
    assert printed["all others"] == number(cells(claims.TABLE)["totaal", "n"]) - 21
    assert printed["all others with contact"] == 17 + 55 + 9
    assert printed["all others without the wrong report"] == printed["all others"] - 1


def test_welchs_test_cannot_make_the_claim_hold_in_any_comparison() -> None:
    found = claims.verdicts()
    # Worked out by hand from the referred alone: at least 239, 16.059 and nineteen times 1.749,53 give a standard error
    # of 689; the difference with all others is 681, and with whom it is largest 780.
    assert found[0].welch_t < 682.3 / 688
    assert all(verdict.welch_t < 781 / 688 for verdict in found)
    # Two-sided and one-sided.
    assert all(verdict.welch_p / 2 > claims.LEVEL for verdict in found)


def test_students_test_can_only_when_the_wrong_report_is_left_out() -> None:
    may_hold = {verdict.others for verdict in claims.verdicts() if verdict.student_p < claims.LEVEL}
    assert may_hold == {"all others without the wrong report"}


def test_it_is_told_in_a_line_per_comparison() -> None:
    lines = claims.format_claims().splitlines()
    assert len(lines) == 3 + len(claims.verdicts()) + 4
    assert max(map(len, lines)) <= 150
    assert "n=21, minimum € 239, maximum € 16.059 and mean € 2.359" in lines[1]
    (all_others,) = [line for line in lines if "against all others (" in line]
    assert all_others == (
        "  against all others (n=214, mean € 1.678): Welch t 0.98, p 0.329; Student t 1.61, p 0.109: cannot hold"
    )
    (corrected,) = [line for line in lines if "wrong report" in line]
    assert corrected.endswith(": may hold by Student")
    assert "  By Welch's test it cannot hold in any of these comparisons, not even one-sided." in lines
