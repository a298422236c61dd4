"""Dialects: how a sender writes its files, as declared; and what a file looks like, which is only ever reported."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass, field
from hashlib import sha256

import psycopg
from upath import UPath

from vroegsignaal import contract
from vroegsignaal.landing import NOBODY, DeliveredFile

CSV, XLSX = "csv", "xlsx"
SAMPLE = 1 << 16
OWN_FILE_SAMPLE = 1 << 24
_WRITTEN_DELIMITERS = {"tab": "\t", r"\t": "\t"}
_SEPARATED = {
    ";": "gescheiden door puntkomma's",
    ",": "kommagescheiden",
    "\t": "tabgescheiden",
    "|": "gescheiden door |",
}
# How files begin that are no text.
_BEGINNINGS = {
    b"PK\x03\x04": "XLSX of een ander zip-bestand",
    b"\xd0\xcf\x11\xe0": "een oud Excel-bestand (XLS) of met een wachtwoord beveiligd",
    b"\x1f\x8b": "gecomprimeerd (gzip)",
    b"%PDF": "PDF",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


@dataclass(frozen=True)
class Dialect:
    """How a sender writes its files; the defaults are the contract's."""

    encoding: str = "utf-8"
    delimiter: str = ";"
    decimal_separator: str = ","
    thousands_separator: str = ""
    format: str = CSV
    creditor_column: str | None = None
    """Of a portal: the column that names the creditor of each row."""
    aliases: dict[str, str] = field(default_factory=dict)
    """The sender's own names of columns, in lower case, and the contract's."""
    fingerprint: str = ""
    """Of all that says how the sender is read: with another one, a file is read anew."""


def declared(connection: psycopg.Connection, file: DeliveredFile) -> Dialect:
    """The dialect of the file's sender: a creditor, a portal, or an own register by its folder (brp, shv, ris).

    What the platform wrote itself is read as a spreadsheet saves it, whatever dialect that folder has.
    """
    if contract.feeds()[file.feed].own_file:
        return _of_a_spreadsheet(file.path)
    row = connection.execute(
        "select encoding, delimiter, decimal_separator, coalesce(thousands_separator, ''), coalesce(format, 'csv')"
        " from config.dialects where creditor = %s",
        [file.sender],
    ).fetchone()
    portal = connection.execute(
        "select lower(creditor_column) from config.portals where portal = %s", [file.creditor]
    ).fetchone()
    encoding, delimiter, *others = row or ("utf-8", ";", ",", "", CSV)
    aliases = connection.execute(
        'select lower(alias), "column" from config.column_aliases where creditor = %s order by 1, 2', [file.sender]
    ).fetchall()
    # Who a portal means depends on who is in the register.
    register = connection.execute("select creditor, name from config.creditors order by 1").fetchall() if portal else []
    said = repr((encoding, delimiter, others, portal, aliases, register, portal and NOBODY))
    return Dialect(
        encoding,
        _WRITTEN_DELIMITERS.get(delimiter, delimiter),
        *others,
        creditor_column=portal and portal[0],
        aliases=dict(aliases),
        fingerprint=sha256(said.encode()).hexdigest(),
    )


def _of_a_spreadsheet(path: UPath) -> Dialect:
    """The contract's dialect, as a workbook or as the CSV that a spreadsheet makes of it: UTF-8, else Windows-1252."""
    if path.suffix.lower() == f".{XLSX}":
        return Dialect(format=XLSX)
    with path.open("rb") as stream:
        # A walking list has hundreds of rows; what is larger is none.
        is_utf8 = _decodes(stream.read(OWN_FILE_SAMPLE))
    return Dialect(encoding="utf-8" if is_utf8 else "windows-1252")


def kind_of_binary(beginning: bytes) -> str | None:
    """What a file that is no text is, by its first bytes; None for what may be text."""
    return next((kind for start, kind in _BEGINNINGS.items() if beginning.startswith(start)), None)


def looks_like(path: UPath, dialect: Dialect, feed: contract.Feed) -> str | None:
    """In words, what the file looks like where that is not its dialect; None when nothing stands out.

    It tells of encoding and separator by the beginning of the file, and never repeats what is in it.
    """
    with path.open("rb") as stream:
        sample = stream.read(SAMPLE)
    binary = kind_of_binary(sample)
    if binary:
        return None if dialect.format == XLSX and sample.startswith(b"PK") else f"het bestand lijkt {binary}"
    if dialect.format == XLSX:
        return "het bestand lijkt CSV of andere tekst"
    seen = [*_other_encoding(sample, dialect), *_other_delimiter(sample, dialect, feed)]
    return f"het bestand lijkt {' en '.join(seen)}" if seen else None


def _other_encoding(sample: bytes, dialect: Dialect) -> list[str]:
    declared_as = codecs.lookup(dialect.encoding).name
    # The end of the sample may lie within a character.
    is_utf8 = _decodes(sample[:-4] if len(sample) == SAMPLE else sample)
    if b"\0" in sample:
        return ["UTF-16 of geen tekst"]
    if declared_as == "utf-8" and not is_utf8:
        return ["Windows-1252"]
    if declared_as != "utf-8" and is_utf8 and not sample.isascii():
        return ["UTF-8"]
    return []


def _decodes(sample: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _other_delimiter(sample: bytes, dialect: Dialect, feed: contract.Feed) -> list[str]:
    """The delimiter with which the first line gives more names of the contract than with the declared one."""
    lines = sample.decode("latin-1").removeprefix("ï»¿").lstrip().splitlines()
    if not lines:
        return []
    known = {column.name for column in feed.columns}

    def names(delimiter: str) -> int:
        fields = next(csv.reader([lines[0]], delimiter=delimiter), [])
        return len(known & {field.strip().lower() for field in fields})

    best = max(_SEPARATED, key=names)
    return [_SEPARATED[best]] if names(best) > max(names(dialect.delimiter), 1) else []
