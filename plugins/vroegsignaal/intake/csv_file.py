"""CSV: a file goes to PostgreSQL as it is (`COPY`); only what cannot go that way is read record by record."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import psycopg
from psycopg import sql
from upath import UPath

from vroegsignaal.intake.dialect import Dialect, kind_of_binary
from vroegsignaal.intake.faults import Unreadable
from vroegsignaal.intake.received import MAX_COLUMNS, Contents, Target, make_table, positions

CHUNK = 1 << 20
# In characters. A field of more than a megabyte is a file with a quotation mark that is never closed.
FIELD_LIMIT, LINE_LIMIT, RECORD_LIMIT = 1 << 20, 4 << 20, 16 << 20
csv.field_size_limit(FIELD_LIMIT)
CUT_OFF = "het bestand lijkt afgebroken"
_POSTGRES_ENCODINGS = {"utf-8": "UTF8", "cp1252": "WIN1252", "iso8859-1": "LATIN1", "iso8859-15": "LATIN9"}


def read(
    connection: psycopg.Connection, path: UPath, dialect: Dialect, straight: Callable[[list[str]], Target | None]
) -> Contents:
    """Copy the rows of a file to where `straight` says for its header, else into the temporary table `received`.

    Each row has its line. Only what PostgreSQL cannot take as it is (a ragged row, line breaks within quotes, blank
    lines, other line ends) is read again by Python, which knows the line of each record. Raises Unreadable, with the
    line.
    """
    line_no, header = _header(path, dialect)
    if not header:
        return Contents(line_no, header, 0)
    if len(header) > MAX_COLUMNS:
        rows = sum(1 for _ in _records(path, dialect, _Progress())) - 1
        raise Unreadable(f"regel {line_no}: {len(header)} kolommen, meer dan {MAX_COLUMNS}", rows)
    # With one column, PostgreSQL would take a blank line for a row; a header of several lines shifts the numbers.
    plain = line_no == 1 and len(header) > 1 and not any("\n" in name or "\r" in name for name in header)
    try:
        if not plain:
            raise _NeedsCare
        with connection.transaction():
            in_raw = straight(header)
            rows = _copy_as_it_is(connection, path, dialect, in_raw or make_table(connection, len(header)))
        return Contents(line_no, header, rows, in_raw=in_raw is not None)
    except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded, _NeedsCare):
        with connection.transaction():
            rows = _copy_with_care(connection, path, dialect, len(header))
        return Contents(line_no, header, rows)


class _NeedsCare(Exception):
    """PostgreSQL cannot take the file as it is, or took it, but only a careful reading tells whether rightly so."""


# -- as it is


def _copy_as_it_is(connection: psycopg.Connection, path: UPath, dialect: Dialect, target: Target) -> int:
    encoding = _POSTGRES_ENCODINGS.get(codecs.lookup(dialect.encoding).name)
    if encoding is None:
        raise _NeedsCare
    command = sql.SQL("copy {} ({}) from stdin (format csv, header, delimiter {}, encoding {})").format(
        target.table, sql.SQL(", ").join(target.columns), sql.Literal(dialect.delimiter), sql.Literal(encoding)
    )
    quoted = False
    with path.open("rb") as stream, connection.cursor() as cursor:
        with cursor.copy(command) as copy:
            for chunk in _body(stream, dialect.delimiter):
                quoted = quoted or b'"' in chunk
                copy.write(chunk)
        rows = cursor.rowcount
    # A line break within a field takes quotation marks.
    if quoted and _has_line_breaks(connection, target):
        raise _NeedsCare
    return rows


def _has_line_breaks(connection: psycopg.Connection, target: Target) -> bool:
    fields = sql.SQL(" || ").join(sql.SQL("coalesce({}, '')").format(column) for column in target.columns)
    return connection.execute(
        sql.SQL("select exists (select 1 from {} where {} and {} ~ '[\\r\\n]')").format(
            target.table, target.condition, fields
        )
    ).fetchone()[0]


def _body(stream: BinaryIO, delimiter: str) -> Iterator[bytes]:
    """The bytes of the file without a byte order mark; raises _NeedsCare where `COPY` would not see a plain file."""
    odd_quote = _odd_quote(re.escape(delimiter.encode()))
    first, end = True, b""
    while chunk := stream.read(CHUNK):
        if first:
            first, chunk = False, chunk.removeprefix(codecs.BOM_UTF8)
        seen = end + chunk
        # COPY stops reading at a line of a backslash and a point, and loses the rest without a word.
        if b"\\." in seen or b"\0" in chunk or (b'"' in seen and odd_quote.search(seen)):
            raise _NeedsCare
        # From the beginning of the last line on, which may be in the middle of a field.
        end = seen[max(seen.rfind(b"\n"), len(seen) - RECORD_LIMIT) :]
        yield chunk


def _odd_quote(delimiter: bytes) -> re.Pattern[bytes]:
    """Finds quotation marks with which `COPY` would change a value or join two fields without a word.

    One that neither begins nor ends a field; one after the beginning of a field without it; two at its beginning. Some
    right fields look like that as well (a delimiter within quotation marks): reading with care then tells.
    """
    border = delimiter + rb"\r\n"
    return re.compile(
        rb'"(?<=[^%(b)b"]")(?=[^%(b)b"])|(?:^|[%(b)b])[^%(b)b"]+"|(?:^|[%(b)b])""[^%(b)b"]' % {b"b": border}
    )


# -- with care


@dataclass
class _Progress:
    """How far a careful reading is: the first fault, and the characters of the record that is being read."""

    fault: str | None = None
    length: int = 0

    def note(self, fault: str) -> None:
        self.fault = self.fault or fault


def _copy_with_care(connection: psycopg.Connection, path: UPath, dialect: Dialect, width: int) -> int:
    make_table(connection, width)
    progress = _Progress()
    rows = last_was_short = 0
    columns = sql.SQL(", ").join([sql.Identifier("line_no"), *positions(width)])
    with connection.cursor().copy(sql.SQL("copy received ({}) from stdin").format(columns)) as copy:
        records = _records(path, dialect, progress)
        next(records)
        for line_no, record in records:
            rows += 1
            last_was_short = not progress.fault and len(record) < width
            if len(record) != width:
                progress.note(f"regel {line_no}: {len(record)} velden, de kop heeft er {width}")
            elif not progress.fault:
                copy.write_row([line_no, *record])
    if progress.fault:
        raise Unreadable(f"{progress.fault}; {CUT_OFF}" if last_was_short else progress.fault, rows)
    return rows


def _header(path: UPath, dialect: Dialect) -> tuple[int, list[str]]:
    """The line and the names of the first record; no names for a file without any."""
    with path.open("rb") as stream:
        kind = kind_of_binary(stream.read(8))
    if kind and kind != codecs.lookup(dialect.encoding).name.upper():
        raise Unreadable("regel 1: geen tekst")
    return next(_records(path, dialect, _Progress()), (1, []))


def _records(path: UPath, dialect: Dialect, progress: _Progress) -> Iterator[tuple[int, list[str]]]:
    """The records of the file with the line on which each begins, blank lines left out; the header is the first."""
    reader = csv.reader(_lines(path, dialect, progress), delimiter=dialect.delimiter, strict=True)
    line_no = 1
    try:
        for record in reader:
            progress.length = 0
            if len(record) > 1 or "".join(record).strip():
                yield line_no, record
            line_no = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise Unreadable(f"regel {line_no}: een aanhalingsteken dat niet wordt gesloten; {CUT_OFF}") from None
        raise Unreadable(f"regel {line_no}: aanhalingstekens die niet kloppen ({error})") from None


def _lines(path: UPath, dialect: Dialect, progress: _Progress) -> Iterator[str]:
    """The lines of the file as text, with their line ends; raises Unreadable with the line that is no text or endless.

    A null byte, which no text holds either, is noted as a fault, so that the rows can still be counted.
    """
    with path.open("rb") as stream:
        text = io.TextIOWrapper(stream, encoding=_python_encoding(dialect), newline="")
        line_no = 0
        try:
            while line := text.readline(LINE_LIMIT):
                line_no += 1
                progress.length += len(line)
                if len(line) == LINE_LIMIT or progress.length > RECORD_LIMIT:
                    raise Unreadable(f"regel {line_no}: een regel of record zonder einde")
                if "\0" in line:
                    progress.note(f"regel {line_no}: geen tekst (een nulbyte)")
                    line = line.replace("\0", " ")
                yield line
        except UnicodeError:
            raise Unreadable(_no_text(path, dialect)) from None


def _no_text(path: UPath, dialect: Dialect) -> str:
    """Where the file stops being text: decoding runs ahead of the lines, so that the line is looked for."""
    decoder = codecs.getincrementaldecoder(_python_encoding(dialect))()
    line_no, text = 1, ""
    with path.open("rb") as stream:
        try:
            while chunk := stream.read(CHUNK):
                text = decoder.decode(chunk)
                line_no += text.count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            text = error.object[: error.start].decode(dialect.encoding, "replace")
            line_no += text.count("\n")
        except UnicodeError:
            return f"regel 1: geen {dialect.encoding} (er staat geen byte order mark)"
    return f"regel {line_no}: geen tekst in de codering {dialect.encoding}"


def _python_encoding(dialect: Dialect) -> str:
    name = codecs.lookup(dialect.encoding).name
    # With or without byte order mark.
    return "utf-8-sig" if name == "utf-8" else name
