"""A walking list as a case worker hands it back."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl

Filled = dict[str, dict[str, object]]
"""Case number -> column -> what the case worker fills in."""


def filled_in(workbook: Path, filled: Filled) -> bytes:
    """A handed out workbook with cells filled in."""
    book = openpyxl.load_workbook(workbook)
    sheet = book["Looplijst"]
    place = {cell.value: cell.column for cell in sheet[1]}
    for line in range(2, sheet.max_row + 1):
        for column, value in filled.get(sheet.cell(line, place["zaaknummer"]).value, {}).items():
            sheet.cell(line, place[column]).value = value
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
