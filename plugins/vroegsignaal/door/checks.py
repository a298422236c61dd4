"""The checks: Great Expectations on the door's work tables.

It tells which rows break a rule as a query; the database itself writes the findings with it, so that no value of a row
leaves the warehouse.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.engine import make_url

from vroegsignaal import contract
from vroegsignaal.contract import Feed, Rule
from vroegsignaal.discreet import DiscreetConnection
from vroegsignaal.door.work_tables import SCHEMA
from vroegsignaal.errors import PlatformError

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation import Expectation


def _for_sqlalchemy(uri: str) -> str:
    """The connection string for Great Expectations: its driver named, and the schema of the work tables as its own."""
    return (
        make_url(uri)
        .set(drivername="postgresql+psycopg")
        .update_query_dict({"options": f"-csearch_path={SCHEMA}"})
        .render_as_string(hide_password=False)
    )


def _connect(_dialect: object, _record: object, arguments: tuple, options: dict) -> psycopg.Connection:
    return DiscreetConnection.connect(*arguments, **options)


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
        self._source = context.data_sources.add_postgres("warehouse", connection_string=_for_sqlalchemy(self.uri))
        # It logs what goes wrong, with what the database says of it.
        event.listen(self._source.get_execution_engine().engine, "do_connect", _connect)

    def apply(self, table: str, rules: tuple[Rule, ...]) -> None:
        """Try the rules on a work table and write a finding for every row that breaks one."""
        rows = self.connection.execute(
            sql.SQL("select count(*) from {}").format(sql.Identifier(SCHEMA, table))
        ).fetchone()[0]
        rows_seen = _expectation(Rule("rows_seen", "ExpectTableRowCountToEqual", {"value": rows}), None)
        # All at once: added one by one, each is first compared with all before it.
        expectations = [*(_expectation(rule, number) for number, rule in enumerate(rules)), rows_seen]
        suite = self._suite(name=table, expectations=expectations)
        asset = self._source.add_table_asset(f"{table} {id(suite)}", table_name=table)
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

    def _write_findings(self, table: str, rules: tuple[Rule, ...], result: ExpectationValidationResult) -> None:
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
                "insert into quality.door_finding"
                " select broken.drop_id, broken.line_no, {rule},"
                " case when raised.rule is null then {severity} else 'warning' end, {column}"
                " from ({query}) as broken"
                " left join quality.door_raised as raised on raised.drop_id = broken.drop_id and raised.rule = {rule}"
            ).format(
                rule=sql.Literal(rule.rule),
                severity=sql.Literal(contract.severity(rule.rule)),
                column=sql.Literal(rule.column),
                query=sql.SQL(query.rstrip().rstrip(";")),
            )
        )


def _query_across_rows(rule: Rule, table: str) -> str:
    return _expectation(rule, None).unexpected_rows_query.format(batch=f"{SCHEMA}.{table} as batch")


def check_rows(checks: Checks, feed: Feed) -> None:
    """First the rules that look at one row, then those that need to know which rows are accepted."""
    alone = tuple(rule for rule in feed.row_rules if not _is_across_rows(rule))
    checks.apply(f"door_{feed.name}", alone)
    across = tuple(rule for rule in feed.row_rules if _is_across_rows(rule))
    if across:
        checks.apply(f"door_{feed.name}", across)


def _expectation(rule: Rule, number: int | None) -> Expectation:
    import great_expectations.expectations as gxe

    expectation = _across_rows(rule.expect) if _is_across_rows(rule) else getattr(gxe, rule.expect)
    return expectation(**rule.arguments, meta={"rule": number})


def _is_across_rows(rule: Rule) -> bool:
    return _across_rows(rule.expect) is not None


def _across_rows(name: str) -> type[Expectation] | None:
    from expectations import across_rows

    return vars(across_rows).get(name)


def _went_wrong(exception_info: dict) -> bool:
    """Whether a check broke; the information is one entry, or one per metric with a key of its own."""
    if "raised_exception" in exception_info:
        return bool(exception_info["raised_exception"])
    return any(entry.get("raised_exception") for entry in exception_info.values())
