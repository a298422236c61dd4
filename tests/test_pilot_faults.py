"""What the evaluation tells of the pilot's deliveries, each found by a named rule on the pilot's own files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stepping
from conftest import platform

from pilot.generate import write_landing
from vroegsignaal import reading, transform
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

MONTHS = ("2018-09", "2019-04", "2019-05", "2019-06", "2019-07", "2019-08")
"""The months with what the evaluation tells; the others would take as long again."""


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Settings]:
    landing = tmp_path_factory.mktemp("pilot")
    write_landing(landing)
    with platform(new_home(), LANDING=str(landing)) as here:
        for month in MONTHS:
            stepping.receive(month)
        transform.derive(Month.parse(MONTHS[-1]))
        transform.publish(Month.parse(MONTHS[-1]))
        yield here


def found(here: Settings, condition: str) -> list[tuple]:
    """(month, creditor, rule, severity) of the findings on rows, or on drops, that meet a condition."""
    rows = reading.rows(
        here,
        "select to_char(ledger.signal_month, 'YYYY-MM') as month, ledger.creditor, finding.rule, finding.severity"
        " from quality.finding as finding"
        " inner join raw.drop_ledger as ledger using (drop_id)"
        " left join raw.signals as row using (drop_id, line_no)"
        f" where {condition} order by 1, 2, 3",
        "owner",
    )
    return [tuple(row.values()) for row in rows]


def test_arrears_of_three_and_of_six_euros_were_visited(pilot: Settings) -> None:
    assert ("2019-04", "vidomes", "below_threshold", "info") in found(pilot, "row.bedrag = '3,37'")
    assert ("2018-09", "de_goede_woning", "below_threshold", "info") in found(pilot, "row.bedrag = '6,96'")


def test_an_amount_of_17693_euros_could_not_be_corrected(pilot: Settings) -> None:
    assert ("2019-05", "dunea", "amount_implausible", "warning") in found(pilot, "row.bedrag = '17693'")


def test_arrears_were_a_year_old(pilot: Settings) -> None:
    """The rows are held back as too old; that some are even older than a year is said beside it."""
    old = found(pilot, "finding.rule = 'arrears_over_a_year'")
    assert old
    assert {severity for *_, severity in old} == {"info"}
    assert found(
        pilot,
        "finding.rule = 'arrears_over_a_year' and not exists (select 1 from quality.finding as other"
        " where (other.drop_id, other.line_no) = (finding.drop_id, finding.line_no)"
        " and other.rule = 'arrears_too_old' and other.severity = 'warning')",
    ) == []  # fmt: skip


def test_dunea_delivered_222_signals_three_times(pilot: Settings) -> None:
    counted = reading.rows(
        pilot,
        "select rows_accepted from mart.drops where creditor = 'dunea' and signal_month >= '2019-06-01'",
        "bi",
    )
    assert [row["rows_accepted"] for row in counted] == [222, 222, 222]
    assert found(pilot, "finding.rule = 'count_repeated'") == [("2019-08", "dunea", "count_repeated", "info")]


def test_deliveries_are_missing(pilot: Settings) -> None:
    rows = reading.rows(
        pilot,
        "select to_char(signal_month, 'YYYY-MM') as month, creditor from mart.drops where status = 'missing'"
        " order by 1, 2",
        "bi",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("2018-09", "dunea"),
        ("2018-09", "eneco"),
        ("2018-09", "vidomes"),
        ("2019-05", "vidomes"),
        ("2019-08", "de_goede_woning"),
        ("2019-08", "vestia"),
    ]
    card = reading.rows(
        pilot,
        "select months_delivered from mart.creditor_scorecard where creditor = 'vidomes' and on_time <> 'missing'"
        " order by signal_month desc limit 1",
        "bi",
    )
    assert card == [{"months_delivered": 4}]
