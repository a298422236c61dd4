"""Intake: the files of a month become drops in the ledger, with their rows in `raw` as they were received."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import psycopg

from vroegsignaal import configuration, landing, logs, settings, warehouse
from vroegsignaal.intake import dialect, ledger
from vroegsignaal.intake.dialect import Dialect
from vroegsignaal.intake.faults import NoBetter, StillChanging
from vroegsignaal.intake.loading import load_file
from vroegsignaal.landing import DeliveredFile
from vroegsignaal.months import Month

SETTLED_SECONDS = 60
READ_ATTEMPTS = 3


@logs.step("receive")
def receive(month: Month, *, settled_only: bool = False) -> dict[str, int]:
    """Receive every file of the month that is not in the ledger yet; how many files were new and how many known.

    `settled_only`: a file that was written to less than a minute ago may not be whole yet, and waits for the next time.

    Each file is one transaction, so an interruption leaves whole drops only. The files are taken in a fixed order, one
    receiver at a time, so that drops are numbered alike in every replay.
    """
    here = settings.load()
    counts = {"new": 0, "known": 0}
    with (
        warehouse.open_connection(here, "loader") as connection,
        # For what can be done while the database is busy.
        ThreadPoolExecutor(max_workers=1) as beside,
    ):
        connection.execute("select pg_advisory_lock(hashtext('vroegsignaal receive'))")
        with connection.transaction():
            configuration.load(here, connection)
            for code in landing.municipalities(here, month):
                connection.execute(
                    "insert into raw.month_received values (%s, %s) on conflict do nothing", [code, month.first_day]
                )
        for file in landing.delivered(here, month):
            if settled_only and not _is_settled(file):
                continue
            is_new = _receive_whole(connection, _of_a_sender(connection, file), beside)
            counts["new" if is_new else "known"] += 1
    return counts


def months_with_news(*, settled_only: bool = True) -> list[Month]:
    """The months with a (settled) file that was not received as it is now, or with a drop that was never judged."""
    here = settings.load()
    with warehouse.open_connection(here, "loader") as connection:
        awaiting = ledger.months_awaiting_judgement(connection)
        return [
            month
            for month in landing.months(here)
            if month in awaiting
            or any(
                (not settled_only or _is_settled(file)) and not ledger.is_seen(connection, file)
                for file in landing.delivered(here, month)
            )
        ]


def _is_settled(file: DeliveredFile) -> bool:
    return time.time() - file.path.stat().st_mtime >= SETTLED_SECONDS


def _of_a_sender(connection: psycopg.Connection, file: DeliveredFile) -> DeliveredFile:
    """The file, as nobody's when its sender is in no register and may be the number of a person."""
    if not landing.may_name_a_person(file.creditor or ""):
        return file
    known = connection.execute(
        "select 1 from config.creditors where creditor = %(sender)s"
        " union all select 1 from config.portals where portal = %(sender)s",
        {"sender": file.creditor},
    ).fetchone()
    return file if known else replace(file, creditor=landing.NOBODY)


def _receive_whole(connection: psycopg.Connection, file: DeliveredFile, beside: Executor) -> bool:
    """As `_receive_file`, in a transaction; raises StillChanging when the file was another one each time at its end.

    Its fingerprint and its rows are read each by themselves: of a file that is replaced in between, the ledger would
    tell the rows of one under the fingerprint of the other.
    """
    for _ in range(READ_ATTEMPTS):
        with connection.transaction():
            before = ledger.looks(file)
            is_new = _receive_file(connection, file, beside)
            if ledger.looks(file) == before:
                return is_new
            raise psycopg.Rollback
    name = landing.shown_name(file.name)
    raise StillChanging(f"{name} is being written to: it was another file each time that it was read.")


def _receive_file(connection: psycopg.Connection, file: DeliveredFile, beside: Executor) -> bool:
    """Put one file in the ledger and its rows in `raw`; False when the same drop is there already."""
    # Before it is read: what is written to it meanwhile makes it news again.
    ledger.note_seen(connection, file)
    spoken = dialect.declared(connection, file)
    # A file unlike all others by its size need not wait for it: it is read meanwhile.
    taken = beside.submit(ledger.fingerprint, file)
    known = None
    if not ledger.is_of_new_size(connection, file):
        known = ledger.known(connection, file, taken.result(), file.creditor)
    _take_in(connection, file, taken.result, spoken, known)
    return known is None


def _take_in(
    connection: psycopg.Connection,
    file: DeliveredFile,
    fingerprint: Callable[[], str],
    spoken: Dialect,
    known: ledger.Known | None,
) -> None:
    # What could not be read before is read again: its dialect, aliases or name may have been put right since. And so is
    # what is to be read otherwise since, until its month is decided: a dialect has no date.
    if known is not None and known.erased:
        # Who was erased does not come back with the same bytes.
        ledger.note_again(connection, known, file)
    elif known is None or known.failed:
        load_file(connection, file, fingerprint, spoken, again=known)
    elif known.file == file.name and known.read_as != spoken.fingerprint and not ledger.is_decided(connection, file):
        with suppress(NoBetter), connection.transaction():
            load_file(connection, file, fingerprint, spoken, again=known)
    else:
        ledger.note_again(connection, known, file)
