"""The door: every drop of a month is judged against its contract by Great Expectations, in the database.

What passes is kept, with its values read and its household known, in `quality.accepted_<feed>`.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from vroegsignaal import contract, logs, settings, warehouse
from vroegsignaal.door.checks import Checks, check_rows
from vroegsignaal.door.deliveries import lay_out_deliveries
from vroegsignaal.door.outcome import replace_outcome
from vroegsignaal.door.work_tables import SCHEMA, gone_when_it_breaks, lay_out_drops, lay_out_rows
from vroegsignaal.months import Month


@logs.step("judge")
def judge(month: Month, *, stays_news: bool = False) -> dict[str, int]:
    """Judge every drop of the month anew; the numbers of drops and rows by what became of them.

    The outcome replaces the month's earlier findings and accepted rows in one transaction. `stays_news`: the flows have
    the whole step to do still, as if it was not judged.
    """
    here = settings.load()
    with warehouse.open_connection(here, "loader") as connection:
        connection.execute("select pg_advisory_lock(hashtext('vroegsignaal receive'))")
        # The queries that Great Expectations answers with name its tables without their schema.
        connection.execute(sql.SQL("set search_path = {}").format(sql.Identifier(SCHEMA)))
        checks = Checks(warehouse.uri(here, "loader"), connection)
        with gone_when_it_breaks(connection):
            lay_out_drops(connection, month)
            checks.apply("door_drop", contract.drop_rules())
            present = lay_out_rows(connection, month)
            for feed in present:
                check_rows(checks, feed)
            lay_out_deliveries(connection, month)
            checks.apply("door_delivery", contract.delivery_rules())
            with connection.transaction():
                replace_outcome(connection, month, present, stays_news=stays_news)
                return _totals(connection, month)


def _totals(connection: psycopg.Connection, month: Month) -> dict[str, int]:
    names = ("drops", "rejected_drops", "accepted", "quarantined", "rejected")
    row = connection.execute(
        "select count(*), count(*) filter (where status = 'rejected'), coalesce(sum(rows_accepted), 0)::bigint,"
        " coalesce(sum(rows_quarantined), 0)::bigint, coalesce(sum(rows_rejected), 0)::bigint"
        " from raw.drop_ledger where signal_month = %s",
        [month.first_day],
    ).fetchone()
    return dict(zip(names, row, strict=True))
