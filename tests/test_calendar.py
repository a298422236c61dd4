"""Terms of working days end on the days on which people expect them to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from conftest import platform

from vroegsignaal import calendar, configuration, warehouse
from vroegsignaal.settings import ROOT, Settings


@pytest.fixture(scope="module")
def here(new_home: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    config = tmp_path_factory.mktemp("config")
    for name in ("creditors", "agreements", "municipalities", "policy"):
        text = (ROOT / "dbt_project" / "seeds" / f"{name}.csv").read_text()
        (config / f"{name}.csv").write_text(text)
    (config / "equated_days.csv").write_text("day,description\n2019-05-31,vrijdag na Hemelvaartsdag\n")
    with platform(new_home(), CONFIG=str(config)) as settings:
        with warehouse.connect(settings, "loader") as connection:
            configuration.load(settings, connection)
        yield settings


def last_day(here: Settings, start: str, working_days: int) -> str:
    connection: psycopg.Connection
    with warehouse.connect(here, "transformer") as connection:
        query = "select config.last_working_day(%s::date, %s)"
        return str(connection.execute(query, [start, working_days]).fetchone()[0])


def test_the_holidays_are_those_of_the_law() -> None:
    of_2019 = {day.isoformat() for day in calendar.holidays() if day.year == 2019}
    # Good Friday, Easter Monday, Ascension, Whit Monday; King's Day is a Saturday and 5 May a Sunday.
    moving = {"2019-04-19", "2019-04-22", "2019-05-30", "2019-06-10"}
    assert of_2019 == {"2019-01-01", "2019-12-25", "2019-12-26"} | moving
    # 5 May counts every year, not only in lustrum years; in 2014 the 27th of April was a Sunday.
    assert date(2021, 5, 5) in calendar.holidays()
    assert date(2025, 5, 5) in calendar.holidays()
    assert date(2026, 4, 27) in calendar.holidays()


@pytest.mark.parametrize(
    ("start", "working_days", "end"),
    [
        ("2018-12-25", 3, "2018-12-31"),  # the 25th and 26th are Christmas
        ("2019-01-25", 3, "2019-01-30"),  # over a weekend
        ("2019-04-18", 1, "2019-04-23"),  # Good Friday, weekend, Easter Monday
        ("2019-05-29", 1, "2019-06-03"),  # Ascension, and the Friday after it, equated by decree
        ("2019-01-02", 30, "2019-02-13"),  # six weeks
        ("2019-01-05", 0, "2019-01-05"),
    ],
)
def test_a_term_of_working_days(here: Settings, start: str, working_days: int, end: str) -> None:
    assert last_day(here, start, working_days) == end
