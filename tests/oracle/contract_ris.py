"""Case registration: the dossiers that are known, and which of them keep a household from being selected."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

from .contract_values import Address, address_of, day_25, parse_date, parse_month
from .contract_workdays import last_day_of_term


@dataclass(frozen=True)
class Dossier:
    """One version of a dossier: an accepted row of a drop that is in force."""

    address: Address
    match_month: str
    created: date
    closed: date | None
    withdrawn: date | None

    def is_open(self, month: str, working_days: int) -> bool:
        """Tell whether the dossier is open on the month, with a closing term of so many working days.

        Who closes or withdraws it on the 25th has done so on that day; the last day of the term belongs to the term.
        """
        day = day_25(month)
        if self.match_month >= month or self.created > day:
            return False
        if any(ended is not None and ended <= day for ended in (self.closed, self.withdrawn)):
            return False
        return day <= last_day_of_term(self.created, working_days)


@dataclass
class Cases:
    """The newest version of each dossier of one municipality, by its id, up to the month at hand."""

    newest: dict[str, Dossier] = field(default_factory=dict)

    def learn(self, rows: Iterable[dict[str, str]]) -> None:
        """Add accepted rows in the order of the file; each replaces what was known of its dossier."""
        for row in rows:
            self.newest[row["dossier_id"]] = dossier_of(row)

    def is_open(self, address: Address, month: str, working_days: int) -> bool:
        """Tell whether the address has an open dossier on the month."""
        return any(dossier.is_open(month, working_days) for dossier in self.at(address))

    def matched(self, address: Address, months: AbstractSet[str]) -> bool:
        """Tell whether the address has a dossier of one of the months; one that was withdrawn or closed counts too."""
        return any(dossier.match_month in months for dossier in self.at(address))

    def at(self, address: Address) -> list[Dossier]:
        """Return the dossiers on the address."""
        return [dossier for dossier in self.newest.values() if dossier.address == address]


def dossier_of(row: dict[str, str]) -> Dossier:
    """Make a dossier of an accepted row, whose address, month and dates are therefore valid."""
    address, month, created = address_of(row), parse_month(row["matchmaand"]), parse_date(row["aangemaakt_op"])
    assert address is not None
    assert month is not None
    assert created is not None
    return Dossier(
        address=address,
        match_month=month,
        created=created,
        closed=parse_date(row.get("afgesloten_op", "")),
        withdrawn=parse_date(row.get("ingetrokken_op", "")),
    )
