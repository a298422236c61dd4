"""What a warehouse has, as far as the place of its rows goes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import psycopg

from vroegsignaal import distributed
from vroegsignaal.distributed import Place

ROOMS = ["raw", "quality", "vault", "config", "decision", "statistics", "staging", "core", "casework", "mart"]


@dataclass(frozen=True)
class Catalog:
    """Relations and functions by their names with the schema: `core.match`, `vault.checked_customers`."""

    columns: dict[str, dict[str, dict[str, str]]]
    """Schema, relation, column: its type."""
    places: dict[str, Place]
    """Where the rows of each table are."""
    views: dict[str, str]
    """The query of each view."""
    results: dict[str, list[str]] = field(default_factory=dict)
    """The columns of what each function gives that gives rows."""
    readers: frozenset[str] = frozenset()
    """The functions that read spread tables themselves, which no other machine may do while it answers."""


def read(connection: psycopg.Connection) -> Catalog:
    """The catalog of a warehouse, by its owner."""
    columns: dict[str, dict[str, dict[str, str]]] = {}
    kinds: dict[str, str] = {}
    for schema, relation, kind, column, of_type in connection.execute(_COLUMNS, [ROOMS]):
        columns.setdefault(schema, {}).setdefault(relation, {})[column] = of_type
        kinds[f"{schema}.{relation}"] = kind
    tables = [name for name, kind in kinds.items() if kind == "r"]
    places = {
        name: distributed.place_of(*(parts := name.split(".")), list(columns[parts[0]][parts[1]])) for name in tables
    }
    views = dict(connection.execute(_VIEWS, [ROOMS]).fetchall())
    bodies, results = {}, {}
    for name, body, given in connection.execute(_FUNCTIONS, [ROOMS]):
        bodies[name] = f"{bodies.get(name, '')}\n{body}"
        results[name] = given
    return Catalog(columns, places, views, results, _readers(bodies, places, views))


def _readers(bodies: dict[str, str], places: dict[str, Place], views: dict[str, str]) -> frozenset[str]:
    """The functions that name a spread table, or a view or function of which that holds."""
    texts = {**bodies, **views}
    found = {name for name, place in places.items() if place is Place.SPREAD}
    spread = set(found)
    while True:
        more = {name for name, text in texts.items() if name not in found and _names(text) & found}
        if not more:
            return frozenset(found - spread) & frozenset(bodies)
        found |= more


def _names(text: str) -> set[str]:
    without_comments = re.sub(r"--[^\n]*", "", text)
    return set(re.findall(r"\b([a-z_]+\.[a-z_]+)\b", without_comments))


_COLUMNS = """
    select schema.nspname, relation.relname, relation.relkind, attribute.attname,
        format_type(attribute.atttypid, null)
    from pg_attribute as attribute
    inner join pg_class as relation on attribute.attrelid = relation.oid
    inner join pg_namespace as schema on relation.relnamespace = schema.oid
    where
        schema.nspname = any(%s) and relation.relkind in ('r', 'v')
        and attribute.attnum > 0 and not attribute.attisdropped
    order by attribute.attrelid, attribute.attnum
"""
_VIEWS = "select schemaname || '.' || viewname, definition from pg_views where schemaname = any(%s)"
_FUNCTIONS = """
    select
        schema.nspname || '.' || function.proname,
        function.prosrc,
        coalesce(
            array(
                select given.name
                from unnest(function.proargnames, function.proargmodes) as given (name, mode)
                where given.mode = 't'
            ),
            '{}'
        )
    from pg_proc as function
    inner join pg_namespace as schema on function.pronamespace = schema.oid
    where schema.nspname = any(%s)
"""
