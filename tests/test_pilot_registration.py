"""The pilot's case registration at the door: taken in whole, and what was loaded again is told."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stepping
from conftest import platform
from pilot_files import csv_rows
from pilot_marts import exported

from pilot.scope import REGISTERED_MONTHS
from vroegsignaal import reading
from vroegsignaal.settings import Settings


@pytest.fixture(scope="module")
def registered(landing: Path, tmp_path_factory: pytest.TempPathFactory, new_home: Callable) -> Iterator[Settings]:
    """A platform that received the exports and nothing else."""
    only = tmp_path_factory.mktemp("registration")
    for month in REGISTERED_MONTHS:
        shutil.copytree(landing / month / "ris", only / "0637" / month / "ris")
    with platform(new_home(), LANDING=str(only)) as here:
        for month in REGISTERED_MONTHS:
            stepping.receive(month)
        yield here


def rows(here: Settings, statement: str) -> list[tuple]:
    return [tuple(row.values()) for row in reading.rows(here, statement, "owner")]


def test_every_row_is_accepted(registered: Settings, landing: Path) -> None:
    names = {"dossiers": "ris_dossiers", "dossier_signalen": "ris_signals", "contactpogingen": "ris_contacts"}
    written = Counter()
    for path in landing.glob("*/ris/*.csv"):
        written[names.get(path.stem, "ris_help")] += len(csv_rows(path))
    drops = rows(
        registered, "select feed, status, rows_read, rows_accepted from raw.drop_ledger where feed like 'ris%'"
    )
    assert len(drops) == 4 * len(REGISTERED_MONTHS)
    assert {status for _, status, _, _ in drops} == {"accepted"}
    accepted = Counter()
    for feed, _, read, taken in drops:
        assert read == taken
        accepted[feed] += taken
    assert accepted == written


def test_the_only_findings_are_januarys_cases_once_more(registered: Settings, landing: Path) -> None:
    """Of each of the twenty in every export that it stands in; that a month was loaded again, once."""
    again = [name for name, (row,) in exported(landing, "dossiers").items() if row["loopmaand"] == ""]
    told = rows(
        registered,
        "select to_char(ledger.signal_month, 'YYYY-MM'), finding.rule, row.dossier_id from quality.finding as finding"
        " inner join raw.drop_ledger as ledger using (drop_id)"
        " left join raw.ris_dossiers as row using (drop_id, line_no) where ledger.feed = 'ris_dossiers'",
    )
    assert {rule for _, rule, _ in told} == {"dossier_loaded_again", "month_loaded_again"}
    cases = {(month, name) for month, rule, name in told if rule == "dossier_loaded_again"}
    # The withdrawn case has no walking month either.
    assert {name for month, name in cases if month == "2019-02"} < set(again)
    assert len({name for _, name in cases}) == 20
    assert ("2019-02", "month_loaded_again", None) in told


def test_a_dossier_is_of_the_household_that_the_creditors_reported(registered: Settings) -> None:
    """The registration spells addresses in its own way, and still means one household per address."""
    households = rows(
        registered,
        "select count(distinct household_id) as households, count(distinct dossier_id) as dossiers"
        " from quality.accepted_ris_dossiers",
    )
    assert households == [(215, 236)]
