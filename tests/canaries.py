"""Markers in place of a person's data, and looking for them in everything that was written, however it is encoded."""

from __future__ import annotations

import base64
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

# One for each kind of data, all of them used nowhere else. Where a text is written in another case it is found as well.
MARKERS = {
    "name": ("Kanarieveer", "Kanariegade", "Kanarievoorlet", "Kanarievoorvoeg"),
    "street": ("Kanariesteeg", "Kanariedorp"),
    "postcode": ("9919ZQ", "9919 ZQ"),
    "birth date": ("1903-02-05", "05-02-1903"),
    "bsn": ("999971116", "999972224"),
    "phone": ("0699918273",),
    "email": ("kanariepost@nest.example",),
    "customer": ("Kanarieklant",),
    "signal": ("Kanariesein",),
    "remark": ("Kanarielied",),
}
DIRECT = frozenset(MARKERS) - {"signal", "remark"}
_OPENED_AT_MOST = 4


def marks(data: bytes) -> set[str]:
    """The kinds of markers in some bytes, and in what is packed in them."""
    return set().union(*(_marks(opened) for opened in _opened(data)))


def _marks(data: bytes) -> set[str]:
    low = data.lower()
    found = {kind for kind, pattern in _plain().items() if pattern.search(low)}
    return found | {kind for kind, pattern in _base64().items() if pattern.search(data)}


@cache
def _plain() -> dict[str, re.Pattern[bytes]]:
    """UTF-8, Latin-1 and CP1252 (which write these markers alike), UTF-16 of either order, and hexadecimal digits."""
    return {
        kind: re.compile(
            b"|".join(
                re.escape(form)
                for word in words
                for text in [word.lower()]
                for form in (
                    text.encode(),
                    text.encode("utf-16-le"),
                    text.encode("utf-16-be"),
                    word.encode().hex().encode(),
                    text.encode().hex().encode(),
                )
            )
        )
        for kind, words in MARKERS.items()
    }


@cache
def _base64() -> dict[str, re.Pattern[bytes]]:
    """The characters that a marker becomes whatever stands before it: those of its whole groups of three bytes."""
    return {
        kind: re.compile(
            b"|".join(
                re.escape(form)
                for word in words
                for spelled in {word, word.lower(), word.upper()}
                for encoding in ("utf-8", "utf-16-le")
                for form in _in_base64(spelled.encode(encoding))
            )
        )
        for kind, words in MARKERS.items()
    }


def _in_base64(data: bytes) -> Iterator[bytes]:
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + data)
        form = whole[4 if before else 0 : -4 if whole.endswith(b"=") else None]
        # Shorter ones stand in any long text.
        if len(form) >= 8:
            yield form


def _opened(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """The bytes, and what is in them: of archives and workbooks, of what is compressed, of the parts of a mail."""
    yield data
    if depth == _OPENED_AT_MOST:
        return
    for inner in _inside(data):
        yield from _opened(inner, depth + 1)


def _inside(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif data.startswith(b"\x1f\x8b"):
        with suppress(OSError, EOFError, zlib.error):
            yield gzip.decompress(data)
    elif data.startswith(b"%PDF"):
        for stream in re.finditer(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            with suppress(zlib.error):
                yield zlib.decompress(stream[1])
    elif b"\nContent-Type: multipart/" in data or data.startswith(b"Content-Type: multipart/"):
        for part in message_from_bytes(data).walk():
            if isinstance(payload := part.get_payload(decode=True), bytes):
                yield payload


def in_files(folder: Path, *left_out: Path) -> dict[Path, set[str]]:
    """The files of a folder with a marker in them or in their name, but for what is left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(path.is_relative_to(other) for other in left_out):
            kinds = marks(path.read_bytes()) | marks(str(path.relative_to(folder)).encode())
            if kinds:
                found[path.relative_to(folder)] = kinds
    return found


def in_database(connection: psycopg.Connection) -> dict[str, set[str]]:
    """The columns of a database (`schema.table.column`) with a marker in a value, a default or a comment."""
    found: dict[str, set[str]] = {}
    # Views of the policy look at the month of the run.
    connection.execute("select set_config('vroegsignaal.month', '2022-02-01', false)")
    columns = connection.execute(
        """
        select relation.relnamespace::regnamespace::text, relation.relname, attribute.attname
        from pg_class as relation
        inner join pg_attribute as attribute on attribute.attrelid = relation.oid
        where
            relation.relkind in ('r', 'v', 'm', 'p', 'f')
            and relation.relnamespace::regnamespace::text !~ '^(pg_toast|pg_temp|information_schema)'
            -- Of PostgreSQL's own only where somebody could have written: its statistics are of the same columns.
            and (
                relation.relnamespace <> 'pg_catalog'::regnamespace
                or relation.relname in ('pg_description', 'pg_attrdef')
            )
            and attribute.attnum > 0 and not attribute.attisdropped
        """
    ).fetchall()
    for schema, table, column in columns:
        query = sql.SQL("select string_agg({column}::text, chr(10)) from {table}").format(
            column=sql.Identifier(column), table=sql.Identifier(schema, table)
        )
        ((text,),) = connection.execute(query).fetchall()
        if text and (kinds := marks(text.encode())):
            found[f"{schema}.{table}.{column}"] = kinds
    return found
