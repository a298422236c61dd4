"""Case registration in random landing areas: what a municipality's own system hands over, month by month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from random import Random

from .contract_config import Config
from .contract_feeds import DOSSIERS, RIS
from .random_config import Setting
from .random_file import Output, file_name
from .random_ris_rows import ABOUT, EDGES, RIS_FAULTS, UPDATES, Moment, Row, dossier_row, spell_home, spoil_row
from .random_world import Home

Slot = tuple[str, str, str]  # municipality, month, feed

# What may become of a file of dossiers: every other month it stands, in between it says nothing new.
STANDING = ("corrected", "second_rejected", "", "same_bytes_again")
NOT_STANDING = ("too_short", "absent", "same", "column_missing", "header_only")
FILE_FAULTS = ("column_missing", "too_long", "too_short", "bad_bytes", "nul", "header_only", "zero_bytes")
# What may become of the other files after the first month: each kind is there once, the rest is plain. Only one file is
# without bytes, for the contract is silent on whether two of those in one feed are one drop.
KINDS = (*FILE_FAULTS, "same", "absent", "corrected", "second_rejected", "same_bytes_again")
# Homes that cannot be selected for another reason too; with a dossier they show which reason comes first.
ALSO = ("not_in_brp", "all_suspended", "help_open", "small_debts")


def write_cases(out: Output, setting: Setting, config: Config, homes: dict[str, list[Home]]) -> None:
    """Write the case registration of all municipalities and months."""
    kinds = deal_kinds(out.rng, setting)
    for municipality in setting.municipalities:
        CaseWriter(out, setting, config, municipality, homes[municipality], kinds).write()


def deal_kinds(rng: Random, setting: Setting) -> dict[Slot, str]:
    """Deal the kinds over the files; in the first month all files stand."""
    kinds: dict[Slot, str] = {}
    others: list[Slot] = []
    for place, municipality in enumerate(setting.municipalities):
        standing, not_standing = (cycle(rng.sample(each, len(each))) for each in (STANDING, NOT_STANDING))
        for turn, month in enumerate(setting.months):
            stands = turn == 0 or (place + turn) % 2 == 0
            kinds[municipality, month, DOSSIERS] = next(standing if stands else not_standing)
            others += [(municipality, month, feed) for feed in ABOUT if turn]
    dealt = zip(rng.sample(others, len(others)), KINDS, strict=False)  # two months have too few files for every kind
    return kinds | dict(dealt)


@dataclass
class CaseWriter:
    """Writes the case registration of one municipality; it holds what was written so far, for what refers to it."""

    out: Output
    setting: Setting
    config: Config
    municipality: str
    homes: list[Home]
    kinds: dict[Slot, str]
    known: list[Row] = field(default_factory=list)
    last: dict[str, bytes] = field(default_factory=dict)
    numbers: int = 0

    def write(self) -> None:
        """Write the files of all months."""
        often = self.by_turns(home for home in self.homes if home.often and home.trait == "plain")
        seldom = self.by_turns(home for home in self.homes if not home.often)
        for month in self.setting.months:
            moment = Moment.of(self.config, self.municipality, month)
            new = self.new_dossiers(moment, often)
            rows = self.dossier_rows(new, moment, seldom)
            self.known += new
            self.write_file(month, DOSSIERS, rows, self.wrong_rows(new, moment, seldom))
            for feed in ABOUT:
                self.write_file(month, feed, self.rows_about(feed, moment), self.rows_about(feed, moment))

    def by_turns(self, homes: Iterator[Home]) -> Iterator[Home]:
        """Yield homes in random order without end, so that few have more than one open dossier at a time."""
        chosen = list(homes)
        return cycle(self.out.rng.sample(chosen, len(chosen)))

    # Dossiers

    def new_dossiers(self, moment: Moment, homes: Iterator[Home]) -> list[Row]:
        """Make a dossier at each edge; in the first month also some for homes with another reason."""
        new = [self.dossier(next(homes), moment) | edge(self.out.rng, moment) for edge in EDGES.values()]
        if moment.month == self.setting.months[0]:
            new += [self.dossier(next(h for h in self.homes if h.trait == trait), moment) for trait in ALSO]
        return new

    def dossier(self, home: Home, moment: Moment) -> Row:
        """Make a new dossier that is open on the moment."""
        self.numbers += 1
        return dossier_row(self.out.rng, home, self.numbers, moment)

    def dossier_rows(self, new: list[Row], moment: Moment, homes: Iterator[Home]) -> list[Row]:
        """Join new dossiers, later versions of earlier ones, faulty rows, and dossiers that stand there twice."""
        rng = self.out.rng
        faulty = [spoil_row(rng, self.dossier(next(homes), moment), fault) for fault in RIS_FAULTS[DOSSIERS].values()]
        rows = [*new, *self.later_versions(moment, homes), *faulty]
        rng.shuffle(rows)
        moved, closed, stays = rng.sample(new, 3)
        first = [moved | spell_home(rng, next(homes)), closed | UPDATES["closed"](rng, moment)]
        return [*first, *rows, stays | UPDATES["closed, but quarantined"](rng, moment)]

    def later_versions(self, moment: Moment, homes: Iterator[Home]) -> list[Row]:
        """Make another version of some dossiers of earlier months, one of them at another home."""
        if not self.known:
            return []
        rng = self.out.rng
        moved, *rows = rng.sample(self.known, len(UPDATES) + 1)
        updated = [row | update(rng, moment) for row, update in zip(rows, UPDATES.values(), strict=True)]
        return [moved | spell_home(rng, next(homes)), *updated]

    def wrong_rows(self, new: list[Row], moment: Moment, homes: Iterator[Home]) -> list[Row]:
        """Make what a delivery says that is corrected later: what is open is closed, and the other way round."""
        closed = UPDATES["closed"](self.out.rng, moment)
        turned = [row | ({"afgesloten_op": ""} if row["afgesloten_op"] else closed) for row in new]
        return turned + [self.dossier(next(homes), moment) for _ in range(5)]

    # The other files

    def rows_about(self, feed: str, moment: Moment) -> list[Row]:
        """Make rows about dossiers, and one with each fault."""
        rng, make, faults = self.out.rng, ABOUT[feed], list(RIS_FAULTS[feed].values())
        ids = [row["dossier_id"] for row in rng.choices(self.known, k=12 + len(faults))]
        rows = [make(rng, dossier_id, self.setting.regulars, moment.day) for dossier_id in ids]
        rows[: len(faults)] = [spoil_row(rng, row, fault) for row, fault in zip(rows, faults, strict=False)]
        rng.shuffle(rows)
        return rows

    # Files

    def write_file(self, month: str, feed: str, rows: list[Row], wrong: list[Row]) -> None:
        """Write what is delivered of a file in a month; `wrong` is what another delivery of the month says."""
        kind = self.kinds.get((self.municipality, month, feed), "")
        for delivery, data in enumerate(self.deliveries(feed, kind, rows, wrong), start=1):
            path = f"{RIS}/{file_name(feed.removeprefix(f'{RIS}.'), delivery)}"
            self.out.put(self.municipality, month, path, data)

    def deliveries(self, feed: str, kind: str, rows: list[Row], wrong: list[Row]) -> list[bytes]:
        """Return the deliveries of a file in order; none when it is absent."""
        if kind == "absent":
            return []
        if kind == "same":
            return [self.last[feed]]
        fault = kind if kind in FILE_FAULTS else ""
        data = self.out.render(feed, rows, fault)
        if not fault:
            self.last[feed] = data
        if kind == "corrected":
            return [self.out.render(feed, wrong), data]
        if kind == "second_rejected":
            return [data, self.out.render(feed, wrong, self.out.rng.choice(("too_short", "column_missing")))]
        return [data, data] if kind == "same_bytes_again" else [data]
