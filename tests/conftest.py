"""A platform of its own for a test: a home with a warehouse, settings in the environment, stopped at the end."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import preloaded
import psycopg
import pytest
from oracle.small_landing import JAN, A, Small
from pilot_files import accepted, judged_rows, landing, matches  # noqa: F401

from vroegsignaal import dbt_process, reading, settings, transform, warehouse
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

Delivery = tuple[Small, Settings]


@pytest.fixture(scope="session", autouse=True)
def dbt_is_loaded_once() -> Iterator[None]:
    """Loading dbt takes longer than most of its runs, so it is forked here too. Commands start it anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt_process, "run", preloaded.run_dbt)
        yield


@pytest.fixture(scope="session")
def new_home() -> Iterator[Callable[[], Path]]:
    """A function that gives an empty home.

    Not in pytest's own folder: only its owner may enter that, and a server started by root is somebody else.
    """
    with tempfile.TemporaryDirectory(prefix="vroegsignaal-homes-") as folder:
        Path(folder).chmod(0o755)
        yield lambda: Path(tempfile.mkdtemp(dir=folder), "home")


@contextmanager
def platform(home: Path, **variables: str) -> Iterator[Settings]:
    """The settings of a platform in `home`, whose warehouse is up; `variables` are its VROEGSIGNAAL_… settings.

    The server is stopped at the end, unless it was up before.
    """
    home.parent.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            "HOME",
            "CONFIG",
            "LANDING",
            "OUT",
            "WAREHOUSE",
            "APPROVAL",
            "SMTP",
            "MAIL_FROM",
            "OPERATOR",
            "LINEAGE",
            "LOG",
            "SHARES",
        ):
            patch.delenv(f"VROEGSIGNAAL_{name}", raising=False)
        for name, value in {"HOME": str(home), "APPROVAL": "automatic", **variables}.items():
            patch.setenv(f"VROEGSIGNAAL_{name}", value)
        here = settings.load()
        was_up = warehouse.server(here).answers()
        try:
            warehouse.ensure_running(here)
            yield here
        finally:
            if not was_up:
                warehouse.server(here).stop()


@pytest.fixture(scope="module")
def server_home(new_home: Callable[[], Path]) -> Iterator[Path]:
    """One server for the module, that stays up: initialising one takes seconds, and starting it a part of one."""
    home = new_home()
    with platform(home):
        yield home


@pytest.fixture(scope="module")
def connection(server_home: Path) -> Iterator[psycopg.Connection]:
    """A connection as transformer to a warehouse without a row, for functions of the database."""
    with platform(server_home) as here, warehouse.open_connection(here, "transformer") as opened:
        yield opened


@pytest.fixture
def delivery(tmp_path: Path, server_home: Path) -> Iterator[Delivery]:
    """An empty landing area, and a platform that knows nothing yet."""
    small = Small(tmp_path)
    with platform(server_home, **places(small)) as here:
        forget_everything(here)
        yield small, here


def places(small: Small) -> dict[str, str]:
    """The settings that say where a small landing area is, how it is configured and where its results go."""
    return {"LANDING": str(small.landing), "CONFIG": str(small.config), "OUT": str(small.landing.parent / "out")}


def forget_everything(here: Settings) -> None:
    """Empty every table that outlives a month, the derived ones included."""
    with warehouse.connect(here, "owner") as connection:
        for schema, table in warehouse.fetch(
            connection,
            "select schemaname, tablename from pg_tables"
            " where schemaname in ('raw', 'quality', 'vault', 'core', 'decision')",
        ):
            connection.execute(f'truncate "{schema}"."{table}" cascade')


def rows(here: Settings, statement: str) -> list[tuple]:
    """What a query gives, read as the owner of the warehouse."""
    return [tuple(row.values()) for row in reading.rows(here, statement, "owner")]


def notices(here: Settings, name: str, month: str = JAN) -> list[dict[str, str]]:
    """The rows of one of the `;`-separated files that were handed out."""
    with (here.out / A / month / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def manifest(here: Settings) -> dict:
    """The models, their columns and what depends on what, as dbt reads the project."""
    return _manifest(here, Month.parse(JAN), "parse", "--no-partial-parse")


def compiled_models(here: Settings, month: Month) -> list[dict]:
    """The models as nodes of dbt's manifest, each with the statement that is run for the month (compiled_code)."""
    nodes = _manifest(here, month, "compile")["nodes"]
    return [node for node in nodes.values() if node["resource_type"] == "model"]


def _manifest(here: Settings, month: Month, command: str, *words: str) -> dict:
    transform.run_dbt(here, month, command, command, *words)
    return json.loads((here.home / "dbt" / command / "manifest.json").read_text())
