"""The statistics of the database beside SciPy's, on random numbers and at the edges."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import psycopg
import pytest
from scipy import special, stats

pytestmark = pytest.mark.filterwarnings("error")

# Of what may differ: relative, or absolute where that is more.
CLOSE = 1e-9
FLOAT = "double precision"
Ask = Callable[..., list[tuple]]
Array = np.ndarray


@pytest.fixture
def ask(connection: psycopg.Connection) -> Ask:
    """What a function gives, for each of the arguments in `columns`: a row each time."""

    def answer(function: str, *columns: tuple[str, list]) -> list[tuple]:
        arrays = ", ".join(f"%s::{kind} []" for kind, _ in columns)
        names = ", ".join(f"argument{number}" for number, _ in enumerate(columns))
        return connection.execute(
            f"select result.* from unnest({arrays}) with ordinality as given ({names}, place)"
            f" cross join lateral statistics.{function}({names}) as result order by given.place",
            [floats(values) if kind == FLOAT else values for kind, values in columns],
        ).fetchall()

    return answer


def floats(values: Array | list | None) -> list[float | None] | None:
    """What is given, as a list of floats; nulls stay."""
    return None if values is None else [None if value is None else float(value) for value in values]


def numbers(ask: Ask, function: str, *columns: Array | list[float]) -> Array:
    """The single result of a function of floating-point numbers, for each of them."""
    answers = ask(function, *((FLOAT, list(column)) for column in columns))
    return np.array([answer for (answer,) in answers])


def close(found: Array | list | tuple, expected: Array | list | tuple, tolerance: float = CLOSE) -> bool:
    return bool(np.all(np.isclose(found, expected, rtol=tolerance, atol=tolerance)))


def relatively_close(found: Array, expected: Array, tolerance: float = CLOSE) -> bool:
    """What is near to 0 too; beneath the smallest of what is computed at all, 0."""
    return bool(np.all(np.isclose(found, expected, rtol=tolerance, atol=1e-306)))


# The interval of a proportion.


def test_the_interval_of_a_proportion_is_wilsons(ask: Ask) -> None:
    rng = np.random.default_rng(1)
    counts = [
        int(n) for n in np.concatenate([np.arange(1, 12), rng.integers(1, 100, 30), 10 ** rng.integers(2, 9, 20)])
    ]
    pairs = [(k, n) for n in counts for k in {0, 1, n // 3, int(rng.integers(0, n + 1)), n - 1, n}]
    found = ask("wilson", ("bigint", [k for k, _ in pairs]), ("bigint", [n for _, n in pairs]))
    for (k, n), (low, high) in zip(pairs, found, strict=True):
        expected = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
        assert close((low, high), (100 * expected.low, 100 * expected.high)), (k, n)
        assert 0 <= low <= 100 * k / n <= high <= 100
        assert (low == 0) == (k == 0)
        assert (high == 100) == (k == n)


def test_the_interval_is_as_it_is_printed_elsewhere(ask: Ask) -> None:
    # R.G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    pairs = {(81, 263): (25.53, 36.62), (15, 148): (6.24, 16.05), (0, 20): (0, 16.11), (1, 29): (0.61, 17.18)}
    found = ask("wilson", ("bigint", [k for k, _ in pairs]), ("bigint", [n for _, n in pairs]))
    assert [(round(low, 2), round(high, 2)) for low, high in found] == list(pairs.values())


def test_successes_and_failures_have_the_same_interval_from_the_other_side(ask: Ask) -> None:
    ns = [7, 50, 1000, 10**12]
    ks = [2, 0, 999, 3]
    found = ask("wilson", ("bigint", ks), ("bigint", ns))
    mirrored = ask("wilson", ("bigint", [n - k for k, n in zip(ks, ns, strict=True)]), ("bigint", ns))
    assert close([low for low, _ in found], [100 - high for _, high in mirrored], 1e-13)


def test_of_nothing_there_is_no_interval(ask: Ask) -> None:
    assert ask("wilson", ("bigint", [0, None, 1]), ("bigint", [0, 1, None])) == [(None, None)] * 3


# Distributions.


def test_the_normal_distribution_is_right_in_its_tails_too(ask: Ask) -> None:
    rng = np.random.default_rng(2)
    edges = [0, 2.5, -2.5, 2.499999999, -2.500000001, 1e-9, -1e-9, 1e-17, 1e-300, -5e-324, 9, 37.5, -37.5]
    x = np.concatenate([rng.normal(0, 2, 300), rng.uniform(-37.4, 0, 200), 10 ** rng.uniform(-20, 0, 50), edges])
    assert relatively_close(numbers(ask, "normal_cdf", x), special.ndtr(x), 1e-12)
    assert close(numbers(ask, "normal_cdf", x) + numbers(ask, "normal_cdf", -x), np.ones(len(x)), 1e-15)


def test_the_normal_distribution_ends(ask: Ask) -> None:
    assert list(numbers(ask, "normal_cdf", [-38, -1e300, -math.inf])) == [0] * 3
    assert list(numbers(ask, "normal_cdf", [9, 38, 1e300, math.inf])) == [1] * 4
    assert math.isnan(numbers(ask, "normal_cdf", [math.nan])[0])


def test_students_distribution_is_right_in_its_tails_and_for_any_degrees(ask: Ask) -> None:
    rng = np.random.default_rng(3)
    degrees = 10 ** rng.uniform(-1, 9, 1200)
    t = np.concatenate([rng.normal(0, 3, 600), -(10 ** rng.uniform(-12, 1.5, 300)), rng.uniform(-37, 0, 300)])
    assert relatively_close(numbers(ask, "student_t_cdf", t, degrees), special.stdtr(degrees, t), 1e-11)
    far = -(10 ** rng.uniform(1, 150, 200))
    few = rng.uniform(0.5, 40, 200)
    assert relatively_close(numbers(ask, "student_t_cdf", far, few), special.stdtr(few, far), 1e-11)


def test_where_the_methods_meet_nothing_jumps(ask: Ask) -> None:
    t = np.repeat([-0.001, -0.5, -1.96, -5, -12, -37], 4)
    degrees = np.tile([99999.9, 100000, 100000.1, 1e20], 6)
    assert relatively_close(numbers(ask, "student_t_cdf", t, degrees), special.stdtr(degrees, t), 1e-11)
    # Where the fraction goes over to the other side: about t = 1.7 for few degrees, and 1 for many.
    near = np.linspace(-2.5, -0.5, 400)
    for of in (0.7, 1.0, 2.0, 11.3, 5000.0):
        every = np.full(len(near), of)
        assert relatively_close(numbers(ask, "student_t_cdf", near, every), special.stdtr(every, near), 1e-12)


def test_students_distribution_has_closed_forms_for_one_and_two_degrees(ask: Ask) -> None:
    t = np.concatenate([-(10 ** np.linspace(-10, 12, 100)), [0.0]])
    cauchy = np.arctan2(1, -t) / np.pi
    assert relatively_close(numbers(ask, "student_t_cdf", t, np.ones(len(t))), cauchy, 1e-13)
    size = -t
    two = 1 / (np.sqrt(2 + size**2) * (np.sqrt(2 + size**2) + size))
    assert relatively_close(numbers(ask, "student_t_cdf", t, np.full(len(t), 2.0)), two, 1e-13)


def test_students_distribution_is_symmetric_and_ends_in_the_normal_one(ask: Ask) -> None:
    rng = np.random.default_rng(4)
    t, degrees = rng.normal(0, 4, 200), 10 ** rng.uniform(-1, 7, 200)
    below, above = numbers(ask, "student_t_cdf", t, degrees), numbers(ask, "student_t_cdf", -t, degrees)
    assert close(below + above, np.ones(200), 1e-15)
    for of in (1e21, 1e300, math.inf):
        assert relatively_close(numbers(ask, "student_t_cdf", t, np.full(200, of)), special.ndtr(t), 1e-12)
    assert list(numbers(ask, "student_t_cdf", [0, 1e-300, math.inf, -math.inf], [3, 3, 3, 3])) == [0.5, 0.5, 1, 0]
    assert list(numbers(ask, "student_t_cdf", [-1e3, -1e300, 1e300], [1e5, 1e6, 50])) == [0, 0, 1]
    assert np.isnan(numbers(ask, "student_t_cdf", [math.nan, 1, math.nan], [3, math.nan, math.inf])).all()


def test_helpers_have_all_their_digits(ask: Ask) -> None:
    rng = np.random.default_rng(5)
    a = np.concatenate([rng.uniform(0.01, 40, 200), 10 ** rng.uniform(-3, 3, 100), [0.5, 1, 15.999999, 16]])
    assert relatively_close(numbers(ask, "gamma_ratio", a), special.poch(a, 0.5), 1e-12)
    # Far on it is a root, up to what the first term of the series says.
    many = 10 ** rng.uniform(6, 300, 50)
    assert relatively_close(numbers(ask, "gamma_ratio", many), np.sqrt(many) * (1 - 1 / (8 * many)), 1e-12)
    x = np.concatenate([10 ** rng.uniform(-300, 300, 200), rng.uniform(0, 3, 100), [0]])
    assert relatively_close(numbers(ask, "log1p", x), np.log1p(x), 1e-14)


# Two means.


def samples(seed: int) -> tuple[Array, Array]:
    """Two groups: of sizes, shapes, scales and likeness that differ from seed to seed."""
    rng = np.random.default_rng(seed)
    one, other = (int(size) for size in rng.choice([2, 3, 5, 12, 40, 300, 5000], 2))
    shape = seed % 5
    if shape == 0:
        return rng.normal(0, 1, one), rng.normal(rng.choice([0, 0.3, 8]), rng.choice([1, 20]), other)
    if shape == 1:
        return rng.lognormal(5, 1.5, one), rng.lognormal(5.3, 1, other)
    if shape == 2:
        # Few different values, as counts have.
        return rng.poisson(1, one).astype(float), rng.poisson(1.2, other).astype(float)
    if shape == 3:
        return rng.choice([0.0, 0.0, 0.0, 1.0, 50.0], one), rng.choice([0.0, 1.0], other)
    return 1e6 + rng.normal(0, 0.01, one), 1e6 + rng.exponential(0.01, other)


SAMPLES = [samples(seed) for seed in range(150)]


def summaries(pairs: list[tuple[Array, Array]]) -> list[tuple[str, list]]:
    """The arguments of what compares two means: number, mean and variance of each group."""
    return [
        column
        for side in (0, 1)
        for column in (
            ("bigint", [len(pair[side]) for pair in pairs]),
            (FLOAT, [np.mean(pair[side]) for pair in pairs]),
            (FLOAT, [np.var(pair[side], ddof=1) for pair in pairs]),
        )
    ]


def test_two_means_are_compared_as_by_welch(ask: Ask) -> None:
    columns = summaries(SAMPLES)
    found = ask("welch", *columns)
    compared = 0
    for row, answer in zip(zip(*(values for _, values in columns), strict=True), found, strict=True):
        n1, mean1, variance1, n2, mean2, variance2 = row
        if variance1 == variance2 == 0:
            assert answer == (None, None, None)
            continue
        expected = stats.ttest_ind_from_stats(
            mean1, math.sqrt(variance1), n1, mean2, math.sqrt(variance2), n2, equal_var=False
        )
        t, degrees, p = answer
        assert close((t, p), (expected.statistic, expected.pvalue)), row
        assert min(n1, n2) - 1 <= degrees * (1 + CLOSE)
        assert degrees <= (n1 + n2 - 2) * (1 + CLOSE)
        if p > 0:
            assert math.isclose(p, 2 * special.stdtr(degrees, -abs(t)), rel_tol=1e-11)
        compared += 1
    assert compared > 120


def test_the_degrees_are_those_of_the_samples(ask: Ask) -> None:
    # SciPy warns of equal values, and of values that are nearly so.
    pairs = [pair for pair in SAMPLES if all(np.ptp(group) > 1e-6 * np.mean(np.abs(group)) for group in pair)]
    assert len(pairs) > 100
    for (one, other), (t, degrees, p) in zip(pairs, ask("welch", *summaries(pairs)), strict=True):
        expected = stats.ttest_ind(one, other, equal_var=False)
        assert close((t, degrees, p), (expected.statistic, expected.df, expected.pvalue))


def test_the_other_way_round_only_the_sign_differs(ask: Ask) -> None:
    columns = summaries(SAMPLES)
    turned = [*columns[3:], *columns[:3]]
    for one, other in zip(ask("welch", *columns), ask("welch", *turned), strict=True):
        if one[0] is None:
            assert other[0] is None
        else:
            assert close(one, (-other[0], *other[1:]), 1e-12)
    for one, other in zip(ask("effect_size", *columns), ask("effect_size", *turned), strict=True):
        assert one[0] is None or close(one, [-each for each in other], 1e-12)


def test_effect_sizes_are_by_their_definitions(ask: Ask) -> None:
    for (one, other), (d, g) in zip(SAMPLES, ask("effect_size", *summaries(SAMPLES)), strict=True):
        m = len(one) + len(other) - 2
        squares = sum(np.sum((group - group.mean()) ** 2) for group in (one, other))
        if squares == 0:
            assert (d, g) == (None, None)
            continue
        expected = (one.mean() - other.mean()) / math.sqrt(squares / m)
        correction = special.gamma(m / 2) / (math.sqrt(m / 2) * special.gamma((m - 1) / 2)) if m < 200 else None
        assert close(d, expected)
        assert abs(g) <= abs(d)
        # The published approximation is right to a thousandth from ten on.
        assert math.isclose(g, d * (correction or 1 - 3 / (4 * m - 1)), rel_tol=1e-9 if correction else 1e-5)


EDGES = [
    # n1, mean1, variance1, n2, mean2, variance2
    (1, 3, None, 5, 2, 1),
    (1, 3, 0, 5, 2, 1),
    (5, 3, 1, 1, 2, 1),
    (0, None, None, 5, 2, 1),
    (0, 0, 0, 0, 0, 0),
    (5, 3, 0, 5, 2, 0),
    (5, 3, 0, 5, 3, 0),
    (None, 3, 1, 5, 2, 1),
    (5, None, 1, 5, 2, 1),
]
KINDS = ("bigint", FLOAT, FLOAT) * 2


def test_too_few_or_without_variance_two_means_are_not_compared(ask: Ask) -> None:
    columns = list(zip(KINDS, (list(values) for values in zip(*EDGES, strict=True)), strict=True))
    assert ask("welch", *columns) == [(None, None, None)] * len(EDGES)
    assert ask("effect_size", *columns) == [(None, None)] * len(EDGES)


def test_means_at_the_edges_of_what_a_number_can_be(ask: Ask) -> None:
    given = [
        (5, 3, 0, 5, 2, 1),
        (5, 3, 1e-30, 5, 2, 1e200),
        (2, 0, 1e-200, 2, 0, 1e-290),
        (2, 0, 1, 2, 1e150, 1),
        (10**12, 0, 1, 10**12, 1e-6, 1),
        (5, math.nan, 1, 5, 2, 1),
        (5, 0, math.inf, 5, 2, 1),
    ]
    columns = list(zip(KINDS, (list(values) for values in zip(*given, strict=True)), strict=True))
    one, small, tiny, far, many, nan, infinite = ask("welch", *columns)
    assert close(one, (1 / math.sqrt(0.2), 4, 2 * special.stdtr(4, -1 / math.sqrt(0.2))))
    assert close(small[1:], (4, 1))
    assert tiny == (0, 1, 1)
    assert far[0] == -1e150
    assert math.isclose(far[2], 1e-300, rel_tol=CLOSE)
    assert close(many, (-1 / math.sqrt(2), 2e12 - 2, 2 * special.ndtr(-1 / math.sqrt(2))))
    assert all(math.isnan(answers[2]) for answers in (nan, infinite))


# Two groups of values.


def mann_whitney(connection: psycopg.Connection, one: Array | list | None, other: Array | list | None) -> tuple:
    query = "select result.* from statistics.mann_whitney(%s::double precision [], %s::double precision []) as result"
    return connection.execute(query, [floats(one), floats(other)]).fetchone()


def test_two_groups_of_values_are_compared_as_by_mann_and_whitney(connection: psycopg.Connection) -> None:
    groups = [*SAMPLES, (np.array([1.0]), np.array([2.0])), (np.array([1.0, 2.0]), np.array([1.5]))]
    groups += [(np.arange(float(n)), np.array([3.0])) for n in (1, 4, 9)]
    for one, other in groups:
        found = mann_whitney(connection, one, other)
        expected = stats.mannwhitneyu(one, other, method="asymptotic", use_continuity=True)
        assert found[0] == expected.statistic
        assert math.isclose(found[1], expected.pvalue, rel_tol=CLOSE)
        assert close(found[2], expected.statistic / (len(one) * len(other)), 1e-14)
        assert close(found[3], 2 * found[2] - 1, 1e-14)


def test_every_pair_of_values_counts_once(connection: psycopg.Connection) -> None:
    rng = np.random.default_rng(6)
    for _ in range(30):
        one, other = (rng.integers(0, 6, rng.integers(1, 15)).astype(float) for _ in range(2))
        higher = sum(a > b for a in one for b in other)
        equal = sum(a == b for a in one for b in other)
        u, p, common, biserial = mann_whitney(connection, one, other)
        assert u == higher + equal / 2
        pairs = len(one) * len(other)
        assert close((common, biserial), (u / pairs, (2 * higher + equal - pairs) / pairs), 1e-14)
        mirrored = mann_whitney(connection, other, one)
        assert mirrored[0] == pairs - u
        assert mirrored[1] == p
        assert close(mirrored[3], -biserial, 1e-14)


def test_groups_that_lie_apart_or_are_equal_throughout(connection: psycopg.Connection) -> None:
    below, above = np.arange(500.0), np.arange(500.0) + 1000
    assert mann_whitney(connection, below, above)[::2] == (0, 0)
    assert mann_whitney(connection, above, below)[2:] == (1, 1)
    expected = stats.mannwhitneyu(below, above, method="asymptotic").pvalue
    assert math.isclose(mann_whitney(connection, below, above)[1], expected, rel_tol=CLOSE)
    assert mann_whitney(connection, [7] * 4, [7] * 9) == (18, 1, 0.5, 0)
    assert mann_whitney(connection, [7], [7]) == (0.5, 1, 0.5, 0)
    # Values beyond every other, and a zero with a sign.
    assert mann_whitney(connection, [-math.inf, math.inf, 0.0], [1e308, -0.0])[0] == 2.5


def test_sizes_may_differ_by_far(connection: psycopg.Connection) -> None:
    rng = np.random.default_rng(7)
    one, other = rng.normal(0.5, 1, 4), np.round(rng.normal(0, 1, 30000), 1)
    expected = stats.mannwhitneyu(one, other, method="asymptotic")
    found = mann_whitney(connection, one, other)
    assert found[0] == expected.statistic
    assert math.isclose(found[1], expected.pvalue, rel_tol=CLOSE)


def test_without_values_nothing_is_compared_and_nulls_are_left_out(connection: psycopg.Connection) -> None:
    nothing = (None, None, None, None)
    for one, other in (([], []), ([], [1]), ([1], []), (None, [1]), ([1], None), ([None], [1]), (None, None)):
        assert mann_whitney(connection, one, other) == nothing
    assert mann_whitney(connection, [None, 1, 3, None], [2, None]) == mann_whitney(connection, [1, 3], [2])
    assert all(math.isnan(each) for each in mann_whitney(connection, [1, math.nan], [2]))
    assert mann_whitney(connection, [math.nan], []) == nothing


# What cannot be.


@pytest.mark.parametrize(
    "call",
    [
        "wilson(3, 2)",
        "wilson(-1, 2)",
        "wilson(-3, -2)",
        "student_t_cdf(1, 0)",
        "student_t_tail(1, -2)",
        "gamma_ratio(0)",
        "welch(5, 0, -1, 5, 0, 1)",
        "welch(-5, 0, 1, 5, 0, 1)",
        "effect_size(5, 0, 1, 5, 0, -1)",
        "effect_size(5, 0, 1, -5, 0, 1)",
    ],
)
def test_what_cannot_be_is_an_error(connection: psycopg.Connection, call: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        connection.execute(f"select statistics.{call}")


def test_every_function_is_pure_and_may_run_in_parallel(connection: psycopg.Connection) -> None:
    functions = connection.execute(
        "select proname, provolatile, proparallel from pg_proc where pronamespace = 'statistics'::regnamespace"
    ).fetchall()
    assert len(functions) == 10
    assert {(volatility, parallel) for _, volatility, parallel in functions} == {("i", "s")}
