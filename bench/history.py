"""Years of history in a moment: months that were run are copied to later ones, in every table that keeps a month.

The copies have drops, cases and dates of their own and the households of the months that were run.
"""

from __future__ import annotations

import shutil

import psycopg

from vroegsignaal import warehouse
from vroegsignaal.months import Month
from vroegsignaal.outbox import ddas
from vroegsignaal.settings import Settings

# Of the schema `core` only what is derived per month: the rest is made anew with each month.
PER_MONTH = (
    *("signal", "match_creditor", "match", "population_register"),
    *("customer_check", "verification", "candidate", "proposal"),
)
_DROPS_OF_A_MONTH = 1_000_000
_KEPT = """
    select table_schema, table_name, array_agg(column_name::text), array_agg(data_type::text)
    from information_schema.columns
    inner join information_schema.tables using (table_schema, table_name)
    where
        table_type = 'BASE TABLE'
        and (table_schema in ('raw', 'quality', 'decision') or table_schema = 'core' and table_name = any(%s))
    group by table_schema, table_name
    having bool_or(column_name in ('drop_id', 'signal_month'))
    order by table_schema, table_name
"""


def copy(here: Settings, code: str, source: Month, target: Month) -> int:
    """Copy what is kept of a month of a municipality to a later month, its deliveries too; how many rows."""
    apart = (target.year - source.year) * 12 + target.number - source.number
    put = 0
    with warehouse.connect(here, "owner") as connection:
        # Rows may come before those that they refer to.
        connection.execute("set local session_replication_role = replica")
        for schema, table, columns, types in warehouse.fetch(connection, _KEPT, [[*PER_MONTH]]):
            put += _copy_table(connection, f"{schema}.{table}", dict(zip(columns, types, strict=True)), source, apart)
    for page in ddas.of_folder(here.out / code / str(source)):
        later = here.out / code / str(target)
        later.mkdir(parents=True, exist_ok=True)
        shutil.copy(page, later / page.name)
    return put


def _copy_table(connection: psycopg.Connection, table: str, columns: dict[str, str], source: Month, apart: int) -> int:
    values = ", ".join(_shifted(name, kind, apart) for name, kind in columns.items())
    month = next((name for name in ("told_month", "signal_month") if name in columns), None)
    which = (
        f"{month} = %(month)s"
        if month
        else "drop_id in (select drop_id from raw.drop_ledger where signal_month = %(month)s)"
    )
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f"insert into {table} ({names}) overriding system value select {values} from {table} where {which}"
    return connection.execute(statement, {"month": source.first_day}).rowcount  # type: ignore[arg-type]


def _shifted(name: str, kind: str, apart: int) -> str:
    if name == "drop_id":
        return f"drop_id + {apart * _DROPS_OF_A_MONTH}"
    if kind == "date":
        return f"(\"{name}\" + interval '{apart} months')::date"
    if kind == "timestamp with time zone":
        return f"\"{name}\" + interval '{apart} months'"
    if name in ("dossier_id", "sha256"):
        return f"{name} || '+{apart}'"
    return f'"{name}"'
