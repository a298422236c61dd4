"""Texts are read as values exactly as Python's own types read them, and what is no value is nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from conftest import platform
from oracle.contract_values import parse_amount, parse_date, parse_house_number, parse_postcode, passes_eleven_test

from vroegsignaal import warehouse

ODD = ("", " ", "0", "-", "x", "é", "NULL", "1e5", "²", "١٢٣", "2019-02-29x", "\t", "1;2")


@pytest.fixture(scope="module")
def connection(new_home: Callable[[], Path]) -> Iterator[psycopg.Connection]:
    with platform(new_home()) as here, warehouse.open_connection(here, "loader") as connection:
        yield connection


def read(connection: psycopg.Connection, expression: str, texts: list[str]) -> dict[str, object]:
    query = f"select given, {expression} from unnest(%s::text[]) as t (given)"
    return dict(connection.execute(query, [texts]).fetchall())


def test_every_day_of_four_centuries_and_no_other_is_a_date(connection: psycopg.Connection) -> None:
    first = date(1899, 1, 1)
    days = [first + timedelta(days=n) for n in range(0, 146_097, 3)]
    texts = [day.isoformat() for day in days] + [day.strftime("%d-%m-%Y") for day in days]
    texts += [f"{year}-{month:02d}-{day:02d}" for year in ("0000", "0001", "1900", "2000", "2019", "2020", "9999")
              for month in range(14) for day in range(33)]  # fmt: skip
    texts += ["2019-1-1", "19-01-01", "2019/01/01", "01-2019-01", "2019-0101", "20190101", "2019-01-011", "1-1-2019"]
    texts += [f"29-02-{year}" for year in range(1880, 2120)] + list(ODD)
    expected = {text: parse_date(text) for text in texts}
    assert read(connection, "quality.read_date(given)", texts) == expected
    assert sum(value is not None for value in expected.values()) > 90_000


def test_a_month_is_itself_or_that_of_its_day(connection: psycopg.Connection) -> None:
    texts = [
        "2019-01",
        "2019-12",
        "2019-13",
        "2019-00",
        "0000-01",
        "2019-02-28",
        "28-02-2019",
        "2019-02-30",
        "2019",
        *ODD,
    ]
    found = read(connection, "quality.read_month(given)", texts)
    expected = {
        "2019-01": date(2019, 1, 1),
        "2019-12": date(2019, 12, 1),
        "2019-02-28": date(2019, 2, 1),
        "28-02-2019": date(2019, 2, 1),
    }
    assert {text: value for text, value in found.items() if value is not None} == expected


def test_amounts_in_the_default_notation(connection: psycopg.Connection) -> None:
    texts = [
        *(
            "0",
            "-0",
            "1",
            "+1",
            "-1",
            "0012,50",
            "12,5",
            "12,",
            ",5",
            "12.50",
            "1.234,56",
            "€ 1",
            "1 000",
            "--1",
            "1,2,3",
        ),
        *("9" * 40, "9" * 80, "0," + "1" * 30, *ODD),
    ]
    found = read(connection, "quality.read_amount(given, ',', '')", texts)
    # A number of eighty digits is no amount of money.
    assert found == {text: parse_amount(text) if len(text) < 60 else None for text in texts}


@pytest.mark.parametrize(
    ("decimal", "thousands", "amounts"),
    [
        (".", ",", {"1,234.56": "1234.56", "1234.5": "1234.5", "12": "12", "1,250": "1250"}),
        (",", ".", {"1.234,50": "1234.50", "12.345.678,9": "12345678.9", "-1.234": "-1234"}),
        (".", "'", {"1'250.00": "1250.00"}),
        # Thousands are three digits: these are none, and must not become a hundred times as much.
        (".", ",", {"12,50": None, "1.234,56": None, ",500": None, "1,2345": None, "1,23,456": None}),
        (",", ".", {"12.50": None, "1.2345": None, ".500": None}),
        # Signs that the reading uses itself.
        (",", ".", {"1T000": None, "1D50": None}),
        (",", "", {"1D50": None, "1.000": None}),
    ],
)
def test_amounts_with_the_separators_of_a_dialect(
    connection: psycopg.Connection, decimal: str, thousands: str, amounts: dict[str, str | None]
) -> None:
    function = "quality.read_amount(given, '{}', '{}')".format(decimal, thousands.replace("'", "''"))
    assert read(connection, function, list(amounts)) == {
        text: amount and Decimal(amount) for text, amount in amounts.items()
    }


def test_postcodes_house_numbers_and_flags(connection: psycopg.Connection) -> None:
    postcodes = ["1234QQ", "1234 qq", "1234  Q Q", "0234QQ", "1234Q", "1234Q1", "QQ1234", "12345Q", "1234QQQ", *ODD]
    assert read(connection, "quality.read_postcode(given)", postcodes) == {p: parse_postcode(p) for p in postcodes}
    numbers = ["1", "99999", "100000", "007", "0", "000", "12a", "-3", "1,0", *(text for text in ODD if text.isascii())]
    assert read(connection, "quality.read_house_number(given)", numbers) == {n: parse_house_number(n) for n in numbers}
    assert read(connection, "quality.read_flag(given)", ["j", "J", "n", "ja", "1", ""]) == {
        "j": True, "J": True, "n": False, "ja": None, "1": None, "": None,
    }  # fmt: skip


def test_the_eleven_test(connection: psycopg.Connection) -> None:
    texts = [f"{number:09d}" for number in range(999_900_000, 999_900_500)] + [str(n) for n in range(10, 400)]
    texts += ["000000000", "00000000", "12345678", "99990000X", "9999000060", *ODD]
    found = read(connection, "quality.read_bsn(given)", texts)
    assert found == {text: text.zfill(9) if passes_eleven_test(text) else None for text in texts}
    assert sum(value is not None for value in found.values()) >= 40


def test_one_address_has_one_key_however_it_is_written(connection: psycopg.Connection) -> None:
    def key(letter: str | None, addition: str | None) -> str:
        query = "select quality.address_key('1234QQ', 12, %s, %s)"
        return str(connection.execute(query, [letter, addition]).fetchone()[0])

    assert {key("a", None), key(None, "A"), key(None, "-a"), key(" a", ""), key(None, "/a."), key("", "\u00a0A")} == {
        "1234QQ 12 A"
    }
    assert {key(None, None), key("", ""), key(None, "-")} == {"1234QQ 12 "}
    assert key("a", "2") == "1234QQ 12 A2"
    assert connection.execute("select quality.address_key(null, 12, 'a', null)").fetchone() == (None,)


def test_each_reading_becomes_part_of_the_query_that_uses_it(connection: psycopg.Connection) -> None:
    """A call for every value would make the door several times as slow."""
    readings = (
        "read_date(given)", "read_month(given)", "read_amount(given, ',', '')", "read_postcode(given)",
        "read_house_number(given)", "read_bsn(given)", "read_flag(given)", "address_key(given, 1, given, given)",
    )  # fmt: skip
    for reading in readings:
        plan = connection.execute(f"explain verbose select quality.{reading} from unnest(array['x']) as t (given)")
        assert not re.search(r"quality\.", " ".join(line for (line,) in plan.fetchall())), reading
