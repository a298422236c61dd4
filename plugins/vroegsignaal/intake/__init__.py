"""Intake: the files of a month become drops in the ledger, with their rows in `raw` as they were received."""

from __future__ import annotations

import time

import psycopg

from vroegsignaal import configuration, landing, settings, warehouse
from vroegsignaal.intake import dialect, ledger
from vroegsignaal.intake.loading import load_file
from vroegsignaal.landing import DeliveredFile
from vroegsignaal.months import Month

SETTLED_SECONDS = 60


def receive(month: Month) -> dict[str, int]:
    """Receive every file of the month that is not in the ledger yet; how many files were new and how many known.

    Each file is one transaction, so an interruption leaves whole drops only. The files are taken in a fixed order, one
    receiver at a time, so that drops are numbered alike in every replay.
    """
    here = settings.load()
    counts = {"new": 0, "known": 0}
    with warehouse.open_connection(here, "loader") as connection:
        connection.execute("select pg_advisory_lock(hashtext('vroegsignaal receive'))")
        with connection.transaction():
            configuration.load(here, connection)
            for code in landing.municipalities(here, month):
                connection.execute(
                    "insert into raw.month_received values (%s, %s) on conflict do nothing", [code, month.first_day]
                )
        for file in landing.delivered(here, month):
            with connection.transaction():
                counts["new" if _receive_file(connection, file) else "known"] += 1
    return counts


def months_with_news() -> list[Month]:
    """The months with a file that is not in the ledger yet: a new one, or one whose bytes changed since.

    A file that was written to less than a minute ago may not be whole yet: it waits for the next time.
    """
    here = settings.load()
    with warehouse.open_connection(here, "loader") as connection:
        return [
            month
            for month in landing.months(here)
            if any(_is_news(connection, file) for file in landing.delivered(here, month))
        ]


def _is_news(connection: psycopg.Connection, file: DeliveredFile) -> bool:
    written_at = file.path.stat().st_mtime
    if time.time() - written_at < SETTLED_SECONDS:
        return False
    # Fingerprints are taken only of what was written since, not of years of files every quarter of an hour.
    if ledger.is_received_since(connection, file, written_at):
        return False
    known = ledger.known(connection, file, ledger.fingerprint(file), file.creditor)
    return known is None or not ledger.is_told_of(connection, known, file)


def _receive_file(connection: psycopg.Connection, file: DeliveredFile) -> bool:
    """Put one file in the ledger and its rows in `raw`; False when the same drop is there already."""
    fingerprint = ledger.fingerprint(file)
    known = ledger.known(connection, file, fingerprint, file.creditor)
    spoken = dialect.declared(connection, file)
    # What could not be read before is read again, and so is what is to be read otherwise since: its dialect, aliases or
    # name may have been put right.
    if known is None or known.failed or (known.file == file.name and known.read_as != spoken.fingerprint):
        load_file(connection, file, fingerprint, spoken, again=known)
    else:
        ledger.note_again(connection, known, file)
    return known is None
