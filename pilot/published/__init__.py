"""The tables as the report prints them, one file per table or figure.

Columns: row, column, value (as printed), follows (what the report's own cells lead to where the printed value cannot
hold) and note (why, or what else there is to say). Creditors and months have their codes, other labels read as printed.
"""

import csv
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
Place = tuple[str, str]
"""(row, column) of a cell."""


class Misprint(NamedTuple):
    """A cell that cannot hold, and what the report's other cells lead to."""

    follows: str
    note: str


def cells(table: str) -> dict[Place, str]:
    """The cells of a table such as `table_2_01`, as printed."""
    return {(line["row"], line["column"]): line["value"] for line in _lines(table)}


def misprints(table: str) -> dict[Place, Misprint]:
    """The cells of the table that no set of rows can meet."""
    return {
        (line["row"], line["column"]): Misprint(line["follows"], line["note"])
        for line in _lines(table)
        if line["follows"]
    }


def notes(table: str) -> dict[Place, str]:
    """What there is to say of cells of the table: why one cannot hold, or how one holds beside others."""
    return {(line["row"], line["column"]): line["note"] for line in _lines(table) if line["note"]}


def number(text: str) -> float:
    """A printed number (`2.714`, `32,2`, `-`) as a number; a dash is zero."""
    return 0.0 if text == "-" else float(text.replace(".", "").replace(",", "."))


def _lines(table: str) -> list[dict[str, str]]:
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))
