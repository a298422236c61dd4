"""Reading the warehouse as one of its roles, for people: a query, and its answer as CSV, JSON or a table."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TextIO

import psycopg
from psycopg.rows import dict_row

from vroegsignaal import warehouse
from vroegsignaal.errors import UsageError
from vroegsignaal.settings import Settings
from vroegsignaal.shown import printable

FORMATS = ("csv", "json", "table")
FETCHED_AT_ONCE = 5_000
_WIDEST = 10_000


def query(
    here: Settings, statement: str, role: str, municipality: str | None, written_as: str, output: TextIO = sys.stdout
) -> None:
    """Write the rows of one `select` as a role, in a transaction that can change nothing.

    With a municipality, `casework` and `mart` hold the rows of that one only. Raises UsageError, with what PostgreSQL
    says, for a statement that does not run or is not allowed to that role.
    """
    write = {"csv": _write_csv, "json": _write_json, "table": _write_table}.get(written_as)
    if write is None:
        raise UsageError(f"'{written_as}' is not a format: choose one of {', '.join(FORMATS)}.")
    with warehouse.open_connection(here, role) as connection:
        try:
            connection.execute("set default_transaction_read_only = on")
            warehouse.limit_to(connection, municipality or "")
            with _answer(connection, statement.strip().rstrip(";")) as cursor:
                write([column.name for column in cursor.description or []], iter(cursor), output)
        except psycopg.Error as error:
            said = str(error).strip().splitlines()[0]
            raise UsageError(f"the query does not run as role {role}: {said}") from None


def _answer(connection: psycopg.Connection, statement: str) -> psycopg.ServerCursor:
    """The answer to a statement, kept by the server: one of millions of rows is never in memory as a whole.

    It is there as a whole before anything of it is written. A list with names gives nothing until it is noted that
    somebody reads it; then it is noted, and asked once more.
    """
    opened = set()
    while True:
        cursor = connection.cursor(name="answer", withhold=True)
        cursor.itersize = FETCHED_AT_ONCE
        try:
            return cursor.execute(statement)
        except psycopg.Error as error:
            of_names = warehouse.unopened_list(error)
            if of_names is None or of_names in opened:
                raise
            opened.add(of_names)
            warehouse.open_list(connection, *of_names)


def rows(here: Settings, statement: str, role: str) -> list[dict]:
    """All rows of a query of our own as a role, by column name."""
    with warehouse.connect(here, role) as connection:
        return connection.cursor(row_factory=dict_row).execute(statement).fetchall()


def write_table(columns: Sequence[str], rows: Sequence[tuple], output: TextIO = sys.stdout) -> None:
    """Write rows that were read already as a table."""
    _write_table(columns, iter(rows), output)


def _write_csv(columns: Sequence[str], rows: Iterator[tuple], output: TextIO) -> None:
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(value) for value in row] for row in rows)


def _write_json(columns: Sequence[str], rows: Iterator[tuple], output: TextIO) -> None:
    """A list with one object, and one line, per row."""
    separator = "[\n"
    for row in rows:
        values = dict(zip(columns, map(_plain, row), strict=True))
        output.write(f"{separator}  {json.dumps(values, ensure_ascii=False, default=str)}")
        separator = ",\n"
    output.write("[]\n" if separator == "[\n" else "\n]\n")


def _write_table(columns: Sequence[str], rows: Iterator[tuple], output: TextIO) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(printable(_text(value), keep="\n") for value in row))
    # As wide as it is: a value that is cut off to fit a window is no answer.
    Console(file=output, highlight=False, markup=False, soft_wrap=True, width=_WIDEST).print(table)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date | datetime) else value
