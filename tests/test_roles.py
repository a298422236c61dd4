"""Nobody reads what is not theirs: every role on every table and column, after months, a rebuild and a full refresh."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stepping
from conftest import Delivery, manifest, places, platform
from deciding import Chosen, approve
from evaluating import deliver_december, deliver_january
from oracle.small_landing import DEC, JAN, A, B, Small, signal
from psycopg import sql
from rights import DIRECT, FEEDS, MAY_DO, TRANSFORMER_READS, allows, attempts

from vroegsignaal import contract, evaluation, privacy, reading, transform, warehouse
from vroegsignaal.errors import UsageError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings
from vroegsignaal.warehouse import ROLES

STAGES = ("months", "a rebuild", "a full refresh", "another version")
OF_MODELS = ("staging", "core", "casework", "mart")
# Whom the owner's eyes are lent to, for one question each.
MAY_CALL = {
    "loader": {"decision.is_approved", "decision.listed_cases"}
    | {f"quality.{does}_{feed}" for does in ("erase", "analyze") for feed in FEEDS}
    | {"quality.mark_erased", "quality.erase_awaited", "quality.erase_repeated_cases"}
    | {"vault.erase_households", "vault.move_residents", "vault.expiry", "vault.repeated_cases"}
    | {"vault.ddas_cases", "vault.ddas_facts", "vault.ddas_signals"},
    "transformer": {"vault.checked_customers", "quality.replaced_signals"},
    "caseworker": {"vault.customers", "vault.open_list", "vault.walking_list"},
    "bi": set(),
}
# Only by the functions that give names.
CALLED_BY_NOBODY = {"vault.check_opened"}
# Views of the policy look at the month of the run.
OF_A_RUN = "-c vroegsignaal.month=2022-01-01 -c vroegsignaal.as_of=2022-01-01"
Tables = dict[str, list[str]]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Settings]:
    small = Small(tmp_path_factory.mktemp("roles"))
    deliver_december(small)
    small.signals(DEC, "rood", signal(DEC, 1, "200"), municipality=B)
    small.signals(DEC, "blauw", signal(DEC, 1, "200"), municipality=B)
    deliver_january(small)
    with platform(new_home(), **places(small)) as settings:
        yield settings


@pytest.fixture(scope="module", params=STAGES)
def stage(request: pytest.FixtureRequest, here: Settings) -> str:
    """Each stage stands on the ones before it."""
    if request.param == "months":
        stepping.run_months(DEC, JAN)
    elif request.param == "a rebuild":
        stepping.run_months(JAN)
        evaluation.evaluate(here, Month.parse(DEC))
    elif request.param == "a full refresh":
        transform.run_dbt(
            here, Month.parse(JAN), "refresh", "build", "--full-refresh", *transform._BUILD[1:], as_of=Month.parse(JAN)
        )
    else:
        with warehouse.connect(here, "owner") as connection:
            connection.execute("delete from config.prepared")
        warehouse.prepare(here)
    return request.param


@pytest.fixture
def tables(here: Settings, stage: str) -> Tables:  # noqa: ARG001 - what there is then
    """Every table and view, with its columns."""
    with warehouse.connect(here, "owner") as connection:
        found: Tables = {}
        for column in privacy.columns_of(connection, {}):
            found.setdefault(f"{column.room}.{column.table}", []).append(column.name)
    assert {table.split(".")[0] for table in found} >= {*OF_MODELS, "raw", "quality", "vault", "decision", "config"}
    return found


def expected(tables: Tables, views: set[str]) -> dict[str, dict[str, str]]:
    """What each role may do with each table: as on a fresh warehouse, and with what dbt made."""
    rights = {
        role: {table: can for table, can in granted.items() if not table.endswith(".stand_in")}
        for role, granted in MAY_DO.items()
    }
    for table in tables:
        room = table.split(".")[0]
        if room in OF_MODELS:
            rights["transformer"][table] = "r" if table in views else "riudt"
            for role in ("caseworker", "bi"):
                if room == {"caseworker": "casework", "bi": "mart"}[role]:
                    rights[role][table] = "r"
    return rights


@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_with_every_table_what_is_expected_and_nothing_else(
    here: Settings, tables: Tables, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", OF_A_RUN)
    with warehouse.connect(here, "owner") as connection:
        views = {f"{schema}.{name}" for schema, name in connection.execute("select schemaname, viewname from pg_views")}
    with warehouse.open_connection(here, role) as connection:
        can = {
            # To a view that could be written to, being of one table, nobody writes: only reading counts.
            table: "".join(
                right
                for right, statement in attempts(table, min(columns))
                if (right == "r" or table not in views) and allows(connection, statement)
            )
            for table, columns in tables.items()
        }
    assert {table: rights for table, rights in can.items() if rights} == expected(tables, views)[role]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reads_every_column_that_is_expected_and_no_other(
    here: Settings, tables: Tables, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", OF_A_RUN)
    rights = expected(tables, set())[role]
    with warehouse.open_connection(here, role) as connection:
        for table, columns in tables.items():
            readable = {column for column in columns if allows(connection, f'select "{column}" from {table} limit 1')}
            room, _, name = table.partition(".")
            if "r" in rights.get(table, ""):
                assert readable == set(columns), table
            elif role == "transformer" and room == "quality" and name.removeprefix("accepted_") in FEEDS:
                assert readable == TRANSFORMER_READS[name.removeprefix("accepted_")], table
                assert not readable & DIRECT[name.removeprefix("accepted_")]
            else:
                assert readable == set(), table


@pytest.mark.parametrize("role", ROLES)
def test_who_types_a_query_is_told_no_where_he_may_not_read(
    here: Settings, tables: Tables, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", OF_A_RUN)
    rights = expected(tables, set())[role]
    for table in tables:
        written = io.StringIO()
        if "r" in rights.get(table, ""):
            reading.query(here, f"select * from {table} limit 0", role, None, "csv", written)
            assert written.getvalue()
        else:
            with pytest.raises(UsageError, match="permission denied"):
                reading.query(here, f"select * from {table} limit 0", role, None, "csv", written)
            assert written.getvalue() == ""


def test_the_owners_eyes_are_lent_to_whom_they_are_meant_for(here: Settings, stage: str) -> None:
    with warehouse.connect(here, "owner") as connection:
        lent = connection.execute(
            """
            select
                function.pronamespace::regnamespace || '.' || function.proname,
                array(select format_type(type, null) from unnest(function.proargtypes) as type),
                function.proconfig,
                function.prokind = 'p'
            from pg_proc as function
            where function.prosecdef and function.pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
            """
        ).fetchall()
    assert {name for name, *_ in lent} == set().union(*MAY_CALL.values(), CALLED_BY_NOBODY), stage
    for name, types, settings, is_procedure in lent:
        # Else a caller's own table or function of that name would be used as the owner; and a type of his own as well,
        # where his temporary schema is not said to come last.
        # How it is planned it may say as well.
        assert settings[0] == "search_path=pg_catalog, pg_temp", name
        assert {setting.split("=")[0] for setting in settings[1:]} <= {"enable_nestloop"}, name
        begin = "call" if is_procedure else "select * from"
        call = f"{begin} {name}({', '.join(f'null::{type_}' for type_ in types)})"
        for role in ROLES:
            with warehouse.open_connection(here, role) as connection:
                assert allows(connection, call) == (name in MAY_CALL[role]), (role, name)


def test_only_who_needs_temporary_tables_makes_something_in_a_schema_of_his_own(here: Settings) -> None:
    for role in ROLES:
        with warehouse.open_connection(here, role) as connection:
            made = [
                allows(connection, f"create {what}")
                for what in ("temp table mine ()", "domain pg_temp.mine as int", "table public.mine ()")
            ]
        assert made == [role in ("loader", "transformer")] * 2 + [False], role


def test_a_type_of_the_callers_own_never_runs_as_the_owner(delivery: Delivery) -> None:
    small, here = delivery
    for creditor in ("rood", "wit"):
        small.signals(JAN, creditor, signal(JAN, 1, "200"))
    stepping.receive(JAN)
    approve(here, JAN, Chosen(1))
    database = sql.Identifier(warehouse.DATABASE)
    with warehouse.connect(here, "owner") as connection:
        # As if the other lock were open.
        connection.execute(sql.SQL("grant temporary on database {} to caseworker").format(database))
    try:
        with warehouse.open_connection(here, "caseworker") as connection:
            connection.execute("create temp table ran_as (name pg_catalog.name)")
            connection.execute(
                "create function pg_temp.note(given pg_catalog.text) returns boolean language plpgsql as"
                " 'begin insert into pg_temp.ran_as values (current_user); return true; end'"
            )
            for own in ("text", "int4", "date", "numeric", "int8", "bool"):
                connection.execute(
                    f"create domain pg_temp.{own} as pg_catalog.{own} check (pg_temp.note(value::pg_catalog.text))"
                )
            warehouse.open_list(connection, A, Month.parse(JAN).first_day, "walking_list")
            listed = connection.execute(
                "select count(*) from vault.walking_list(%s::pg_catalog.text, %s::pg_catalog.date)",
                [A, Month.parse(JAN).first_day],
            ).fetchone()
            ran_as = connection.execute("select distinct name from pg_temp.ran_as").fetchall()
    finally:
        with warehouse.connect(here, "owner") as connection:
            connection.execute(sql.SQL("revoke temporary on database {} from caseworker").format(database))
    assert listed == (1,)
    assert ran_as == []


@pytest.mark.parametrize("role", ["caseworker", "bi"])
def test_statistics_of_the_server_tell_no_values_either(here: Settings, stage: str, role: str) -> None:
    with warehouse.connect(here, "owner") as connection:
        connection.execute("analyze")
    with warehouse.connect(here, role) as connection:
        rooms = {room for (room,) in connection.execute("select distinct schemaname from pg_stats")}
    assert rooms - {"pg_catalog", "information_schema"} <= {"casework" if role == "caseworker" else "mart"}, stage


def test_a_session_of_one_municipality_sees_the_rows_of_no_other(here: Settings, tables: Tables) -> None:
    seen: dict[str, set[str]] = {}
    for table, columns in tables.items():
        room = table.split(".")[0]
        if room not in ("casework", "mart"):
            continue
        assert "municipality_code" in columns, table
        role = "caseworker" if room == "casework" else "bi"
        for limited in (None, A, B, "0000"):
            with warehouse.connect(here, role) as connection:
                connection.execute("select set_config('vroegsignaal.municipality', %s, false)", [limited or ""])
                query = sql.SQL("select distinct municipality_code from {}").format(sql.Identifier(*table.split(".")))
                codes = {code for (code,) in connection.execute(query)}
            if limited is None:
                seen[table] = codes
            else:
                assert codes == seen[table] & {limited}, (table, limited)
    for table in ("casework.selection", "mart.drops", "mart.matches_by_month", "mart.signals_by_month_creditor"):
        assert seen[table] == {A, B}


def test_the_option_of_the_query_does_so_too(here: Settings, stage: str) -> None:
    for role, table in (("bi", "mart.drops"), ("caseworker", "casework.selection")):
        written = io.StringIO()
        reading.query(here, f"select distinct municipality_code from {table}", role, A, "csv", written)
        assert written.getvalue() == f"municipality_code\n{A}\n", stage


def test_every_table_for_bi_has_its_policy(here: Settings, stage: str) -> None:
    with warehouse.connect(here, "owner") as connection:
        unprotected = connection.execute(
            """
            select relname from pg_class
            where relnamespace = 'mart'::regnamespace and relkind in ('r', 'p', 'm', 'v')
            and not (relrowsecurity and exists (select 1 from pg_policy where polrelid = pg_class.oid))
            """
        ).fetchall()
    assert unprotected == [], stage


def test_every_column_that_was_made_has_a_privacy_class(here: Settings, stage: str) -> None:
    classes = privacy.of_other_tables(contract.feeds().values()) | privacy.of_models(manifest(here))
    with warehouse.connect(here, "owner") as connection:
        made = privacy.columns_of(connection, classes)
    assert privacy.faults(made) == [], stage
    assert {column.path for column in made} == set(classes)
