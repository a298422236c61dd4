"""Small numbers of districts, attacked with all that is published: none is found, also by who knows the rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import psycopg
import pytest
import stepping
from conftest import platform, rows
from evaluating import REFERRED, case, register
from hypothesis import HealthCheck, given, settings, strategies
from oracle.small_landing import DEC, JAN, A, Small, match_all
from scipy.optimize import linprog

from vroegsignaal import configuration, warehouse
from vroegsignaal.errors import PlatformError
from vroegsignaal.settings import Settings

Table = tuple[tuple[int, ...], ...]
"""A row per district, in the order of the lot, and a number per part."""
LEAST = 5


def withheld(connection: psycopg.Connection, tables: list[Table], threshold: int) -> list[list[bool]]:
    return [
        answer
        for (answer,) in connection.execute(
            "select statistics.withheld(given.counts::bigint [], %s) from unnest(%s::text []) with ordinality"
            " as given (counts, place) order by place",
            [threshold, [str([list(row) for row in table]).replace("[", "{").replace("]", "}") for table in tables]],
        )
    ]


def ranges(equations: list[tuple[dict[int, int], int]], unknown: int) -> list[tuple[float, float]]:
    """Between which numbers each unknown lies, when sums of them are known and none is negative."""
    matrix = np.zeros((len(equations), unknown))
    for row, (terms, _) in enumerate(equations):
        for column, factor in terms.items():
            matrix[row, column] = factor
    totals = [total for _, total in equations]
    found = []
    for wanted in range(unknown):
        goal = np.zeros(unknown)
        goal[wanted] = 1
        ends = [linprog(sign * goal, A_eq=matrix, b_eq=totals, bounds=(0, None)) for sign in (1, -1)]
        assert all(end.success for end in ends)
        found.append((ends[0].fun, -ends[1].fun))
    return found


def attack(table: Table, hidden: list[bool], *, with_row_totals: bool) -> dict[tuple[int, int], tuple[float, float]]:
    """The range of every number of a hidden district, from the totals of the parts and what is shown of the others."""
    cells = [(row, part) for row, is_hidden in enumerate(hidden) if is_hidden for part in range(len(table[0]))]
    number = {cell: place for place, cell in enumerate(cells)}
    equations = []
    for part in range(len(table[0])):
        shown = sum(row[part] for row, is_hidden in zip(table, hidden, strict=True) if not is_hidden)
        rest = sum(row[part] for row in table) - shown
        equations.append(({place: 1 for cell, place in number.items() if cell[1] == part}, rest))
    if with_row_totals:
        equations += [
            ({place: 1 for cell, place in number.items() if cell[0] == row}, sum(table[row]))
            for row in {row for row, _ in cells}
        ]
    return dict(zip(cells, ranges(equations, len(cells)), strict=True))


counts = strategies.one_of(strategies.integers(0, 9), strategies.integers(0, 120))
tables = strategies.integers(1, 2).flatmap(
    lambda parts: strategies.lists(strategies.tuples(*[counts] * parts), min_size=2, max_size=6).map(tuple)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables, threshold=strategies.integers(3, 10))
def test_equations_leave_every_withheld_number_a_range_as_wide_as_the_threshold(
    connection: psycopg.Connection, table: Table, threshold: int
) -> None:
    (hidden,) = withheld(connection, [table], threshold)
    small = [any(0 < number < threshold for number in row) for row in table]
    # Nothing small is shown, and nothing is hidden without need.
    assert all(is_hidden for is_hidden, is_small in zip(hidden, small, strict=True) if is_small)
    assert any(small) or not any(hidden)
    if not any(hidden):
        return
    for (_, part), (low, high) in attack(table, hidden, with_row_totals=False).items():
        total = sum(row[part] for row in table)
        # Of a total that is small itself, and told as such of the municipality, a part has no wider range.
        assert high - low >= min(threshold, total) - 1e-6
    if all(hidden) or sum(map(any, zip(*table, strict=True))) == 1:
        return
    # Also for who knows the totals of the districts from elsewhere.
    for (row, _), (low, high) in attack(table, hidden, with_row_totals=True).items():
        assert sum(table[row]) == 0 or high - low > 1 - 1e-6


@pytest.mark.parametrize(
    ("districts", "parts", "threshold", "most"), [(2, 1, 3, 16), (3, 1, 3, 13), (3, 1, 4, 14), (2, 2, 3, 7)]
)
def test_who_knows_the_rule_and_the_lot_finds_no_number_either(
    connection: psycopg.Connection, districts: int, parts: int, threshold: int, most: int
) -> None:
    every = [
        tuple(tuple(flat[row * parts : (row + 1) * parts]) for row in range(districts))
        for flat in product(range(most + 1), repeat=districts * parts)
    ]
    # Whoever sees one table of what is published thinks of all tables that would give the same.
    alike: dict[tuple, list[Table]] = defaultdict(list)
    for table, hidden in zip(every, withheld(connection, every, threshold), strict=True):
        totals = tuple(sum(row[part] for row in table) for part in range(parts))
        shown = tuple(None if is_hidden else row for row, is_hidden in zip(table, hidden, strict=True))
        # Of larger totals not all tables are among these.
        if max(totals) <= most:
            alike[totals, shown].append(table)
    attacked = 0
    for (totals, shown), possible in alike.items():
        for row, part in product(range(districts), range(parts)):
            if shown[row] is None and totals[part]:
                attacked += 1
                assert len({table[row][part] for table in possible}) > 1, (totals, shown)
    assert attacked > 20


def test_one_small_number_does_not_go_alone_and_large_ones_stay(connection: psycopg.Connection) -> None:
    # Worked by hand. 3 and the next of the lot, 40, are more than 1 + 5 + 5. Of 1 and 6 that is 7 and not 11; with 9 it
    # is 16, which is 1 + 5 + 5 + 5, and with 8 one less.
    assert withheld(connection, [((40,), (3,), (60,)), ((6,), (1,), (9,)), ((6,), (50,), (0,))], LEAST) == [
        [True, True, False],
        [True, True, True],
        [False, False, False],
    ]
    assert withheld(connection, [((6,), (1,), (9,), (70,)), ((6,), (1,), (8,), (70,))], LEAST) == [
        [True, True, True, False],
        [True, True, True, True],
    ]
    # Small ones alone do not do: 4 + 4 + 4 could be nothing else, known to be small.
    assert withheld(connection, [((4,), (4,), (4,), (70,), (80,))], LEAST) == [[True, True, True, True, False]]
    # In every part; of a part of which there is nothing, nothing is asked.
    assert withheld(connection, [((3, 0), (40, 0), (50, 0)), ((3, 9), (40, 0), (50, 9))], LEAST) == [
        [True, True, False],
        [True, True, True],
    ]


def test_a_threshold_under_three_is_refused(tmp_path: Path, new_home: Callable[[], Path]) -> None:
    small = Small(tmp_path)
    policy = small.config / "policy.csv"
    policy.write_text(policy.read_text() + f"{A},2020-01-01,small_cell_minimum,,2\n")
    with (
        platform(new_home(), CONFIG=str(small.config)) as here,
        warehouse.connect(here, "loader") as connection,
        pytest.raises(PlatformError, match="the value of small_cell_minimum is 3 or more"),
    ):
        configuration.load(here, connection)


# -- from deliveries to what BI reads

# Households by the last digit of their house, which is their district here; and how many of them are reached.
HOUSES = {1: 17, 2: 14, 3: 2, 4: 12, 5: 9, 6: 16}
REACHED = {1: 8, 2: 7, 3: 1, 4: 6, 5: 1, 6: 9}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Settings]:
    """A month of a town of six districts: Wijk 3 is small, and in Wijk 5 only one household was reached."""
    small = Small(tmp_path_factory.mktemp("districts"))
    houses = [(digit, 10 * place + digit) for digit, many in HOUSES.items() for place in range(many)]
    policy = small.config / "policy.csv"
    policy.write_text(policy.read_text() + f"{A},2021-01-01,capacity,,100\n{A},2021-01-01,small_cell_minimum,,5\n")
    (small.config / "districts.csv").write_text(
        "municipality_code,district,name,valid_from,valid_to\n"
        f"{A},Wijk 1,Oude naam,2015-01-01,2020-12-31\n{A},Wijk 1,Dorp,2021-01-01,\n{A},Wijk 2,,2015-01-01,\n"
    )
    small.residents(DEC, *(str(house) for _, house in houses))
    match_all(small, DEC, [house for _, house in houses])
    reached = [house for digit, house in houses if house // 10 < REACHED[digit]]
    register(
        small,
        JAN,
        [
            case(house, house, DEC, "2021-12-28", loopmaand=JAN, totaal_bedrag="100")
            if house not in reached
            else case(house, house, DEC, "2021-12-28", loopmaand=JAN, totaal_bedrag="100", resultaat=REFERRED)
            for _, house in houses
        ],
    )
    with platform(new_home(), LANDING=str(small.landing), CONFIG=str(small.config)) as here:
        stepping.receive(DEC)
        stepping.decide(DEC)
        stepping.run_months(JAN)
        yield here


def test_districts_of_cases_are_told_without_the_small_ones(published: Settings) -> None:
    told = {
        district: numbers
        for district, *numbers in rows(
            published, "select district, contact, no_contact, is_withheld from mart.fact_district_cases"
        )
    }
    assert set(told) == {*(f"Wijk {digit}" for digit in HOUSES), "onbekend"}
    assert told["Wijk 3"] == told["Wijk 5"] == [None, None, True]
    hidden = {district for district, (*_, is_withheld) in told.items() if is_withheld}
    assert {"Wijk 3", "Wijk 5"} < hidden < set(told)
    for district in set(told) - hidden - {"onbekend"}:
        digit = int(district[-1])
        assert told[district] == [REACHED[digit], HOUSES[digit] - REACHED[digit], False]


def test_a_district_has_the_name_of_its_year(published: Settings) -> None:
    names = rows(published, "select district, year, name, is_listed from mart.dim_district")
    assert ("Wijk 1", 2021, "Dorp", True) in names
    assert ("Wijk 2", 2021, "Wijk 2", True) in names
    assert ("Wijk 4", 2021, "Wijk 4", False) in names


def test_no_other_mart_tells_of_districts(published: Settings) -> None:
    holding = {
        table
        for (table,) in rows(
            published,
            "select table_name from information_schema.columns where table_schema = 'mart'"
            " and column_name ~ '(district|wijk|buurt|postcode)'",
        )
    }
    assert holding == {"dim_district", "fact_district_selection", "fact_district_cases"}


@pytest.mark.parametrize(
    ("fact", "totals"),
    [
        (
            "cases",
            "select extract(year from match_month)::integer, array[sum(contact), sum(dossiers - contact)]::integer []"
            " from mart.fact_cases group by 1",
        ),
        (
            "selection",
            "select extract(year from signal_month)::integer, array[sum(households) filter (where role = 'selected'),"
            " sum(households) filter (where role <> 'selected')]::integer [] from mart.selection_by_month group by 1",
        ),
    ],
)
def test_all_that_is_published_together_gives_no_withheld_number(published: Settings, fact: str, totals: str) -> None:
    first, second = {"cases": ("contact", "no_contact"), "selection": ("selected", "not_selected")}[fact]
    told = rows(published, f"select year, {first}, {second}, is_withheld from mart.fact_district_{fact}")
    for year, sums in rows(published, totals):
        of_year = [row[1:] for row in told if row[0] == year]
        hidden = [number for number, row in enumerate(of_year) if row[2]]
        assert all((row[0] is None) == (row[1] is None) == row[2] for row in of_year)
        for part, total in enumerate(sums):
            rest = (total or 0) - sum(row[part] for row in of_year if not row[2])
            assert len(hidden) != 1
            for low, high in ranges([(dict.fromkeys(range(len(hidden)), 1), rest)], len(hidden)) if hidden else ():
                assert rest == 0 or high - low >= LEAST
