"""Lay the warehouse's marts beside the printed tables, cell by cell."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from pilot.published import Place, cells, misprints, number
from pilot.scope import MUNICIPALITY

Query = Callable[[str], list[dict]]
"""Runs one SQL statement as the role bi and gives its rows."""
Derived = dict[Place, float]
"""(row, column) of the printed table -> what the marts hold; a cell that is absent is 0."""

EQUAL, CONTRADICTION, DIFFERENT = "equal", "report contradicts itself", "different"
TOTAL = "totaal"
OURS = f"where municipality_code = '{MUNICIPALITY}'"


class Cell(NamedTuple):
    """One printed cell beside what was derived; `why` says what is wrong with a cell that contradicts others."""

    table: str
    row: str
    column: str
    published: str
    derived: float
    verdict: str
    why: str = ""


def compare(query: Query) -> list[Cell]:
    """Every cell of the tables that the marts can be compared with, in the report's order."""
    return [
        cell
        for table, derive in (("table_2_01", _signals), ("table_2_02", _matches))
        for cell in _compared(table, derive(query))
    ]


def format_comparison(compared: Iterable[Cell]) -> str:
    """A line per table with how many cells agree, and a line for each cell that does not."""
    by_table: dict[str, list[Cell]] = {}
    for cell in compared:
        by_table.setdefault(cell.table, []).append(cell)
    lines = []
    for table, found in by_table.items():
        agree = sum(cell.verdict == EQUAL for cell in found)
        lines.append(f"{table}: {agree} of {len(found)} cells equal")
        lines += [_line(cell) for cell in found if cell.verdict != EQUAL]
    return "\n".join(lines)


def _line(cell: Cell) -> str:
    why = f": {cell.why}" if cell.why else ""
    return f"  {cell.row}, {cell.column}: printed {cell.published}, derived {cell.derived:g} ({cell.verdict}{why})"


def _compared(table: str, derived: Derived) -> list[Cell]:
    """The printed cells with a verdict; where the report contradicts itself, only what follows from it will do."""
    wrong = misprints(table)
    found = []
    for (row, column), printed in cells(table).items():
        value = round(float(derived.get((row, column), 0)), 1)
        verdict, why = EQUAL if value == number(printed) else DIFFERENT, ""
        if verdict == DIFFERENT and (row, column) in wrong and value == number(wrong[row, column].follows):
            verdict, why = CONTRADICTION, wrong[row, column].note
        found.append(Cell(table, row, column, printed, value, verdict, why))
    return found


def _signals(query: Query) -> Derived:
    """Table 2.1: accepted signals per month and creditor."""
    rows = query(f"select signal_month, creditor, signals from mart.signals_by_month_creditor {OURS}")  # noqa: S608 (constants)
    derived: Derived = {}
    for row in rows:
        month, creditor = _month(row), row["creditor"]
        for place in ((month, creditor), (month, TOTAL), (TOTAL, creditor), (TOTAL, TOTAL)):
            derived[place] = derived.get(place, 0) + int(row["signals"])
    return derived


def _matches(query: Query) -> Derived:
    """Table 2.2: matches per month and criterion; the percentage of the total row is ours to compute."""
    columns = ("same_month", "three_months", "total")
    rows = query(f"select signal_month, {', '.join(columns)}, pct_three_months from mart.matches_by_month {OURS}")  # noqa: S608 (constants)
    derived: Derived = {}
    for row in rows:
        derived[_month(row), "pct_three_months"] = float(row["pct_three_months"] or 0)
        for column in columns:
            derived[_month(row), column] = int(row[column])
            derived[TOTAL, column] = derived.get((TOTAL, column), 0) + int(row[column])
    if derived.get((TOTAL, "total")):
        derived[TOTAL, "pct_three_months"] = 100 * derived[TOTAL, "three_months"] / derived[TOTAL, "total"]
    return derived


def _month(row: dict) -> str:
    """`2018-09` of a row whose signal_month is a date, or its text."""
    return str(row["signal_month"])[:7]
