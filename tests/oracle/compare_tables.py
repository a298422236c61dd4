"""Says in which rows a table of the platform differs from the oracle's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal


def differences(expected: Iterable[Mapping], actual: Iterable[Mapping], count: str = "") -> list[str]:
    """Return each row that is missing or too many, by the columns of the expected rows; nothing when they agree.

    Numbers are compared by value and days by date; an empty text is as good as none. Rows in which the column `count`
    is zero are left out on both sides: a table may list what did not occur. Without expected rows, all are too many.
    """
    wanted = [row for row in expected if not count or row[count]]
    got = [row for row in actual if not count or row[count]]
    columns = list(wanted[0]) if wanted else sorted({name for row in got for name in row})
    left = Counter(tuple(plain(row[name]) for name in columns) for row in wanted)
    right = Counter(tuple(plain(row[name]) for name in columns) for row in got)
    return [
        f"{label}: " + ", ".join(f"{name}={value}" for name, value in zip(columns, row, strict=True))
        for label, rows in (("missing", left - right), ("too many", right - left))
        for row in sorted(rows.elements())
    ]


def plain(value: object) -> str:
    """Write a value so that equal ones are written alike, whatever type a database driver gives them."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return f"{Decimal(str(value)).normalize():f}"
    return str(value)
