"""Many machines, as far as one can show: what the models ask stays within a municipality, and gives the same rows.

A stand-in takes the place of Citus (`stand_in`), and spreads nothing. What only Citus can show, `make
check-distributed` shows where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from colocation import catalog
from colocation.exceptions import EXCEPTIONS, GATHERED_IN_MART
from colocation.judge import Breach, Judge
from conftest import compiled_models, platform, rows
from stand_in import pretend

from vroegsignaal import distributed, transform, warehouse
from vroegsignaal.distributed import Place
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

MONTH = Month.parse("2018-09")


@pytest.fixture(scope="module")
def many(new_home: Callable[[], Path]) -> Iterator[Settings]:
    """A warehouse that is taken for one on many machines, with every relation of the models and without a row."""
    with platform(new_home()) as here:
        pretend(here)
        transform.derive(MONTH)
        transform.publish(MONTH)
        yield here


@pytest.fixture(scope="module")
def models(many: Settings) -> list[dict]:
    """The models as they are run there: schema, alias, path, materialized, compiled_code."""
    return [node | {"materialized": node["config"]["materialized"]} for node in compiled_models(many, MONTH)]


@pytest.fixture(scope="module")
def breaches(many: Settings, models: list[dict]) -> list[Breach]:
    """What the judge has to say of every model."""
    with warehouse.connect(many, "owner") as connection:
        known = catalog.read(connection)
    named = {f"{node['schema']}.{node['alias']}": node for node in models}
    # As they were written, so that lines are those of the file.
    known.views.update({name: n["compiled_code"] for name, n in named.items() if n["materialized"] == "view"})
    judge = Judge(known)
    for name, node in named.items():
        if node["materialized"] == "view":
            judge.relation(name)
        else:
            judge.statement(name, node["compiled_code"], stays=node["schema"] != "mart")
    return judge.breaches


def test_every_model_is_judged_on_the_statement_for_many_machines(models: list[dict]) -> None:
    files = {path.stem for path in (Path(__file__).parents[1] / "dbt_project" / "models").rglob("*.sql")}
    assert {node["name"] for node in models} == files
    (found,) = [node["compiled_code"] for node in models if node["name"] == "match_creditor"]
    assert f"'{MONTH.first_day}'::date" in found
    assert "reporter as (" in found
    assert "by_month as not materialized (" in found


def test_no_join_group_or_window_of_a_month_leaves_the_municipality(breaches: list[Breach]) -> None:
    monthly = [each for each in breaches if not each.model.startswith("mart.")]
    wrong = [str(each) for each in sorted(monthly) if (each.model, each.rule) not in EXCEPTIONS]
    assert not wrong, "\n".join(wrong)


def test_marts_gather_what_they_count_and_join_it_by_municipality(breaches: list[Breach]) -> None:
    wrong = [str(each) for each in breaches if each.model.startswith("mart.") and each.rule not in GATHERED_IN_MART]
    assert not wrong, "\n".join(wrong)


def test_every_exception_is_still_needed(breaches: list[Breach]) -> None:
    assert set(EXCEPTIONS) == {(each.model, each.rule) for each in breaches if not each.model.startswith("mart.")}


def test_each_table_is_where_it_belongs_and_stays_there(many: Settings) -> None:
    warehouse.prepare(many)
    placed = dict(rows(many, "select logicalrelid::text, place from pg_dist_partition"))
    tables = rows(
        many,
        "select table_schema, table_name, array_agg(column_name::text) from information_schema.columns"
        " inner join information_schema.tables using (table_schema, table_name)"
        " where table_type = 'BASE TABLE' and table_schema <> 'public' and table_schema !~ '^(pg_|information)'"
        " group by 1, 2",
    )
    wanted = {f"{schema}.{table}": distributed.place_of(schema, table, columns) for schema, table, columns in tables}
    # What a table is called without its schema is a matter of the search path.
    assert placed == {name: place.value for name, place in wanted.items() if place is not Place.COORDINATOR}
    assert set(wanted.values()) == set(Place)
    together = {
        lies_with for (lies_with,) in rows(many, "select lies_with from pg_dist_partition where place = 'spread'")
    }
    assert together == {"default", distributed.LIES_WITH}


def test_what_may_not_be_told_apart_on_one_machine_alone_has_the_municipality_in_its_key(many: Settings) -> None:
    keys = rows(
        many,
        "select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint"
        " inner join pg_dist_partition on conrelid = logicalrelid where place = 'spread' and contype in ('p', 'u')",
    )
    assert ("quality.accepted_signals", "PRIMARY KEY (drop_id, line_no, municipality_code)") in keys
    assert all("municipality_code" in key for _, key in keys)


def test_without_the_extension_nothing_is_spread(connection: psycopg.Connection) -> None:
    assert distributed.target(connection) == "single"
    assert distributed.spread(connection) == {}


def test_who_has_registered_no_machine_is_told_how(new_home: Callable[[], Path]) -> None:
    with platform(new_home()) as here:
        with warehouse.connect(here, "owner") as connection:
            connection.execute(Path(__file__).with_name("stand_in.sql").read_bytes())
            connection.execute("truncate public.pg_dist_node")
        with pytest.raises(PlatformError, match="citus_add_node"):
            warehouse.prepare(here)
