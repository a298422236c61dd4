"""Months through Airflow's scheduler, as a person types it: undisturbed, killed on the way, and once more."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import stepping
from conftest import platform
from oracle.random_landing import write

from pilot.published import cells, number
from pilot.scope import CREDITORS, MONTHS
from vroegsignaal import reading, warehouse
from vroegsignaal.embedded import EmbeddedServer
from vroegsignaal.orchestrator import Airflow, Place
from vroegsignaal.orchestrator.api import Api
from vroegsignaal.orchestrator.metadata import Metadata
from vroegsignaal.orchestrator.processes import MARK
from vroegsignaal.settings import Settings

pytestmark = pytest.mark.replay

COMMAND = Path(sys.executable).with_name("vroegsignaal")


class Home:
    """A home in which commands are typed."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.server = EmbeddedServer(folder)
        plain = {name: value for name, value in os.environ.items() if not name.startswith("VROEGSIGNAAL_")}
        self.variables = plain | {"VROEGSIGNAAL_HOME": str(folder)} | variables

    def start(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen(
            [COMMAND, *words], env=self.variables, stdout=subprocess.DEVNULL, start_new_session=True
        )

    def type(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([COMMAND, *words], env=self.variables, capture_output=True, text=True, check=False)

    def rows(self, statement: str, role: str = "bi") -> list[dict[str, str]]:
        done = self.type("query", statement, "--role", role, "--format", "csv")
        assert done.returncode == 0, done.stderr
        return list(csv.DictReader(io.StringIO(done.stdout)))

    def approved(self) -> int:
        """How many months were approved so far; 0 while there is nothing to ask."""
        with suppress(psycopg.Error, KeyError), psycopg.connect(self.server.uri(warehouse.DATABASE)) as connection:
            return connection.execute("select count(distinct signal_month) from decision.approval").fetchone()[0]
        return 0

    def processes(self) -> list[psutil.Process]:
        """Every process of this home: Airflow's, its tasks', and the server's."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                data = str(self.server.folder)
                if process.environ().get(MARK) == str(self.folder / "airflow") or data in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def kill(self, command: subprocess.Popen) -> None:
        """End everything as a power cut does."""
        command.send_signal(signal.SIGKILL)
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        command.wait()


# -- the pilot


@pytest.fixture(scope="module")
def pilot(new_home: Callable[[], Path]) -> Iterator[tuple[Home, subprocess.CompletedProcess]]:
    """The pilot, killed in its third month and started again; with what the second start printed."""
    home = Home(new_home())
    first = home.start("run")
    deadline = time.monotonic() + 300
    while home.approved() < 2:
        assert first.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.5)
    home.kill(first)
    again = home.type("run")
    yield home, again
    home.type("down")


def test_the_replay_ends_well_and_stops_what_it_started(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, done = pilot
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert home.processes() == []


def test_table_2_1_in_all_its_cells(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, _ = pilot
    rows = home.rows("select signal_month, creditor, signals from mart.signals_by_month_creditor")
    derived = {(row["signal_month"][:7], row["creditor"]): int(row["signals"]) for row in rows}
    printed = {place: number(value) for place, value in cells("table_2_01").items()}
    wanted = {(month, creditor): printed[month, creditor] for month in MONTHS for creditor in CREDITORS}
    assert len(wanted) == 84
    assert derived == {place: signals for place, signals in wanted.items() if signals}
    assert sum(derived.values()) == 8424


def test_table_2_2_in_all_its_cells(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, _ = pilot
    rows = home.rows("select signal_month, same_month, three_months, total from mart.matches_by_month")
    derived = {
        (row["signal_month"][:7], column): int(row[column]) for row in rows for column in ("same_month", "three_months")
    }
    printed = cells("table_2_02")
    wanted = {
        (month, column): number(printed[month, column]) for month in MONTHS for column in ("same_month", "three_months")
    }
    assert len(wanted) == 24
    assert derived == wanted
    assert sum(int(row["total"]) for row in rows) == 572


def test_the_summary_tells_months_steps_and_where_the_results_are(
    pilot: tuple[Home, subprocess.CompletedProcess],
) -> None:
    home, done = pilot
    for month in MONTHS:
        assert f"\n {month} " in done.stdout
    for step in ("receive", "judge", "alert", "derive", "approve", "publish", "hand_out"):
        assert f": {step} " in done.stdout
    assert "8424" in done.stdout
    assert str(home.folder / "out") in done.stdout
    assert "table_2_01: 103 of 104 cells equal" in done.stdout
    assert "table_2_02: 52 of 52 cells equal" in done.stdout


def test_every_month_has_its_walking_list(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, _ = pilot
    counted = home.rows(
        "select signal_month, role, sum(households) as households from mart.selection_by_month"
        " where role <> 'not_selected' group by signal_month, role"
    )
    wanted = {(row["signal_month"][:7], row["role"]): int(row["households"]) for row in counted}
    names = {"geselecteerd": "selected", "reserve": "reserve"}
    found: dict[tuple[str, str], int] = {}
    for month in MONTHS:
        folder = home.folder / "out" / "0637" / month
        assert (folder / "looplijst.xlsx").stat().st_size > 0
        with (folder / "looplijst.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                place = month, names[row["rol"]]
                found[place] = found.get(place, 0) + 1
    assert found == wanted
    assert sum(households for (_, role), households in found.items() if role == "selected") > 200


def test_nothing_delivered_vanished(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, _ = pilot
    drops = home.rows("select * from mart.drops where status <> 'missing'")
    assert len(drops) == 71 + 24  # table 2.1 has 71 cells with a number; each month has two registers
    for row in drops:
        folder = home.folder / "landing" / "0637" / row["signal_month"][:7]
        name = {"brp": "brp/personen", "shv": "shv/trajecten"}.get(row["feed"], f"signals/{row['creditor']}")
        with (folder / f"{name}.csv").open(encoding="utf-8") as file:
            lines = sum(1 for _ in file) - 1
        assert int(row["rows_read"]) == lines
        assert lines == sum(int(row[column]) for column in ("rows_accepted", "rows_quarantined", "rows_rejected"))


def test_a_month_run_once_more_changes_nothing_and_says_so(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, _ = pilot
    done = home.type("month", "2019-08")
    assert done.returncode == 0, done.stderr
    assert "No row of core or mart changed." in done.stdout


# -- killed anywhere, and what arrives late


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
    """Every row of what was derived and decided, but for the moment of approval."""
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
                here, f"select to_jsonb(t) - 'approved_at' - 'approved_by' as row from {table['name']} as t", "owner"
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
        stepping.run_months(*months)
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
    run_watch_landing(here)
    drops = reading.rows(here, f"select delivery, status from raw.drop_ledger where file = '{late}'", "owner")
    assert drops == [{"delivery": 90, "status": "accepted"}]
    assert contents(here) == before
    stepping.decide(months[-1])
    stepping.publish(months[-1])
    after = contents(here)
    assert after["decision.selection"] == before["decision.selection"]
    assert after["core.match"] != before["core.match"]
    assert reading.rows(here, "select count(*) as n from casework.difference", "caseworker")[0]["n"] > 0


def late_delivery(here: Settings, month: str) -> str:
    """Deliver the signals of one creditor anew, but for its last rows; its name in the landing area."""
    rows = reading.rows(
        here,
        "select file, rows_accepted from raw.drop_ledger where feed = 'signals' and status = 'accepted'"
        f" and signal_month = '{month}-01' order by rows_accepted desc limit 1",
        "owner",
    )
    first = Path(here.landing) / rows[0]["file"]
    text = first.read_bytes()
    late = first.with_name(f"{first.name.split('.')[0]}.90.csv")
    end = text.rstrip().rfind(b"\nS", 0, len(text) * 3 // 4)
    late.write_bytes(text[: end + 1] if end > 0 else text + b"\n")
    # Written a while ago, so that it is taken to be whole.
    os.utime(late, (time.time() - 600, time.time() - 600))
    return str(late.relative_to(here.landing))


def run_watch_landing(here: Settings) -> None:
    """Run the flow once through the scheduler."""
    place = Place(here.home, here.root, warehouse.metadata_uri(here))
    with Airflow(place, here.environment()):
        metadata = Metadata(place.database)
        metadata.switch_on(["watch_landing"])
        Api(place).queue("watch_landing", {"test": None})
        deadline = time.monotonic() + 120
        state = "queued"
        while state in ("queued", "running"):
            assert time.monotonic() < deadline
            time.sleep(0.5)
            with psycopg.connect(place.database) as connection:
                state = connection.execute(
                    "select state from dag_run where dag_id = 'watch_landing' and run_id = 'test'"
                ).fetchone()[0]
        metadata.switch_off(["watch_landing"])
        metadata.close()
    assert state == "success"
