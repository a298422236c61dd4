"""A warehouse that is moved to another home, and one that the first version left: both run on."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import stepping
from conftest import platform
from oracle.small_landing import FEB, JAN, A, B, Small
from survival import town
from survival.stage import Postbox, State, look

from vroegsignaal import intake, reading, transform, warehouse
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

pytestmark = pytest.mark.long
FIRST_RELEASE = Path(__file__).parent / "survival" / "first_release.sql.gz"
"""January of the town, as the first version that could run a month left it (pg_dump of PostgreSQL 15).

That version had no case registration, no mails, and no addresses of municipalities.
"""


def places(small: Small, out: Path) -> dict[str, str]:
    return {"LANDING": str(small.landing), "CONFIG": str(small.config), "OUT": str(out)}


def program(here: Settings, name: str, *words: str) -> None:
    """Run one of the programs that come with the server's PostgreSQL, as the owner of the warehouse."""
    remembered = json.loads((here.home / "postgres" / "server.json").read_text())
    done = subprocess.run(
        [Path(remembered["binaries"]) / name, *words, "-d", warehouse.uri(here)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def run_on(here: Settings) -> State:
    """The second month, from files to what others read."""
    stepping.receive(FEB)
    stepping.decide(FEB)
    transform.publish(Month.parse(FEB))
    return look(here, Postbox())


# -- moved


@dataclass
class Moved:
    """The town before and after its move, and after the second month in both homes."""

    before: State
    after: State
    ran_on: State
    ran_on_moved: State
    here: Settings


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Moved]:
    folder = tmp_path_factory.mktemp("moved")
    small, dump = town.build(folder), folder / "warehouse.dump"
    with platform(new_home(), **places(small, folder / "out")) as here:
        stepping.run_months(JAN)
        before = look(here, Postbox())
        program(here, "pg_dump", "--format=custom", f"--file={dump}")
        town.hand_back(here.out, small.landing)
        ran_on = run_on(here)
    with platform(new_home(), **places(small, folder / "out")) as here:
        program(here, "pg_restore", "--clean", "--if-exists", "--exit-on-error", str(dump))
        warehouse.ensure_running(here)
        after = look(here, Postbox())
        yield Moved(before, after, ran_on, run_on(here), here)


def test_a_dump_that_is_restored_in_another_home_holds_every_row(moved: Moved) -> None:
    assert len(moved.before.rows["core.match"]) > 20
    assert moved.after.rows == moved.before.rows


def test_a_restored_warehouse_runs_on_to_the_same_tables(moved: Moved) -> None:
    assert moved.ran_on.rows["mart.matches_by_month"].total() > moved.before.rows["mart.matches_by_month"].total()
    assert moved.ran_on_moved.rows == moved.ran_on.rows


def test_in_a_restored_warehouse_each_role_reads_what_it_may_and_its_own_municipality(moved: Moved) -> None:
    def municipalities(table: str, role: str, own: str | None) -> set[str]:
        told = io.StringIO()
        reading.query(moved.here, f"select municipality_code from {table}", role, own, "csv", told)
        return set(told.getvalue().split()[1:])

    for table, role in (("mart.matches_by_month", "bi"), ("casework.selection", "caseworker")):
        assert municipalities(table, role, None) == {A, B}
        assert municipalities(table, role, B) == {B}
    for table, role in (("core.match", "bi"), ("vault.household", "bi"), ("casework.selection", "bi")):
        with (
            psycopg.connect(warehouse.uri(moved.here, role)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(f"select * from {table}")


# -- from the first version


@dataclass
class Upgraded:
    """What the first version left, and what this one made of it."""

    left: dict[str, list[tuple]]
    kept: dict[str, list[tuple]]
    received_again: dict[str, int]
    state: State


KEPT = {
    "drops": "select drop_id, file, sha256, received_at, status, rows_read, rows_accepted from raw.drop_ledger"
    f" where signal_month = '{JAN}-01' and feed in ('signals', 'brp', 'shv') order by drop_id",
    "signals": "select signaal_id, klantnummer, bedrag from raw.signals where drop_id <= 10 order by drop_id, line_no",
    "households": "select household_id, municipality_code, address_key from vault.household where household_id <= 50"
    " order by household_id",
    "approvals": f"select * from decision.approval where signal_month = '{JAN}-01' order by municipality_code",
    "selections": "select municipality_code, household_id, role, rank, reason, criterion, creditors, arrears_eur"
    f" from decision.selection where signal_month = '{JAN}-01' order by 1, 2",
}


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Upgraded:
    folder = tmp_path_factory.mktemp("upgraded")
    small, script = town.build(folder), folder / "first_release.sql"
    script.write_bytes(gzip.decompress(FIRST_RELEASE.read_bytes()))
    with platform(new_home(), **places(small, folder / "out")) as here:
        with psycopg.connect(warehouse.server(here).uri("postgres"), autocommit=True) as connection:
            connection.execute(f"drop database {warehouse.DATABASE}")
            connection.execute(f"create database {warehouse.DATABASE}")
        program(here, "psql", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={script}")
        left = {name: kept_rows(here, query) for name, query in KEPT.items()}
        warehouse.ensure_running(here)
        received_again = intake.receive(Month.parse(JAN))
        stepping.run_months(JAN)
        town.hand_back(here.out, small.landing)
        state = run_on(here)
        kept = {name: kept_rows(here, query) for name, query in KEPT.items()}
    return Upgraded(left, kept, received_again, state)


def kept_rows(here: Settings, query: str) -> list[tuple]:
    return [tuple(row.values()) for row in reading.rows(here, query, "owner")]


def test_what_the_first_version_received_numbered_and_approved_stands(upgraded: Upgraded) -> None:
    assert {name: len(found) > 0 for name, found in upgraded.left.items()} == dict.fromkeys(KEPT, True)
    assert upgraded.kept == upgraded.left


def test_after_an_upgrade_only_the_feeds_that_the_first_version_did_not_know_are_new(upgraded: Upgraded) -> None:
    # The four files of the case registration.
    assert upgraded.received_again == {"new": 4, "known": 10}


def test_an_upgraded_warehouse_runs_on_to_the_tables_of_one_that_began_now(upgraded: Upgraded, moved: Moved) -> None:
    found, wanted = upgraded.state.rows, moved.ran_on.rows
    assert found.keys() == wanted.keys()
    for table in ("signals_by_month_creditor", "matches_by_month", "dossiers_by_month", "arrears_by_creditor"):
        assert found[f"mart.{table}"] == wanted[f"mart.{table}"], table
    # The case registration of January was received after January was approved.
    (late,) = (found["mart.findings"] - wanted["mart.findings"]).elements()
    assert '"rule": "late"' in late
    assert not wanted["mart.findings"] - found["mart.findings"]
