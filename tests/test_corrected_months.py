"""A delivery that is corrected afterwards counts in every month that looks back at it, and in no decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stepping
from conftest import platform
from oracle.small_landing import FEB, JAN, MAR, A, Small, signal

from vroegsignaal import reading
from vroegsignaal.settings import Settings


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Settings]:
    """January and February are decided; then January is corrected, and March is run without running January again."""
    folder = tmp_path_factory.mktemp("corrected")
    small = Small(folder)
    with (small.config / "agreements.csv").open("a") as agreements:
        agreements.write(f"{A},blauw,2022-02-26,\n")
    small.residents(JAN, "1", "2", "3", "8")
    small.signals(JAN, "rood", signal(JAN, 1), signal(JAN, 2))
    small.signals(JAN, "blauw", signal(JAN, 1))
    small.signals(FEB, "rood", signal(FEB, 1), signal(FEB, 3))
    small.signals(FEB, "blauw", signal(FEB, 2), signal(FEB, 3))
    with platform(new_home(), LANDING=str(small.landing), CONFIG=str(small.config)) as here:
        stepping.run_months(JAN, FEB, marts=())
        # The correction takes 2 away, and brings 3, first heard of in February, and 8.
        small.signals(JAN, "rood.2", signal(JAN, 1), signal(JAN, 3), signal(JAN, 8))
        stepping.receive(JAN)
        small.signals(MAR, "blauw", signal(MAR, 8), signal(MAR, 2))
        stepping.run_months(MAR, marts=("signals_by_month_creditor",))
        yield here


def matches(here: Settings, month: str) -> dict[str, str]:
    """House number -> creditors of what is derived now."""
    rows = reading.rows(
        here,
        "select split_part(address_key, ' ', 2) as number, creditors from core.match"
        f" inner join vault.household using (municipality_code, household_id) where signal_month = '{month}-01'",
        "owner",
    )
    return {row["number"]: row["creditors"] for row in rows}


def test_a_later_month_looks_back_at_the_correction_and_not_at_what_it_replaced(corrected: Settings) -> None:
    # 8: rood in January, blauw in March. 2: blauw in February and March, and rood no more.
    assert matches(corrected, MAR) == {"8": "blauw, rood"}


def test_the_signals_of_the_corrected_month_are_those_in_force(corrected: Settings) -> None:
    rows = reading.rows(
        corrected,
        f"select creditor, signals from mart.signals_by_month_creditor where signal_month = '{JAN}-01' order by 1",
        "bi",
    )
    assert [tuple(row.values()) for row in rows] == [("blauw", 1), ("rood", 3)]


def test_an_earlier_month_can_be_run_again_and_lists_the_difference_while_the_decision_stands(
    corrected: Settings,
) -> None:
    def decided() -> list[dict]:
        return reading.rows(corrected, "select * from decision.selection order by signal_month, household_id", "owner")

    before = decided()
    stepping.run_months(FEB, marts=())
    assert decided() == before
    assert matches(corrected, FEB) == {"1": "blauw, rood", "3": "blauw, rood"}
    differences = reading.rows(
        corrected,
        "select split_part(address_key, ' ', 2) as number, difference from casework.difference"
        " inner join vault.household using (municipality_code, household_id) order by 1",
        "owner",
    )
    assert [tuple(row.values()) for row in differences] == [("2", "no_longer_a_match")]
