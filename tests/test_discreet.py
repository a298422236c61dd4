"""What goes wrong in the database is told without the values of rows: to callers, by dbt, and in the server's log."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from conftest import platform

from vroegsignaal import transform, warehouse
from vroegsignaal.door.checks import Checks
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

VALUE = "Kanariestein"
MONTH = Month.parse("2022-01")
# What breaks on a value, and what is told of it.
BROKEN = {
    "select achternaam::integer from quality.person": "InvalidTextRepresentation",
    "select to_date(achternaam, 'YYYY') from quality.person": "SQLSTATE 22",
    "insert into quality.person select * from quality.person": "unique constraint",
    "insert into quality.person select 'x' || achternaam, null from quality.person": 'null value in column "bsn"',
    "insert into quality.person select 'x' || achternaam, '' from quality.person": "person, constraint filled",
    "update quality.person set bsn = achternaam || achternaam": "SQLSTATE 22",
    "do $$ begin raise exception 'no %', (select achternaam from quality.person); end $$": "RaiseException",
    "create table quality.age as select 1 / (length(achternaam) - 12) as one from quality.person": "DivisionByZero",
    "alter table quality.person add check (achternaam like 'A%')": "check constraint",
}


@pytest.fixture(scope="module")
def here(new_home: Callable[[], Path]) -> Iterator[Settings]:
    with platform(new_home()) as settings:
        with warehouse.connect(settings, "loader") as connection:
            connection.execute(
                "create table quality.person (achternaam text primary key, bsn varchar(12) not null, "
                "constraint filled check (bsn <> ''))"
            )
            connection.execute("insert into quality.person values (%s, '999900006')", [VALUE])
            connection.execute("grant select on quality.person to transformer")
        yield settings


@pytest.mark.parametrize("statement", BROKEN)
def test_an_error_of_the_database_repeats_no_value(here: Settings, statement: str) -> None:
    with pytest.raises(psycopg.Error) as broken, warehouse.connect(here, "loader") as connection:
        connection.execute(statement)
    assert BROKEN[statement] in str(broken.value)
    assert VALUE not in "".join(traceback.format_exception(broken.value))
    assert type(broken.value) is not psycopg.Error


def copy_twice(connection: psycopg.Connection) -> None:
    with connection.cursor().copy("copy quality.person from stdin") as copy:
        copy.write_row([VALUE, "1"])


def fetch_from_the_server(connection: psycopg.Connection) -> None:
    with connection.cursor(name="answer") as cursor:
        cursor.execute("select achternaam::integer from quality.person")
        cursor.fetchall()


@pytest.mark.parametrize("step", [copy_twice, fetch_from_the_server])
def test_nor_does_one_while_rows_are_copied_or_fetched(
    here: Settings, step: Callable[[psycopg.Connection], None]
) -> None:
    with pytest.raises(psycopg.DatabaseError) as broken, warehouse.connect(here, "loader") as connection:
        step(connection)
    assert isinstance(broken.value, psycopg.errors.UniqueViolation | psycopg.errors.InvalidTextRepresentation)
    assert VALUE not in "".join(traceback.format_exception(broken.value))


def test_nor_does_a_check_of_great_expectations(here: Settings) -> None:
    with warehouse.connect(here, "loader") as connection:
        engine = Checks(warehouse.uri(here, "loader"), connection)._source.get_execution_engine().engine
    with pytest.raises(sqlalchemy.exc.DataError, match="SQLSTATE 22P02") as broken, engine.connect() as connection:
        connection.execute(sqlalchemy.text("select achternaam::integer from quality.person"))
    assert VALUE not in "".join(traceback.format_exception(broken.value))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("select achternaam::integer as one from quality.person", "SQLSTATE 22P02"),
        (
            "{{ config(pre_hook='create temp table twice (one text unique)') }}"
            "{{ config(post_hook='insert into twice select achternaam from quality.person, generate_series(1, 2)') }}"
            "select 1 as one",
            "unique constraint",
        ),
    ],
)
def test_nor_do_dbt_its_logs_and_its_results(here: Settings, tmp_path: Path, model: str, said: str) -> None:
    copy = replace(here, root=tmp_path)
    shutil.copytree(here.dbt_project, copy.dbt_project, ignore=shutil.ignore_patterns("target", "logs"))
    free = "{{ config(contract={'enforced': false}) }}"
    (copy.dbt_project / "models" / "evaluation" / "broken.sql").write_text(f"{free}{model}")

    with pytest.raises(PlatformError, match=said) as broken:
        transform.run_dbt(copy, MONTH, "broken", "build", "--select", "broken")

    assert "model.vroegsignaal.broken" in str(broken.value)
    assert VALUE not in str(broken.value)
    written = [path for path in (here.home / "dbt" / "broken").rglob("*") if path.is_file()]
    assert {"results.json", "dbt.log"} <= {path.name for path in written}
    for path in written:
        assert VALUE.encode() not in path.read_bytes(), path.name


def test_nor_does_the_log_of_the_server(here: Settings) -> None:
    server = warehouse.server(here)
    # Not by one of our own connections: anybody's error.
    with pytest.raises(psycopg.Error, match=VALUE), psycopg.connect(warehouse.uri(here, "loader")) as connection:
        connection.execute("select achternaam::integer from quality.person")
    assert VALUE.encode() not in server._log.read_bytes()
