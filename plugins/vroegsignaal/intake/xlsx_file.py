"""XLSX: the first visible sheet with data, read by a process that may take no more than a delivery needs."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

import psycopg
from psycopg import sql
from upath import UPath

from vroegsignaal.intake.csv_file import CUT_OFF
from vroegsignaal.intake.dialect import Dialect
from vroegsignaal.intake.faults import Unreadable
from vroegsignaal.intake.received import MAX_COLUMNS, Contents, make_table, positions

# A sheet of 200,000 rows of twenty columns unpacks to some 200 MB, at a ratio of fifteen to one; a bomb at a thousand.
MAX_UNPACKED, MAX_RATIO, MAX_ENTRIES = 400 << 20, 100, 1_000
# Of the process that reads; such a sheet takes it 0.4 GB.
MEMORY, SECONDS = 460 << 20, 120
# Rows of one cell take little memory, and a million of them take the door minutes.
MAX_ROWS = 250_000
_READER = Path(__file__).with_name("sheet.py")


def read(connection: psycopg.Connection, path: UPath, dialect: Dialect, *_: object) -> Contents:
    """Copy the rows of the first visible sheet with data into the temporary table `received`.

    The header is its first row that is not empty; a row's line is its number in the sheet. Dates become jjjj-mm-dd,
    whole numbers have no decimals, other numbers the dialect's decimal separator, and yes and no are j and n. Raises
    Unreadable for what is no workbook, or one that is too large to be a delivery.
    """
    with path.open("rb") as given, NamedTemporaryFile(suffix=".xlsx") as local:
        _refuse_bombs(given)
        given.seek(0)
        shutil.copyfileobj(given, local)
        local.flush()
        records = _records(local.name, dialect.decimal_separator)
        header_line, header = next(records, (1, []))
        if len(header) > MAX_COLUMNS:
            records.close()
            raise Unreadable(f"regel {header_line}: {len(header)} kolommen, meer dan {MAX_COLUMNS}")
        rows = _copy_rows(connection, records, len(header)) if header else 0
        return Contents(header_line, header, rows)


def _refuse_bombs(given: IO[bytes]) -> None:
    """Look at the list of contents before anything is unpacked; what lies there of its size meets the limits later."""
    try:
        with zipfile.ZipFile(given) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        # An archive's list of contents stands at its end.
        raise Unreadable(f"geen geldige XLSX; {CUT_OFF} of beschadigd") from None
    if len(entries) > MAX_ENTRIES:
        raise Unreadable(f"de XLSX bestaat uit meer dan {MAX_ENTRIES} onderdelen")
    unpacked, packed = (sum(getattr(entry, size) for entry in entries) for size in ("file_size", "compress_size"))
    # Small workbooks compress well.
    if unpacked > MAX_UNPACKED or (unpacked > MAX_UNPACKED // 10 and unpacked > packed * MAX_RATIO):
        raise Unreadable(f"de XLSX is uitgepakt te groot ({unpacked >> 20} MB)")
    if "xl/workbook.xml" not in {entry.filename for entry in entries}:
        raise Unreadable("geen XLSX-werkmap")


def _records(path: str, decimal_separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty with their number in the sheet, all of one width; the header is the first."""
    command = [sys.executable, "-I", str(_READER), path, decimal_separator, str(MEMORY), str(SECONDS)]
    with (
        # What it says when it breaks may hold a value.
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader,
        # When nobody reads on, this end of the pipe is closed, and that ends the reader.
        io.TextIOWrapper(reader.stdout, encoding="utf-8", newline="") as written,
    ):
        try:
            for line_no, *record in csv.reader(written):
                yield int(line_no), record
        except csv.Error:
            raise Unreadable("de XLSX heeft een cel van meer dan een megabyte") from None
    if reader.returncode < 0:
        raise Unreadable("de XLSX is te groot of beschadigd; lever het bestand aan als CSV")
    if reader.returncode:
        raise Unreadable("geen geldige XLSX (beschadigd)")


def _copy_rows(connection: psycopg.Connection, records: Iterator[tuple[int, list[str]]], width: int) -> int:
    make_table(connection, width)
    rows, fault = 0, None
    columns = sql.SQL(", ").join([sql.Identifier("line_no"), *positions(width)])
    with connection.cursor().copy(sql.SQL("copy received ({}) from stdin").format(columns)) as copy:
        for line_no, record in records:
            rows += 1
            if rows > MAX_ROWS:
                fault = fault or f"meer dan {MAX_ROWS} rijen; lever het bestand aan als CSV"
            elif "\0" in "".join(record):
                fault = fault or f"regel {line_no}: geen tekst (een nulbyte)"
            elif not fault:
                copy.write_row([line_no, *record])
    if fault:
        raise Unreadable(fault, rows)
    return rows
