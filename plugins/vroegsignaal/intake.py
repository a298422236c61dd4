"""Intake: the files of a month become drops in the ledger, with their rows in `raw` as they were received."""

from __future__ import annotations

import codecs
import csv
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

import psycopg
from psycopg import sql

from vroegsignaal import configuration, contract, landing, settings, warehouse
from vroegsignaal.landing import DeliveredFile
from vroegsignaal.months import Month

CHUNK = 1 << 20
SETTLED_SECONDS = 60
# A field of more than a megabyte is a file with a quotation mark that is never closed.
csv.field_size_limit(CHUNK)


@dataclass(frozen=True)
class Dialect:
    """How a sender writes its files; the defaults are the contract's."""

    encoding: str = "utf-8"
    delimiter: str = ";"
    decimal_separator: str = ","
    thousands_separator: str = ""


class Unreadable(Exception):
    """The file cannot be read in its declared dialect; the message names the line and holds no value."""

    def __init__(self, message: str, rows: int = 0) -> None:
        super().__init__(message)
        self.rows = rows


def receive(month: Month) -> dict[str, int]:
    """Receive every file of the month that is not in the ledger yet; how many drops were new and how many known.

    Each drop is one transaction, so an interruption leaves whole drops only. The files are taken in a fixed order, one
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
    received = connection.execute(
        "select bool_or(received_at > to_timestamp(%s)) from raw.drop_ledger where file = %s", [written_at, file.name]
    ).fetchone()[0]
    return not received and _known(connection, file, _fingerprint(file)) is None


def _receive_file(connection: psycopg.Connection, file: DeliveredFile) -> bool:
    """Put one file in the ledger and its rows in `raw`; False when the same drop is there already."""
    fingerprint = _fingerprint(file)
    known = _known(connection, file, fingerprint)
    if known and not known[1]:
        return False
    dialect = _dialect(connection, file.creditor)
    if known:
        # It could not be read before; its dialect may have been put right since.
        drop_id = known[0]
    else:
        drop_id = connection.execute("select coalesce(max(drop_id), 0) + 1 from raw.drop_ledger").fetchone()[0]
    facts = _load(connection, file, dialect, drop_id)
    connection.execute(
        """
        insert into raw.drop_ledger (
            drop_id, municipality_code, signal_month, feed, creditor, delivery, sha256, file, rows_read, unreadable,
            missing_columns, extra_columns, decimal_separator, thousands_separator
        ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (drop_id) do update set (
            status, rows_read, rows_rejected, unreadable, missing_columns, extra_columns, decimal_separator,
            thousands_separator
        ) = (
            'received', excluded.rows_read, 0, excluded.unreadable, excluded.missing_columns, excluded.extra_columns,
            excluded.decimal_separator, excluded.thousands_separator
        )
        """,
        [
            *(drop_id, file.municipality_code, file.month.first_day, file.feed, file.creditor, file.delivery),
            *(fingerprint, file.name, facts.rows, facts.unreadable, facts.missing_columns, facts.extra_columns),
            *(dialect.decimal_separator, dialect.thousands_separator),
        ],
    )
    return not known


def _known(connection: psycopg.Connection, file: DeliveredFile, fingerprint: str) -> tuple[int, bool] | None:
    """The drop in the ledger with these bytes, and whether it was unreadable; None when there is none."""
    return connection.execute(
        "select drop_id, unreadable is not null from raw.drop_ledger where (municipality_code, signal_month, feed) ="
        " (%s, %s, %s) and creditor is not distinct from %s and sha256 = %s",
        [file.municipality_code, file.month.first_day, file.feed, file.creditor, fingerprint],
    ).fetchone()


def _fingerprint(file: DeliveredFile) -> str:
    digest = sha256()
    with file.path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _dialect(connection: psycopg.Connection, creditor: str | None) -> Dialect:
    row = connection.execute(
        "select encoding, delimiter, decimal_separator, coalesce(thousands_separator, '') from config.dialects"
        " where creditor = %s",
        [creditor],
    ).fetchone()
    return Dialect(*row) if row else Dialect()


# -- reading a file


@dataclass(frozen=True)
class FileFacts:
    """What the ledger keeps of a file: rows read, why it is unreadable, and names of columns (never values)."""

    rows: int = 0
    unreadable: str | None = None
    missing_columns: list[str] | None = None
    extra_columns: list[str] | None = None


def _load(connection: psycopg.Connection, file: DeliveredFile, dialect: Dialect, drop_id: int) -> FileFacts:
    """Copy the rows of a file into `raw`, each with its line.

    The file goes to PostgreSQL as it is (`COPY`). Only what PostgreSQL cannot take that way (a ragged row, line breaks
    within quotes, blank lines, other line ends) is read again by Python, which knows the line of each record.
    """
    feed = contract.feeds()[file.feed]
    try:
        line_no, header = _header(file, dialect)
        names = _column_names(connection, header, feed, file.creditor)
        missing = [name for name in feed.required_columns if name not in names]
        rows = _copy(connection, file, dialect, len(header), begins_at=line_no) if header else 0
        if header:
            _move_to_raw(connection, feed, names, drop_id)
    except Unreadable as fault:
        return FileFacts(rows=fault.rows, unreadable=str(fault), missing_columns=[], extra_columns=[])
    # A file without a header row has values where the names should be: then no name is kept.
    extra = [] if missing else [name or "(zonder naam)" for name in names if name not in _columns(feed)]
    return FileFacts(rows=rows, missing_columns=missing, extra_columns=extra)


def _copy(connection: psycopg.Connection, file: DeliveredFile, dialect: Dialect, width: int, begins_at: int) -> int:
    try:
        # With one column, PostgreSQL would take a blank line for a row.
        if begins_at > 1 or width == 1:
            raise _NeedsCare
        with connection.transaction():
            return _copy_as_it_is(connection, file, dialect, width)
    except (psycopg.DataError, _NeedsCare):
        with connection.transaction():
            return _copy_with_care(connection, file, dialect, width)


class _NeedsCare(Exception):
    """PostgreSQL took the file, but a field holds a line break: whether rightly so, only a careful reading tells."""


def _columns(feed: contract.Feed) -> set[str]:
    return {column.name for column in feed.columns}


def _column_names(
    connection: psycopg.Connection, header: list[str], feed: contract.Feed, creditor: str | None
) -> list[str]:
    """The header in the contract's names: trimmed, in lower case, a creditor's aliases resolved."""
    aliases = dict(
        connection.execute(
            'select lower(alias), "column" from config.column_aliases where creditor = %s', [creditor]
        ).fetchall()
    )
    names = [name.strip().lower() for name in header]
    names = [aliases.get(name, name) for name in names]
    twice = sorted({name for name in names if name in _columns(feed) and names.count(name) > 1})
    if twice:
        raise Unreadable(f"regel 1: de kolom {', '.join(twice)} staat er meer dan eens")
    return names


def _lines(file: DeliveredFile, dialect: Dialect, faults: list[str]) -> Iterator[str]:
    """The lines of the file as text, with their line ends; raises Unreadable with the line that is no text.

    A null byte, which no text holds either, is noted in `faults`, so that the rows can still be counted.
    """
    with file.path.open("rb") as stream:
        text = io.TextIOWrapper(stream, encoding=_python_encoding(dialect), newline="")
        line_no = 0
        try:
            for line_no, line in enumerate(text, start=1):
                if "\0" in line:
                    faults.append(f"regel {line_no}: geen tekst (een nulbyte)")
                yield line.replace("\0", " ")
        except UnicodeDecodeError as error:
            raise Unreadable(
                f"na regel {line_no}: geen tekst in de codering {dialect.encoding} ({error.reason})"
            ) from None


def _python_encoding(dialect: Dialect) -> str:
    try:
        name = codecs.lookup(dialect.encoding).name
    except LookupError:
        raise Unreadable(f"de codering {dialect.encoding} in dialects.csv bestaat niet") from None
    # With or without byte order mark.
    return "utf-8-sig" if name == "utf-8" else name


def _records(file: DeliveredFile, dialect: Dialect, faults: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The records of the file with the line on which each begins, blank lines left out; the header is the first."""
    reader = csv.reader(_lines(file, dialect, faults), delimiter=dialect.delimiter, strict=True)
    line_no = 1
    try:
        for record in reader:
            if len(record) > 1 or "".join(record).strip():
                yield line_no, record
            line_no = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(f"regel {line_no}: aanhalingstekens die niet kloppen ({error})") from None


def _header(file: DeliveredFile, dialect: Dialect) -> tuple[int, list[str]]:
    """The line and the names of the first record; no names for a file without any."""
    return next(_records(file, dialect, []), (1, []))


def _copy_as_it_is(connection: psycopg.Connection, file: DeliveredFile, dialect: Dialect, width: int) -> int:
    _make_received(connection, width)
    command = sql.SQL("copy received ({}) from stdin (format csv, header, delimiter {}, encoding {})").format(
        sql.SQL(", ").join(_positions(width)),
        sql.Literal(dialect.delimiter),
        sql.Literal(_postgres_encoding(dialect)),
    )
    with file.path.open("rb") as stream, connection.cursor().copy(command) as copy:
        for chunk in _body(stream):
            copy.write(chunk)
    return _checked_count(connection, width)


def _checked_count(connection: psycopg.Connection, width: int) -> int:
    """The number of rows received; raises _NeedsCare when a field holds a line break."""
    with_breaks = sql.SQL(" || ").join(sql.SQL("coalesce({}, '')").format(position) for position in _positions(width))
    rows, broken = connection.execute(
        sql.SQL("select count(*), count(*) filter (where {} ~ '[\\r\\n]') from received").format(with_breaks)
    ).fetchone()
    if broken:
        raise _NeedsCare
    return rows


def _body(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of the file without a byte order mark; raises _NeedsCare where `COPY` would not see a plain file."""
    first, end = True, b""
    while chunk := stream.read(CHUNK):
        # COPY stops reading at a line of a backslash and a point, and loses the rest without a word.
        if b"\\." in end + chunk or b"\0" in chunk:
            raise _NeedsCare
        end = chunk[-1:]
        yield chunk.removeprefix(codecs.BOM_UTF8) if first else chunk
        first = False


def _copy_with_care(connection: psycopg.Connection, file: DeliveredFile, dialect: Dialect, width: int) -> int:
    _make_received(connection, width)
    faults: list[str] = []
    rows = 0
    columns = sql.SQL(", ").join([sql.Identifier("line_no"), *_positions(width)])
    with connection.cursor().copy(sql.SQL("copy received ({}) from stdin").format(columns)) as copy:
        records = _records(file, dialect, faults)
        next(records)
        for line_no, record in records:
            rows += 1
            if len(record) != width:
                faults.append(f"regel {line_no}: {len(record)} velden, de kop heeft er {width}")
            elif not faults:
                copy.write_row([line_no, *record])
    if faults:
        raise Unreadable(faults[0], rows=rows)
    return rows


def _make_received(connection: psycopg.Connection, width: int) -> None:
    """A temporary table for the rows of one file, in which PostgreSQL numbers the lines (the header is line 1)."""
    columns = sql.SQL(", ").join(sql.SQL("{} text").format(position) for position in _positions(width))
    connection.execute("drop table if exists pg_temp.received")
    connection.execute(
        sql.SQL(
            "create temporary table received (line_no bigint generated by default as identity (start 2), {})"
        ).format(columns)
    )


def _positions(width: int) -> list[sql.Identifier]:
    return [sql.Identifier(f"field_{position}") for position in range(1, width + 1)]


def _move_to_raw(connection: psycopg.Connection, feed: contract.Feed, names: list[str], drop_id: int) -> None:
    known = [(name, position) for name, position in zip(names, _positions(len(names)), strict=True)]
    known = [(name, position) for name, position in known if name in _columns(feed)]
    connection.execute(
        sql.SQL("insert into {} (drop_id, line_no{}) select {}, line_no{} from received order by line_no").format(
            sql.Identifier("raw", feed.name),
            sql.SQL("").join(sql.SQL(", {}").format(sql.Identifier(name)) for name, _ in known),
            sql.Literal(drop_id),
            sql.SQL("").join(sql.SQL(", {}").format(position) for _, position in known),
        )
    )
    connection.execute("drop table pg_temp.received")


def _postgres_encoding(dialect: Dialect) -> str:
    """PostgreSQL's name of the encoding; raises _NeedsCare for one that it does not know."""
    names = {"utf-8": "UTF8", "cp1252": "WIN1252", "iso8859-1": "LATIN1", "iso8859-15": "LATIN9"}
    name = names.get(codecs.lookup(dialect.encoding).name)
    if name is None:
        raise _NeedsCare
    return name
