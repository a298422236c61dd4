"""The outcome: findings, accepted rows, households and the standing of each drop, replaced for a month as a whole."""

from __future__ import annotations

import psycopg
from psycopg import sql

from vroegsignaal import contract
from vroegsignaal.contract import Feed
from vroegsignaal.door.work_tables import PASSING, work_table
from vroegsignaal.months import Month


def replace_outcome(
    connection: psycopg.Connection, month: Month, present: list[Feed], *, stays_news: bool = False
) -> None:
    """Replace what is known of the month's drops by what the checks found; `present`: the feeds with a work table.

    `stays_news`: what waited for a judgement goes on waiting for one, and for the steps that follow it.
    """
    values = {"month": month.first_day, "stays_news": stays_news}
    _apply_releases(connection, present)
    _leave_erased(connection, values)
    connection.execute(
        "delete from quality.finding as found using raw.drop_ledger as ledger"
        " where ledger.drop_id = found.drop_id and ledger.signal_month = %(month)s and ledger.erased_at is null",
        values,
    )
    connection.execute(
        "insert into quality.finding select distinct drop_id, line_no, rule, severity, column_name"
        " from quality.door_finding"
    )
    connection.execute(
        """
        update raw.drop_ledger as ledger set (
            awaits_judgement, status, rows_accepted, rows_quarantined, rows_rejected
        ) = (
            select
                ledger.awaits_judgement and %(stays_news)s,
                case when rejected then 'rejected' else 'received' end,
                0,
                quarantined,
                case when rejected then ledger.rows_read else 0 end
            from (
                select
                    coalesce(bool_or(found.severity = 'critical'), false) as rejected,
                    count(distinct found.line_no) filter (where found.severity = 'warning' and not found.released)
                        as quarantined
                from quality.door_finding as found
                where found.drop_id = ledger.drop_id
            ) as judged
        )
        where ledger.signal_month = %(month)s and ledger.erased_at is null
        """,
        values,
    )
    connection.execute("create index on quality.door_finding (drop_id, line_no)")
    connection.execute("analyze quality.door_finding")
    for feed in contract.feeds().values():
        _forget_accepted(connection, feed, month)
        if feed in present:
            if feed.has_address:
                _give_erased_households(connection, feed, month)
            if feed.register_households:
                _register_households(connection, feed)
            _keep_accepted(connection, feed)
            # Matching begins at once, and what it is about would else be guessed from the months before.
            connection.execute(sql.SQL("call quality.{}()").format(sql.Identifier(f"analyze_{feed.name}")))
        connection.execute(sql.SQL("drop table if exists {}").format(work_table(feed)))
    _settle_deliveries(connection, month)
    connection.execute("call quality.erase_repeated_cases(%s)", [month.first_day])
    connection.execute(sql.SQL("drop table if exists {}").format(sql.SQL(", ").join(PASSING)))
    # Whom a restored backup brought back.
    connection.execute("call quality.erase_awaited()")


def _apply_releases(connection: psycopg.Connection, present: list[Feed]) -> None:
    """Let through the rows that a person released, with the amount that he gave, if any.

    The findings on them stay, but no longer hold the row; the amount that was delivered stays in `raw`.
    """
    connection.execute("alter table quality.door_finding add column released boolean not null default false")
    connection.execute(
        "update quality.door_finding as found set released = true from quality.released as released"
        " where released.drop_id = found.drop_id and released.line_no = found.line_no"
    )
    for feed in present:
        # Only signals can be released: see `release.py`.
        if feed.name == "signals":
            connection.execute(
                sql.SQL(
                    "update {} as door set bedrag = released.amount_eur from quality.released as released"
                    " where released.drop_id = door.drop_id and released.line_no = door.line_no"
                    " and released.amount_eur is not null"
                ).format(work_table(feed))
            )


def _leave_erased(connection: psycopg.Connection, values: dict) -> None:
    """Leave a drop of which rows were erased as it was judged before; only a later delivery may still replace it."""
    connection.execute(
        "delete from quality.door_finding as found using raw.drop_ledger as ledger"
        " where ledger.drop_id = found.drop_id and ledger.erased_at is not null"
    )
    connection.execute(
        "update raw.drop_ledger set awaits_judgement = awaits_judgement and %(stays_news)s,"
        " status = case when status = 'rejected' then status else 'received' end"
        " where signal_month = %(month)s and erased_at is not null",
        values,
    )


def _give_erased_households(connection: psycopg.Connection, feed: Feed, month: Month) -> None:
    """Give the rows about cases that were erased before the household of then, so that no address comes back."""
    connection.execute(
        sql.SQL(
            "update {} as door set address_key = household.address_key from vault.repeated_cases(%s) as repeated"
            " inner join vault.household using (household_id)"
            " where repeated.feed = %s and repeated.drop_id = door.drop_id and repeated.line_no = door.line_no"
        ).format(work_table(feed)),
        [month.first_day, feed.name],
    )


def _forget_accepted(connection: psycopg.Connection, feed: Feed, month: Month) -> None:
    connection.execute(
        sql.SQL(
            "delete from {} where signal_month = %s"
            " and drop_id not in (select drop_id from raw.drop_ledger where erased_at is not null)"
        ).format(_accepted(feed)),
        [month.first_day],
    )


def _accepted(feed: Feed) -> sql.Identifier:
    return sql.Identifier("quality", f"accepted_{feed.name}")


_NOT_QUARANTINED = """
    not exists (
        select 1 from quality.door_finding as found
        where found.drop_id = door.drop_id and found.line_no = door.line_no
        and found.severity = 'warning' and not found.released
    )
"""


def _register_households(connection: psycopg.Connection, feed: Feed) -> None:
    """Give every address that the register does not know the next number, in file and line order.

    Numbers are counted on from the highest: a sequence would skip numbers when a run is interrupted, and a replay would
    then give other numbers.
    """
    connection.execute(
        sql.SQL(
            """
            insert into vault.household (household_id, municipality_code, address_key)
            select
                (select coalesce(max(household_id), 0) from vault.household)
                + row_number() over (order by municipality_code, creditor, delivery, drop_id, line_no),
                municipality_code,
                address_key
            from (
                select distinct on (municipality_code, address_key) *
                from {} as door
                where {}
                order by municipality_code, address_key, creditor, delivery, drop_id, line_no
            ) as first_seen
            where not exists (
                select 1 from vault.household as known
                where known.municipality_code = first_seen.municipality_code
                and known.address_key = first_seen.address_key
            )
            """
        ).format(work_table(feed), sql.SQL(_NOT_QUARANTINED))
    )


def _keep_accepted(connection: psycopg.Connection, feed: Feed) -> None:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in feed.columns)
    household = (
        sql.SQL("left join vault.household using (municipality_code, address_key)")
        if feed.has_address
        else sql.SQL("cross join (select null::bigint as household_id) as none")
    )
    connection.execute(
        sql.SQL(
            """
            insert into {} (drop_id, line_no, municipality_code, signal_month, creditor, household_id, {})
            select drop_id, line_no, municipality_code, signal_month, creditor, household_id, {}
            from {} as door {} where {}
            order by drop_id, line_no
            """
        ).format(_accepted(feed), columns, columns, work_table(feed), household, sql.SQL(_NOT_QUARANTINED))
    )
    # Counted from what was kept, not by subtraction: the ledger's own check then shows that nothing vanished.
    connection.execute(
        sql.SQL(
            "update raw.drop_ledger as ledger set rows_accepted = kept.rows"
            " from (select drop_id, count(*) as rows from {} group by drop_id) as kept"
            " where kept.drop_id = ledger.drop_id and ledger.status = 'received'"
        ).format(_accepted(feed))
    )


def _settle_deliveries(connection: psycopg.Connection, month: Month) -> None:
    """Of the deliveries of one sender that are not rejected the highest holds; it supersedes all lower ones."""
    connection.execute(
        """
        update raw.drop_ledger as ledger
        set status = case when ledger.drop_id = standing.drop_id then 'accepted' else 'superseded' end
        from (
            select distinct on (municipality_code, feed, creditor) municipality_code, feed, creditor, delivery, drop_id
            from raw.drop_ledger
            where signal_month = %(month)s and status = 'received'
            order by municipality_code, feed, creditor, delivery desc, drop_id desc
        ) as standing
        where
            ledger.signal_month = %(month)s
            and (ledger.municipality_code, ledger.feed) = (standing.municipality_code, standing.feed)
            and ledger.creditor is not distinct from standing.creditor
            and (ledger.delivery, ledger.drop_id) <= (standing.delivery, standing.drop_id)
        """,
        {"month": month.first_day},
    )
