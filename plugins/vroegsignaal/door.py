"""The door: every drop of a month is judged against its contract by Great Expectations, in the database.

Great Expectations tells which rows break a rule as a query; the database itself writes the findings with it, so that no
value of a row leaves the warehouse. What passes is kept, with its values read and its household known, in
`quality.accepted_<feed>`.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from vroegsignaal import contract, settings, warehouse
from vroegsignaal.contract import ADDRESS, Column, Feed, Rule
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month

WORK_SCHEMA = "quality"
# Signals first, so that households with signals have the lowest numbers of the register.
FEED_ORDER = ("signals", "withdrawals", "brp", "shv")


def judge(month: Month) -> dict[str, int]:
    """Judge every drop of the month anew; the numbers of drops and rows by what became of them.

    The outcome replaces the month's earlier findings and accepted rows in one transaction.
    """
    here = settings.load()
    with warehouse.open_connection(here, "loader") as connection:
        connection.execute("select pg_advisory_lock(hashtext('vroegsignaal receive'))")
        checks = Checks(warehouse.uri(here, "loader"), connection)
        _lay_out_drops(connection, month)
        checks.apply("door_drop", contract.drop_rules())
        present = _lay_out_rows(connection, month)
        for feed in present:
            _check_rows(checks, feed)
        with connection.transaction():
            _replace_outcome(connection, month, present)
            return _totals(connection, month)


# -- the work tables: one row per drop, one per row of a drop that is not rejected, one per finding


def _lay_out_drops(connection: psycopg.Connection, month: Month) -> None:
    needing = [feed.name for feed in contract.feeds().values() if feed.needs_rows]
    of_creditor = [feed.name for feed in contract.feeds().values() if feed.of_creditor]
    with connection.transaction():
        connection.execute("drop table if exists quality.door_drop, quality.door_finding")
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
                ) as same_as_month
            from raw.drop_ledger as ledger
            where ledger.signal_month = %(month)s
            """,
            {"needing": needing, "of_creditor": of_creditor, "day": month.match_day, "month": month.first_day},
        )


def _lay_out_rows(connection: psycopg.Connection, month: Month) -> list[Feed]:
    """Make the work table of each feed that has drops this month; those feeds, in their order."""
    present = []
    with connection.transaction():
        for name in FEED_ORDER:
            feed = contract.feeds()[name]
            drops = connection.execute("select 1 from quality.door_drop where feed = %s limit 1", [name]).fetchone()
            connection.execute(sql.SQL("drop table if exists {}").format(_work_table(feed)))
            if drops:
                connection.execute(_rows_with_values(feed), {"month": month.first_day, "day": month.match_day})
                connection.execute(sql.SQL("analyze {}").format(_work_table(feed)))
                present.append(feed)
    return present


def _work_table(feed: Feed) -> sql.Identifier:
    return sql.Identifier(WORK_SCHEMA, f"door_{feed.name}")


def _rows_with_values(feed: Feed) -> sql.Composed:
    """The SQL that makes a feed's work table: each row with its texts trimmed, its values read, its policy at hand."""
    given = sql.SQL(",\n").join(
        sql.SQL("nullif(btrim(raw.{0}, E' \\t\\r\\n\\u00a0'), '') as {1}").format(
            sql.Identifier(column.name), sql.Identifier(column.given)
        )
        for column in feed.columns
    )
    values = [sql.SQL(", {} as {}").format(_reading(column), sql.Identifier(column.name)) for column in _typed(feed)]
    faults = [
        sql.SQL(", case when {0} is not null and {1} is null then true end as {2}").format(
            sql.Identifier(column.given), sql.Identifier(column.name), sql.Identifier(column.fault)
        )
        for column in _typed(feed)
    ]
    address = sql.SQL(", quality.address_key({}) as address_key").format(
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
            where ledger.signal_month = %(month)s
            and not exists (
                select 1 from quality.door_finding as found
                where found.drop_id = ledger.drop_id and found.severity = 'critical'
            )
        ),
        read as (select *{values} from given),
        marked as (select *{faults}{address} from read),
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
        """
    ).format(
        work=_work_table(feed),
        raw=sql.Identifier("raw", feed.name),
        given=given,
        values=sql.SQL("").join(values),
        faults=sql.SQL("").join(faults),
        address=address if feed.has_address else sql.SQL(""),
        derived=sql.SQL("").join(derived),
    )


def _typed(feed: Feed) -> list[Column]:
    return [column for column in feed.columns if column.rule_of_type]


def _reading(column: Column) -> sql.SQL:
    return sql.SQL(column.sql_reading(f'"{column.given}"'))


# -- the checks


@dataclass
class Checks:
    """Great Expectations on the work tables; it writes what it finds to `quality.door_finding`."""

    uri: str
    connection: psycopg.Connection

    def __post_init__(self) -> None:
        # Great Expectations reads this when it is imported. It takes seconds to import: only the door does.
        os.environ["GX_ANALYTICS_ENABLED"] = "False"
        import great_expectations

        logging.getLogger("great_expectations").setLevel(logging.WARNING)
        context = great_expectations.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        self._suite = great_expectations.ExpectationSuite
        self._source = context.data_sources.add_postgres(
            "warehouse", connection_string=self.uri.replace("postgresql://", "postgresql+psycopg://", 1)
        )

    def apply(self, table: str, rules: tuple[Rule, ...]) -> None:
        """Try the rules on a work table and write a finding for every row that breaks one."""
        suite = self._suite(name=table)
        for number, rule in enumerate(rules):
            suite.add_expectation(_expectation(rule, number))
        rows = self.connection.execute(
            sql.SQL("select count(*) from {}").format(sql.Identifier(WORK_SCHEMA, table))
        ).fetchone()[0]
        suite.add_expectation(_expectation(Rule("rows_seen", "ExpectTableRowCountToEqual", {"value": rows}), None))
        asset = self._source.add_table_asset(f"{table} {id(suite)}", table_name=table, schema_name=WORK_SCHEMA)
        batch = asset.add_batch_definition_whole_table("all").get_batch()
        outcome = batch.validate(
            suite,
            result_format={
                "result_format": "SUMMARY",
                "unexpected_index_column_names": ["drop_id", "line_no"],
                "return_unexpected_index_query": True,
                "exclude_unexpected_values": True,
                "partial_unexpected_count": 0,
            },
        )
        with self.connection.transaction():
            for result in outcome.results:
                self._write_findings(table, rules, result)

    def _write_findings(self, table: str, rules: tuple[Rule, ...], result: Any) -> None:
        number = result.expectation_config.meta["rule"]
        told = rules[number].rule if number is not None else "rows_seen"
        if _went_wrong(result.exception_info):
            raise PlatformError(f"the rule {told} could not be tried on {table}: see the contract of the feed.")
        if result.success:
            return
        if number is None:
            raise PlatformError(f"Great Expectations saw another number of rows in {table} than the warehouse holds.")
        rule = rules[number]
        query = result.result.get("unexpected_index_query") or _query_across_rows(rule, table)
        self.connection.execute(
            sql.SQL(
                "insert into quality.door_finding select drop_id, line_no, {}, {}, {} from ({}) as broken"
            ).format(
                sql.Literal(rule.rule),
                sql.Literal(contract.severity(rule.rule)),
                sql.Literal(rule.column),
                sql.SQL(query.rstrip().rstrip(";")),
            )
        )


def _query_across_rows(rule: Rule, table: str) -> str:
    return _expectation(rule, None).unexpected_rows_query.format(batch=f"{WORK_SCHEMA}.{table} as batch")


def _check_rows(checks: Checks, feed: Feed) -> None:
    """First the rules that look at one row, then those that need to know which rows are accepted."""
    alone = tuple(rule for rule in feed.row_rules if not _is_across_rows(rule))
    checks.apply(f"door_{feed.name}", alone)
    across = tuple(rule for rule in feed.row_rules if _is_across_rows(rule))
    if across:
        checks.apply(f"door_{feed.name}", across)


def _expectation(rule: Rule, number: int | None) -> Any:
    import great_expectations.expectations as gxe

    expectation = _across_rows(rule.expect) if _is_across_rows(rule) else getattr(gxe, rule.expect)
    return expectation(**rule.arguments, meta={"rule": number})


def _is_across_rows(rule: Rule) -> bool:
    return _across_rows(rule.expect) is not None


def _across_rows(name: str) -> Any:
    from expectations import across_rows

    return vars(across_rows).get(name)


def _went_wrong(exception_info: dict) -> bool:
    """Whether a check broke; the information is one entry, or one per metric with a key of its own."""
    if "raised_exception" in exception_info:
        return bool(exception_info["raised_exception"])
    return any(entry.get("raised_exception") for entry in exception_info.values())


# -- the outcome


def _replace_outcome(connection: psycopg.Connection, month: Month, present: list[Feed]) -> None:
    values = {"month": month.first_day}
    connection.execute(
        "delete from quality.finding as found using raw.drop_ledger as ledger"
        " where ledger.drop_id = found.drop_id and ledger.signal_month = %(month)s",
        values,
    )
    connection.execute("insert into quality.finding select distinct * from quality.door_finding")
    connection.execute(
        """
        update raw.drop_ledger as ledger set (status, rows_accepted, rows_quarantined, rows_rejected) = (
            select
                case when rejected then 'rejected' else 'received' end,
                0,
                quarantined,
                case when rejected then ledger.rows_read else 0 end
            from (
                select
                    coalesce(bool_or(found.severity = 'critical'), false) as rejected,
                    count(distinct found.line_no) filter (where found.severity = 'warning') as quarantined
                from quality.door_finding as found
                where found.drop_id = ledger.drop_id
            ) as judged
        )
        where ledger.signal_month = %(month)s
        """,
        values,
    )
    connection.execute("create index on quality.door_finding (drop_id, line_no)")
    connection.execute("analyze quality.door_finding")
    for name in FEED_ORDER:
        feed = contract.feeds()[name]
        _forget_accepted(connection, feed, month)
        if feed in present:
            if feed.register_households:
                _register_households(connection, feed)
            _keep_accepted(connection, feed)
        connection.execute(sql.SQL("drop table if exists {}").format(_work_table(feed)))
    _settle_deliveries(connection, month)
    connection.execute("drop table quality.door_drop, quality.door_finding")


def _forget_accepted(connection: psycopg.Connection, feed: Feed, month: Month) -> None:
    connection.execute(
        sql.SQL("delete from {} where signal_month = %s").format(_accepted(feed)),
        [month.first_day],
    )


def _accepted(feed: Feed) -> sql.Identifier:
    return sql.Identifier("quality", f"accepted_{feed.name}")


_NOT_QUARANTINED = """
    not exists (
        select 1 from quality.door_finding as found
        where found.drop_id = door.drop_id and found.line_no = door.line_no and found.severity = 'warning'
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
        ).format(_work_table(feed), sql.SQL(_NOT_QUARANTINED))
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
        ).format(_accepted(feed), columns, columns, _work_table(feed), household, sql.SQL(_NOT_QUARANTINED))
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
    """Of the deliveries of one sender that are not rejected, the highest holds and supersedes the others."""
    connection.execute(
        """
        update raw.drop_ledger as ledger
        set status = case when standing.place = 1 then 'accepted' else 'superseded' end
        from (
            select
                drop_id,
                row_number() over (
                    partition by municipality_code, feed, creditor order by delivery desc, drop_id desc
                ) as place
            from raw.drop_ledger
            where signal_month = %s and status = 'received'
        ) as standing
        where standing.drop_id = ledger.drop_id
        """,
        [month.first_day],
    )


def _totals(connection: psycopg.Connection, month: Month) -> dict[str, int]:
    names = ("drops", "rejected_drops", "accepted", "quarantined", "rejected")
    row = connection.execute(
        "select count(*), count(*) filter (where status = 'rejected'), coalesce(sum(rows_accepted), 0)::bigint,"
        " coalesce(sum(rows_quarantined), 0)::bigint, coalesce(sum(rows_rejected), 0)::bigint"
        " from raw.drop_ledger where signal_month = %s",
        [month.first_day],
    ).fetchone()
    return dict(zip(names, row, strict=True))
