"""The scorecard of creditors, from a small landing area worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import stepping
from conftest import platform
from oracle.small_landing import DEC, JAN, Small, signal

from vroegsignaal import reading, transform
from vroegsignaal.months import Month

COLUMNS = (
    "deliveries", "corrections", "on_time", "pct_accepted", "rows_quarantined", "pct_repeated", "months_delivered",
)  # fmt: skip


def test_the_scorecard_of_creditors(tmp_path: Path, new_home: Callable[[], Path]) -> None:
    small = Small(tmp_path)
    with platform(new_home(), LANDING=str(small.landing), CONFIG=str(small.config)) as here:
        small.residents(DEC, "1", "2", "3")
        small.signals(DEC, "rood", *(signal(DEC, number, str(100 + number)) for number in (1, 2, 3)))
        small.signals(DEC, "wit", signal(DEC, 1))
        stepping.run_months(DEC)
        # rood corrects itself before the approval; blauw sends nothing usable; wit nothing, and then something late.
        small.signals(JAN, "rood", signal(JAN, 1, "0"))
        small.signals(JAN, "rood.2", signal(JAN, 1, "101"), signal(JAN, 2, "111"), signal(JAN, 3, "0"))
        small.put(JAN, "signals/blauw.csv", "signaal_id\n1\n")
        stepping.receive(JAN)
        stepping.decide(JAN)
        small.signals(JAN, "wit", signal(JAN, 1))
        stepping.receive(JAN)
        transform.publish(Month.parse(JAN))
        rows = reading.rows(here, "select * from mart.creditor_scorecard order by 1, 2, 3", "bi")
    found = {(row["creditor"], row["signal_month"]): tuple(row[column] for column in COLUMNS) for row in rows}
    december, january = date(2021, 12, 1), date(2022, 1, 1)
    nothing = (0, 0, "missing", None, 0, None, 0)
    assert found == {
        ("blauw", december): nothing,
        ("rood", december): (1, 0, "yes", 100, 0, 0, 1),
        ("wit", december): (1, 0, "yes", 100, 0, 0, 1),
        ("blauw", january): (1, 0, "no", 0, 0, 0, 0),
        ("rood", january): (2, 1, "yes", Decimal("66.7"), 1, Decimal("33.3"), 2),
        ("wit", january): (1, 0, "no", 100, 0, 100, 2),
    }
