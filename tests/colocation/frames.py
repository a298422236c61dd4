"""One `from` with its conditions: which of its columns are known to be the same municipality."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp


@dataclass(frozen=True)
class Rows:
    """What a relation gives: whether its rows are spread, and which columns say of which municipality each row is."""

    spread: bool = False
    keys: frozenset[str] = frozenset()
    of_coordinator: bool = False
    columns: tuple[str, ...] = ()


@dataclass
class Frame:
    """The sources of a `from`, by what they are called there, inside the frame of the query around it."""

    outer: Frame | None = None
    sources: dict[str, Rows] = field(default_factory=dict)
    same: dict[tuple, tuple] = field(default_factory=dict)
    """A column, and one that is the same; followed to its end it stands for all of them."""

    def place(self, column: exp.Column) -> tuple | None:
        """A column as this frame, or one around it, knows it; None for what is no column of a source."""
        frame: Frame | None = self
        while frame:
            alias = column.table or frame.owner(column.name)
            if alias in frame.sources:
                return (id(frame), alias, column.name)
            frame = frame.outer
        return None

    def owner(self, name: str) -> str:
        """The only source that can have a column written without one."""
        having = [alias for alias, rows in self.sources.items() if name in rows.columns]
        return having[0] if len(having) == 1 else ""

    def find(self, place: tuple) -> tuple:
        """The column that stands for all that are the same as this one."""
        while True:
            further = self.same.get(place) or (self.outer.find(place) if self.outer else place)
            if further == place:
                return place
            place = further

    def unite(self, one: tuple, other: tuple) -> None:
        """Two columns are the same."""
        one, other = self.find(one), self.find(other)
        if one != other:
            self.same[one] = other

    def learn(self, condition: exp.Expr | None) -> None:
        """Take from a condition which columns are the same in every row that meets it."""
        for part in conjuncts(condition):
            if isinstance(part, exp.EQ):
                for left, right in _pairs(part.this, part.expression):
                    self._unite_all(left, right)

    def _unite_all(self, left: exp.Expr, right: exp.Expr) -> None:
        ones, others = self.of(left), self.of(right)
        if ones and others:
            for other in others:
                self.unite(ones[0], other)

    def of(self, expression: exp.Expr) -> list[tuple]:
        """The columns that an expression certainly is: itself, or what `using` makes of two that are the same."""
        if isinstance(expression, exp.Paren | exp.Alias):
            return self.of(expression.this)
        if isinstance(expression, exp.Column):
            found = self.place(expression)
            return [found] if found else []
        if isinstance(expression, exp.Coalesce):
            parts = [self.of(part) for part in (expression.this, *expression.expressions)]
            stand_ins = {self.find(part[0]) if part else None for part in parts}
            return parts[0] if len(stand_ins) == 1 and parts[0] else []
        return []

    def keys_of(self, alias: str) -> set[tuple]:
        """What stands for the municipality of a source's rows."""
        return {self.find((id(self), alias, key)) for key in self.sources[alias].keys}

    def together(self) -> tuple | None:
        """The column that is the municipality of most of the spread sources; None where there is none."""
        spread = [alias for alias, rows in self.sources.items() if rows.spread]
        found = [key for alias in spread for key in self.keys_of(alias)]
        return max(found, key=found.count) if found else None

    def is_spread(self) -> bool:
        """Whether any source is."""
        return any(rows.spread for rows in self.sources.values())

    def around(self) -> Frame | None:
        """The nearest frame around this one that has spread rows."""
        frame = self.outer
        while frame and not frame.is_spread():
            frame = frame.outer
        return frame


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """The parts of a condition that all have to hold."""
    if isinstance(condition, exp.Paren | exp.Where | exp.Having):
        yield from conjuncts(condition.this)
    elif isinstance(condition, exp.And):
        yield from conjuncts(condition.this)
        yield from conjuncts(condition.expression)
    elif condition is not None:
        yield condition


def _pairs(left: exp.Expr, right: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
        yield from zip(left.expressions, right.expressions, strict=False)
    else:
        yield left, right
