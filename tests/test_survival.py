"""Months through Airflow's scheduler that are killed anywhere, and files that arrive after the decision."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import stepping
from conftest import platform
from oracle.random_landing import write
from typing_home import Home

from vroegsignaal import reading, warehouse
from vroegsignaal.months import Month
from vroegsignaal.orchestrator import Airflow, Place
from vroegsignaal.orchestrator.api import Api
from vroegsignaal.orchestrator.metadata import Metadata
from vroegsignaal.settings import Settings

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def killed(
    tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]
) -> Iterator[tuple[Home, Settings, list[str]]]:
    """A random landing area replayed through Airflow, killed after some seconds, again and again, then to its end."""
    folder = tmp_path_factory.mktemp("killed")
    landing, config = folder / "landing", folder / "config"
    setting = write(landing, config, 3, months=2, creditors=6)
    variables = {"LANDING": str(landing), "CONFIG": str(config)}
    home = Home(new_home(), **{f"VROEGSIGNAAL_{name}": value for name, value in variables.items()})
    # Two months of some twenty seconds: these fall into the start, the intake and the door, and the derivation.
    for seconds in (9, 14, 20):
        command = home.start("replay")
        with suppress(subprocess.TimeoutExpired):
            command.wait(seconds)
        home.kill(command)
    done = home.type("replay")
    assert done.returncode == 0, done.stderr
    with platform(home.folder, **variables) as here:
        yield home, here, list(setting.months)


def contents(here: Settings) -> dict[str, list[str]]:
    """Every row of what was derived and decided, but for the moments of approval and telling, and who approved."""
    tables = reading.rows(
        here,
        "select schemaname || '.' || tablename as name from pg_tables"
        " where schemaname in ('core', 'mart', 'decision') order by 1",
        "owner",
    )
    return {
        table["name"]: sorted(
            str(row["row"])
            for row in reading.rows(
                here,
                f"select to_jsonb(t) - 'approved_at' - 'approved_by' - 'told_at' as row from {table['name']} as t",
                "owner",
            )
        )
        for table in tables
    }


def test_killed_at_any_point_and_started_again_it_ends_in_the_same_tables(
    killed: tuple[Home, Settings, list[str]], new_home: Callable[[], Path]
) -> None:
    _, here, months = killed
    after_kills = contents(here)
    with platform(new_home(), LANDING=here.landing, CONFIG=str(here.config)) as undisturbed:
        # Published month by month, as the flows do: what creditors were told in the first month stays in the ledger.
        for month in months:
            stepping.run_months(month)
        expected = contents(undisturbed)
    assert {name: len(rows) for name, rows in after_kills.items()} == {
        name: len(rows) for name, rows in expected.items()
    }
    assert after_kills == expected
    assert len(expected["core.match"]) > 100


def test_a_late_delivery_is_received_on_arrival_and_changes_no_approved_selection(
    killed: tuple[Home, Settings, list[str]],
) -> None:
    _, here, months = killed
    before = contents(here)
    late = late_delivery(here, months[-1])
    assert run_watch_landing(here) == [Month.parse(months[-1]).partition_key]
    drops = reading.rows(here, f"select delivery, status from raw.drop_ledger where file = '{late}'", "owner")
    assert drops == [{"delivery": 90, "status": "accepted"}]
    after = contents(here)
    assert after["decision.selection"] == before["decision.selection"]
    assert after["core.match"] != before["core.match"]
    assert reading.rows(here, "select count(*) as n from casework.difference", "caseworker")[0]["n"] > 0


def late_delivery(here: Settings, month: str) -> str:
    """Deliver the signals of one creditor anew, but for half of its rows; its name in the landing area."""
    rows = reading.rows(
        here,
        "select file, rows_accepted from raw.drop_ledger where feed = 'signals' and status = 'accepted'"
        f" and signal_month = '{month}-01' order by rows_accepted desc limit 1",
        "owner",
    )
    first = Path(here.landing) / rows[0]["file"]
    late = first.with_name(f"{first.name.split('.')[0]}.90.csv")
    header, *records = csv.reader(io.StringIO(first.read_text(encoding="utf-8-sig"), newline=""), delimiter=";")
    with late.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([header, *records[: len(records) // 2]])
    # Written a while ago, so that it is taken to be whole.
    os.utime(late, (time.time() - 600, time.time() - 600))
    return str(late.relative_to(here.landing))


def run_watch_landing(here: Settings) -> list[str]:
    """Run the flow once through the scheduler, and what it sets going; the months that were matched again."""
    place = Place(here.home, here.root, warehouse.metadata_uri(here))
    with Airflow(place, here.environment()):
        metadata = Metadata(place.database)
        metadata.switch_on(["watch_landing", "match_month"])
        last_run = metadata.last_run()
        Api(place).queue("watch_landing", {"test": None})
        runs = {("watch_landing", None): "queued"}
        deadline = time.monotonic() + 180
        while len(runs) < 2 or {"queued", "running"} & set(runs.values()):
            assert time.monotonic() < deadline, runs
            time.sleep(0.5)
            with psycopg.connect(place.database) as connection:
                found = connection.execute(
                    "select dag_id, partition_key, state from dag_run where id > %s", [last_run]
                ).fetchall()
            runs = {(flow, key): state for flow, key, state in found}
        metadata.switch_off(["watch_landing", "match_month"])
        metadata.close()
    assert set(runs.values()) == {"success"}, runs
    return [key for flow, key in runs if flow == "match_month"]
