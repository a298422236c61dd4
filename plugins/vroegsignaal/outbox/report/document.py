"""What a report consists of, whatever it is printed on: sections with texts, key figures, tables and charts."""

from __future__ import annotations

from dataclasses import dataclass, field

from vroegsignaal.outbox.report.numbers import Value


@dataclass(frozen=True)
class Cell:
    """What a cell says, what it is sorted by, and whether it is a percentage of too few to mean much."""

    text: str
    sort: Value = None
    is_small: bool = False


@dataclass(frozen=True)
class Heading:
    """The head of a column; numbers stand to the right."""

    text: str
    is_number: bool = False


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row is its head. `total` is the row below, and not sorted."""

    caption: str
    source: str
    headings: list[Heading]
    rows: list[list[Cell]]
    total: list[Cell] = field(default_factory=list)
    note: str = ""
    kind: str = "table"

    @property
    def has_small(self) -> bool:
        """Whether a percentage in it is of too few."""
        return any(cell.is_small for row in (*self.rows, self.total) for cell in row)


@dataclass(frozen=True)
class Chart:
    """A chart as SVG; `alt` says in words what it shows."""

    caption: str
    alt: str
    svg: str
    kind: str = "chart"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True)
class KeyFigure:
    """A number that people remember, and of what it is."""

    label: str
    value: str
    of: str


@dataclass(frozen=True)
class KeyFigures:
    """Key figures together."""

    figures: list[KeyFigure]
    kind: str = "figures"


@dataclass(frozen=True)
class Terms:
    """What words mean: term, definition, and the version of what computes it."""

    terms: list[tuple[str, str, str]]
    kind: str = "terms"


Block = Text | KeyFigures | Table | Chart | Terms


@dataclass(frozen=True)
class Section:
    """A chapter; `name` is its address in the page."""

    name: str
    title: str
    blocks: list[Block]


@dataclass(frozen=True)
class Report:
    """The whole: about whom and when, as of which month, and its sections."""

    municipality: str
    municipality_code: str
    period: str
    first_day: str
    last_day: str
    months: str
    as_of: str
    version: str
    sections: list[Section]

    @property
    def title(self) -> str:
        """What stands on the front."""
        return f"Evaluatie vroegsignalering {self.municipality}"
