"""Lay the warehouse's marts beside the printed tables, cell by cell.

A cell is equal when what was derived, rounded as the report rounds, is what it prints. Where the report contradicts
itself no rows can give all that is printed: there the cells that the others rule out may differ, each in one way only.
"""

from collections.abc import Iterable
from typing import NamedTuple

from pilot.derived import TABLES, Derived, Query
from pilot.derived.contacts import parts
from pilot.published import cells, misprints, notes, number

EQUAL, CONTRADICTION, DIFFERENT = "equal", "report contradicts itself", "different"
NEARLY = 1e-6
"""Room for what is lost in binary fractions."""


class Cell(NamedTuple):
    """One printed cell beside what was derived; `why` says what contradicts what, and is empty for most cells."""

    table: str
    row: str
    column: str
    published: str
    derived: float
    verdict: str
    why: str = ""


def compare(query: Query) -> list[Cell]:
    """Every cell of the tables, figures and texts, in the report's order."""
    return [cell for table, derive in TABLES.items() for cell in _compared(table, derive(query))]


def format_comparison(compared: Iterable[Cell], *, every_cell: bool = False) -> str:
    """A line per table with how many cells agree, and a line for each cell that does not, or for every cell."""
    by_table: dict[str, list[Cell]] = {}
    for cell in compared:
        by_table.setdefault(cell.table, []).append(cell)
    lines = []
    for table, found in by_table.items():
        lines.append(f"{table}: {_count(found, EQUAL)} of {len(found)} cells equal")
        lines += [_line(cell) for cell in found if every_cell or cell.verdict != EQUAL]
    found = [cell for of_table in by_table.values() for cell in of_table]
    lines.append(
        f"All: {_count(found, EQUAL)} of {len(found)} cells equal, {_count(found, CONTRADICTION)} in which the report"
        f" contradicts itself, {_count(found, DIFFERENT)} different"
    )
    return "\n".join(lines)


def _count(found: list[Cell], verdict: str) -> int:
    return sum(cell.verdict == verdict for cell in found)


def _line(cell: Cell) -> str:
    why = f": {cell.why}" if cell.why else ""
    return f"  {cell.row}, {cell.column}: printed {cell.published}, derived {cell.derived:.7g} ({cell.verdict}{why})"


def _compared(table: str, derived: Derived) -> list[Cell]:
    """The printed cells with a verdict; where the report contradicts itself, only what follows from it will do."""
    wrong, said = misprints(table), notes(table)
    # However a label joins its parts: the report itself does so in two ways.
    values = {(*parts(row), column): value for (row, column), value in derived.items()}
    found = []
    for (row, column), printed in cells(table).items():
        value = values.get((*parts(row), column), 0.0)
        verdict = EQUAL if _rounds_to(value, printed) else DIFFERENT
        if verdict == DIFFERENT and (row, column) in wrong and _rounds_to(value, wrong[row, column].follows):
            verdict = CONTRADICTION
        why = said.get((row, column), "") if verdict != DIFFERENT else ""
        found.append(Cell(table, row, column, printed, round(value, 1), verdict, why))
    return found


def _rounds_to(value: float, printed: str) -> bool:
    """Whether the value is the printed one at the printed precision; a half may go either way.

    The marts round too, and what they rounded to a half may have been less: 281,49 stands there as 281,5.
    """
    decimals = len(printed.partition(",")[2])
    return abs(value - number(printed)) <= 0.5 * 10**-decimals + NEARLY
