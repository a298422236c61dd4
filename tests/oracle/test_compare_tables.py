"""The comparison of two tables."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from .compare_tables import differences

ROW = {"signal_month": date(2022, 1, 1), "creditor": None, "rows": 10}


def test_types_and_order_of_columns_do_not_matter() -> None:
    assert differences([ROW], [{"rows": Decimal("10.00"), "creditor": "", "signal_month": "2022-01-01", "x": 1}]) == []


def test_rows_missing_and_too_many_are_named() -> None:
    assert differences([ROW, ROW], [ROW, ROW | {"rows": 3}]) == [
        "missing: signal_month=2022-01-01, creditor=, rows=10",
        "too many: signal_month=2022-01-01, creditor=, rows=3",
    ]


def test_rows_that_count_nothing_may_be_left_out() -> None:
    assert differences([ROW], [ROW, ROW | {"rows": 0}], count="rows") == []
    assert differences([], [ROW | {"rows": 0}], count="rows") == []
    assert differences([], [ROW]) != []
