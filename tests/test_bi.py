"""Who reads the marts: logins of one municipality each, which see no other by any way; and views outlive a rebuild."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import stepping
from conftest import places, platform, rows
from evaluating import deliver_december, deliver_january
from oracle.small_landing import DEC, JAN, A, B, Small, signal
from psycopg import errors
from rights import allows
from typer.testing import CliRunner

from vroegsignaal import bi_logins, cli, evaluation, transform, warehouse
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

OF_ALL, OF_A, OF_B = "bi_workspace", f"bi_workspace_{A}", f"bi_workspace_{B}"
VIEWS = {
    f"{OF_ALL}.alles": "select municipality_code, signal_month, creditor, signals from mart.fact_signals",
    f"{OF_ALL}.daarvan": f"select municipality_code, sum(signals) as signals from {OF_ALL}.alles group by 1",
    f"{OF_A}.mijn": "select municipality_code, signal_month, creditor, signals from mart.fact_signals",
    f"{OF_A}.oud": "select * from mart.matches_by_month",
}
STAGES = ("a month", "a rebuild", "a full refresh", "another version")


def login(here: Settings, municipality: str) -> psycopg.Connection:
    return psycopg.connect(warehouse.uri(here, "bi", municipality), autocommit=True)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Settings]:
    """A first month of two municipalities, the login of each, and the views of users."""
    small = Small(tmp_path_factory.mktemp("bi"))
    deliver_december(small)
    for creditor in ("rood", "blauw"):
        small.signals(DEC, creditor, signal(DEC, 1, "200"), municipality=B)
    deliver_january(small)
    with platform(new_home(), **places(small)) as settings:
        stepping.run_months(DEC)
        for municipality in (A, B):
            bi_logins.grant(settings, municipality)
        with warehouse.open_connection(settings, "bi") as of_all, login(settings, A) as of_a:
            for view, query in VIEWS.items():
                (of_all if view.startswith(f"{OF_ALL}.") else of_a).execute(f"create view {view} as {query}")
        yield settings


@pytest.fixture(scope="module", params=STAGES)
def stage(request: pytest.FixtureRequest, here: Settings) -> str:
    """Each stage stands on the ones before it."""
    if request.param == "a month":
        stepping.run_months(JAN)
    elif request.param == "a rebuild":
        evaluation.evaluate(here, Month.parse(JAN))
    elif request.param == "a full refresh":
        refresh(here, "--exclude-resource-type", "seed")
    else:
        with warehouse.connect(here, "owner") as connection:
            connection.execute("delete from config.prepared")
        warehouse.prepare(here)
    return request.param


def refresh(here: Settings, *words: str) -> None:
    month = Month.parse(JAN)
    unit = ("--exclude-resource-type", "unit_test")
    transform.run_dbt(here, month, "refresh", "build", "--full-refresh", *unit, *words, as_of=month)


# -- views of users


def test_views_of_users_are_still_there_and_tell_what_is_new(here: Settings, stage: str) -> None:
    with warehouse.open_connection(here, "bi") as of_all, login(here, A) as of_a:
        assert {code for (code,) in of_all.execute(f"select municipality_code from {OF_ALL}.alles")} == {A, B}, stage
        assert {code for (code,) in of_all.execute(f"select municipality_code from {OF_ALL}.daarvan")} == {A, B}
        months = {str(month)[:7] for (month,) in of_a.execute(f"select signal_month from {OF_A}.mijn")}
        assert months == {DEC, JAN}
        assert {code for (code,) in of_a.execute(f"select municipality_code from {OF_A}.oud")} == {A}


@pytest.fixture
def shaped(here: Settings) -> Iterator[Callable[[str], None]]:
    """A function that changes a mart as if another version had made it; the shape of this version is restored."""

    def change(statement: str) -> None:
        with warehouse.connect(here, "transformer") as connection:
            connection.execute(statement)

    yield change
    refresh(here, "--select", "fact_signals")


def test_a_column_that_comes_goes_or_changes_leaves_the_views(here: Settings, shaped: Callable[[str], None]) -> None:
    before = rows(here, "select * from mart.fact_signals as t order by t::text")
    shaped("alter table mart.fact_signals drop column crisis")
    shaped("alter table mart.fact_signals alter column repeated type integer")
    shaped("alter table mart.fact_signals add column former text not null default ''")
    refresh(here, "--select", "fact_signals")
    columns = "select column_name, data_type from information_schema.columns where table_name = 'fact_signals'"
    there = dict(rows(here, columns))
    assert "former" not in there
    assert (there["crisis"], there["repeated"]) == ("bigint", "bigint")
    assert len(rows(here, f"select * from {OF_ALL}.alles")) == len(before)
    with login(here, A) as of_a:
        assert of_a.execute(f"select sum(signals) from {OF_A}.mijn").fetchone() > (0,)


def test_a_view_in_the_way_of_a_change_is_named_and_nothing_is_lost(
    here: Settings, shaped: Callable[[str], None]
) -> None:
    shaped("alter table mart.fact_signals add column former text")
    with warehouse.open_connection(here, "bi") as connection:
        connection.execute(f"create view {OF_ALL}.vroeger as select former from mart.fact_signals")
        with pytest.raises(PlatformError, match=r"Column former of mart\.fact_signals goes .*bi_workspace\.vroeger\."):
            refresh(here, "--select", "fact_signals")
        # As it was before.
        assert connection.execute(f"select sum(signals) from {OF_ALL}.alles").fetchone() > (0,)
        connection.execute(f"drop view {OF_ALL}.vroeger")


# -- logins of one municipality


def test_a_login_reads_every_mart_and_of_each_its_own_municipality_only(here: Settings, stage: str) -> None:
    marts = [name for (name,) in rows(here, "select tablename from pg_tables where schemaname = 'mart'")]
    assert len(marts) > 40
    for municipality in (A, B):
        with login(here, municipality) as connection:
            seen = {
                mart: {code for (code,) in connection.execute(f"select municipality_code from mart.{mart}")}
                for mart in marts
            }
        assert set().union(*seen.values()) == {municipality}, stage
        assert {mart for mart, codes in seen.items() if codes} >= {"drops", "fact_signals", "dim_month", "dim_reason"}


def test_nothing_that_a_login_can_set_shows_another_municipality(here: Settings, stage: str) -> None:
    query = "select distinct municipality_code from mart.fact_signals"
    with login(here, A) as connection:
        for value in (B, "", "%"):
            connection.execute("select set_config('vroegsignaal.municipality', %s, false)", [value])
            assert connection.execute(query).fetchall() == [(A,)], stage
        for other in ("bi", f"bi_{B}", "transformer", "loader", "caseworker", "pg_read_all_data"):
            assert not allows(connection, f'set role "{other}"'), other
            assert not allows(connection, f'set session authorization "{other}"'), other
        # The role that all of them are in is nobody's, and sees nothing.
        connection.execute("set role bi_municipality")
        assert connection.execute(query).fetchall() == []
        connection.execute("reset role")
        connection.execute("set row_security = off")
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(query)
        for statement in (
            "alter table mart.fact_signals disable row level security",
            "create policy mine on mart.fact_signals using (true)",
            "drop policy municipality_of_login on mart.fact_signals",
            "create table mart.mine (one integer)",
            "update mart.fact_signals set signals = 0",
            "delete from mart.fact_signals",
            f"alter role bi_{A} bypassrls",
            f"grant bi to bi_{A}",
            f"grant bi_{B} to bi_{A}",
        ):
            assert not allows(connection, statement), statement


def test_no_function_view_or_error_shows_a_login_another_municipality(here: Settings, stage: str) -> None:
    told: list[str] = []
    with login(here, A) as connection:
        connection.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
        connection.execute(
            f"create or replace function {OF_A}.tell(code text) returns boolean language plpgsql cost 0.000001 as"
            " $$ begin raise notice '%', code; return true; end $$"
        )
        # A condition that is cheap is asked first, but never about a row that the policy leaves out.
        connection.execute(f"select * from mart.fact_signals where {OF_A}.tell(municipality_code)")
        assert set(told) == {A}, stage
        split = f"1 / (case when municipality_code = '{B}' then 0 else 1 end) = 1"
        assert connection.execute(f"select count(*) from mart.fact_signals where {split}").fetchone() > (0,)
        connection.execute(
            f"create or replace function {OF_A}.codes() returns setof text language sql security definer as"
            " $$ select municipality_code from mart.fact_signals $$"
        )
        assert {code for (code,) in connection.execute(f"select * from {OF_A}.codes()")} == {A}
        with connection.cursor().copy("copy (select municipality_code from mart.fact_signals) to stdout") as copied:
            assert {line.decode().strip() for line in (bytes(part) for part in copied)} == {A}


@pytest.mark.parametrize("with_option", ["", "with (security_invoker = true)"])
def test_a_view_shows_who_asks_his_own_rows_whoever_made_it(here: Settings, stage: str, with_option: str) -> None:
    view, query = f"{OF_ALL}.gedeeld", "select distinct municipality_code from"
    with warehouse.open_connection(here, "bi") as of_all, login(here, A) as of_a, login(here, B) as of_b:
        of_all.execute(f"create or replace view {view} {with_option} as select * from mart.fact_signals")
        of_all.execute(f"grant select on {view} to bi_municipality")
        with warehouse.connect(here, "owner") as owner:
            owner.execute(f"grant usage on schema {OF_ALL} to bi_municipality")
        try:
            assert {code for (code,) in of_all.execute(f"{query} {view}")} == {A, B}, stage
            for one, own in ((of_a, A), (of_b, B)):
                assert {code for (code,) in one.execute(f"{query} {view}")} <= {own}
        finally:
            with warehouse.connect(here, "owner") as owner:
                owner.execute(f"revoke usage on schema {OF_ALL} from bi_municipality")
            of_all.execute(f"drop view {view}")


def test_neither_estimates_nor_statistics_tell_of_other_rows(here: Settings, stage: str) -> None:
    with warehouse.connect(here, "owner") as connection:
        connection.execute("analyze")
    with login(here, A) as connection:
        assert connection.execute("select * from pg_stats where schemaname = 'mart'").fetchall() == [], stage
        for condition in ("municipality_code = '{}'", "creditor = '{}'"):
            # Of what is there with others, and of what is nowhere.
            query = f"explain select * from mart.fact_signals where {condition}"
            estimates = [
                connection.execute(query.format(value)).fetchall()
                for value in ((B, "0000") if "municipality" in condition else ("blauw", "paars"))
            ]
            shapes = [str(plan).replace(B, "").replace("0000", "") for plan in estimates]
            assert shapes[0].replace("blauw", "") == shapes[1].replace("paars", "")


def test_a_login_enters_mart_and_its_own_workspace_and_no_other_room(here: Settings, stage: str) -> None:
    rooms = (
        "select nspname from pg_namespace where nspname !~ '^(pg_|information_schema)'"
        " and has_schema_privilege(nspname, '{}')"
    )
    with login(here, A) as connection:
        assert {room for (room,) in connection.execute(rooms.format("usage"))} == {"mart", OF_A}, stage
        assert {room for (room,) in connection.execute(rooms.format("create"))} == {OF_A}
        for table in ("core.signal", "casework.selection", "vault.household", "raw.signals", f"{OF_ALL}.alles"):
            assert not allows(connection, f"select * from {table}"), table
    with login(here, B) as connection:
        assert not allows(connection, f"select * from {OF_A}.mijn")
        assert {room for (room,) in connection.execute(rooms.format("usage"))} == {"mart", OF_B}
    with warehouse.open_connection(here, "bi") as connection:
        assert {room for (room,) in connection.execute(rooms.format("create"))} == {OF_ALL}


# -- given and taken


def test_a_login_is_given_once_and_again_with_another_password_and_closed(here: Settings) -> None:
    before = warehouse.uri(here, "bi", B)
    assert f"bi_{B}" in bi_logins.grant(here, B)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(before)
    with login(here, B) as connection:
        connection.execute(f"create view {OF_B}.eigen as select * from mart.drops")
        bi_logins.revoke(here, B)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    with pytest.raises(PlatformError, match=f"vroegsignaal grant-bi {B}"):
        warehouse.uri(here, "bi", B)
    bi_logins.grant(here, B)
    with login(here, B) as connection:
        assert {code for (code,) in connection.execute(f"select municipality_code from {OF_B}.eigen")} == {B}
    assert (here.home / "roles.json").stat().st_mode & 0o077 == 0


def test_the_commands_make_a_login_and_print_its_connection_string(here: Settings) -> None:
    made = CliRunner().invoke(cli.app, ["grant-bi", A])
    assert made.exit_code == 0, made.output
    assert f"vroegsignaal uri --role bi --municipality {A}" in made.output
    printed = CliRunner().invoke(cli.app, ["uri", "--role", "bi", "--municipality", A]).output.strip()
    with psycopg.connect(printed) as connection:
        assert connection.execute("select current_user").fetchone() == (f"bi_{A}",)
    # It stays the login after another version prepared the warehouse.
    with warehouse.connect(here, "owner") as connection:
        connection.execute("delete from config.prepared")
    warehouse.prepare(here)
    assert warehouse.uri(here, "bi", A) == printed
    psycopg.connect(printed).close()


def test_who_asks_for_a_login_that_cannot_be_is_told_what_to_do(here: Settings) -> None:
    with pytest.raises(UsageError, match=r"municipality 0000 is not in municipalities\.csv"):
        bi_logins.grant(here, "0000")
    with pytest.raises(PlatformError, match="there is no login bi_0000"):
        bi_logins.revoke(here, "0000")
    with pytest.raises(UsageError, match="only role bi has logins"):
        warehouse.uri(here, "caseworker", A)
