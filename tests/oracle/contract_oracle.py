"""What the contract says the platform's tables must hold, for any landing area and configuration.

`derive` gives the tables; `check_selection` judges the platform's own choice among the households that may be selected.
Written from the words of the contract alone, with the standard library alone; it shares no code with the platform.
Of case registration (`ris`, one feed of four files) it covers the door and what keeps a household from selection.
Not covered: the tables about dossiers, dialects other than the default one, column aliases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from .contract_config import Config, read_config
from .contract_door import RULES, SEVERITY
from .contract_feeds import SIGNALS
from .contract_ledger import Ledger
from .contract_match import Known, Match, Selected
from .contract_selection import REASONS, Decision, check_selection
from .contract_values import Address, address_of, day_25

__all__ = [
    "REASONS",
    "RULES",
    "SEVERITY",
    "Address",
    "Decision",
    "Derived",
    "Match",
    "address_of",
    "check_selection",
    "derive",
    "limits",
]


@dataclass
class Derived:
    """The tables, as rows by column name (`signal_month` is the first day of the month), and the matches."""

    drops: list[dict] = field(default_factory=list)
    findings: list[dict] = field(default_factory=list)
    signals_by_month_creditor: list[dict] = field(default_factory=list)
    matches_by_month: list[dict] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    row_findings: list[dict] = field(default_factory=list)

    def matches_of(self, municipality: str, month: str) -> list[Match]:
        """Return the matches of one municipality and month (jjjj-mm)."""
        return [match for match in self.matches if (match.municipality, match.month) == (municipality, month)]


def derive(landing: Path, config: Path, months: Iterable[str], selected: Selected | None = None) -> Derived:
    """Derive what must come out of the month folders (jjjj-mm) of every configured municipality, in order of month.

    `selected` gives the addresses that were selected (not reserve) per (municipality, month) and approved; only earlier
    months are looked at, for the cool-off.
    """
    settings = read_config(Path(config))
    ledger = Ledger(Path(landing), settings)
    known = {municipality: Known(municipality, settings) for municipality in settings.municipalities}
    derived = Derived()
    for month in sorted(set(months)):
        for municipality in settings.municipalities:
            for drop in ledger.receive(municipality, month):
                known[municipality].learn(drop)
            derived.matches += known[municipality].matches(month, selected or {})
    derived.drops = [dated(drop.ledger_row()) for drop in ledger.drops] + [dated(row) for row in ledger.missing]
    derived.findings = findings(ledger)
    derived.row_findings = row_findings(ledger)
    derived.signals_by_month_creditor = signals_by_month_creditor(ledger, settings)
    derived.matches_by_month = matches_by_month(derived.matches)
    return derived


def limits(config: Path, municipality: str, month: str) -> tuple[int, int]:
    """Return the capacity and the size of the reserve in force on the 25th of the month."""
    settings = read_config(Path(config))
    capacity, reserve = (
        int(settings.value(municipality, parameter, day_25(month))) for parameter in ("capacity", "reserve_size")
    )
    return capacity, reserve


def dated(row: dict) -> dict:
    """Replace the month (jjjj-mm) by its first day, as the tables have it."""
    return row | {"signal_month": date.fromisoformat(f"{row['signal_month']}-01")}


def findings(ledger: Ledger) -> list[dict]:
    """Return the table of findings: the rows of the drops of one feed, creditor and month added up per rule."""
    totals: dict[tuple, dict] = {}
    for row in (finding for drop in ledger.drops for finding in drop.findings()):
        key = tuple(value for name, value in row.items() if name != "rows")
        totals[key] = row | {"rows": row["rows"] + totals.get(key, {"rows": 0})["rows"]}
    return [dated(row) for row in totals.values()]


def row_findings(ledger: Ledger) -> list[dict]:
    """Return each rule on each row (its place among the rows of its drop, from 1), to find a difference with.

    Here the four files of case registration are told apart: `ris.dossiers` and so on.
    """
    return [
        dated({"municipality_code": drop.municipality, "signal_month": drop.month})
        | {"feed": drop.feed, "creditor": drop.creditor, "delivery": drop.delivery, "row": row.number, "rule": rule}
        for drop in ledger.drops
        if drop.status != "superseded"
        for row in drop.rows
        for rule in sorted(row.rules)
    ]


def signals_by_month_creditor(ledger: Ledger, settings: Config) -> list[dict]:
    """Count the accepted rows per creditor and month, withdrawn ones too; nothing for a creditor without any."""
    return [
        dated({"municipality_code": drop.municipality, "signal_month": drop.month})
        | {
            "creditor": drop.creditor,
            "sector": settings.sectors[str(drop.creditor)],
            "signals": len(drop.accepted_rows),
        }
        for drop in ledger.drops
        if drop.feed == SIGNALS and drop.status == "accepted" and drop.accepted_rows
    ]


def matches_by_month(matches: list[Match]) -> list[dict]:
    """Count the matches per municipality, month and criterion; nothing for a month without any."""
    counts = Counter((match.municipality, match.month, match.criterion) for match in matches)
    table = []
    for municipality, month in sorted({(match.municipality, match.month) for match in matches}):
        same, three = (counts[municipality, month, criterion] for criterion in ("same_month", "three_months"))
        share = Decimal(100 * three) / (same + three)
        row = {"municipality_code": municipality, "signal_month": month, "same_month": same, "three_months": three}
        table.append(
            dated(row)
            | {"total": same + three, "pct_three_months": share.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)}
        )
    return table
