"""The pilot's landing area, and what its deliveries come to by rules and a matcher that share no code with the rest."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from pilot.generate import write_landing
from pilot.scope import MONTHS

Row = dict[str, str]
Address = tuple[str, str, str]
Judged = tuple[str, str, Row, set[str]]  # month, creditor, row, rules broken
Accepted = tuple[str, str, Row]  # month, creditor, row
Place = tuple[str, Address]  # month, address

DOUBLE_RULES = {"duplicate_signal_id", "duplicate_household"}
REFUSING_RULES = DOUBLE_RULES | {
    "value_missing", "date_invalid", "postcode_invalid", "house_number_invalid", "bsn_invalid", "amount_invalid",
    "amount_not_positive", "amount_implausible", "arrears_too_old", "signal_outside_month", "arrears_after_signal",
}  # fmt: skip
REQUIRED = (
    "signaal_id", "klantnummer", "achternaam", "huisnummer", "postcode", "bedrag", "ontstaansdatum", "signaaldatum",
)  # fmt: skip


def csv_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def day(text: str) -> dt.date | None:
    for pattern in ("%Y-%m-%d", "%d-%m-%Y"):
        try:
            if re.fullmatch(r"[\d-]{10}", text):
                return dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007
        except ValueError:
            pass
    return None


def euros(text: str) -> float | None:
    return float(text.replace(",", ".")) if re.fullmatch(r"-?\d+(,\d+)?", text) else None


def eleven(text: str) -> bool:
    return (
        len(text) == 9
        and text.isdigit()
        and sum((9 - i if i < 8 else -1) * int(d) for i, d in enumerate(text)) % 11 == 0
    )


def address(row: Row) -> Address:
    suffix = re.sub(r"[^A-Z0-9]", "", (row["huisletter"] + row["huisnummertoevoeging"]).upper())
    return row["postcode"].upper().replace(" ", ""), row["huisnummer"].lstrip("0"), suffix


def value_rules(row: Row) -> Iterator[str]:
    """Rules about a single value."""
    yield from ("value_missing" for column in REQUIRED if not row[column])
    if any(row[c] and not day(row[c]) for c in ("ontstaansdatum", "signaaldatum", "geboortedatum")):
        yield "date_invalid"
    if row["postcode"] and not re.fullmatch(r"[1-9]\d{3}[A-Z]{2}", address(row)[0]):
        yield "postcode_invalid"
    if row["huisnummer"] and not re.fullmatch(r"[1-9]\d{0,4}", row["huisnummer"]):
        yield "house_number_invalid"
    if row["bsn"] and not eleven(row["bsn"]):
        yield "bsn_invalid"


def amount_rules(row: Row) -> Iterator[str]:
    amount = euros(row["bedrag"])
    if row["bedrag"] and amount is None:
        yield "amount_invalid"
    elif row["bedrag"] and amount <= 0:
        yield "amount_not_positive"
    elif row["bedrag"] and amount > 17_000:
        yield "amount_implausible"


def period_rules(row: Row, month: str) -> Iterator[str]:
    since, signalled = day(row["ontstaansdatum"]), day(row["signaaldatum"])
    until = dt.date.fromisoformat(f"{month}-25")
    start = (until.replace(day=1) - dt.timedelta(days=1)).replace(day=26)
    if signalled and not start <= signalled <= until:
        yield "signal_outside_month"
    if since and signalled and (signalled - since).days > 100:
        yield "arrears_too_old"
    if since and signalled and since > signalled:
        yield "arrears_after_signal"


def judged(path: Path, month: str) -> Iterator[tuple[Row, set[str]]]:
    """The rows of a delivery with the refusing rules that each breaks."""
    ids, households = set(), set()
    for row in csv_rows(path):
        rules = {*value_rules(row), *amount_rules(row), *period_rules(row, month)}
        household = (*address(row), row["klantnummer"])
        rules |= {"duplicate_signal_id"} if row["signaal_id"] in ids else set()
        rules |= {"duplicate_household"} if household in households else set()
        ids.add(row["signaal_id"])
        households.add(household)
        yield row, rules


@pytest.fixture(scope="session")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("landing")
    write_landing(to)
    return to / "0637"


@pytest.fixture(scope="session")
def judged_rows(landing: Path) -> list[Judged]:
    """(month, creditor, row, rules broken) of every row of every delivery."""
    return [
        (path.parts[-3], path.stem, row, rules)
        for path in sorted(landing.glob("*/signals/*.csv"))
        for row, rules in judged(path, path.parts[-3])
    ]


@pytest.fixture(scope="session")
def accepted(judged_rows: list[Judged]) -> list[Accepted]:
    return [(month, creditor, row) for month, creditor, row, rules in judged_rows if not rules]


@pytest.fixture(scope="session")
def matches(accepted: list[Accepted]) -> dict[Place, str]:
    """(month, address) -> criterion, over the accepted rows."""
    reported = defaultdict(lambda: [set() for _ in range(len(MONTHS) + 2)])
    for month, creditor, row in accepted:
        reported[address(row)][MONTHS.index(month) + 2].add(creditor)
    found = {}
    for home, by_month in reported.items():
        for m, month in enumerate(MONTHS, start=2):
            if len(by_month[m]) >= 2:
                found[month, home] = "same_month"
            elif by_month[m] and by_month[m] | by_month[m - 1] | by_month[m - 2] > by_month[m]:
                found[month, home] = "three_months"
    return found
