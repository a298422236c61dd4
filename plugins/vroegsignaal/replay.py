"""A replay: months in order through Airflow, from the warehouse's start to what the months came to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from vroegsignaal import decision, warehouse
from vroegsignaal.months import Month
from vroegsignaal.orchestrator import Airflow, Place, RunResult
from vroegsignaal.orchestrator.runs import Progress
from vroegsignaal.outbox import notices
from vroegsignaal.settings import Settings

Marks = dict[str, tuple[int, int]]
"""For each table of `core` and `mart`: its number of rows, and a number that another value in any row would change."""


@dataclass(frozen=True)
class MonthTotals:
    """What a month came to, over all municipalities: numbers of rows, drops and households."""

    month: Month
    signals: int
    quarantined: int
    rejected_drops: int
    missing_drops: int
    matches: int
    selected: int


@dataclass(frozen=True)
class Replay:
    """What became of a replay: the run itself, its months, and which tables of `core` and `mart` it changed."""

    run: RunResult
    totals: list[MonthTotals]
    remarks: list[str]
    """In words: which deliveries were rejected or missing, and for whom nothing was decided."""
    changed: list[str]
    first: bool
    """Whether the warehouse held nothing before."""


@contextmanager
def warehouse_running(here: Settings) -> Iterator[None]:
    """A warehouse that is up, and stopped after the block if this block started it and nobody else uses it."""
    started = warehouse.ensure_running(here)
    started |= warehouse.ensure_metadata(here)
    try:
        yield
    finally:
        if started:
            warehouse.server(here).stop_if_unused()


def airflow(here: Settings, detached: bool = False) -> Airflow:
    """The Airflow of this home, with these settings for its tasks."""
    place = Place(here.home, here.root, warehouse.metadata_uri(here))
    return Airflow(place, here.environment(), detached=detached)


def replay(here: Settings, months: list[Month], progress: Progress) -> Replay:
    """Run the months in order, their selections approved automatically and recorded so.

    Raises PlatformError when the warehouse or Airflow does not come up; a step that fails is in the result.
    """
    here = replace(here, approval=decision.AUTOMATIC)
    with warehouse_running(here):
        before = _marks(here)
        with airflow(here) as running:
            run = running.run_months(months, progress)
        after = _marks(here)
        changed = sorted(table for table in after if after[table] != before.get(table))
        first = not any(rows for rows, _ in before.values())
        totals, remarks = _totals(here, months), remarks_on_deliveries(here, months)
        return Replay(run, totals, remarks, changed, first)


def _marks(here: Settings) -> Marks:
    with warehouse.connect(here, "transformer") as connection:
        tables = warehouse.fetch(
            connection,
            "select schemaname, tablename from pg_tables where schemaname in ('core', 'mart') order by 1, 2",
        )
        return {f"{schema}.{table}": _mark(connection, schema, table) for schema, table in tables}


def _mark(connection: psycopg.Connection, schema: str, table: str) -> tuple[int, int]:
    query = "select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) from {} as t"
    rows, fingerprint = connection.execute(sql.SQL(query).format(sql.Identifier(schema, table))).fetchone()
    return rows, int(fingerprint)


def _totals(here: Settings, months: list[Month]) -> list[MonthTotals]:
    """What the marts say of the months; nothing while a month was never published."""
    with warehouse.connect(here, "transformer") as connection:
        if not warehouse.is_there(connection, "mart.drops"):
            return []
        rows = warehouse.fetch(
            connection,
            """
            select
                month.first_day,
                (select coalesce(sum(signals), 0) from mart.signals_by_month_creditor where signal_month = first_day),
                coalesce(sum(drops.rows_quarantined), 0),
                count(*) filter (where drops.status = 'rejected'),
                count(*) filter (where drops.status = 'missing'),
                (select coalesce(sum(total), 0) from mart.matches_by_month where signal_month = first_day),
                (
                    select coalesce(sum(households), 0) from mart.selection_by_month
                    where signal_month = first_day and role = 'selected'
                )
            from unnest(%s::date[]) as month (first_day)
            left join mart.drops on drops.signal_month = month.first_day
            group by month.first_day
            order by month.first_day
            """,
            [[month.first_day for month in months]],
        )
    return [MonthTotals(Month.of(day), *map(int, counts)) for day, *counts in rows]


def remarks_on_deliveries(here: Settings, months: list[Month]) -> list[str]:
    """What was rejected or missing in the months, where matching stopped, and what nobody configured."""
    days = [[month.first_day for month in months]]
    with warehouse.connect(here, "transformer") as connection:
        published = [_MISSING, _STOPPED, _WITHOUT_CAPACITY] if warehouse.is_there(connection, "mart.drops") else []
        rejected = warehouse.fetch(connection, _REJECTED, days)
        queries = [*published, _NOT_CONFIGURED]
        remarks = [remark for query in queries for (remark,) in warehouse.fetch(connection, query, days)]
    return [f"Rejected: {notices.file_of(name, creditor)}{why}" for name, creditor, why in rejected] + remarks


# What a drop was rejected for holds names of rules and columns and numbers of lines, never a value.
_REJECTED = """
    select
        ledger.file,
        ledger.creditor,
        coalesce(' (' || ledger.creditor || ')', '') || ': '
        || string_agg(distinct finding.rule, ', ')
        || coalesce(': ' || ledger.unreadable, ': ' || nullif(array_to_string(ledger.missing_columns, ', '), ''), '')
    from raw.drop_ledger as ledger
    inner join quality.finding as finding using (drop_id)
    where ledger.signal_month = any(%s) and ledger.status = 'rejected' and finding.severity = 'critical'
    group by ledger.drop_id
    order by ledger.drop_id
"""
_MISSING = """
    select
        'Missing: ' || creditor || ' (' || municipality_code || '), '
        || string_agg(to_char(signal_month, 'YYYY-MM'), ', ' order by signal_month)
    from mart.drops
    where signal_month = any(%s) and status = 'missing'
    group by municipality_code, creditor
    order by municipality_code, creditor
"""
_STOPPED = """
    select
        'Matching stopped for ' || municipality_code || ' in ' || to_char(signal_month, 'YYYY-MM') || ': '
        || case state
            when 'missing' then 'there is no register of residents'
            when 'empty' then 'no row of the register of residents was accepted'
            when 'old' then 'the newest register of residents is of ' || to_char(register_month, 'YYYY-MM')
        end
        || '. Nobody was selected: deliver brp/personen.csv and run the month again.'
    from core.population_register
    where signal_month = any(%s) and state <> 'usable'
    order by signal_month, municipality_code
"""
_WITHOUT_CAPACITY = """
    select
        'No capacity is set for ' || municipality_code || ' on the 25th of '
        || string_agg(to_char(signal_month, 'YYYY-MM'), ', ' order by signal_month)
        || ' (policy.csv): nobody was selected.'
    from mart.matches_by_month
    where signal_month = any(%s) and total > 0 and not config.has_capacity(municipality_code, signal_month + 24)
    group by municipality_code
    order by 1
"""
_NOT_CONFIGURED = """
    select distinct
        'Municipality ' || municipality_code
        || ' delivered, but is not in municipalities.csv: nothing was decided for it.'
    from raw.month_received as received
    where
        signal_month = any(%s)
        and not exists (
            select 1 from config.municipalities as known where known.municipality_code = received.municipality_code
        )
    order by 1
"""
