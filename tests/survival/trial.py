"""A trial: a point is tried, what it broke is started again as a person or Airflow would, and the outcome compared."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random

import psycopg
from oracle.small_landing import A

from vroegsignaal import warehouse
from vroegsignaal.errors import PlatformError

from . import town
from .points import TO_THE_END, Point
from .stage import CHAIN, MB, STEPS, Rows, Stage, State, Stuck, end_group


@dataclass
class Outcome:
    """What became of a point: nothing lost, doubled or stuck, or what was."""

    point: Point
    seconds: float = 0.0
    lost: int = 0
    doubled: int = 0
    waiting: int = 0
    resent: int = 0
    """Mails that were handed over again under their own Message-ID: cut off before it was written down."""
    told: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether it ended as if nothing had happened."""
        return not (self.lost or self.doubled or self.waiting or self.told)


def attempt(stage: Stage, point: Point, all_the_way: bool = False) -> Outcome:
    """Try a point, from the state before its step."""
    outcome, begun = Outcome(point), time.monotonic()
    try:
        stage.go_back(point.place)
        DISTURBANCES[point.kind](stage, point)
        if point.kind == "a file is replaced":
            _compare_whatever_the_order(stage, point, outcome)
        else:
            end = _go_on(stage, point, all_the_way)
            compare(stage.look(), stage.states[end], outcome)
        stage.check_nothing_is_held()
    except Stuck as stuck:
        outcome.waiting += 1
        outcome.told.append(str(stuck))
    except (AssertionError, PlatformError, psycopg.Error) as error:
        outcome.told.append(f"could not go on: {error}")
    if outcome.told and stage.keep:
        shutil.copytree(stage.here.out, stage.keep / f"point-{point.number}", dirs_exist_ok=True)
    outcome.seconds = time.monotonic() - begun
    return outcome


def _go_on(stage: Stage, point: Point, all_the_way: bool) -> int:
    """Start the server if it is down, do the step again and go on; up to which place."""
    warehouse.ensure_running(stage.here)
    stage.let_time_pass()
    end = _end(stage, point, all_the_way)
    for place in range(point.place, end):
        stage.run_step(place)
    return end


def _end(stage: Stage, point: Point, all_the_way: bool) -> int:
    """The step itself and what follows it without dbt; now and then, the rest of its month."""
    month_ends = min((point.place // len(STEPS) + 1) * len(STEPS), len(stage.seconds))
    if all_the_way or point.number % TO_THE_END == 0:
        return month_ends
    slow = (place for place in range(point.place + 1, month_ends) if CHAIN[place][0] in ("derive", "publish"))
    return next(slow, month_ends)


CUT_OFF = (
    "killed at a moment", "killed at an event", "its children live on", "the server is killed", "connections are cut",
    "the scheduler", "a worker", "a task", "the server",
)  # fmt: skip
"""The kinds of points that end a step in the middle of what it does."""
NOTES_OF_READING = "quality.list_read"
"""A step that is done again reads again, and that is noted again: of these only which there are is compared."""


def compare(found: State, wanted: State, outcome: Outcome) -> None:
    _compare_counters(_each_reading_once(found.rows), _each_reading_once(wanted.rows), outcome)
    files = {"files": Counter(found.files.items())}, {"files": Counter(wanted.files.items())}
    _compare_counters(*files, outcome)
    mails = {"mails": Counter(set(found.mails))}, {"mails": Counter(set(wanted.mails))}
    _compare_counters(*mails, outcome)
    outcome.resent = (found.mails - wanted.mails).total()
    # One mail may be cut off between being handed over and being written down.
    if outcome.resent > (outcome.point.kind in CUT_OFF):
        outcome.doubled += outcome.resent
        outcome.told.append(f"{outcome.resent} mails were sent again")


def _each_reading_once(rows: Rows) -> Rows:
    return {name: Counter(set(of)) if name == NOTES_OF_READING else of for name, of in rows.items()}


def _compare_counters(found: Rows, wanted: Rows, outcome: Outcome) -> None:
    for name in sorted(found.keys() | wanted.keys()):
        lost = wanted.get(name, Counter()) - found.get(name, Counter())
        doubled = found.get(name, Counter()) - wanted.get(name, Counter())
        outcome.lost += lost.total()
        outcome.doubled += doubled.total()
        if name not in found or name not in wanted:
            outcome.told.append(f"{name} {'is not there' if name not in found else 'should not be there'}")
        elif lost or doubled:
            of_files = f": {sorted({file for file, _ in [*lost, *doubled]})}" if name == "files" else ""
            outcome.told.append(f"{name}: {lost.total()} lost, {doubled.total()} too many{of_files}")


# -- what goes wrong


def _killed_at_a_moment(stage: Stage, point: Point) -> None:
    process = _started(stage, point)
    end_group(process)


def _killed_at_an_event(stage: Stage, point: Point) -> None:
    step, month = CHAIN[point.place]
    event = 1 + int(point.part * stage.events[point.place])
    stage.wait(stage.start(step, month, die_at=event, die_after=point.after))


def _children_live_on(stage: Stage, point: Point) -> None:
    process = _started(stage, point)
    with suppress(ProcessLookupError):
        os.kill(process.pid, 9)
    process.join()


def _server_killed(stage: Stage, point: Point) -> None:
    process = _started(stage, point)
    stage.kill_server()
    stage.wait(process)


def _connections_cut(stage: Stage, point: Point) -> None:
    process = _started(stage, point)
    stage.cut_connections()
    stage.wait(process)


def _disk_full(stage: Stage, point: Point) -> None:
    step, month = CHAIN[point.place]
    with stage.full_disk(int(point.part * 2 * MB) if point.after else 0):
        stage.wait(stage.start(step, month))


def _file_cannot_grow(stage: Stage, point: Point) -> None:
    step, month = CHAIN[point.place]
    stage.wait(stage.start(step, month, largest_file=int(point.part * 256 * 1024)))


def _file_replaced(stage: Stage, point: Point) -> None:
    """A part of a file lies there first, and the whole takes its place while it is read."""
    _, month = CHAIN[point.place]
    path = Random(point.number).choice(sorted(Path(stage.here.landing, A, month, "signals").glob("*.csv")))
    whole = path.with_name(".whole")
    shutil.move(path, whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: max(2, int(point.part * len(lines)))]))
    swap_at = None if point.after else 1 + int(point.part * stage.events[point.place])
    stage.wait(stage.start("receive", month, swap=(str(whole), str(path)), swap_at=swap_at))
    if whole.exists():
        whole.replace(path)


def _twice_at_once(stage: Stage, point: Point) -> None:
    first = _started(stage, point)
    second = stage.start(*CHAIN[point.place])
    stage.wait(first)
    stage.wait(second)


def _again_later(stage: Stage, point: Point) -> None:
    """The step of the first month is done again when the second is on its way."""
    stage.finish(stage.start(CHAIN[point.place][0], town.MONTHS[0]))


def _another_day(stage: Stage, point: Point) -> None:
    step, month = CHAIN[point.place]
    stage.finish(stage.start(step, month, days_off=int(800 * (point.part - 0.5))))


DISTURBANCES: dict[str, Callable[[Stage, Point], None]] = {
    "killed at a moment": _killed_at_a_moment,
    "killed at an event": _killed_at_an_event,
    "its children live on": _children_live_on,
    "the server is killed": _server_killed,
    "connections are cut": _connections_cut,
    "the disk is full": _disk_full,
    "a file cannot grow": _file_cannot_grow,
    "a file is replaced": _file_replaced,
    "twice at once": _twice_at_once,
    "done again later": _again_later,
    "another day": _another_day,
}


def _started(stage: Stage, point: Point) -> ForkServerProcess:
    """The step, as far on as the point says; it may have ended by then."""
    process = stage.start(*CHAIN[point.place])
    process.join(point.part * stage.seconds[point.place])
    return process


# -- files that were replaced: numbers of drops and households follow the order in which files came


def _compare_whatever_the_order(stage: Stage, point: Point, outcome: Outcome) -> None:
    month_ends = _end(stage, point, all_the_way=True)
    for later in range(point.place, month_ends):
        stage.run_step(later)
    _check_ledger(stage, outcome)
    found, wanted = stage.look(), stage.states[month_ends]
    _compare_counters(_of_marts(found), _of_marts(wanted), outcome)
    lists = {"files": _lists(found)}, {"files": _lists(wanted)}
    _compare_counters(*lists, outcome)
    mails = {"mails": _per_address(found)}, {"mails": _per_address(wanted)}
    _compare_counters(*mails, outcome)


def _check_ledger(stage: Stage, outcome: Outcome) -> None:
    """What the ledger says of a drop in force is what lies there: these bytes, so many rows."""
    with warehouse.connect(stage.here, "owner") as connection:
        drops = warehouse.fetch(
            connection,
            "select distinct on (file) file, sha256, rows_read,"
            " (select count(*) from raw.signals as row where row.drop_id = ledger.drop_id)"
            " from raw.drop_ledger as ledger where feed = 'signals' and unreadable is null and missing_columns = '{}'"
            " order by file, drop_id desc",
        )
    for name, fingerprint, rows_read, rows in drops:
        data = Path(stage.here.landing, name).read_bytes()
        if (fingerprint, rows_read, rows) != (sha256(data).hexdigest(), *[len(data.splitlines()) - 1] * 2):
            outcome.lost += 1
            outcome.told.append(f"the ledger does not tell what lies at {name}")


_OF_DELIVERIES = ("mart.drops", "mart.creditor_scorecard")
"""The part of a file that was there first may be a delivery of its own."""


def _of_marts(state: State) -> dict[str, Counter]:
    return {
        name: Counter(map(_uncounted, rows.elements())) if name == "mart.fact_deliveries" else rows
        for name, rows in state.rows.items()
        if name.startswith("mart.") and name not in _OF_DELIVERIES
    }


def _uncounted(row: str) -> str:
    """A row of `fact_deliveries` without how many there were: what was read and accepted of them is the same."""
    return json.dumps({name: value for name, value in json.loads(row).items() if name != "deliveries"})


def _lists(state: State) -> Counter:
    """The files that tell nothing of deliveries."""
    return Counter(file for file in state.files.items() if "/looplijst." in file[0] or "/meldingen/" in file[0])


def _per_address(state: State) -> Counter:
    return Counter(address for address, _ in state.mails)


# -- what is printed


def tell(outcome: Outcome) -> None:
    """Print what became of a point."""
    print(f"{'ok  ' if outcome.is_well else 'WRONG'} {outcome.point} ({outcome.seconds:.0f} s)")
    for line in outcome.told:
        print(f"      {line}")
    sys.stdout.flush()


def sum_up(outcomes: list[Outcome], seconds: float) -> None:
    """Print how many points there were of each kind, and what became of them."""
    print(f"\n{'kind':<24}{'points':>8}{'lost':>8}{'doubled':>9}{'waiting':>9}{'wrong':>8}{'resent':>8}")
    by_kind: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_kind.setdefault(outcome.point.kind, []).append(outcome)
    for kind, tried in [*sorted(by_kind.items()), ("all", outcomes)]:
        sums = Counter()
        for outcome in tried:
            sums.update(lost=outcome.lost, doubled=outcome.doubled, waiting=outcome.waiting, resent=outcome.resent)
            sums["wrong"] += not outcome.is_well
        columns = f"{sums['lost']:>8}{sums['doubled']:>9}{sums['waiting']:>9}{sums['wrong']:>8}{sums['resent']:>8}"
        print(f"{kind:<24}{len(tried):>8}{columns}")
    print(f"\n{len(outcomes)} points in {seconds / 60:.1f} minutes")
