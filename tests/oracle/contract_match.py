"""Matching: which addresses are reported by two or more creditors, and why a match may not be selected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .contract_config import Config
from .contract_feeds import BRP, DOSSIERS, SHV, SIGNALS, WITHDRAWALS
from .contract_ledger import Drop
from .contract_ris import Cases
from .contract_values import Address, address_of, day_25, parse_amount, parse_date, shift_month

Selected = Mapping[tuple[str, str], AbstractSet[Address]]


@dataclass(frozen=True)
class Signal:
    """An accepted row of a creditor's drop that is in force."""

    month: str
    creditor: str
    signal_id: str
    address: Address
    amount: Decimal


@dataclass(frozen=True)
class Match:
    """An address that matches in a month; `reason` says why it is not selectable, None when it is."""

    municipality: str
    month: str
    address: Address
    criterion: str
    creditors: frozenset[str]
    sectors: frozenset[str]
    arrears: Decimal
    district: str | None
    reason: str | None


@dataclass
class Known:
    """What is known about one municipality up to and including the month at hand."""

    municipality: str
    config: Config
    signals: list[Signal] = field(default_factory=list)
    withdrawn: set[tuple[str, str]] = field(default_factory=set)
    residents: dict[Address, list[dict[str, str]]] = field(default_factory=dict)
    debt_help: dict[Address, list[dict[str, str]]] = field(default_factory=dict)
    cases: Cases = field(default_factory=Cases)

    def learn(self, drop: Drop) -> None:
        """Add a drop that is in force; a register replaces the one that was known before."""
        values = [row.values for row in drop.accepted_rows]
        if drop.feed == SIGNALS:
            self.signals += [signal_of(row, drop) for row in values]
        elif drop.feed == WITHDRAWALS:
            self.withdrawn |= {(str(drop.creditor), row["signaal_id"]) for row in values}
        elif drop.feed == BRP:
            self.residents = by_address(values)
        elif drop.feed == SHV:
            self.debt_help = by_address(values)
        elif drop.feed == DOSSIERS:
            self.cases.learn(values)

    def matches(self, month: str, selected: Selected) -> list[Match]:
        """Return the matches of the month, ordered by address."""
        window = int(self.config.value(self.municipality, "window_months", day_25(month)))
        months = {shift_month(month, -back) for back in range(window)}
        reported: dict[Address, list[Signal]] = {}
        for signal in self.signals:
            if signal.month in months and (signal.creditor, signal.signal_id) not in self.withdrawn:
                reported.setdefault(signal.address, []).append(signal)
        return [
            self.match(month, address, criterion, signals, selected)
            for address, signals in sorted(reported.items())
            if (criterion := criterion_of(month, signals))
        ]

    def match(self, month: str, address: Address, criterion: str, signals: list[Signal], selected: Selected) -> Match:
        """Describe one match by what its creditors reported in the window."""
        amounts = latest_amounts(signals)
        return Match(
            municipality=self.municipality,
            month=month,
            address=address,
            criterion=criterion,
            creditors=frozenset(amounts),
            sectors=frozenset(self.config.sectors[creditor] for creditor in amounts),
            arrears=sum(amounts.values(), Decimal(0)),
            district=next((person["wijk"] for person in self.living_at(address)), None),
            reason=self.reason(month, address, amounts, selected),
        )

    def reason(self, month: str, address: Address, amounts: dict[str, Decimal], selected: Selected) -> str | None:
        """Return the first reason, in the contract's order, for which the match is not selectable."""
        reasons: dict[str, Callable[[], bool]] = {
            "address_unknown": lambda: address not in self.residents,
            "moved_or_deceased": lambda: not self.living_at(address),
            "in_debt_help": lambda: any(runs_on(day_25(month), row) for row in self.debt_help.get(address, [])),
            "open_dossier": lambda: self.has_open_dossier(month, address),
            "approached_recently": lambda: self.approached(month, address, selected),
            "below_threshold": lambda: self.at_threshold(month, amounts) < 2,
        }
        return next((reason for reason, holds in reasons.items() if holds()), None)

    def living_at(self, address: Address) -> list[dict[str, str]]:
        """Return the persons at the address whose registration is not suspended."""
        return [person for person in self.residents.get(address, []) if not person.get("opschorting")]

    def has_open_dossier(self, month: str, address: Address) -> bool:
        """Tell whether case registration has an open dossier on the address, with the closing term of that day."""
        term = int(self.config.value(self.municipality, "closing_working_days", day_25(month)))
        return self.cases.is_open(address, month, term)

    def approached(self, month: str, address: Address, selected: Selected) -> bool:
        """Tell whether the address was selected, or had a dossier matched, in a month of the cool-off before this."""
        length = int(self.config.value(self.municipality, "cool_off_months", day_25(month)))
        months = {shift_month(month, -back) for back in range(1, length + 1)}
        return self.cases.matched(address, months) or any(
            address in selected.get((self.municipality, earlier), set()) for earlier in months
        )

    def at_threshold(self, month: str, amounts: dict[str, Decimal]) -> int:
        """Count the creditors whose latest amount is at or above the threshold of their sector."""
        return sum(
            amount
            >= self.config.value(self.municipality, "threshold_eur", day_25(month), self.config.sectors[creditor])
            for creditor, amount in amounts.items()
        )


def signal_of(row: dict[str, str], drop: Drop) -> Signal:
    """Make a signal of an accepted row, whose address and amount are therefore valid."""
    address, amount = address_of(row), parse_amount(row["bedrag"])
    assert address is not None
    assert amount is not None
    return Signal(drop.month, str(drop.creditor), row["signaal_id"], address, amount)


def by_address(rows: list[dict[str, str]]) -> dict[Address, list[dict[str, str]]]:
    """Group the accepted rows of a register by address, in the order of the file."""
    found: dict[Address, list[dict[str, str]]] = {}
    for row in rows:
        address = address_of(row)
        assert address is not None
        found.setdefault(address, []).append(row)
    return found


def criterion_of(month: str, signals: list[Signal]) -> str | None:
    """Return by which criterion the signals of one address in the window match in the month, if they do."""
    now = {signal.creditor for signal in signals if signal.month == month}
    if len(now) >= 2:
        return "same_month"
    if now and {signal.creditor for signal in signals} - now:
        return "three_months"
    return None


def latest_amounts(signals: list[Signal]) -> dict[str, Decimal]:
    """Return per creditor the amount of its latest month, summed over its customer numbers."""
    latest: dict[str, str] = {}
    for signal in signals:
        latest[signal.creditor] = max(signal.month, latest.get(signal.creditor, ""))
    amounts: dict[str, Decimal] = {}
    for signal in signals:
        if signal.month == latest[signal.creditor]:
            amounts[signal.creditor] = amounts.get(signal.creditor, Decimal(0)) + signal.amount
    return amounts


def runs_on(day: date, row: dict[str, str]) -> bool:
    """Tell whether a debt help traject runs on the day; its first and last day belong to it."""
    start, end = parse_date(row["startdatum"]), parse_date(row.get("einddatum", ""))
    return start is not None and start <= day and (end is None or day <= end)
