"""The feed contracts: what is agreed on each feed, read from `expectations/*.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from vroegsignaal import privacy
from vroegsignaal.errors import PlatformError
from vroegsignaal.settings import ROOT

CONTRACTS = ROOT / "expectations"

# For each type of column: the SQL type, the SQL that reads the trimmed text {given}, and the rule for a text that does
# not read as the type. Only text has no such rule.
TYPES = {
    "text": ("text", "{given}", None),
    "date": ("date", "quality.read_date({given})", "date_invalid"),
    "month": ("date", "quality.read_month({given})", "date_invalid"),
    "amount": (
        "numeric",
        "quality.read_amount({given}, decimal_separator, thousands_separator)",
        "amount_invalid",
    ),
    "postcode": ("text", "quality.read_postcode({given})", "postcode_invalid"),
    "house_number": ("integer", "quality.read_house_number({given})", "house_number_invalid"),
    "bsn": ("text", "quality.read_bsn({given})", "bsn_invalid"),
    "flag": ("boolean", "quality.read_flag({given})", "code_unknown"),
}
NOT_A_FEED = ("rules.yml", "drops.yml", "deliveries.yml")
ADDRESS = ("postcode", "huisnummer", "huisletter", "huisnummertoevoeging")


@dataclass(frozen=True)
class Column:
    """A column of a feed, as its senders write it."""

    name: str
    type: str
    description: str
    privacy: str
    required: bool = False
    codes: str | None = None
    """The code list (of `code_lists.csv`) that its values are taken from."""

    @property
    def sql_type(self) -> str:
        """The type of the read value in PostgreSQL."""
        return TYPES[self.type][0]

    def sql_reading(self, given: str) -> str:
        """The SQL expression that reads the value from the SQL expression of its trimmed text."""
        return TYPES[self.type][1].format(given=given)

    @property
    def given(self) -> str:
        """Its name in the door's work table for the trimmed text as given (for text, the value itself)."""
        return self.name if self.rule_of_type is None else f"{self.name}_given"

    @property
    def fault(self) -> str:
        """Its name in the door's work table for the mark that a text is there but does not read as the type."""
        return f"{self.name}_fault"

    @property
    def stranger(self) -> str:
        """Its name in the door's work table for the mark that a value is not in the code list."""
        return f"{self.name}_stranger"

    @property
    def rule_of_type(self) -> str | None:
        """The rule that holds when a text is there but does not read as the type."""
        return TYPES[self.type][2]


@dataclass(frozen=True)
class Rule:
    """A rule on rows (or on drops): a Great Expectations class with its arguments, over the door's work table."""

    rule: str
    expect: str
    arguments: dict[str, Any]
    column: str | None = None


@dataclass(frozen=True)
class Wording:
    """How a rule is weighed, and what its finding says to the sender (Dutch)."""

    severity: str
    finding: str
    action: str
    agreed: bool = False
    """Whether it stands in the agreement with the senders, so that no policy changes its severity."""


@dataclass(frozen=True)
class Feed:
    """The contract of one feed."""

    name: str
    title: str
    grain: str
    file: str
    pattern: re.Pattern[str]
    told: str
    needs_rows: bool
    register_households: bool
    columns: tuple[Column, ...]
    beside: str = ""
    """The SQL that joins to each row what it is laid beside."""
    derived: dict[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    own_file: bool = False
    """Whether its files are the platform's own, filled in by people: no sender's dialect holds for them."""

    @property
    def of_creditor(self) -> bool:
        """Whether a creditor sends it (else the municipality's own administration does)."""
        return self.told == "creditor"

    @property
    def has_address(self) -> bool:
        """Whether its rows hold an address that is read, and so a household."""
        return {"postcode", "house_number"} <= {column.type for column in self.columns}

    @property
    def row_rules(self) -> tuple[Rule, ...]:
        """Every rule on its rows: those that follow from the columns, then those that are written out."""
        return tuple(rule for column in self.columns for rule in _rules_of(column)) + self.rules

    @property
    def required_columns(self) -> list[str]:
        """The columns that its files must have."""
        return [column.name for column in self.columns if column.required]


@cache
def feeds() -> dict[str, Feed]:
    """All feeds by name. Raises PlatformError that names the contract and what is wrong with it.

    Those of creditors, which hold the signals, come first: so do their households in the register.
    """
    contracts = [path for path in sorted(CONTRACTS.glob("*.yml")) if path.name not in NOT_A_FEED]
    return {feed.name: feed for feed in sorted(map(_read, contracts), key=lambda feed: not feed.of_creditor)}


@cache
def wordings() -> dict[str, Wording]:
    """Severity and words of every rule, by the rule's name."""
    return {rule: Wording(**words) for rule, words in yaml.safe_load((CONTRACTS / "rules.yml").read_text()).items()}


@cache
def drop_rules() -> tuple[Rule, ...]:
    """The rules on a drop as a whole."""
    return tuple(_rule(rule) for rule in yaml.safe_load((CONTRACTS / "drops.yml").read_text()))


@cache
def delivery_rules() -> tuple[Rule, ...]:
    """The rules on a delivery as a whole that are known once its rows are judged."""
    return tuple(_rule(rule) for rule in yaml.safe_load((CONTRACTS / "deliveries.yml").read_text()))


@cache
def raisable_rules() -> frozenset[str]:
    """The rules on rows of which a policy sets the severity: all but the agreed ones."""
    on_rows = {rule.rule for feed in feeds().values() for rule in feed.row_rules}
    return frozenset(rule for rule in on_rows if not wordings()[rule].agreed)


def severity(rule: str) -> str:
    """critical, warning or info."""
    return wordings()[rule].severity


def _rules_of(column: Column) -> Iterator[Rule]:
    """The rules that follow from what a contract says of a column: required, its type, its codes."""
    if column.required:
        yield Rule("value_missing", "ExpectColumnValuesToNotBeNull", {"column": column.given}, column.name)
    if column.rule_of_type:
        yield Rule(column.rule_of_type, "ExpectColumnValuesToBeNull", {"column": column.fault}, column.name)
    if column.codes:
        yield Rule("code_unknown", "ExpectColumnValuesToBeNull", {"column": column.stranger}, column.name)


def _rule(written: dict) -> Rule:
    return Rule(written["rule"], written["expect"], written.get("with", {}), written.get("column"))


def _read(path: Path) -> Feed:
    written = yaml.safe_load(path.read_text())
    try:
        columns = tuple(Column(**column) for column in written["columns"])
        feed = Feed(
            name=written["feed"],
            title=written["title"],
            grain=written["grain"],
            file=written["file"],
            pattern=re.compile(written["pattern"]),
            told=written["told"],
            needs_rows=written["needs_rows"],
            register_households=written.get("register_households", False),
            columns=columns,
            beside=written.get("beside", ""),
            derived=written.get("derived", {}),
            rules=tuple(_rule(rule) for rule in written.get("rules", [])),
            own_file=written.get("own_file", False),
        )
    except (KeyError, TypeError) as error:
        raise PlatformError(f"the contract {path.name} is not complete: {error}.") from error
    _check(feed, path)
    return feed


def _check(feed: Feed, path: Path) -> None:
    for column in feed.columns:
        if column.type not in TYPES:
            raise PlatformError(f"{path.name}, column {column.name}: type '{column.type}' is none of {list(TYPES)}.")
        if column.privacy not in privacy.OF_FEEDS:
            raise PlatformError(f"{path.name}, column {column.name}: privacy '{column.privacy}' is no known class.")
    for rule in feed.rules:
        if rule.rule not in wordings():
            raise PlatformError(f"{path.name}: rule '{rule.rule}' has no wording in rules.yml.")
