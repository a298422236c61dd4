"""What is typed wrong is said in one message, without a traceback, with the agreed exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import platform

COMMAND = Path(sys.executable).with_name("vroegsignaal")
WRONG_USE = 2


def typed(home: Path, *words: str, **variables: str) -> subprocess.CompletedProcess:
    """Type a command in another folder than the project's."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("VROEGSIGNAAL_")}
    return subprocess.run(
        [COMMAND, *words],
        env=plain | {"VROEGSIGNAAL_HOME": str(home)} | variables,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def home(new_home: Callable[[], Path]) -> Iterator[Path]:
    folder = new_home()
    with platform(folder):
        yield folder


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["month", "2018-13"], "'2018-13' is not a month: write it as jjjj-mm"),
        (["month"], "Missing argument"),
        (["replay", "--from", "2019-02", "--to", "2019-01", "--landing", "{landing}"], "lies before the first"),
        (["replay", "--landing", "/nowhere"], "the landing area /nowhere holds no months"),
        (["query", "select 1", "--role", "root"], "'root' is not a role"),
        (["query", "select 1", "--format", "xml"], "'xml' is not a format"),
        (["query", "selec 1"], "syntax error"),
        (["query", "select * from casework.selection"], "permission denied"),
        (["query", "delete from mart.drops"], "does not run as role bi"),
        (["uri", "--role", "root"], "'root' is not a role"),
        (["pilot"], "say what to do"),
        (["evaluate", "--as-of", "2019-13"], "'2019-13' is not a month"),
        (["evaluate"], "there is nothing to evaluate"),
        (["release"], "say which row"),
        (["release", "--month", "2019-13"], "'2019-13' is not a month"),
        (
            [
                *[
                    "release",
                    "--municipality",
                    "0637",
                    "--month",
                    "2019-01",
                    "--creditor",
                    "dunea",
                    "--signal",
                    "S",
                    "--by",
                    "A",
                    "--reason",
                    "r",
                ]
            ],
            "no such row in a delivery of dunea for 2019-01 to 0637",
        ),
        (
            [
                *[
                    "release",
                    "--municipality",
                    "0637",
                    "--month",
                    "2019-01",
                    "--creditor",
                    "dunea",
                    "--signal",
                    "S",
                    "--amount",
                    "veel",
                ]
            ],
            "write it as 176,93",
        ),
        (["vlieg"], "No such command"),
    ],
)
def test_wrong_use_is_explained_and_exits_2(home: Path, tmp_path: Path, words: list[str], told: str) -> None:
    (tmp_path / "0637" / "2019-01" / "signals").mkdir(parents=True)
    done = typed(home, *(word.format(landing=tmp_path) for word in words))
    assert done.returncode == WRONG_USE
    assert told in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_outside_warehouse_that_does_not_answer_is_named_without_its_password(home: Path) -> None:
    done = typed(home, "query", "select 1", VROEGSIGNAAL_WAREHOUSE="postgresql://me:geheim@127.0.0.1:1/db")
    assert done.returncode == 1
    assert "the warehouse of VROEGSIGNAAL_WAREHOUSE cannot be reached" in done.stderr
    assert "geheim" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_query_comes_as_csv_json_or_a_table(home: Path) -> None:
    statement = "select 1.50 as amount, null as nothing, date '2019-01-31' as day, 'a;\"b' as text"
    as_csv = typed(home, "query", statement, "--format", "csv")
    assert list(csv.reader(io.StringIO(as_csv.stdout))) == [
        ["amount", "nothing", "day", "text"],
        ["1.50", "", "2019-01-31", 'a;"b'],
    ]
    as_json = typed(home, "query", f"{statement};", "--format", "json")
    assert json.loads(as_json.stdout) == [{"amount": 1.5, "nothing": None, "day": "2019-01-31", "text": 'a;"b'}]
    assert "2019-01-31" in typed(home, "query", statement).stdout
    assert json.loads(typed(home, "query", "select 1 where false", "--format", "json").stdout) == []


def test_a_query_can_change_nothing_as_any_role(home: Path) -> None:
    statement = "with changed as (delete from raw.drop_ledger returning 1) select count(*) from changed"
    done = typed(home, "query", statement, "--role", "loader")
    assert done.returncode == WRONG_USE
    assert "Traceback" not in done.stderr


def test_the_address_is_one_that_a_bi_tool_can_use(home: Path) -> None:
    import psycopg

    address = typed(home, "uri").stdout.strip()
    with psycopg.connect(address) as connection:
        assert connection.execute("select current_user").fetchone() == ("bi",)


def test_programs_of_postgresql_get_the_address_without_a_word_of_it(home: Path) -> None:
    import psycopg

    exported = typed(home, "uri", "--format", "env").stdout
    evaluated = ["/bin/sh", "-c", 'eval "$1"; exec env', "-", exported]
    env = subprocess.run(evaluated, capture_output=True, text=True, check=True).stdout
    there = dict(line.split("=", 1) for line in env.splitlines() if line.startswith("PG"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in there.items():
            patch.setenv(name, value)
        with psycopg.connect("") as connection:
            assert connection.execute("select current_user").fetchone() == ("bi",)


def test_the_pilots_landing_area_is_written_where_it_is_asked(home: Path, tmp_path: Path) -> None:
    done = typed(home, "pilot", "--to", str(tmp_path / "pilot"))
    assert done.returncode == 0
    assert str(tmp_path / "pilot") in done.stdout
    assert (tmp_path / "pilot" / "0637" / "2018-09" / "signals" / "menzis.csv").exists()


def test_status_says_what_runs_and_where_things_are(home: Path, tmp_path: Path) -> None:
    told = typed(home, "status").stdout
    assert str(home) in told
    assert "embedded, up" in told
    assert "Airflow: down" in told
    assert "Nothing was ever started" in typed(tmp_path, "status").stdout
    assert "Nothing was ever started" in typed(tmp_path, "down").stdout


def test_status_of_a_home_that_is_down_says_how_far_it_is_and_leaves_it_down(new_home: Callable[[], Path]) -> None:
    folder = new_home()
    with platform(folder):
        pass
    for _ in range(2):
        done = typed(folder, "status")
        assert done.returncode == 0
        assert "embedded, down" in done.stdout
        assert "municipality" in done.stdout


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("VROEGSIGNAAL_OUT", "/dev/null/out", "/dev/null/out cannot be written to"),
        ("VROEGSIGNAAL_LANDING", "nowhere://x", "nowhere"),
    ],
)
def test_a_place_that_cannot_be_used_is_told_before_anything_runs(
    home: Path, tmp_path: Path, variable: str, value: str, told: str
) -> None:
    (tmp_path / "0637" / "2019-01" / "signals").mkdir(parents=True)
    done = typed(home, "month", "2019-01", **{"VROEGSIGNAAL_LANDING": f"file://{tmp_path}"} | {variable: value})
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
