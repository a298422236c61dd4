"""XLSX: the first sheet with data, as its sender sees it, read only after it was measured.

What python-calamine reads is a copy of exactly what was measured: the sizes that an archive states may be lies.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
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

CHUNK = 1 << 20
# A sheet of 200,000 rows of twenty columns unpacks to some 200 MB, at a ratio of ten to one; a bomb at a thousand.
MAX_UNPACKED, MAX_RATIO, MAX_ENTRIES = 400 << 20, 100, 1_000
# The reader keeps a cell for every place between the first and the last, at some 30 bytes.
MAX_CELLS = 6_000_000
_NEEDED = re.compile(r"xl/.+\.(xml|rels)|_rels/\.rels|\[Content_Types\]\.xml", re.IGNORECASE)
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_CELL = re.compile(rb"[<:]c[\s/>]")
# The place of a cell as nearly all programs write it, and as the others do (which is five times slower to find).
_PLACES = [
    (re.compile(start + rb'"([A-Z]{1,3})[0-9]'), re.compile(start + rb'"[A-Z]{1,3}([0-9]{1,7})"'))
    for start in (rb"<c r=", rb"<(?:\w+:)?c (?:[^<>]* )?r=")
]


def read(connection: psycopg.Connection, path: UPath, dialect: Dialect) -> Contents:
    """Copy the rows of the first visible sheet with data into the temporary table `received`.

    The header is its first row that is not empty; a row's line is its number in the sheet. Dates become jjjj-mm-dd,
    whole numbers have no decimals, other numbers the dialect's decimal separator, and yes and no are j and n. Raises
    Unreadable for what is no workbook, or one that is too large to be a delivery.
    """
    with path.open("rb") as given, NamedTemporaryFile(suffix=".xlsx") as measured, _words_for_faults():
        _copy_measured(given, measured)
        measured.flush()
        records = _records(Path(measured.name), dialect.decimal_separator)
        header_line, header = next(records, (1, []))
        if not header:
            return Contents(header_line, header, 0)
        return Contents(header_line, header, _copy_rows(connection, records, len(header)))


def _copy_rows(connection: psycopg.Connection, records: Iterator[tuple[int, list[str]]], width: int) -> int:
    make_table(connection, width)
    rows, fault = 0, None
    columns = sql.SQL(", ").join([sql.Identifier("line_no"), *positions(width)])
    with connection.cursor().copy(sql.SQL("copy received ({}) from stdin").format(columns)) as copy:
        for line_no, record in records:
            rows += 1
            if "\0" in "".join(record):
                fault = fault or f"regel {line_no}: geen tekst (een nulbyte)"
            elif not fault:
                copy.write_row([line_no, *record])
    if fault:
        raise Unreadable(fault, rows)
    return rows


@contextmanager
def _words_for_faults() -> Iterator[None]:
    """What the archive or its reader stumbles over, as Unreadable."""
    from python_calamine import CalamineError

    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        # An archive's list of contents stands at its end.
        raise Unreadable(f"geen geldige XLSX; {CUT_OFF} of beschadigd ({type(error).__name__})") from None
    except (CalamineError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Unreadable(f"geen geldige XLSX ({type(error).__name__})") from None
    except BaseException as error:
        # The reader is written in Rust; its panics are no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise Unreadable("geen geldige XLSX (beschadigd)") from None


# -- measuring


def _copy_measured(given: IO[bytes], measured: IO[bytes]) -> None:
    """Copy what is needed of a workbook, unpacked; raises Unreadable for what is too large or no workbook."""
    with zipfile.ZipFile(given) as archive, zipfile.ZipFile(measured, "w") as copy:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise Unreadable(f"de XLSX bestaat uit meer dan {MAX_ENTRIES} onderdelen")
        unpacked, packed = (sum(getattr(e, size) for e in entries) for size in ("file_size", "compress_size"))
        # Small workbooks compress well.
        if unpacked > MAX_UNPACKED or (unpacked > MAX_UNPACKED // 10 and unpacked > packed * MAX_RATIO):
            raise Unreadable(f"de XLSX is uitgepakt te groot ({unpacked >> 20} MB)")
        needed = {entry.filename: entry for entry in entries if _NEEDED.fullmatch(entry.filename)}
        if "xl/workbook.xml" not in needed:
            raise Unreadable("geen XLSX-werkmap")
        for name, entry in needed.items():
            with archive.open(entry) as source, copy.open(name, "w") as target:
                _copy_entry(source, target, is_sheet=bool(_SHEET.fullmatch(name)))


def _copy_entry(source: IO[bytes], target: IO[bytes], *, is_sheet: bool) -> None:
    columns = rows = 0
    tail = b""
    while chunk := source.read(CHUNK):
        target.write(chunk)
        text = tail + chunk
        if b"<!DOCTYPE" in text or b"\0" in text:
            raise Unreadable("geen geldige XLSX (onverwachte tekens of verwijzingen)")
        # Elements are looked at whole: what the chunk broke off waits for the next.
        cut = text.rfind(b"<") if len(chunk) == CHUNK else len(text)
        tail = text[cut:]
        if len(tail) > CHUNK:
            raise Unreadable("een cel van meer dan een megabyte")
        if is_sheet:
            right, bottom = _extent(text[:cut])
            columns, rows = max(columns, right), max(rows, bottom)
            if columns > MAX_COLUMNS:
                raise Unreadable(f"meer dan {MAX_COLUMNS} kolommen")
            if columns * rows > MAX_CELLS:
                raise Unreadable(f"een werkblad van {rows} rijen en {columns} kolommen is te groot; lever CSV aan")


def _extent(sheet: bytes) -> tuple[int, int]:
    """The last column and row of the cells in a piece of a sheet; raises Unreadable for a cell without a place."""
    cells = len(_CELL.findall(sheet))
    for column, row in _PLACES:
        # Found apart, each as one flat list: pairs would take twice the time.
        columns, rows = column.findall(sheet), row.findall(sheet)
        if len(columns) == len(rows) == cells:
            break
    else:
        raise Unreadable("geen geldige XLSX (cellen zonder plaats)")
    letters = max(set(columns), key=lambda name: (len(name), name), default=b"")
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number, max(map(int, set(rows)), default=0)


# -- reading


def _records(path: Path, decimal_separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty with their number in the sheet, all of one width; the header is the first."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    with CalamineWorkbook.from_path(str(path)) as workbook:
        for sheet in workbook.sheets_metadata:
            if sheet.typ != SheetTypeEnum.WorkSheet or sheet.visible != SheetVisibleEnum.Visible:
                continue
            cells = workbook.get_sheet_by_name(sheet.name)
            if cells.height:
                for line_no, row in enumerate(cells.iter_rows(), start=1):
                    record = [value if type(value) is str else _text(value, decimal_separator) for value in row]
                    if any(record):
                        yield line_no, record
                return


def _text(value: object, decimal_separator: str) -> str:
    """A cell's value as its sender sees it."""
    if isinstance(value, bool):
        return "j" if value else "n"
    if isinstance(value, float):
        # Fifteen digits are what a spreadsheet holds of a number.
        return format(Decimal(f"{value:.15g}"), "f").replace(".", decimal_separator)
    return str(value.date() if isinstance(value, datetime) else value)
