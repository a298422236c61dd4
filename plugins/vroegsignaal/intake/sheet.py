"""A program of its own, which writes the first visible sheet with data of a workbook as CSV: line, values.

A workbook may be made to take any amount of memory: a cell in the last corner, one long text shared by a million cells.
Here that ends this process and nothing else. Usage: sheet.py FILE DECIMAL_SEPARATOR MEMORY_IN_BYTES SECONDS
"""

from __future__ import annotations

import csv
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from decimal import Decimal


def main(path: str, decimal_separator: str, memory: str, seconds: str) -> None:
    """Write the rows that are not empty, each after its number in the sheet, to the standard output."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds),) * 2)
    # macOS knows the limit by name only.
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (int(memory),) * 2)
    sys.stdout.reconfigure(encoding="utf-8", newline="")
    write = csv.writer(sys.stdout, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow
    for line_no, row in _rows(path):
        record = [value if type(value) is str else _text(value, decimal_separator) for value in row]
        if any(record):
            write([line_no, *record])


def _rows(path: str) -> Iterator[tuple[int, list]]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    workbook = CalamineWorkbook.from_path(path)
    for sheet in workbook.sheets_metadata:
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible:
            cells = workbook.get_sheet_by_name(sheet.name)
            if cells.height:
                yield from enumerate(cells.iter_rows(), start=1)
                return


def _text(value: object, decimal_separator: str) -> str:
    """A cell's value as its sender sees it."""
    if isinstance(value, bool):
        return "j" if value else "n"
    if isinstance(value, float):
        # Fifteen digits are what a spreadsheet holds of a number.
        return format(Decimal(f"{value:.15g}"), "f").replace(".", decimal_separator)
    return str(value.date() if isinstance(value, datetime) else value)


if __name__ == "__main__":
    main(*sys.argv[1:])
