"""Random landing areas with every kind of fault that the contract names, to compare implementations of it on.

`write(to, config, seed)` writes a landing area and a configuration folder; the same seed gives the same bytes. Where
the contract is silent on how a file should be read, no such file is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from .contract_config import Config, read_config
from .contract_door import Limits
from .contract_feeds import BRP, SHV, SIGNALS, WITHDRAWALS
from .random_config import Setting, make_setting, write_config
from .random_file import Output, file_name
from .random_ris import write_cases
from .random_rows import (
    AGAIN,
    PERSON_FAULTS,
    SIGNAL_EDGES,
    SIGNAL_FAULTS,
    TRAJECT_FAULTS,
    Sender,
    again,
    person_rows,
    put,
    signal_row,
    traject_row,
)
from .random_world import Home, make_homes, spell_date

Slot = tuple[str, str, str]  # municipality, month, creditor

# What may become of a regular creditor's delivery in a month; of each kind there is at least one.
DROP_FAULTS = ("header_only", "zero_bytes", "column_missing", "too_long", "too_short", "bad_bytes", "nul")
KINDS = (
    *DROP_FAULTS,
    "missing",
    "corrected",
    "corrected_often",
    "second_rejected",
    "first_rejected",
    "same_bytes_again",
)
REGISTER_KINDS = ("same", "absent", "column_missing", "too_short", "zero_bytes", "header_only", "bad_bytes")
WITHDRAWAL_KINDS = ("", "", "header_only", "", "column_missing", "", "too_long")


def write(
    to: Path,
    config: Path,
    seed: int,
    *,
    months: int | None = None,
    municipalities: int = 2,
    creditors: int | None = None,
    rows: tuple[int, int] = (30, 120),
    homes: int = 200,
) -> Setting:
    """Write a landing area under `to` and its configuration under `config`; return what was chosen.

    By default 3 to 5 months and 4 to 6 creditors that deliver every month, by the seed; `rows` bounds the signals per
    drop (before faults are added). Raises ValueError when there are too few drops to hold every fault.
    """
    rng = Random(seed)
    setting = make_setting(rng, months or rng.randrange(3, 6), municipalities, creditors or rng.randrange(4, 7))
    if len(setting.months) * len(setting.municipalities) * len(setting.regulars) < len(KINDS) + 8 or homes < 150:
        raise ValueError("too few months, municipalities, creditors or homes to hold every fault")
    write_config(rng, Path(config), setting)
    Writer(rng, Output(rng, Path(to)), setting, read_config(Path(config)), rows, homes).write()
    return setting


@dataclass
class Writer:
    """Writes one landing area; it holds what was written so far, for what refers to it."""

    rng: Random
    out: Output
    setting: Setting
    config: Config
    rows: tuple[int, int]
    homes_each: int
    homes: dict[str, list[Home]] = field(default_factory=dict)
    kinds: dict[Slot, str] = field(default_factory=dict)
    changes: dict[Slot, list[str]] = field(default_factory=dict)
    ids: dict[Slot, list[str]] = field(default_factory=dict)

    def write(self) -> None:
        """Write all feeds of all months."""
        self.make_homes()
        self.deal_kinds()
        self.deal_changes()
        for slot in self.slots():
            self.write_slot(slot)
        self.write_occasional()
        self.write_strangers()
        self.write_withdrawals()
        for municipality in self.setting.municipalities:
            self.write_register(municipality, BRP, "brp/personen.csv")
            self.write_register(municipality, SHV, "shv/trajecten.csv")
        write_cases(self.out, self.setting, self.config, self.homes)

    # What is decided before a file is written

    def make_homes(self) -> None:
        """Give each municipality its homes; the later ones share some addresses with the first, often reported."""
        for place, municipality in enumerate(self.setting.municipalities):
            own = make_homes(self.rng, 3110 + 10 * place, self.homes_each)
            shared = [home for home in self.homes.get(self.setting.municipalities[0], []) if home.often][-12:]
            self.homes[municipality] = own + shared

    def slots(self) -> Iterator[Slot]:
        """Yield every delivery of the regular creditors, in order of month."""
        for month in self.setting.months:
            for municipality in self.setting.municipalities:
                for creditor in self.setting.regulars:
                    yield municipality, month, creditor

    def before(self, slot: Slot) -> Slot:
        """Return the same creditor's delivery of the month before."""
        months = self.setting.months
        return slot[0], months[months.index(slot[1]) - 1], slot[2]

    def deal_kinds(self) -> None:
        """Deal the kinds over the deliveries: two are last month's bytes, of each kind there is one, the rest is plain.

        Each municipality keeps one regular creditor without special deliveries, so that there is always a match.
        """
        open_slots = [slot for slot in self.slots() if slot[2] != self.setting.regulars[-1]]
        later = [slot for slot in self.slots() if slot[1] != self.setting.months[0]]
        first = self.rng.choice(later)
        second = self.rng.choice([slot for slot in later if slot[0] != first[0] or slot[2] != first[2]])
        for slot in (first, second):
            self.kinds[slot] = "stale"
            self.kinds[self.before(slot)] = "plain"
        free = [slot for slot in open_slots if slot not in self.kinds]
        for slot, kind in zip(self.rng.sample(free, len(KINDS)), KINDS, strict=True):
            self.kinds[slot] = kind

    def deal_changes(self) -> None:
        """Deal each fault and each edge of a row over the deliveries that will stand, and some at random on top."""
        rejected = {*DROP_FAULTS, "missing", "stale"}
        standing = [slot for slot in self.slots() if self.kinds.get(slot) not in rejected]
        self.rng.shuffle(standing)
        every = [*SIGNAL_FAULTS, *SIGNAL_EDGES, *AGAIN]
        for slot in standing:
            self.changes[slot] = self.rng.choices(every, k=self.rng.randrange(4))
        for place, change in enumerate(every):
            self.changes[standing[place % len(standing)]].append(change)

    # Signals

    def sender(self, slot: Slot) -> Sender:
        """Return the creditor with its limits in the municipality and month."""
        municipality, month, creditor = slot
        return Sender(creditor, month, Limits.of(self.config, municipality, month, creditor))

    def make_signals(self, slot: Slot, bounds: tuple[int, int]) -> list[dict[str, str]]:
        """Make the rows of a drop, all of which the door accepts; homes reported often come first in number."""
        homes, sender = self.homes[slot[0]], self.sender(slot)
        count = self.rng.randint(*bounds)
        often = [home for home in homes if home.often and self.rng.random() < 0.4]
        chosen = self.rng.sample(often, min(count, len(often)))
        seldom = [home for home in homes if not home.often]
        chosen += self.rng.sample(seldom, min(len(seldom), count - len(chosen)))
        self.rng.shuffle(chosen)
        rows = [signal_row(self.rng, sender, home, number) for number, home in enumerate(chosen)]
        twice = [home for home in chosen if home.trait.endswith("two_customers")]
        rows += [
            signal_row(self.rng, sender, home, 5000 + number, f"tweede{number}") for number, home in enumerate(twice)
        ]
        self.ids[slot] = [row["signaal_id"] for row in rows]
        return rows

    def change(self, slot: Slot, rows: list[dict[str, str]], changes: list[str]) -> list[dict[str, str]]:
        """Make each change to a row of its own; rows that repeat another one come last."""
        sender = self.sender(slot)
        places = self.rng.sample(range(len(rows)), len(changes))
        repeated = []
        for number, (place, change) in enumerate(zip(places, changes, strict=True)):
            if change in AGAIN:
                repeated.append(again(rows[place], number, change))
            else:
                (SIGNAL_FAULTS | SIGNAL_EDGES)[change](self.rng, rows[place], sender)
        broken = [place for place, change in zip(places, changes, strict=True) if change in SIGNAL_FAULTS]
        if broken and self.rng.random() < 0.5:  # also of a row that is not accepted itself
            repeated.append(again(rows[self.rng.choice(broken)], 99, self.rng.choice(AGAIN)))
        return rows + repeated

    def write_slot(self, slot: Slot) -> None:
        """Write what a regular creditor delivers in a month."""
        kind = self.kinds.get(slot, "plain")
        if kind == "missing":
            return
        if kind == "stale":
            self.put_signals(slot, 1, self.read_signals(self.before(slot), 1))
            return
        before, fault, after = {
            "corrected": (["plain"], "", []),
            "corrected_often": (["plain", "plain", "plain"], "", []),
            "first_rejected": (["too_long"], "", []),
            "second_rejected": ([], "", [self.rng.choice(("too_short", "column_missing", "header_only"))]),
        }.get(kind, ([], kind if kind in DROP_FAULTS else "", []))
        for delivery, other in enumerate(before, start=1):
            first = self.change(slot, self.make_signals(slot, self.rows), list(SIGNAL_FAULTS)[:9])
            self.put_signals(slot, delivery, self.out.render(SIGNALS, first, other))
        rows = self.change(slot, self.make_signals(slot, self.rows), self.changes.get(slot, []))
        standing = 10 if kind == "corrected_often" else len(before) + 1  # the tenth is later than the second
        self.put_signals(slot, standing, self.out.render(SIGNALS, rows, fault))
        for delivery, other in enumerate(after, start=standing + 1):
            self.put_signals(slot, delivery, self.out.render(SIGNALS, rows[:-5], other))
        if kind == "same_bytes_again":
            self.put_signals(slot, 2, self.read_signals(slot, 1))

    def write_occasional(self) -> None:
        """Write small drops of the creditors whose agreement does not hold always or everywhere."""
        for municipality in self.setting.municipalities:
            for month in self.setting.months:
                for creditor in self.setting.occasional:
                    slot = municipality, month, creditor
                    self.put_signals(slot, 1, self.out.render(SIGNALS, self.make_signals(slot, (8, 20))))

    def write_strangers(self) -> None:
        """Write drops of creditors that are not in the register, one of them unreadable, one without rows."""
        municipality, month = self.setting.municipalities[0], self.setting.months[1]
        rows = self.make_signals((municipality, month, self.setting.ended), (8, 20))
        for creditor, fault in {"onbekend": "", "spookpartij": "too_long", "nergens": "header_only"}.items():
            self.put_signals((municipality, month, creditor), 1, self.out.render(SIGNALS, rows, fault))

    # Signals taken back

    def write_withdrawals(self) -> None:
        """Let creditors take back signals of the same month and of the month before, and some that never were."""
        turn = self.rng.randrange(len(WITHDRAWAL_KINDS))
        for municipality in self.setting.municipalities:
            for month in self.setting.months:
                for creditor in self.rng.sample(self.setting.regulars, 2):
                    slot = municipality, month, creditor
                    fault = WITHDRAWAL_KINDS[turn % len(WITHDRAWAL_KINDS)]
                    rows = self.withdrawal_rows(slot)
                    self.out.put(
                        municipality,
                        month,
                        f"signals/{creditor}.intrekking.csv",
                        self.out.render(WITHDRAWALS, rows, fault),
                    )
                    turn += 1

    def withdrawal_rows(self, slot: Slot) -> list[dict[str, str]]:
        """Make rows that take signals back, with two faulty ones."""
        ids = [*self.rng.sample(self.ids.get(slot, []), min(4, len(self.ids.get(slot, [])))), "BESTAAT-NIET"]
        if slot[1] != self.setting.months[0]:
            earlier = self.ids.get(self.before(slot), [])
            ids += self.rng.sample(earlier, min(4, len(earlier)))
        day = self.sender(slot).last_day
        rows = [
            {
                "signaal_id": signal_id,
                "reden": self.rng.choice(("betaald", "onterecht")),
                "datum": spell_date(self.rng, day),
            }
            for signal_id in ids
        ]
        put(rows[0], "reden", "")
        put(rows[-1], "datum", "morgen")
        return rows

    # Registers

    def write_register(self, municipality: str, feed: str, path: str) -> None:
        """Write a register (brp, shv) for each month; every second one is absent, rejected or unchanged."""
        last, kinds = b"", self.rng.sample(REGISTER_KINDS, len(REGISTER_KINDS))
        for place, month in enumerate(self.setting.months):
            slot = municipality, month, ""
            kind = kinds[place // 2 % len(kinds)] if place % 2 else ""
            if kind == "absent":
                continue
            if kind != "same":
                rows = self.person_rows(slot) if feed == BRP else self.traject_rows(slot)
                data = self.out.render(feed, rows, kind)
                last = data if not kind else last
            self.out.put(municipality, month, path, last if kind == "same" else data)

    def person_rows(self, slot: Slot) -> list[dict[str, str]]:
        """Make the register of persons of a month: now and then all persons of a home are suspended."""
        rows = [
            row for home in self.homes[slot[0]] for row in person_rows(self.rng, home, changed=self.rng.random() < 0.04)
        ]
        self.rng.shuffle(rows)
        for row, fault in zip(self.rng.sample(rows, len(PERSON_FAULTS)), PERSON_FAULTS.values(), strict=True):
            fault(self.rng, row)
        return rows

    def traject_rows(self, slot: Slot) -> list[dict[str, str]]:
        """Make the register of debt help: the edges lie on the 25th of the second month."""
        helped = [home for home in self.homes[slot[0]] if home.trait.startswith("help_")]
        helped += self.rng.sample([home for home in self.homes[slot[0]] if not home.often], 8)
        rows = [traject_row(self.rng, home, number, self.setting.months[1]) for number, home in enumerate(helped)]
        for row, fault in zip(self.rng.sample(rows[-8:], len(TRAJECT_FAULTS)), TRAJECT_FAULTS.values(), strict=True):
            fault(self.rng, row)
        return rows

    # Files

    def read_signals(self, slot: Slot, delivery: int) -> bytes:
        """Read a delivery of signals that was written before."""
        return self.out.read(slot[0], slot[1], "signals/" + file_name(slot[2], delivery))

    def put_signals(self, slot: Slot, delivery: int, data: bytes) -> None:
        """Write a delivery of signals."""
        self.out.put(slot[0], slot[1], "signals/" + file_name(slot[2], delivery), data)
