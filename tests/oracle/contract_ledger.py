"""The ledger of drops: which files a month folder holds, what became of each, and what is found about them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from .contract_config import Config
from .contract_door import SEVERITY, Row, drop_rules, judge_rows, read_table, rows_of
from .contract_feeds import BRP, RIS, RIS_FILES, SHV, SIGNALS, WITHDRAWALS, table_name
from .contract_values import day_25

# de_partij.csv, de_partij.2.csv (a corrected delivery), de_partij.intrekking.csv (signals taken back)
SIGNAL_FILE = re.compile(r"(?P<creditor>[^.]+)(?P<taken_back>\.intrekking)?(?:\.(?P<delivery>[0-9]+))?\.csv")
# dossiers.csv, dossiers.2.csv (a corrected delivery)
RIS_FILE = re.compile(r"(?P<name>[^.]+)(?:\.(?P<delivery>[0-9]+))?\.csv")


@dataclass
class Drop:
    """One delivered file and what the door made of it."""

    municipality: str
    month: str
    feed: str
    creditor: str | None
    delivery: int
    sha256: str
    rules: set[str]
    rows_read: int
    status: str = "accepted"
    rows: list[Row] = field(default_factory=list)

    @property
    def accepted_rows(self) -> list[Row]:
        """The rows that count; none of a rejected drop, for its rows are not judged."""
        return [row for row in self.rows if row.accepted]

    def ledger_row(self) -> dict:
        """Return the drop as a row of the table of drops."""
        return {
            "municipality_code": self.municipality,
            "signal_month": self.month,
            "feed": table_name(self.feed),
            "creditor": self.creditor,
            "delivery": self.delivery,
            "status": self.status,
            "rows_read": self.rows_read,
            "rows_accepted": len(self.accepted_rows),
            "rows_quarantined": len(self.rows) - len(self.accepted_rows),
            "rows_rejected": self.rows_read - len(self.rows),
        }

    def findings(self) -> list[dict]:
        """Return how many rows each rule holds for (1 for a rule about the drop); nothing once it is superseded."""
        if self.status == "superseded":
            return []
        rows = Counter(rule for row in self.rows for rule in row.rules) + Counter(self.rules)
        return [
            {
                "municipality_code": self.municipality,
                "signal_month": self.month,
                "feed": table_name(self.feed),
                "creditor": self.creditor,
                "rule": rule,
                "severity": SEVERITY[rule],
                "rows": count,
            }
            for rule, count in sorted(rows.items())
        ]


class Ledger:
    """All drops so far; it knows the fingerprints of earlier months, and never of later ones."""

    def __init__(self, landing: Path, config: Config) -> None:
        """Begin with an empty ledger."""
        self.landing = landing
        self.config = config
        self.drops: list[Drop] = []
        self.missing: list[dict] = []
        self.known: set[tuple] = set()

    def receive(self, municipality: str, month: str) -> list[Drop]:
        """Take in a month folder and return its drops that are in force (accepted and not superseded)."""
        folder = self.landing / municipality / month
        if not folder.is_dir():
            return []
        found = sorted(files_in(folder), key=lambda file: (file[0], file[1] or "", file[2]))
        arrived: list[Drop] = []
        for (feed, creditor), files in groupby(found, key=lambda file: file[:2]):
            drops = self.take_in(municipality, month, feed, creditor, list(files))
            supersede(drops)
            arrived += drops
        self.known |= {(drop.municipality, drop.feed, drop.creditor, drop.sha256) for drop in arrived}
        self.drops += arrived
        self.note_missing(municipality, month, {drop.creditor for drop in arrived if drop.feed == SIGNALS})
        return [drop for drop in arrived if drop.status == "accepted"]

    def take_in(self, municipality: str, month: str, feed: str, creditor: str | None, files: list[tuple]) -> list[Drop]:
        """Judge the deliveries of one creditor (or register) in order; the same bytes again are the same drop."""
        drops: list[Drop] = []
        for _, _, delivery, path in files:
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            if sha256 in {drop.sha256 for drop in drops}:
                continue
            drops.append(self.judge(data, Drop(municipality, month, feed, creditor, delivery, sha256, set(), 0)))
        return drops

    def judge(self, data: bytes, drop: Drop) -> Drop:
        """Let the drop through the door."""
        table = read_table(data)
        known_creditor = drop.feed not in (SIGNALS, WITHDRAWALS) or self.config.has_agreement(
            drop.municipality, drop.creditor or "", day_25(drop.month)
        )
        stale = (drop.municipality, drop.feed, drop.creditor, drop.sha256) in self.known
        drop.rules = drop_rules(drop.feed, table, known_creditor=known_creditor, stale=stale)
        drop.rows_read = len(table.records)
        if any(SEVERITY[rule] == "critical" for rule in drop.rules):
            drop.status = "rejected"
            return drop
        drop.rows = rows_of(table)
        judge_rows(drop.feed, drop.rows, self.config, drop.municipality, drop.month, drop.creditor)
        return drop

    def note_missing(self, municipality: str, month: str, delivered: set[str | None]) -> None:
        """Note each creditor with an agreement on the 25th that delivered no signals, not even a rejected file."""
        for creditor in sorted(self.config.agreed(municipality, day_25(month)) - delivered):
            drop = Drop(municipality, month, SIGNALS, creditor, 0, "", set(), 0, "missing")
            self.missing.append(drop.ledger_row() | {"delivery": None})


def supersede(drops: list[Drop]) -> None:
    """Let the highest delivery that was not rejected supersede all lower ones, accepted or rejected."""
    standing = [drop for drop in drops if drop.status == "accepted"]
    for drop in drops:
        if standing and drop.delivery < standing[-1].delivery:
            drop.status = "superseded"


def files_in(folder: Path) -> list[tuple[str, str | None, int, Path]]:
    """Return (feed, creditor, delivery, path) of the files of a month folder that the contract names."""
    registers = [(BRP, None, 1, folder / "brp" / "personen.csv"), (SHV, None, 1, folder / "shv" / "trajecten.csv")]
    found = [register for register in registers if register[3].is_file()]
    for path, name in named(folder / "signals", SIGNAL_FILE):
        feed = WITHDRAWALS if name["taken_back"] else SIGNALS
        found.append((feed, name["creditor"], int(name["delivery"] or 1), path))
    for path, name in named(folder / "ris", RIS_FILE):
        if (feed := f"{RIS}.{name['name']}") in RIS_FILES:
            found.append((feed, None, int(name["delivery"] or 1), path))
    return found


def named(folder: Path, form: re.Pattern[str]) -> Iterator[tuple[Path, re.Match[str]]]:
    """Yield the paths in a folder whose names have the form; nothing when there is no such folder."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if name := form.fullmatch(path.name):
            yield path, name
