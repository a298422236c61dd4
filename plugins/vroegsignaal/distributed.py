"""The warehouse on many machines: where the server has the extension Citus, rows of a municipality lie together.

Nothing has to be set for it: whether the extension is there decides. `docs/scale.md` tells what was thought of, and
what remains.
"""

from __future__ import annotations

from enum import StrEnum

import psycopg
from psycopg import sql

from vroegsignaal.errors import PlatformError

KEY = "municipality_code"
"""The column by whose value rows are spread over the machines."""
LIES_WITH = "vault.household"
"""The table with which all others that are spread lie together; the macro `lie_with_municipality` names it too."""


class Place(StrEnum):
    """Where the rows of a table are: over the machines, on each of them, or on the one that is asked."""

    SPREAD = "spread"
    REFERENCE = "reference"
    COORDINATOR = "coordinator"


_SPREAD_SCHEMAS = ("core", "decision", "vault")
_SPREAD = ("raw.month_received",)
_REFERENCE = ("raw.drop_ledger",)
"""Small, joined by the number of a drop alone, and referred to by tables everywhere."""
_OF_THE_COORDINATOR = ("config.loaded", "config.prepared")


def place_of(schema: str, table: str, columns: list[str]) -> Place:
    """Where a table of the warehouse belongs, by its room and by whether its rows are of a municipality.

    `mart` stays in one place: it is small, and its row policies ask for things that other machines do not know.
    """
    name = f"{schema}.{table}"
    if name in _REFERENCE or (schema == "config" and name not in _OF_THE_COORDINATOR):
        return Place.REFERENCE
    accepted = schema == "quality" and table.startswith("accepted_")
    is_spread = schema in _SPREAD_SCHEMAS or accepted or name in _SPREAD
    return Place.SPREAD if is_spread and KEY in columns else Place.COORDINATOR


def is_distributed(connection: psycopg.Connection) -> bool:
    """Whether the server can spread tables: the extension Citus is in this database."""
    found = connection.execute(
        "select to_regproc('create_distributed_table') is not null and to_regclass('pg_dist_partition') is not null"
    ).fetchone()
    return bool(found and found[0])


def target(connection: psycopg.Connection) -> str:
    """The target of dbt's profile that fits the server."""
    return "distributed" if is_distributed(connection) else "single"


def spread(connection: psycopg.Connection) -> dict[str, Place]:
    """Put the tables that dbt does not make where they belong, unless they are; those that were moved, in order.

    Runs in the caller's transaction, as the owner of the tables. Raises PlatformError when no machine was added yet.
    """
    if not is_distributed(connection):
        return {}
    _check_machines(connection)
    waiting = _in_order(_not_placed(connection))
    for name, place in waiting.items():
        if place is Place.REFERENCE:
            connection.execute("select create_reference_table(%s)", [name])
        else:
            _widen_keys(connection, name)
            together = "default" if name == LIES_WITH else LIES_WITH
            connection.execute("select create_distributed_table(%s, %s, colocate_with => %s)", [name, KEY, together])
    return waiting


def _check_machines(connection: psycopg.Connection) -> None:
    (count,) = connection.execute("select count(*) from pg_dist_node").fetchone() or (0,)
    if not count:
        raise PlatformError(
            "the warehouse has the extension Citus and no machines: register them first, with"
            " citus_set_coordinator_host and citus_add_node (docker-compose.distributed.yml does so)."
        )


def _not_placed(connection: psycopg.Connection) -> dict[str, Place]:
    """The tables that are still on the coordinator and belong elsewhere."""
    found = connection.execute(
        """
        select schema.nspname, relation.relname, array_agg(attribute.attname::text)
        from pg_catalog.pg_class as relation
        inner join pg_catalog.pg_namespace as schema on relation.relnamespace = schema.oid
        inner join pg_catalog.pg_attribute as attribute
            on relation.oid = attribute.attrelid and attribute.attnum > 0 and not attribute.attisdropped
        where
            schema.nspname in ('raw', 'quality', 'vault', 'decision', 'config')
            and relation.relkind = 'r'
            and not exists (select from pg_dist_partition as placed where placed.logicalrelid = relation.oid)
        group by schema.nspname, relation.relname
        """
    ).fetchall()
    places = {f"{schema}.{table}": place_of(schema, table, columns) for schema, table, columns in found}
    return {name: place for name, place in places.items() if place is not Place.COORDINATOR}


def _in_order(places: dict[str, Place]) -> dict[str, Place]:
    """What others refer to first: a spread table may refer to a reference table, and to one it lies with."""
    first = (LIES_WITH, "decision.approval")

    def turn(name: str) -> tuple[bool, int, str]:
        return places[name] is Place.SPREAD, first.index(name) if name in first else len(first), name

    return {name: places[name] for name in sorted(places, key=turn)}


def _widen_keys(connection: psycopg.Connection, name: str) -> None:
    """Add the municipality to the keys that lack it: each machine can only see to what is unique among its own rows.

    Last, so that the index serves the same questions. Numbers of drops and households stay unique all the same: they
    are handed out by one process at a time.
    """
    keys = connection.execute(
        """
        select
            key.conname,
            key.contype = 'p',
            array_agg(attribute.attname::text order by part.place)
        from pg_catalog.pg_constraint as key
        cross join lateral unnest(key.conkey) with ordinality as part (attnum, place)
        inner join pg_catalog.pg_attribute as attribute
            on key.conrelid = attribute.attrelid and part.attnum = attribute.attnum
        where key.conrelid = %s::regclass and key.contype in ('p', 'u')
        group by key.conname, key.contype
        having not %s = any(array_agg(attribute.attname::text))
        """,
        [name, KEY],
    ).fetchall()
    table = sql.Identifier(*name.split("."))
    for key, is_primary, columns in keys:
        kind = sql.SQL("primary key") if is_primary else sql.SQL("unique")
        wider = sql.SQL(", ").join(map(sql.Identifier, [*columns, KEY]))
        connection.execute(
            sql.SQL("alter table {} drop constraint {}, add constraint {} {} ({})").format(
                table, sql.Identifier(key), sql.Identifier(key), kind, wider
            )
        )
