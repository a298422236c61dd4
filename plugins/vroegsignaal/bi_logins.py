"""Logins of BI for one municipality each: what they see follows from who they are, not from a setting of a session."""

from __future__ import annotations

import secrets

import psycopg
from psycopg import sql

from vroegsignaal import warehouse
from vroegsignaal.configuration.files import read
from vroegsignaal.configuration.tables import TABLES
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.settings import Settings


def grant(here: Settings, municipality: str) -> str:
    """Make the login of a municipality, or give it another password; what was done and how to use it, in words.

    It reads `mart`, its own rows only, and may make views in a schema of its own, which no other login enters.
    Raises UsageError for a municipality that is not in municipalities.csv.
    """
    known = {str(row["municipality_code"]) for row in read(here, TABLES["municipalities"])}
    if municipality not in known:
        raise UsageError(f"municipality {municipality} is not in municipalities.csv: {', '.join(sorted(known))}.")
    role, room = warehouse.login_of(municipality), sql.Identifier(_room(municipality))
    login, group = sql.Identifier(role), sql.Identifier(warehouse.OF_A_MUNICIPALITY)
    password = secrets.token_urlsafe(24)
    with warehouse.connect(here, warehouse.OWNER) as connection:
        warehouse.lock_roles(connection)
        if not _is_there(connection, role):
            connection.execute(
                sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole in role {}").format(login, group)
            )
        # The owner, who may be no superuser elsewhere, has to be able to end its sessions.
        connection.execute(sql.SQL("grant {} to current_user").format(login))
        connection.execute(sql.SQL("alter role {} login").format(login))
        connection.execute(sql.SQL("create schema if not exists {}").format(room))
        connection.execute(sql.SQL("grant usage, create on schema {} to {}").format(room, login))
        warehouse.set_password(connection, role, password)
        warehouse.remember_password(here, role, password)
    return (
        f"{role} reads the rows of {municipality} in mart, and may make views in {_room(municipality)}.\n"
        f"Its connection string: vroegsignaal uri --role bi --municipality {municipality}"
    )


def revoke(here: Settings, municipality: str) -> str:
    """Close the login of a municipality and end its sessions; its schema and what is in it stay."""
    role = warehouse.login_of(municipality)
    with warehouse.connect(here, warehouse.OWNER) as connection:
        warehouse.lock_roles(connection)
        if not _is_there(connection, role):
            raise PlatformError(f"there is no login {role}.")
        connection.execute(sql.SQL("alter role {} nologin").format(sql.Identifier(role)))
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [role])
        warehouse.remember_password(here, role, None)
    return f"{role} can no longer log in; {_room(municipality)} stays."


def _room(municipality: str) -> str:
    return f"bi_workspace_{municipality}"


def _is_there(connection: psycopg.Connection, role: str) -> bool:
    return warehouse.fetch(connection, "select 1 from pg_roles where rolname = %s", [role]) != []
