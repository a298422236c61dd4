"""How long the queries of the dashboards take on five years of pilot-sized data for a hundred municipalities.

The rows are made of those of the pilot, within a transaction that is rolled back: nothing is left of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from psycopg import Connection, sql

from dashboards.bundle import assets
from vroegsignaal import warehouse
from vroegsignaal.settings import Settings

MUNICIPALITIES, YEARS = 100, 5
SHIFTED = {
    "date": "({0} - make_interval(years => k))::date",
    "year": "{0} - k",
    "period": "{0} || ' ' || k",
    "municipality_code": "to_char(m, 'fm0000')",
}
"""How a column of the copies follows from that of the pilot, by its name or its type."""
TABLES = """
    select columns.table_name, json_agg(json_build_array(column_name, data_type) order by ordinal_position) as columns
    from information_schema.columns
    inner join pg_tables on schemaname = table_schema and tablename = columns.table_name
    where table_schema = 'mart'
    group by columns.table_name
"""


def slowest(here: Settings) -> dict[str, float]:
    """Chart -> the milliseconds that its query takes, the best of three, for one municipality of the hundred."""
    with warehouse.open_connection(here, "owner") as connection, connection.transaction(force_rollback=True):
        for table, columns in warehouse.fetch(connection, TABLES):
            _copy(connection, table, columns)
        connection.execute("set local role bi")
        connection.execute("set local statement_timeout = '20s'")
        return {name: _milliseconds(connection, query) for name, query in queries()}


def _copy(connection: Connection, table: str, columns: list[tuple[str, str]]) -> None:
    """Rows of other municipalities and of earlier years; of what knows no time, of other municipalities only."""
    names = {name for name, _ in columns}
    dated = any(kind == "date" for _, kind in columns) or names & {"year", "period"}
    target = sql.SQL("mart.{}").format(sql.Identifier(table))
    values = [_value(table, name, kind) for name, kind in columns]
    # The pilot has months and districts of two years, of which one is the other's a year ago.
    copied = (
        "insert into {} select {} from {}, generate_series(1, %s) as m, generate_series(0, %s) as k"
        " on conflict do nothing"
    )
    statement = sql.SQL(copied).format(target, sql.SQL(", ").join(values), target)
    connection.execute(statement, [MUNICIPALITIES, YEARS - 1 if dated else 0])


def _value(table: str, name: str, kind: str) -> sql.Composable:
    column = sql.Identifier(name)
    if table == "dim_municipality" and name == "name":
        return sql.SQL("'Gemeente ' || m")
    shifted = SHIFTED.get(name) or SHIFTED.get(kind)
    return sql.SQL(shifted).format(column) if shifted else column  # type: ignore[arg-type]


def queries() -> Iterator[tuple[str, str]]:
    """The query of each chart as Superset asks it, with the filter on one municipality."""
    found = assets()
    datasets = {content["uuid"]: content for path, content in found.items() if path.startswith("datasets/")}
    for path, content in found.items():
        if not path.startswith("charts/"):
            continue
        yield Path(path).stem, query(datasets[content["dataset_uuid"]], content["params"])


def query(dataset: dict, told: dict) -> str:
    """The query of a chart: its columns and metrics, of the dataset's rows that its filters leave."""
    expressions = {metric["metric_name"]: metric["expression"] for metric in dataset["metrics"]}
    groups = [*_all(told.get("groupby")), *_all(told.get("x_axis"))]
    metrics = [*told.get("metrics", []), *told.get("metrics_b", []), *_all(told.get("metric"))]
    wanted = [*groups, *told.get("all_columns", []), *(expressions[name] for name in metrics)]
    filters = [each["sqlExpression"] for each in told["adhoc_filters"] if each["expressionType"] == "SQL"]
    grouped = f" group by {', '.join(groups)}" if groups else ""
    conditions = " and ".join(["municipality in ('Gemeente 42')", *filters])
    return f"select {', '.join(wanted)} from ({dataset['sql']}) as asked where {conditions}{grouped}"


def _all(value: str | list[str] | None) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def _milliseconds(connection: Connection, statement: str) -> float:
    taken = []
    for _ in range(3):
        begun = time.monotonic()
        connection.execute(statement).fetchall()  # type: ignore[arg-type]
        taken.append(1000 * (time.monotonic() - begun))
    return min(taken)
