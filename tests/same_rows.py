"""Whether two warehouses hold the same rows, table by table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import psycopg
from psycopg import sql

from vroegsignaal import warehouse
from vroegsignaal.settings import Settings

COMPARED = ("core", "casework", "mart")
_TABLE = "(the table)"


@dataclass(frozen=True)
class Difference:
    """A table of which one warehouse has rows that the other has not: how many. No values, which are of people."""

    table: str
    only_in_first: int
    only_in_second: int

    def __str__(self) -> str:
        return f"{self.table}: {self.only_in_first} rows only in the first, {self.only_in_second} only in the second"


def differences(first: Settings, second: Settings) -> tuple[list[Difference], int]:
    """The tables and views in which two warehouses differ, and how many rows were compared in all of them.

    Rows are compared as a whole, with how often each occurs; so are tables that only one warehouse has.
    """
    with warehouse.connect(first, "owner") as one, warehouse.connect(second, "owner") as other:
        tables = sorted({*_tables(one), *_tables(other)})
        found, compared = [], 0
        for table in tables:
            mine, theirs = (_rows(each, table) for each in (one, other))
            compared += mine.total() - mine[_TABLE]
            if mine != theirs:
                found.append(Difference(".".join(table), (mine - theirs).total(), (theirs - mine).total()))
    return found, compared


def _tables(connection: psycopg.Connection) -> list[tuple[str, str]]:
    return warehouse.fetch(
        connection,
        "select table_schema, table_name from information_schema.tables where table_schema = any(%s)",
        [list(COMPARED)],
    )


def _rows(connection: psycopg.Connection, table: tuple[str, str]) -> Counter:
    """Each row, and how often it is there; the table itself counts as one, since one may have it and the other not."""
    if not warehouse.is_there(connection, ".".join(table)):
        return Counter()
    # With the columns in one order: a table that was made earlier may have them in another.
    query = sql.SQL("select to_jsonb(row_of)::text from {} as row_of").format(sql.Identifier(*table))
    return Counter([_TABLE, *(row for (row,) in warehouse.fetch(connection, query))])
