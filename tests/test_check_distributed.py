"""What `make check-distributed` is made of, between two PostgreSQL: the comparison finds what differs, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stepping
from check_distributed import GATHERS, main, not_fit, plans
from citus_plans import moves
from conftest import compiled_models, platform, rows
from oracle.random_landing import write
from same_rows import Difference, differences
from stand_in import pretend

from vroegsignaal import warehouse
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]
) -> Iterator[tuple[Settings, Settings, list[str]]]:
    """The same months of several municipalities, by the statements for one machine and by those for many."""
    folder = tmp_path_factory.mktemp("towns")
    landing, config = folder / "landing", folder / "config"
    setting = write(landing, config, 3, municipalities=3, months=3)
    given = {"LANDING": str(landing), "CONFIG": str(config)}
    with platform(new_home(), **given) as one:
        stepping.run_months(*setting.months)
        with platform(new_home(), **given) as many:
            pretend(many)
            stepping.run_months(*setting.months)
            yield one, many, list(setting.months)


def test_the_statements_for_many_machines_give_the_rows_of_those_for_one(both: tuple) -> None:
    one, many, months = both
    found, compared = differences(one, many)
    assert found == []
    assert compared > 1000
    assert len(rows(one, "select distinct municipality_code from core.proposal")) == 3
    assert len(rows(many, "select distinct signal_month from core.proposal")) == len(months)
    assert rows(many, "select count(*) from pg_dist_partition where place = 'spread'")[0][0] > 40


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "update core.match set arrears_eur = arrears_eur + 0.01 where ctid = (select min(ctid) from core.match)",
            Difference("core.match", 1, 1),
        ),
        (
            "delete from core.verification where ctid = (select min(ctid) from core.verification)",
            Difference("core.verification", 1, 0),
        ),
        (
            "insert into mart.drops select * from mart.drops limit 2",
            Difference("mart.drops", 0, 2),
        ),
        (
            "update mart.dim_district set name = null where ctid = (select min(ctid) from mart.dim_district)",
            Difference("mart.dim_district", 1, 1),
        ),
        ("create table mart.more (municipality_code text)", Difference("mart.more", 0, 1)),
    ],
)
def test_a_planted_difference_is_found(both: tuple, statement: str, expected: Difference) -> None:
    one, many, _ = both
    with warehouse.open_connection(many, "owner") as connection:
        assert connection.execute(statement).rowcount != 0
    found, _ = differences(one, many)
    with warehouse.open_connection(many, "owner") as connection:
        undo(connection, one, expected.table)
    assert expected in found
    assert differences(one, many)[0] == []


def undo(connection: object, one: Settings, table: str) -> None:
    """Put the rows of the other warehouse in the place of those that were changed."""
    if table == "mart.more":
        connection.execute("drop table mart.more")
        return
    kept = rows(one, f"select to_jsonb(t)::text from {table} as t")
    connection.execute(f"delete from {table}")
    for (row,) in kept:
        connection.execute(f"insert into {table} select * from jsonb_populate_record(null::{table}, %s::jsonb)", [row])


def test_a_difference_tells_no_value_of_anybody() -> None:
    assert str(Difference("core.match", 1, 2)) == "core.match: 1 rows only in the first, 2 only in the second"


def test_what_is_no_empty_citus_is_left_as_it_is(both: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    one, many, _ = both
    before = rows(one, "select rolname, rolpassword from pg_authid order by 1")
    for here, reason in ((one, "extension Citus"), (many, "a warehouse already")):
        assert reason in not_fit(warehouse.uri(here))
        monkeypatch.setenv("VROEGSIGNAAL_WAREHOUSE", warehouse.uri(here))
        assert main() == 2
    assert rows(one, "select rolname, rolpassword from pg_authid order by 1") == before
    assert "cannot be reached" in not_fit("postgresql://a:b@127.0.0.1:1/nowhere")


def test_without_a_coordinator_it_says_so_and_ends_with_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.delenv("VROEGSIGNAAL_WAREHOUSE", raising=False)
    assert main() == 2
    assert "VROEGSIGNAAL_WAREHOUSE" in capsys.readouterr().err


def test_each_statement_of_a_month_can_be_explained(both: tuple) -> None:
    _, many, months = both
    assert plans(many, Month.parse(months[-1])) == []
    models = compiled_models(many, Month.parse(months[-1]))
    assert {f"{node['schema']}.{node['alias']}" for node in models} >= GATHERS - {"quality.replaced_signal"}


# --- plans, as the documentation of Citus shows them

WITHIN = """
Custom Scan (Citus INSERT ... SELECT)
  Task Count: 32
  Tasks Shown: One of 32
  ->  Task
        Node: host=warehouse-1 port=5432 dbname=vroegsignaal
        ->  Insert on match_102008 citus_table_alias
              ->  Hash Join
"""
SENT_ALONG = """
Custom Scan (Citus Adaptive)
  ->  Distributed Subplan 6_1
        ->  Function Scan on policy_on
  ->  Distributed Subplan 6_2
        ->  Seq Scan on districts
  Task Count: 32
  ->  Task
        ->  Seq Scan on signal_102008 signal
"""
GATHERED = """
GroupAggregate
  Group Key: remote_scan.page_id
  ->  Custom Scan (Citus Adaptive)
        ->  Distributed Subplan 6_1
              ->  Limit
                    ->  Custom Scan (Citus Adaptive)
                          Task Count: 32
                          ->  Task
                                ->  Seq Scan on page_views_102008 page_views
        Task Count: 32
        ->  Task
              ->  Seq Scan on page_views_102008 page_views
"""
REPARTITIONED = """
Custom Scan (Citus Adaptive)
  Task Count: 4
  Tasks Shown: None, not supported for re-partition queries
  ->  MapMergeJob
        Map Task Count: 3
        Merge Task Count: 4
"""
PULLED = """
Custom Scan (Citus INSERT ... SELECT)
  INSERT/SELECT method: pull to coordinator
  ->  Custom Scan (Citus Adaptive)
        Task Count: 32
"""


@pytest.mark.parametrize(
    ("plan", "moved"),
    [
        (WITHIN, []),
        (SENT_ALONG, []),
        (GATHERED, ["gathered"]),
        (REPARTITIONED, ["repartitioned"]),
        (PULLED, ["pulled"]),
        (REPARTITIONED + GATHERED, ["repartitioned", "gathered"]),
    ],
)
def test_a_plan_that_moves_spread_rows_is_found(plan: str, moved: list[str]) -> None:
    assert [each.partition(":")[0] for each in moves(plan)] == moved
