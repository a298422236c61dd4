"""Loading a file: read in its sender's dialect, entered in the ledger, its rows put in `raw`."""

from __future__ import annotations

import psycopg
from psycopg import sql

from vroegsignaal import contract
from vroegsignaal.intake import csv_file, dialect, ledger, portal, received, xlsx_file
from vroegsignaal.intake.dialect import Dialect
from vroegsignaal.intake.faults import Unreadable
from vroegsignaal.intake.ledger import FileFacts, Known
from vroegsignaal.intake.received import Contents
from vroegsignaal.landing import DeliveredFile


def load_file(
    connection: psycopg.Connection, file: DeliveredFile, sha: str, spoken: Dialect, again: Known | None
) -> None:
    """Put a file in the ledger and its rows in `raw`: as one drop, or for a portal as one drop per creditor.

    `again`: the drop (of a portal: one of the drops) that an earlier reading of these bytes made; the file takes its
    place.
    """
    feed = contract.feeds()[file.feed]
    names, rows, facts = _read_with_facts(connection, file, spoken, feed)
    if again and facts.failed and again.file != file.name:
        ledger.note_again(connection, again, file)
        return
    earlier = ledger.of_portal(connection, file, sha) if file.creditor else {}
    if again and again.drop_id not in earlier.values():
        earlier[file.creditor] = again.drop_id
    raw = sql.Identifier("raw", feed.name)
    connection.execute(sql.SQL("delete from {} where drop_id = any(%s)").format(raw), [list(earlier.values())])
    if rows and spoken.creditor_column in names:
        portal.load(connection, file, sha, spoken, facts, names=names, earlier=earlier)
    else:
        drop_id, *others = [*earlier.values()] or [ledger.next_number(connection)]
        ledger.forget(connection, others)
        ledger.enter(connection, file, sha, spoken, facts, drop_id=drop_id, rows=rows, creditor=file.creditor)
        if names:
            received.move_to_raw(connection, feed, names, sql.Literal(drop_id), sql.SQL("pg_temp.received"))
    connection.execute("drop table if exists pg_temp.received")


def _read_with_facts(
    connection: psycopg.Connection, file: DeliveredFile, spoken: Dialect, feed: contract.Feed
) -> tuple[list[str], int, FileFacts]:
    """Read the file into the temporary table `received`: the names of its columns, its rows, what the ledger keeps.

    No names for a file without any, or one that could not be read.
    """
    known = {column.name for column in feed.columns} | ({spoken.creditor_column} if spoken.creditor_column else set())
    try:
        with connection.transaction():
            contents = _read(connection, file, spoken)
            names = received.column_names(connection, contents, known, file.sender)
    except Unreadable as fault:
        seen = dialect.looks_like(file.path, spoken, feed)
        return [], fault.rows, FileFacts(unreadable="; ".join(filter(None, [str(fault), seen])))
    return names, contents.rows, _facts(file, feed, spoken, names, known)


def _read(connection: psycopg.Connection, file: DeliveredFile, spoken: Dialect) -> Contents:
    """Read the file into the temporary table `received`; raises Unreadable when it is not in its sender's dialect."""
    given = file.path.suffix.lower().removeprefix(".")
    if given != spoken.format:
        raise Unreadable(f"het bestand is {given.upper()}, afgesproken is {spoken.format.upper()}")
    read = xlsx_file.read if spoken.format == dialect.XLSX else csv_file.read
    return read(connection, file.path, spoken)


def _facts(file: DeliveredFile, feed: contract.Feed, spoken: Dialect, names: list[str], known: set[str]) -> FileFacts:
    required = [*feed.required_columns, *([spoken.creditor_column] if spoken.creditor_column else [])]
    missing = [name for name in required if name not in names]
    if missing:
        # A file without a header row has values where the names should be: then no name is kept.
        return FileFacts(missing_columns=missing, looks_like=dialect.looks_like(file.path, spoken, feed))
    return FileFacts(extra_columns=received.unknown_names(names, known))
