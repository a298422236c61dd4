"""Reading a mart, and what a printed table has besides its rows: totals."""

from collections.abc import Callable, Iterable, Sequence

from pilot.scope import MUNICIPALITY

Query = Callable[[str], list[dict]]
"""Runs one SQL statement as the role bi and gives its rows."""
Derived = dict[tuple[str, str], float]
"""(row, column) of the printed table -> what the marts hold; a cell that is absent is 0."""

TOTAL = "totaal"
PERIOD = "pilot"
UNKNOWN = "onbekend"


def read(query: Query, mart: str, columns: Sequence[str], *, of_period: bool = True) -> list[dict]:
    """The municipality's rows of a mart; those of the pilot's period unless the mart has months instead."""
    where = f"municipality_code = '{MUNICIPALITY}'" + (f" and period = '{PERIOD}'" if of_period else "")
    return query(f"select {', '.join(columns)} from mart.{mart} where {where}")  # noqa: S608 (constants)


def month(row: dict, column: str = "signal_month") -> str:
    """`2018-09` of a row whose month is a date, or its text."""
    return str(row[column])[:7]


def value(row: dict, column: str) -> float:
    """A number of a row; nothing is 0."""
    return float(row[column] or 0)


def counted(rows: Iterable[tuple[str, dict]], columns: Sequence[str]) -> Derived:
    """The columns of each named row, and their sums in the total row."""
    derived: Derived = {}
    for name, row in rows:
        for column in columns:
            derived[name, column] = value(row, column)
            derived[TOTAL, column] = derived.get((TOTAL, column), 0) + value(row, column)
    return derived


def percentages(rows: Iterable[tuple[str, dict]], column: str) -> Derived:
    """A column of percentages as the mart has them, and the whole in the total row."""
    derived = {(name, column): value(row, column) for name, row in rows}
    return derived | ({(TOTAL, column): 100.0} if derived else {})


def share(part: float, whole: float) -> float:
    """A percentage; of nothing it is 0."""
    return 100 * part / whole if whole else 0.0


def ranges(rows: Iterable[tuple[str, dict]]) -> Derived:
    """Number, minimum, maximum and mean of each named row and, from these, of all of them together."""
    derived: Derived = {}
    found = [(name, row) for name, row in rows if row["n"]]
    for name, row in found:
        for column in RANGE:
            derived[name, column] = value(row, column)
    if found:
        n = sum(value(row, "n") for _, row in found)
        derived[TOTAL, "n"] = n
        derived[TOTAL, "min_eur"] = min(value(row, "min_eur") for _, row in found)
        derived[TOTAL, "max_eur"] = max(value(row, "max_eur") for _, row in found)
        derived[TOTAL, "mean_eur"] = sum(value(row, "n") * value(row, "mean_eur") for _, row in found) / n
    return derived


RANGE = ("n", "min_eur", "max_eur", "mean_eur")
"""The columns of a range of amounts."""
