"""A step in a process of its own: called as a flow calls it, and ended where a point says so.

The module is loaded once by a server of processes, which forks a step from it: what is slow to load is loaded already.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from smtplib import SMTP

import great_expectations  # noqa: F401, TID253 (loaded before the fork)
import jinja2  # noqa: F401
import psycopg
import xlsxwriter  # noqa: F401

from vroegsignaal import decision, door, intake, months, outbox, transform
from vroegsignaal.intake import ledger
from vroegsignaal.landing import DeliveredFile
from vroegsignaal.months import Month
from vroegsignaal.outbox import mail

CALLS: dict[str, Callable[[Month], object]] = {
    "receive": intake.receive,
    "watch": lambda month: intake.receive(month, settled_only=True),
    "judge": door.judge,
    "alert": outbox.alert,
    "derive": transform.derive,
    "approve": decision.approve,
    "publish": transform.publish,
    "hand_out": outbox.hand_out,
}


@dataclass(frozen=True)
class Order:
    """What a process has to do, and what is to happen to it on the way."""

    step: str
    month: str
    variables: dict[str, str]
    log: str
    die_at: int | None = None
    """At which event it kills its whole group: a statement, a file put in its place, a mail handed over."""
    die_after: bool = False
    """Whether when the event is done, else just before it."""
    largest_file: int | None = None
    """Files that it writes may have so many bytes: what a full disk does."""
    days_off: int = 0
    """How many days its clock is wrong."""
    events: str = ""
    """The file in which it writes how many events there were."""
    swap: tuple[str, str] | None = None
    """A file that takes the place of another while it is read."""
    swap_at: int | None = None
    """At which event; None: between its fingerprint and its rows."""


def run(order: Order) -> None:
    """Do what is ordered; ends with 1 when the step fails, its message in the log."""
    os.setsid()
    for name in [name for name in os.environ if name.startswith("VROEGSIGNAAL_")]:
        del os.environ[name]
    os.environ.update(order.variables)
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if order.largest_file is not None:
        # Else the signal would end the process; a full disk is told to the one who writes.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.largest_file, order.largest_file))
    if order.days_off:
        _turn_the_clock(order.days_off)
    if order.swap and order.swap_at is None:
        _swap_between_fingerprint_and_rows(*order.swap)
    events = _Events(order)
    events.listen(psycopg.Cursor, "execute")
    events.listen(Path, "replace")
    events.listen(SMTP, "send_message")
    try:
        CALLS[order.step](Month.parse(order.month))
    except BaseException:  # noqa: BLE001 (whatever it is, it is how the step ended)
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    if order.events:
        Path(order.events).write_text(str(events.count))


class _Events:
    """Counts what is done to the world, and ends the process group at one of them."""

    def __init__(self, order: Order) -> None:
        self.count = 0
        self._order = order

    def listen(self, owner: type, name: str) -> None:
        done = getattr(owner, name)

        def counted(*args: object, **kwargs: object) -> object:
            self.count += 1
            fatal = self.count == self._order.die_at
            if fatal and not self._order.die_after:
                os.killpg(0, signal.SIGKILL)
            if self._order.swap and self.count == self._order.swap_at:
                os.replace(*self._order.swap)  # noqa: PTH105 (Path.replace is what is counted)
            result = done(*args, **kwargs)
            if fatal:
                os.killpg(0, signal.SIGKILL)
            return result

        setattr(owner, name, counted)


def _swap_between_fingerprint_and_rows(fresh: str, path: str) -> None:
    taken = ledger.fingerprint

    def fingerprint(file: DeliveredFile) -> str:
        told = taken(file)
        if str(file.path) == path and Path(fresh).exists():
            os.replace(fresh, path)  # noqa: PTH105 (Path.replace is what is counted)
        return told

    ledger.fingerprint = fingerprint


def _turn_the_clock(days: int) -> None:
    """Another day, and another time zone, for whatever asks what time it is."""
    os.environ |= {"TZ": "Pacific/Kiritimati", "PGTZ": "Pacific/Kiritimati"}
    time.tzset()
    real = time.time

    def now_here() -> datetime:
        return datetime.now(months.AMSTERDAM) + timedelta(days=days)

    time.time = lambda: real() + 86400 * days
    months.now_here = mail.now_here = now_here
