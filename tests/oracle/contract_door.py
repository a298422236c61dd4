"""The door: reads a delivered file and says which rules of the contract's table hold, for the drop and for each row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from .contract_config import Config
from .contract_feeds import AMOUNTS, BRP, DATES, IDENTIFIED, MONTHS, PLACED, REQUIRED, SIGNALS
from .contract_values import (
    Address,
    address_of,
    day_25,
    parse_amount,
    parse_date,
    parse_house_number,
    parse_month,
    parse_postcode,
    passes_eleven_test,
    shift_month,
)

SEVERITY = {
    "unreadable": "critical",
    "columns_missing": "critical",
    "unknown_creditor": "critical",
    "empty_drop": "critical",
    "value_missing": "warning",
    "date_invalid": "warning",
    "postcode_invalid": "warning",
    "house_number_invalid": "warning",
    "bsn_invalid": "warning",
    "amount_invalid": "warning",
    "amount_not_positive": "warning",
    "amount_implausible": "warning",
    "arrears_too_old": "warning",
    "signal_outside_month": "warning",
    "arrears_after_signal": "warning",
    "duplicate_signal_id": "warning",
    "duplicate_household": "warning",
    "household_reported_twice": "info",
    "below_threshold": "info",
    "stale": "info",
}
RULES = frozenset(SEVERITY)


@dataclass
class Row:
    """A row of a drop: its place among the drop's rows (from 1), its values by column, and the rules that hold."""

    number: int
    values: dict[str, str]
    rules: set[str] = field(default_factory=set)

    @property
    def accepted(self) -> bool:
        """A row is accepted when no rule of severity warning holds."""
        return all(SEVERITY[rule] == "info" for rule in self.rules)


@dataclass
class Table:
    """A file as records: the header's names, the records below it, and whether it is text in the dialect at all."""

    header: list[str]
    records: list[list[str]]
    readable: bool


def read_table(data: bytes) -> Table:
    """Read a file in the default dialect; of what cannot be decoded there are no records to count."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Table([], [], readable=False)
    records = split_records(text.replace("\0", " "), strict=False) or []
    header = [name.strip().lower() for name in records[0]] if records else []
    below = records[1:]
    regular = all(len(record) == len(header) for record in below)
    well_quoted = split_records(text.replace("\0", " "), strict=True) is not None
    return Table(header, below, readable=regular and well_quoted and "\0" not in text)


def split_records(text: str, *, strict: bool) -> list[list[str]] | None:
    """Split text into records of fields, without blank lines; None when strict and the quotes do not add up."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=strict)
    try:
        return [record for record in reader if len(record) > 1 or "".join(record).strip()]
    except csv.Error:
        return None


def drop_rules(feed: str, table: Table, *, known_creditor: bool, stale: bool) -> set[str]:
    """Return the rules that hold for the drop as a whole; of an unreadable file nothing further can be said."""
    found = set() if known_creditor else {"unknown_creditor"}
    if not table.readable:
        return found | {"unreadable"}
    if not set(REQUIRED[feed]) <= set(table.header):
        found.add("columns_missing")
    if feed in (SIGNALS, BRP) and not table.records:
        found.add("empty_drop")
    if stale:
        found.add("stale")
    return found


def rows_of(table: Table) -> list[Row]:
    """Give each record its place and its trimmed values by column name."""
    return [
        Row(number, {name: value.strip() for name, value in zip(table.header, record, strict=True)})
        for number, record in enumerate(table.records, start=1)
    ]


def judge_rows(feed: str, rows: list[Row], config: Config, municipality: str, month: str, creditor: str | None) -> None:
    """Note on each row of an accepted drop the rules that hold for it, in the order of the file."""
    seen = Seen()
    limits = Limits.of(config, municipality, month, creditor) if feed == SIGNALS else None
    for row in rows:
        row.rules.update(value_rules(feed, row.values))
        if limits:
            row.rules.update(amount_rules(row.values, limits))
            row.rules.update(period_rules(row.values, month, limits))
            row.rules.update(seen.rules(row.values))
            seen.note(row)


def value_rules(feed: str, values: dict[str, str]) -> Iterator[str]:
    """Yield the rules about single values; an empty value is missing when required, and nothing else."""
    if any(not values[name] for name in REQUIRED[feed]):
        yield "value_missing"
    if unread(parse_date, values, DATES[feed]) or unread(parse_month, values, MONTHS.get(feed, ())):
        yield "date_invalid"
    if feed in PLACED and unread(parse_postcode, values, ("postcode",)):
        yield "postcode_invalid"
    if feed in PLACED and unread(parse_house_number, values, ("huisnummer",)):
        yield "house_number_invalid"
    if feed in IDENTIFIED and values.get("bsn") and not passes_eleven_test(values["bsn"]):
        yield "bsn_invalid"
    if unread(parse_amount, values, AMOUNTS.get(feed, ())):
        yield "amount_invalid"


def unread(parse: Callable[[str], object], values: dict[str, str], columns: Iterable[str]) -> bool:
    """Tell whether one of the columns has a value that cannot be read."""
    return any(values.get(name) and parse(values[name]) is None for name in columns)


@dataclass(frozen=True)
class Limits:
    """The policy values that the door needs, for one creditor's sector, in force on the 25th."""

    threshold: Decimal
    plausible_maximum: Decimal
    maximum_age: timedelta

    @classmethod
    def of(cls, config: Config, municipality: str, month: str, creditor: str | None) -> Limits:
        """Look the values up for the creditor's sector."""
        day, sector = day_25(month), config.sectors[creditor or ""]
        return cls(
            threshold=config.value(municipality, "threshold_eur", day, sector),
            plausible_maximum=config.value(municipality, "plausible_maximum_eur", day, sector),
            maximum_age=timedelta(days=int(config.value(municipality, "maximum_age_days", day, sector))),
        )


def amount_rules(values: dict[str, str], limits: Limits) -> Iterator[str]:
    """Yield the rules about the amount, when there is one."""
    if not values["bedrag"]:
        return
    amount = parse_amount(values["bedrag"])
    if amount is None:
        yield "amount_invalid"
        return
    if amount <= 0:
        yield "amount_not_positive"
    if amount > limits.plausible_maximum:
        yield "amount_implausible"
    if amount < limits.threshold:
        yield "below_threshold"


def period_rules(values: dict[str, str], month: str, limits: Limits) -> Iterator[str]:
    """Yield the rules about the date of the signal and the date since which there are arrears."""
    signalled, since = parse_date(values["signaaldatum"]), parse_date(values["ontstaansdatum"])
    if signalled is None:
        return
    if not day_25(shift_month(month, -1)) < signalled <= day_25(month):
        yield "signal_outside_month"
    if since is None:
        return
    if signalled - since > limits.maximum_age:
        yield "arrears_too_old"
    if since > signalled:
        yield "arrears_after_signal"


class Seen:
    """What stood on the earlier rows of a drop of signals."""

    def __init__(self) -> None:
        """Begin a drop: nothing was seen."""
        self.ids: set[str] = set()
        self.customers: dict[Address, set[str]] = {}
        self.accepted_customers: dict[Address, set[str]] = {}

    def rules(self, values: dict[str, str]) -> Iterator[str]:
        """Yield the rules that compare the row with earlier ones."""
        if values["signaal_id"] and values["signaal_id"] in self.ids:
            yield "duplicate_signal_id"
        address, customer = address_of(values), values["klantnummer"]
        if address is None or not customer:
            return
        if customer in self.customers.get(address, set()):
            yield "duplicate_household"
        if self.accepted_customers.get(address, set()) - {customer}:
            yield "household_reported_twice"

    def note(self, row: Row) -> None:
        """Remember the row, of which the rules are known by now."""
        self.ids.add(row.values["signaal_id"])
        address, customer = address_of(row.values), row.values["klantnummer"]
        if address is None or not customer:
            return
        self.customers.setdefault(address, set()).add(customer)
        if row.accepted:
            self.accepted_customers.setdefault(address, set()).add(customer)
