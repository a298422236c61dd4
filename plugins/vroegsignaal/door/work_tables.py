"""The door's work tables: one row per drop, one per row of a drop that is not rejected, one per finding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql

from vroegsignaal import contract
from vroegsignaal.contract import ADDRESS, Column, Feed
from vroegsignaal.door.cases import lay_out_cases_known, lay_out_dossiers_again
from vroegsignaal.door.history import lay_out_history
from vroegsignaal.months import Month

SCHEMA = "quality"
PASSING = tuple(
    sql.Identifier(SCHEMA, name)
    for name in (
        *("door_drop", "door_raised", "door_finding", "door_delivery"),
        *("door_address", "door_area", "door_month_before", "door_usual_amount", "door_case", "door_dossier_again"),
    )
)
"""The work tables beside those with rows; they go when the outcome is kept."""


@contextmanager
def gone_when_it_breaks(connection: psycopg.Connection) -> Iterator[None]:
    """See to it that a judgement that breaks off leaves no work table: they hold values, and no rule of erasure."""
    try:
        yield
    except BaseException:
        # Where this fails as well, the next judgement does it; what broke is what has to be told.
        with suppress(psycopg.Error):
            connection.execute("set lock_timeout = '10s'")
            tables = [*PASSING, *map(work_table, contract.feeds().values())]
            connection.execute(sql.SQL("drop table if exists {}").format(sql.SQL(", ").join(tables)))
        raise


def lay_out_drops(connection: psycopg.Connection, month: Month) -> None:
    """Make `quality.door_drop`, with what the rules on a drop look at, and an empty `quality.door_finding`."""
    needing = [feed.name for feed in contract.feeds().values() if feed.needs_rows]
    of_creditor = [feed.name for feed in contract.feeds().values() if feed.of_creditor]
    with connection.transaction():
        connection.execute(sql.SQL("drop table if exists {}").format(sql.SQL(", ").join(PASSING)))
        connection.execute(
            "create unlogged table quality.door_finding"
            " (drop_id bigint, line_no bigint, rule text, severity text, column_name text)"
        )
        connection.execute(
            """
            create unlogged table quality.door_drop as
            select
                ledger.drop_id,
                null::bigint as line_no,
                ledger.feed,
                ledger.unreadable,
                nullif(array_to_string(ledger.missing_columns, ', '), '') as missing_columns,
                nullif(array_to_string(ledger.extra_columns, ', '), '') as extra_columns,
                case
                    when ledger.feed = any(%(needing)s) and ledger.unreadable is null then ledger.rows_read
                end as rows_required,
                case
                    -- A portal's file that could not be told apart by creditor.
                    when ledger.creditor = ledger.portal then '-infinity'
                    when ledger.feed = any(%(of_creditor)s) then (
                        select min(agreement.valid_from)
                        from config.agreements as agreement
                        inner join config.creditors as creditor using (creditor)
                        where
                            agreement.municipality_code = ledger.municipality_code
                            and agreement.creditor = ledger.creditor
                            and %(day)s between agreement.valid_from and coalesce(agreement.valid_to, 'infinity')
                    )
                    else '-infinity'
                end as agreed_from,
                (
                    select max(earlier.signal_month)
                    from raw.drop_ledger as earlier
                    where
                        (earlier.municipality_code, earlier.feed, earlier.sha256)
                        = (ledger.municipality_code, ledger.feed, ledger.sha256)
                        and earlier.creditor is not distinct from ledger.creditor
                        and earlier.signal_month < ledger.signal_month
                ) as same_as_month,
                (
                    -- Told on the newest drop, since a drop that is superseded tells nothing.
                    select min(again.file)
                    from raw.redelivery as again
                    inner join raw.drop_ledger as same using (drop_id)
                    where
                        (same.municipality_code, same.signal_month, same.feed)
                        = (ledger.municipality_code, ledger.signal_month, ledger.feed)
                        and same.creditor is not distinct from ledger.creditor
                        and again.file <> same.file
                        and again.delivery >= ledger.delivery
                        and ledger.drop_id = (
                            select newest.drop_id from raw.drop_ledger as newest
                            where
                                (newest.municipality_code, newest.signal_month, newest.feed)
                                = (ledger.municipality_code, ledger.signal_month, ledger.feed)
                                and newest.creditor is not distinct from ledger.creditor
                            order by newest.delivery desc, newest.drop_id desc
                            limit 1
                        )
                ) as delivered_again
            from raw.drop_ledger as ledger
            where ledger.signal_month = %(month)s
            """,
            {"needing": needing, "of_creditor": of_creditor, "day": month.match_day, "month": month.first_day},
        )
        # The rules that hold back a row of the drop by policy alone.
        connection.execute(
            """
            create unlogged table quality.door_raised as
            select ledger.drop_id, raised.rule
            from raw.drop_ledger as ledger
            left join config.creditors as creditor using (creditor)
            inner join config.raised_on(%(day)s) as raised
                on raised.municipality_code = ledger.municipality_code
                and raised.sector is not distinct from creditor.sector
            where ledger.signal_month = %(month)s
            """,
            {"day": month.match_day, "month": month.first_day},
        )


def lay_out_rows(connection: psycopg.Connection, month: Month) -> list[Feed]:
    """Make the work table of each feed that has drops this month; those feeds, in their order."""
    with connection.transaction():
        delivered = {feed for (feed,) in connection.execute("select distinct feed from quality.door_drop")}
        for feed in contract.feeds().values():
            connection.execute(sql.SQL("drop table if exists {}").format(work_table(feed)))
        present = [feed for feed in contract.feeds().values() if feed.name in delivered]
        # The registers first: signals are laid beside the residents of the same month.
        for feed in sorted(present, key=lambda feed: feed.of_creditor):
            if feed.name == "signals":
                lay_out_history(connection, month, residents="brp" in delivered)
            elif feed.name == "ris_walking_list":
                lay_out_cases_known(connection, month, registered="ris_dossiers" in delivered)
            connection.execute(_rows_with_values(feed), {"month": month.first_day, "day": month.match_day})
            connection.execute(sql.SQL("analyze {}").format(work_table(feed)))
        lay_out_dossiers_again(connection, month, delivered="ris_dossiers" in delivered)
    return present


def work_table(feed: Feed) -> sql.Identifier:
    """The name of the table with the rows of a feed."""
    return sql.Identifier(SCHEMA, f"door_{feed.name}")


def _rows_with_values(feed: Feed) -> sql.Composed:
    """The SQL that makes a feed's work table: each row with its texts trimmed, its values read, its policy at hand."""
    given = sql.SQL(",\n").join(
        sql.SQL("quality.trimmed(raw.{0}) as {1}").format(sql.Identifier(column.name), sql.Identifier(column.given))
        for column in feed.columns
    )
    values = [sql.SQL(", {} as {}").format(_reading(column), sql.Identifier(column.name)) for column in _typed(feed)]
    faults = [
        sql.SQL(", case when {0} is not null and {1} is null then true end as {2}").format(
            sql.Identifier(column.given), sql.Identifier(column.name), sql.Identifier(column.fault)
        )
        for column in _typed(feed)
    ]
    strangers = [
        sql.SQL(
            ", case when {0} is not null and not exists ("
            "select 1 from config.code_lists as known where known.list = {1} and known.code = {0}) then true end as {2}"
        ).format(sql.Identifier(column.name), sql.Literal(column.codes), sql.Identifier(column.stranger))
        for column in feed.columns
        if column.codes
    ]
    address = sql.SQL(", quality.address_key({}) as address_key, left(postcode, 4) as postcode_area").format(
        sql.SQL(", ").join(sql.Identifier(name) for name in ADDRESS)
    )
    derived = [
        sql.SQL(", {} as {}").format(sql.SQL(expression), sql.Identifier(name))
        for name, expression in feed.derived.items()
    ]
    return sql.SQL(
        """
        create unlogged table {work} as
        with given as (
            select
                raw.drop_id, raw.line_no, ledger.municipality_code, ledger.signal_month, ledger.creditor,
                ledger.delivery, ledger.decimal_separator, ledger.thousands_separator, {given}
            from {raw} as raw
            inner join raw.drop_ledger as ledger using (drop_id)
            where ledger.signal_month = %(month)s and ledger.erased_at is null
            and not exists (
                select 1 from quality.door_finding as found
                where found.drop_id = ledger.drop_id and found.severity = 'critical'
            )
            -- `offset 0` keeps PostgreSQL from merging the levels: it would trim and read a value anew at each use.
            offset 0
        ),
        read as (select *{values} from given offset 0),
        marked as (select *{faults}{address} from read offset 0),
        policy as (
            select municipality_code, sector,
                max(value) filter (where parameter = 'threshold_eur') as threshold_eur,
                max(value) filter (where parameter = 'plausible_maximum_eur') as plausible_maximum_eur,
                max(value) filter (where parameter = 'maximum_age_days')::integer as maximum_age_days
            from config.policy_on(%(day)s) group by municipality_code, sector
        )
        select marked.*, policy.threshold_eur, policy.plausible_maximum_eur, policy.maximum_age_days{derived}
        from marked
        left join config.creditors as register using (creditor)
        left join policy using (municipality_code, sector)
        {beside}
        """
    ).format(
        work=work_table(feed),
        raw=sql.Identifier("raw", feed.name),
        given=given,
        values=sql.SQL("").join(values),
        faults=sql.SQL("").join(faults + strangers),
        address=address if feed.has_address else sql.SQL(""),
        beside=sql.SQL(feed.beside),
        derived=sql.SQL("").join(derived),
    )


def _typed(feed: Feed) -> list[Column]:
    return [column for column in feed.columns if column.rule_of_type]


def _reading(column: Column) -> sql.SQL:
    return sql.SQL(column.sql_reading(f'"{column.given}"'))
