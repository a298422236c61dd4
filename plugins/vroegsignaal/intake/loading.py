"""Loading a file: read in its sender's dialect, entered in the ledger, its rows put in `raw`."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg import sql

from vroegsignaal import contract
from vroegsignaal.intake import csv_file, dialect, ledger, portal, received, xlsx_file
from vroegsignaal.intake.dialect import Dialect
from vroegsignaal.intake.faults import NoBetter, Unreadable
from vroegsignaal.intake.ledger import FileFacts, Known
from vroegsignaal.intake.received import Contents, Target
from vroegsignaal.landing import DeliveredFile


def load_file(
    connection: psycopg.Connection,
    file: DeliveredFile,
    fingerprint: Callable[[], str],
    spoken: Dialect,
    again: Known | None,
) -> None:
    """Put a file in the ledger and its rows in `raw`: as one drop, or for a portal as one drop per creditor.

    `fingerprint`: waits for that of the file; of a file that is new, it is asked once the rows are there.

    `again`: the drop (of a portal: one of the drops) that an earlier reading of these bytes made; the file takes its
    place. Raises NoBetter when it could be read then and cannot be now.
    """
    feed = contract.feeds()[file.feed]
    earlier = ledger.of_portal(connection, file, fingerprint()) if again and file.creditor else {}
    if again and again.drop_id not in earlier.values():
        earlier[file.creditor] = again.drop_id
    if earlier:
        raw = sql.Identifier("raw", feed.name)
        connection.execute(sql.SQL("delete from {} where drop_id = any(%s)").format(raw), [list(earlier.values())])
    drop_id, *others = [*earlier.values()] or [ledger.next_number(connection)]
    names, contents, facts = _read_with_facts(connection, file, spoken, feed, drop_id)
    rows = contents.rows
    if again and facts.failed and not again.failed:
        raise NoBetter
    if again and facts.failed and again.file != file.name:
        ledger.note_again(connection, again, file)
    elif rows and spoken.creditor_column in names:
        portal.load(connection, file, fingerprint(), spoken, facts, names=names, earlier=earlier)
    else:
        ledger.forget(connection, others)
        ledger.enter(connection, file, fingerprint(), spoken, facts, drop_id=drop_id, rows=rows, creditor=file.creditor)
        if names and not contents.in_raw:
            received.move_to_raw(connection, feed, names, sql.Literal(drop_id), sql.SQL("pg_temp.received"))
    if not contents.in_raw:
        connection.execute("drop table if exists pg_temp.received")


def _read_with_facts(
    connection: psycopg.Connection, file: DeliveredFile, spoken: Dialect, feed: contract.Feed, drop_id: int
) -> tuple[list[str], Contents, FileFacts]:
    """Read the file, straight into `raw` if it can be: the names of its columns, what was read, what the ledger keeps.

    No names for a file without any, or one that could not be read.
    """
    known = {column.name for column in feed.columns} | ({spoken.creditor_column} if spoken.creditor_column else set())

    def straight(header: list[str]) -> Target | None:
        # A portal's rows are of several drops.
        names = received.column_names(header, spoken.aliases)
        return None if spoken.creditor_column else received.straight_to_raw(connection, feed, names, drop_id)

    try:
        with connection.transaction():
            contents = _read(connection, file, spoken, straight)
            names = received.column_names(contents.header, spoken.aliases)
            received.check_names(names, contents, known)
    except Unreadable as fault:
        seen = dialect.looks_like(file.path, spoken, feed)
        unreadable = "; ".join(filter(None, [str(fault), seen]))
        return [], Contents(1, [], fault.rows), FileFacts(unreadable=unreadable)
    return names, contents, _facts(file, feed, spoken, names, known)


def _read(
    connection: psycopg.Connection,
    file: DeliveredFile,
    spoken: Dialect,
    straight: Callable[[list[str]], Target | None],
) -> Contents:
    """Read the file; raises Unreadable when it is not in its sender's dialect."""
    given = file.path.suffix.lower().removeprefix(".")
    if given != spoken.format:
        raise Unreadable(f"het bestand is {given.upper()}, afgesproken is {spoken.format.upper()}")
    read = xlsx_file.read if spoken.format == dialect.XLSX else csv_file.read
    return read(connection, file.path, spoken, straight)


def _facts(file: DeliveredFile, feed: contract.Feed, spoken: Dialect, names: list[str], known: set[str]) -> FileFacts:
    required = [*feed.required_columns, *([spoken.creditor_column] if spoken.creditor_column else [])]
    missing = [name for name in required if name not in names]
    if missing:
        # A file without a header row has values where the names should be: then no name is kept.
        return FileFacts(missing_columns=missing, looks_like=dialect.looks_like(file.path, spoken, feed))
    return FileFacts(extra_columns=received.unknown_names(names, known))
