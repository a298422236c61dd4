"""Values as the contract reads them: dates, months, amounts, postcodes, house numbers, citizen numbers, addresses."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple

DATE_FORMS = (
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"),
    re.compile(r"(?P<day>[0-9]{2})-(?P<month>[0-9]{2})-(?P<year>[0-9]{4})"),
)
MONTH_FORM = re.compile(r"[0-9]{4}-[0-9]{2}")
AMOUNT_FORM = re.compile(r"[+-]?[0-9]+(,[0-9]+)?")
POSTCODE_FORM = re.compile(r"[1-9][0-9]{3}[A-Z]{2}")
BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


class Address(NamedTuple):
    """An address in the form in which two addresses are compared; one address is one household."""

    postcode: str
    number: int
    suffix: str


def parse_date(text: str) -> date | None:
    """Return the day written as jjjj-mm-dd or dd-mm-jjjj, or None when it is neither, or no day at all."""
    for form in DATE_FORMS:
        if found := form.fullmatch(text):
            try:
                return date(int(found["year"]), int(found["month"]), int(found["day"]))
            except ValueError:
                return None
    return None


def parse_month(text: str) -> str | None:
    """Return the month as jjjj-mm, written so or as a day of it in one of the two forms, or None when neither."""
    day = parse_date(f"{text}-01" if MONTH_FORM.fullmatch(text) else text)
    return day.isoformat()[:7] if day else None


def parse_amount(text: str) -> Decimal | None:
    """Return the amount in euro (decimal comma, no thousands mark), or None when it is not a number."""
    return Decimal(text.replace(",", ".")) if AMOUNT_FORM.fullmatch(text) else None


def parse_postcode(text: str) -> str | None:
    """Return the postcode in upper case without spaces, or None when it is not four digits and two letters."""
    normal = "".join(text.split()).upper()
    return normal if POSTCODE_FORM.fullmatch(normal) else None


def parse_house_number(text: str) -> int | None:
    """Return the house number, or None when it is not a whole number from 1 up to and including 99999."""
    number = int(text) if re.fullmatch(r"[0-9]+", text) else 0
    return number if 1 <= number <= 99999 else None


def join_suffix(letter: str, addition: str) -> str:
    """Join house letter and addition, in upper case, without spaces and punctuation."""
    return "".join(sign for sign in (letter + addition).upper() if sign.isalnum())


def address_of(row: dict[str, str]) -> Address | None:
    """Return the row's address, or None when its postcode or its house number is not valid."""
    postcode = parse_postcode(row.get("postcode", ""))
    number = parse_house_number(row.get("huisnummer", ""))
    if postcode is None or number is None:
        return None
    return Address(postcode, number, join_suffix(row.get("huisletter", ""), row.get("huisnummertoevoeging", "")))


def passes_eleven_test(text: str) -> bool:
    """Tell whether a citizen number of nine digits (or eight: a zero is put before it) passes the eleven test."""
    if not re.fullmatch(r"[0-9]{8,9}", text):
        return False
    digits = [int(sign) for sign in text.zfill(9)]
    return any(digits) and sum(d * w for d, w in zip(digits, BSN_WEIGHTS, strict=True)) % 11 == 0


def day_25(month: str) -> date:
    """Return the 25th of a month written jjjj-mm: the day on which that month is matched."""
    return date(int(month[:4]), int(month[5:]), 25)


def shift_month(month: str, months: int) -> str:
    """Return the month (jjjj-mm) that lies a number of months later, or earlier when the number is negative."""
    count = int(month[:4]) * 12 + int(month[5:]) - 1 + months
    return f"{count // 12:04d}-{count % 12 + 1:02d}"
