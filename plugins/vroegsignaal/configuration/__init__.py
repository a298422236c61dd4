"""The configuration: CSV files of a municipality, else the project's seeds, checked and loaded into schema `config`."""

from __future__ import annotations

from hashlib import sha256

import psycopg
from psycopg import sql

from vroegsignaal import calendar
from vroegsignaal.configuration import references
from vroegsignaal.configuration.files import contents, file_of, read
from vroegsignaal.configuration.tables import TABLES
from vroegsignaal.settings import Settings


def load(settings: Settings, connection: psycopg.Connection) -> bool:
    """Make schema `config` hold the configuration folder as it is now; whether anything changed.

    A file that the folder leaves out is taken from the project's defaults. Raises PlatformError that names file, line
    and column of what is wrong.
    """
    # Two commands at once.
    connection.execute("select pg_advisory_xact_lock(hashtext('vroegsignaal configuration'))")
    given = {table.name: contents(file_of(settings, table)) for table in TABLES.values()}
    fingerprint = sha256(b"\0".join(given.values())).hexdigest()
    if connection.execute("select 1 from config.loaded where fingerprint = %s", [fingerprint]).fetchone():
        return False
    rows = {table.name: read(settings, table) for table in TABLES.values()}
    references.check(rows)
    for table in TABLES.values():
        name = sql.Identifier("config", table.name)
        connection.execute(sql.SQL("delete from {}").format(name))
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        with connection.cursor().copy(sql.SQL("copy {} ({}) from stdin").format(name, columns)) as copy:
            for row in rows[table.name]:
                copy.write_row([row[column] for column in table.columns])
    _load_holidays(connection)
    connection.execute("delete from config.loaded")
    connection.execute("insert into config.loaded values (%s)", [fingerprint])
    return True


def code_list(settings: Settings, name: str) -> list[str]:
    """The codes of a list, in the order in which people choose from them."""
    table = TABLES["code_lists"]
    return [str(row["code"]) for row in read(settings, table) if row["list"] == name]


def remarks(settings: Settings) -> list[str]:
    """What is allowed but seldom meant: names in one file that no other file knows, with file and line."""
    return references.remarks({table.name: read(settings, table) for table in TABLES.values()})


def _load_holidays(connection: psycopg.Connection) -> None:
    connection.execute("delete from config.holiday")
    with connection.cursor().copy("copy config.holiday (day, description) from stdin") as copy:
        for row in calendar.holidays().items():
            copy.write_row(row)
