"""The facts of a report: rows of the marts, read as the role that may see nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import TracebackType

from psycopg.rows import dict_row

from vroegsignaal import warehouse
from vroegsignaal.outbox.report.numbers import Value
from vroegsignaal.settings import Settings

Row = dict[str, Value]


@dataclass(frozen=True)
class Period:
    """A period of a municipality, and the month as of which it is told, as that month's first day."""

    name: str
    first_day: date
    last_day: date
    as_of: date


class Facts:
    """The marts of one municipality; a context, since it holds a connection."""

    def __init__(self, here: Settings, municipality_code: str) -> None:
        self.municipality_code = municipality_code
        self._connection = warehouse.open_connection(here, "bi")
        self._connection.row_factory = dict_row
        self._connection.execute("set default_transaction_read_only = on")
        warehouse.limit_to(self._connection, municipality_code)
        self.period: Period | None = None

    def __enter__(self) -> Facts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def periods(self) -> list[Period]:
        """The periods that were evaluated, the oldest first."""
        rows = self.rows(
            "select period, period_start, period_end, as_of from mart.evaluation_periods order by period_start, period"
        )
        return [Period(*row.values()) for row in rows]

    def rows(self, query: str) -> list[Row]:
        """The rows of a query; it can name the `period`, and its `first` and `last` month that are known."""
        period = self.period
        values = {}
        if period:
            first, last = period.first_day.replace(day=1), period.last_day.replace(day=1)
            values = {"period": period.name, "first": first, "last": min(last, period.as_of), "as_of": period.as_of}
        return self._connection.execute(query, values).fetchall()
