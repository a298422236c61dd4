"""From rows to tables: columns with their Dutch heads, marks for small numbers, and the row with totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from vroegsignaal.outbox.report.document import Cell, Heading, Table
from vroegsignaal.outbox.report.facts import Row
from vroegsignaal.outbox.report.numbers import NOTHING, Value, in_dutch, is_number

TOO_FEW = 5
"""Of fewer a percentage misleads."""
TOTAL = "totaal"
Words = dict[str, dict[str, str]]
"""What codes are called: list -> code -> Dutch."""


@dataclass(frozen=True)
class Column:
    """A column of a table: where its value comes from, its head, and how it reads.

    `of` names the columns with part and whole of a percentage: of a whole of fewer than five it is marked, and in the
    row with totals it is computed from theirs. `to` names the column with the other end of a range. `total` is what
    stands in the row with totals: the sum (of counts, unless said otherwise), `min`, `max`, the mean `by` another
    column, or `none`.
    """

    name: str
    label: str
    kind: str = "text"
    words: str = ""
    of: tuple[str, ...] = ()
    to: str = ""
    total: str = ""
    by: str = ""

    def cell(self, row: Row, words: Words) -> Cell:
        """What a row says in this column."""
        value = row[self.name]
        small = _is_small(row, self.of)
        if self.to:
            low, high = in_dutch(value, self.kind), in_dutch(row[self.to], self.kind)
            text = low if value is None or low == high else f"{low} {NOTHING} {high}"
            return Cell(text, value, small and value is not None)
        if self.words and value is not None:
            value = words.get(self.words, {}).get(str(value), value)
        return Cell(in_dutch(value, self.kind), value, small and value is not None)

    def total_cell(self, rows: Sequence[Row]) -> Cell:
        """What the row with totals says in this column: nothing, where that would mean nothing."""
        value = self._total(rows)
        if value is None:
            return Cell("")
        whole = _sum(rows, self.of[1]) if self.of else None
        return Cell(in_dutch(value, self.kind), value, whole is not None and whole < TOO_FEW)

    def _total(self, rows: Sequence[Row]) -> Value:
        if self.to or self.total == "none":
            return None
        if len(self.of) > 1:
            part, whole = _sum(rows, self.of[0]), _sum(rows, self.of[1])
            return 100 * part / whole if whole else None
        values = [Decimal(str(row[self.name])) for row in rows if row[self.name] is not None and is_number(self.kind)]
        if not values:
            return None
        if self.total == "mean":
            number = _sum(rows, self.by)
            return sum((row[self.name] or 0) * row[self.by] for row in rows) / number if number else None
        if self.total or self.kind == "count":
            return {"": sum, "sum": sum, "min": min, "max": max}[self.total](values)
        return None


def table(
    caption: str,
    source: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    words: Words,
    *,
    with_total: bool = False,
    note: str = "",
) -> Table:
    """A table of rows, with what explains it below; `with_total`: ending with the row with totals."""
    cells = [[column.cell(row, words) for column in columns] for row in rows]
    headings = [Heading(column.label, is_number(column.kind)) for column in columns]
    total = [Cell(TOTAL), *(column.total_cell(rows) for column in columns[1:])] if with_total else []
    return Table(caption, source, headings, cells, total, note)


def pivoted(rows: Sequence[Row], down: str, across: str, value: str) -> list[Row]:
    """A row for each value of `down`, a column for each of `across`, and `TOTAL`; None for what is not there."""
    names = {str(row[across]) for row in rows}
    turned: dict[Value, Row] = {}
    for row in rows:
        into = turned.setdefault(row[down], {down: row[down], **dict.fromkeys(names), TOTAL: 0})
        into[str(row[across])] = row[value]
        into[TOTAL] += row[value]
    return list(turned.values())


def _is_small(row: Row, of: tuple[str, ...]) -> bool:
    whole = row[of[-1]] if of else None
    return whole is not None and whole < TOO_FEW


def _sum(rows: Sequence[Row], name: str) -> Decimal:
    return sum((Decimal(str(row[name] or 0)) for row in rows), Decimal(0))
