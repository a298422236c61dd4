"""The warehouse: where it is, its rooms and roles, and connections to it as one of the roles."""

from __future__ import annotations

import getpass
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from importlib import resources
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo

from vroegsignaal import contract, distributed
from vroegsignaal.configuration.tables import TABLES, table_definition
from vroegsignaal.discreet import DiscreetConnection
from vroegsignaal.embedded import EmbeddedServer, write_private
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.settings import Settings

OWNER = "owner"
ROLES = ("loader", "transformer", "caseworker", "bi")
OF_A_MUNICIPALITY = "bi_municipality"
"""The role without a login that those of municipalities are in (`bi_0637`): they read `mart`, each its own rows."""
DATABASE = "vroegsignaal"
AIRFLOW_DATABASE = "airflow"


def server(settings: Settings) -> EmbeddedServer:
    """The embedded server of this home."""
    return EmbeddedServer(settings.home)


def uri(settings: Settings, role: str = OWNER, municipality: str | None = None) -> str:
    """The connection string of the warehouse for one of the roles, or for its owner.

    With a municipality: for its own login, of role `bi` only. Raises PlatformError when it was not given one.
    """
    if role not in (OWNER, *ROLES):
        raise UsageError(f"'{role}' is not a role of the warehouse: choose one of {', '.join(ROLES)}.")
    if municipality is not None:
        role = _existing_login(settings, role, municipality)
    if settings.warehouse is None:
        login = () if role == OWNER else (role, _passwords(settings)[role])
        return server(settings).uri(DATABASE, *login)
    parts = _parts(settings.warehouse)
    if role != OWNER:
        # Another login; host, port, database and options (such as sslmode) stay as they are written.
        place = parts.netloc.rpartition("@")[2]
        parts = parts._replace(netloc=f"{role}:{_passwords(settings)[role]}@{place}")
    return parts.geturl()


def environment(settings: Settings, role: str = OWNER, municipality: str | None = None) -> dict[str, str]:
    """The connection string as the variables that programs of PostgreSQL read: their words are for all to see."""
    return client_variables(conninfo_to_dict(uri(settings, role, municipality)))


def client_variables(options: Mapping[str, object]) -> dict[str, str]:
    """Options of a connection string (such as sslmode) as variables of PostgreSQL's client library (PGSSLMODE)."""
    variables = {each.keyword.decode(): each.envvar.decode() for each in Conninfo.get_defaults() if each.envvar}
    return {variables[name]: str(value) for name, value in options.items() if name in variables}


@contextmanager
def connect(settings: Settings, role: str) -> Iterator[psycopg.Connection]:
    """A connection as a role: one transaction, committed when the block ends well, else rolled back."""
    with open_connection(settings, role) as connection, connection.transaction():
        yield connection


def open_connection(settings: Settings, role: str) -> psycopg.Connection:
    """A connection as a role, in autocommit; raises PlatformError when the warehouse does not answer."""
    # Who reads names is noted with it.
    name = f"vroegsignaal {role}, {getpass.getuser()}"
    target = make_conninfo(uri(settings, role), connect_timeout=10, application_name=name)
    try:
        connection = DiscreetConnection.connect(target, autocommit=True)
    except psycopg.OperationalError as error:
        place = "the warehouse of VROEGSIGNAAL_WAREHOUSE" if settings.warehouse else "the embedded warehouse"
        raise PlatformError(f"{place} cannot be reached as {role}: {str(error).strip()}") from None
    connection.execute("set client_min_messages = warning")
    return connection


def limit_to(connection: psycopg.Connection, municipality: str) -> None:
    """Limit a session to the rows of one municipality in `casework` and `mart`; an empty code is no limit."""
    connection.execute("select set_config('vroegsignaal.municipality', %s, false)", [municipality])


def open_list(connection: psycopg.Connection, municipality: str, month: date | str, of_names: str) -> None:
    """Note, in a transaction of its own, that a list with names is going to be read: without it no row is given."""
    with connection.transaction():
        connection.execute("set transaction read write")
        connection.execute("select vault.open_list(%s, %s, %s)", [municipality, month, of_names])


def unopened_list(error: psycopg.Error) -> tuple | None:
    """What `open_list` is to be given before the statement that failed runs; None when it failed for another reason."""
    return tuple(json.loads(error.diag.message_detail)) if error.sqlstate == "VS001" else None


def ensure_running(settings: Settings) -> bool:
    """Start the embedded server if it is needed and down, and bring the rooms up to date; whether it was started."""
    started = False if settings.warehouse else ensure_metadata(settings)
    prepare(settings)
    return started


def ensure_metadata(settings: Settings) -> bool:
    """Start the embedded server, which holds Airflow's metadata wherever the warehouse is; whether it was started."""
    started = server(settings).ensure_running()
    _ensure_databases(settings)
    return started


def metadata_uri(settings: Settings) -> str:
    """The connection string of Airflow's metadata, with the driver that Airflow wants."""
    return server(settings).uri(AIRFLOW_DATABASE, driver="postgresql+psycopg2")


def prepare(settings: Settings) -> None:
    """Make rooms, roles, tables and functions as this version wants them; nothing when they are so already."""
    wanted = definition()
    try:
        with connect(settings, OWNER) as connection:
            fingerprint = sha256(f"{wanted}{distributed.target(connection)}".encode()).hexdigest()
            if _prepared_for(connection) == fingerprint and (settings.home / "roles.json").exists():
                return
            lock_roles(connection)
            _ensure_roles(settings, connection)
            connection.execute(wanted)
            distributed.spread(connection)
            connection.execute("delete from config.prepared")
            connection.execute("insert into config.prepared values (%s)", [fingerprint])
    except psycopg.errors.InsufficientPrivilege as error:
        raise PlatformError(
            f"the login of VROEGSIGNAAL_WAREHOUSE may not prepare the warehouse: {error.diag.message_primary}. It has "
            "to own the database and to have the right `createrole`; and if the roles "
            f"{', '.join(ROLES)} exist already, it has to be the one who made them."
        ) from None


def fetch(connection: psycopg.Connection, query: str | sql.Composed, values: object = None) -> list[tuple]:
    """All rows of a query."""
    return connection.execute(query, values).fetchall()


def is_there(connection: psycopg.Connection, relation: str) -> bool:
    """Whether a table or view, written `schema.name`, was made yet: those of dbt come with the first month."""
    return fetch(connection, "select to_regclass(%s) is not null", [relation]) == [(True,)]


def _parts(outside: str) -> SplitResult:
    """The parts of VROEGSIGNAAL_WAREHOUSE; raises UsageError, which does not repeat it, unless it is a complete URI."""
    try:
        parts, there = urlsplit(outside), conninfo_to_dict(outside)
        # PostgreSQL's reading and ours agree only where special characters are escaped and the login stands in front.
        login = [None if part is None else unquote(part) for part in (parts.username, parts.password)]
        complete = bool(login[0] and there.get("dbname")) and login == [there.get("user"), there.get("password")]
    except (ValueError, psycopg.ProgrammingError):
        complete = False
    if not complete:
        raise UsageError(
            "VROEGSIGNAAL_WAREHOUSE is not the complete URI of a PostgreSQL database: write it as "
            "postgresql://user:password@host:port/database, with a password's special characters escaped (@ as %40)."
        )
    _check_encrypted(there)
    # Not all drivers know its other name, postgres.
    return parts._replace(scheme="postgresql")


_ENCRYPTED, _PLAIN_ON_PURPOSE = ("require", "verify-ca", "verify-full"), ("disable", "allow")


def _check_encrypted(there: dict) -> None:
    """Raise UsageError unless the warehouse is on this machine, or its URI says whether the connection is encrypted.

    By itself PostgreSQL's client library goes on without encryption where the server offers none, and says nothing.
    """
    named = [there.get(part) or os.environ.get(f"PG{part.upper()}", "") for part in ("host", "hostaddr", "sslmode")]
    mode, hosts = named.pop(), ",".join(named).split(",")
    if mode not in (*_ENCRYPTED, *_PLAIN_ON_PURPOSE) and not all(map(_is_this_machine, hosts)):
        raise UsageError(
            "VROEGSIGNAAL_WAREHOUSE is on another machine, and does not say that the connection is encrypted: add "
            "?sslmode=verify-full&sslrootcert=FILE to it (the certificate is checked), or ?sslmode=require. On a "
            "network on which nobody else can listen, ?sslmode=disable allows a plain connection on purpose."
        )


def _is_this_machine(host: str) -> bool:
    """Whether a host is the loopback interface or a socket; no host at all is a socket."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in ("", "localhost") or host.startswith(("/", "@"))


def _prepared_for(connection: psycopg.Connection) -> str | None:
    if not is_there(connection, "config.prepared"):
        return None
    row = connection.execute("select fingerprint from config.prepared").fetchone()
    return row[0] if row else None


def definition() -> str:
    """The whole definition of what lives outside dbt, as one script of idempotent statements."""
    scripts = {
        script.name: script.read_text()
        for script in resources.files("vroegsignaal").joinpath("schema").iterdir()
        if script.name.endswith(".sql")
    }
    before = [scripts[name] for name in sorted(scripts) if name < "40"]
    # What stands on the tables of configuration and feeds comes after them.
    after = [scripts[name] for name in sorted(scripts) if name >= "40"]
    tables = [table_definition(table) for table in TABLES.values()]
    tables += [_feed_tables(feed) for feed in contract.feeds().values()]
    tables.append("create table if not exists config.prepared (fingerprint text not null);")
    return "\n".join(before + tables + after)


def _feed_tables(feed: contract.Feed) -> str:
    """The tables of a feed: `raw.<feed>` as received (text), `quality.accepted_<feed>` with the values that were read.

    The transformer may read the accepted values, except those that point at a person.
    """
    raw, accepted = f"raw.{feed.name}", f"quality.accepted_{feed.name}"
    lines = [
        # Rows come from COPY, which gives neither: the receiver, of which there is one at a time, says what they are. A
        # primary key would take a third of the intake; the drops lie one after the other and are read as a whole.
        f"create table if not exists {raw} (drop_id bigint not null, line_no bigint not null);",
        f"alter table {raw} alter drop_id set default raw.drop_being_received();",
        f"alter table {raw} drop constraint if exists {feed.name}_pkey;",
        f"call raw.number_lines('{raw}');",
        f"create index if not exists {feed.name}_drop on {raw} using brin (drop_id);",
        f"create table if not exists {accepted} (drop_id bigint not null, line_no bigint not null,"
        " primary key (drop_id, line_no));",
        f"alter table {accepted} add column if not exists municipality_code text not null;",
        f"alter table {accepted} add column if not exists signal_month date not null;",
        f"alter table {accepted} add column if not exists creditor text;",
        f"alter table {accepted} add column if not exists household_id bigint;",
        f"alter table {raw} add column if not exists erased boolean not null default false;",
        f"alter table {accepted} add column if not exists erased boolean not null default false;",
    ]
    # First nothing: a column whose class became direct would else stay readable.
    lines.append(f"revoke all on {accepted} from transformer;")
    readable = ["drop_id", "line_no", "municipality_code", "signal_month", "creditor", "household_id", "erased"]
    for column in feed.columns:
        lines.append(f"alter table {raw} add column if not exists {column.name} text;")
        lines.append(f"alter table {accepted} add column if not exists {column.name} {column.sql_type};")
        comment = column.description.replace("'", "''")
        lines.append(f"comment on column {accepted}.{column.name} is '{comment} [{column.privacy}]';")
        if column.privacy != "direct":
            readable.append(column.name)
    lines += [_erasing(feed), _analyzing(feed)]
    lines.append(f"create index if not exists accepted_{feed.name}_month on {accepted} (signal_month);")
    if feed.has_address:
        lines.append(f"create index if not exists accepted_{feed.name}_household on {accepted} (household_id);")
    lines.append(f"grant select, insert, delete on {raw}, {accepted} to loader;")
    lines.append(f"grant update on sequence {raw}_line_no_seq to loader;")
    lines.append(f"grant select ({', '.join(readable)}) on {accepted} to transformer;")
    return "\n".join(lines)


def _analyzing(feed: contract.Feed) -> str:
    """The procedure that has the planner look at the accepted rows, which only their owner may."""
    name = f"quality.analyze_{feed.name}()"
    return f"""
create or replace procedure {name}
language sql security definer set search_path = pg_catalog, pg_temp as $$
    analyze quality.accepted_{feed.name}
$$;
revoke execute on procedure {name} from public;
grant execute on procedure {name} to loader;"""


COMPARED = ("klantnummer",)
"""Values that rows of one delivery are told apart by, whoever they point at."""
KNOWN_AGAIN = ("dossier_id",)
"""Numbers that come back with every export: what is erased is told by the same word each time, and so counted once."""
KEPT_NUMBERS = ("zaaknummer",)
"""Numbers that are ours: who is meant by them only the ledger of decisions knows, and of the erased nobody."""


def _erasing(feed: contract.Feed) -> str:
    """The procedure that erases rows of a feed: what points at somebody goes, numbers become words without meaning."""
    raw, accepted = f"raw.{feed.name}", f"quality.accepted_{feed.name}"
    given = "from unnest(drop_ids, line_nos) as given (drop_id, line_no)"
    which = "kept.drop_id = given.drop_id and kept.line_no = given.line_no and not kept.erased"
    emptied = ", ".join(f"{column.name} = null" for column in feed.columns)
    changed = ", ".join(filter(None, map(_erased_value, feed.columns)))
    name = f"quality.erase_{feed.name}(key text, drop_ids bigint [], line_nos bigint [])"
    return f"""
create or replace procedure {name}
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update {raw} as kept set {emptied}, erased = true {given} where {which};
    update {accepted} as kept set {changed + ", " if changed else ""}erased = true {given} where {which};
end
$$;
revoke execute on procedure quality.erase_{feed.name}(text, bigint [], bigint []) from public;
grant execute on procedure quality.erase_{feed.name}(text, bigint [], bigint []) to loader;"""  # noqa: S608 (names of the contracts)


def _erased_value(column: contract.Column) -> str | None:
    """What an accepted value becomes; nothing for one that stays, since the tables count it."""
    if column.name in KEPT_NUMBERS:
        return None
    if column.privacy == "direct" and column.name not in COMPARED:
        return f"{column.name} = null"
    if column.name in KNOWN_AGAIN:
        return f"{column.name} = quality.token(vault.kept_key(), kept.{column.name})"
    if column.privacy in ("direct", "pseudonym"):
        return f"{column.name} = quality.token(key, kept.{column.name})"
    if column.privacy == "remark":
        return f"{column.name} = quality.without_remarks(key, kept.{column.name})"
    return None


def _ensure_databases(settings: Settings) -> None:
    embedded = server(settings)
    with psycopg.connect(embedded.uri("postgres"), autocommit=True) as connection:
        # Held until the connection closes: two commands at once on an empty home.
        connection.execute("select pg_advisory_lock(hashtext('vroegsignaal databases'))")
        present = {name for (name,) in connection.execute("select datname from pg_database")}
        for database in (DATABASE, AIRFLOW_DATABASE):
            if database not in present:
                name = sql.Identifier(database)
                connection.execute(sql.SQL("create database {}").format(name))
                connection.execute(sql.SQL("revoke connect on database {} from public").format(name))


def _ensure_roles(settings: Settings, connection: psycopg.Connection) -> None:
    """Make the roles, each with a password of its own that only this home knows."""
    passwords = {role: secrets.token_urlsafe(24) for role in ROLES}
    if (settings.home / "roles.json").exists():
        passwords |= _passwords(settings)
    write_private(settings.home / "roles.json", json.dumps(passwords))
    present = {name for (name,) in connection.execute("select rolname from pg_roles")}
    database, group = sql.Identifier(connection.info.dbname), sql.Identifier(OF_A_MUNICIPALITY)
    if OF_A_MUNICIPALITY not in present:
        connection.execute(sql.SQL("create role {} nologin").format(group))
    connection.execute(sql.SQL("grant connect on database {} to {}").format(database, group))
    for role in ROLES:
        name = sql.Identifier(role)
        if role not in present:
            connection.execute(sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole").format(name))
        set_password(connection, role, passwords[role])
        connection.execute(sql.SQL("grant connect on database {} to {}").format(database, name))
        # The owner makes schemas in the transformer's name; outside an embedded server it may not be a superuser.
        connection.execute(sql.SQL("grant {} to current_user").format(name))


def set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    """Give a role its password; only its verifier travels.

    Another server may log statements, or would keep passwords in an older form.
    """
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("alter role {} with password {}").format(sql.Identifier(role), sql.Literal(verifier)))


def remember_password(settings: Settings, role: str, password: str | None) -> None:
    """Keep the password of a role in this home, or with None forget it; the roles have to be there."""
    passwords = {**_passwords(settings), role: password}
    kept = {name: secret for name, secret in passwords.items() if secret is not None}
    write_private(settings.home / "roles.json", json.dumps(kept))


def lock_roles(connection: psycopg.Connection) -> None:
    """One at a time makes roles, up to the end of its transaction: whoever does writes the file with passwords."""
    connection.execute("select pg_advisory_xact_lock(hashtext('vroegsignaal prepare'))")


def login_of(municipality: str) -> str:
    """What the login of a municipality for BI is called, whether it has one or not."""
    return f"bi_{municipality}"


def _existing_login(settings: Settings, role: str, municipality: str) -> str:
    if role != "bi":
        raise UsageError(f"only role bi has logins for one municipality, and not {role}.")
    login = login_of(municipality)
    if login not in _passwords(settings):
        raise PlatformError(
            f"municipality {municipality} has no login of its own: `vroegsignaal grant-bi {municipality}` makes one."
        )
    return login


def _passwords(settings: Settings) -> dict[str, str]:
    remembered = settings.home / "roles.json"
    if not remembered.exists():
        raise PlatformError(f"{settings.home} holds no roles yet: run a month first, or `vroegsignaal status`.")
    return json.loads(remembered.read_text())
