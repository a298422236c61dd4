"""How a value reads in Dutch: one function for each kind of column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

from babel.dates import format_date
from babel.numbers import format_decimal

LOCALE = "nl_NL"
NOTHING = "\N{EN DASH}"
"""For what is not known, or is a share of nothing."""

Value = str | int | float | Decimal | bool | date | None


def _decimals(pattern: str) -> Callable[[Value], str]:
    def written(value: Value) -> str:
        # Halves go away from zero, as they do in the warehouse.
        with localcontext(rounding=ROUND_HALF_UP):
            return format_decimal(Decimal(str(value)), pattern, LOCALE)

    return written


KINDS: dict[str, Callable[[Value], str]] = {
    "text": str,
    # With a space that does not break.
    "month": lambda value: format_date(value, "LLLL\N{NO-BREAK SPACE}yyyy", LOCALE),
    "short_month": lambda value: format_date(value, "LLL yyyy", LOCALE),
    "date": lambda value: format_date(value, "d MMMM yyyy", LOCALE),
    "yes_no": lambda value: "ja" if value else "nee",
    "count": _decimals("#,##0"),
    "number": _decimals("#,##0.###"),
    "one_decimal": _decimals("#,##0.0"),
    "two_decimals": _decimals("#,##0.00"),
    "three_decimals": _decimals("#,##0.000"),
    "pct": _decimals("#,##0.0"),
    "eur": _decimals("€ #,##0;€ -#,##0"),
    "eur_cents": _decimals("€ #,##0.00;€ -#,##0.00"),
}
"""Kinds of columns; those that are numbers stand to the right."""

_WORDS = ("text", "month", "short_month", "date", "yes_no")


def in_dutch(value: Value, kind: str) -> str:
    """A value as it is read: `8.424`, `47,9`, `€ 1.739`, `september 2018`; a dash for what is not known."""
    return NOTHING if value is None or value == "" else KINDS[kind](value)


def is_number(kind: str) -> bool:
    """Whether a kind of column is a number."""
    return kind not in _WORDS
