"""What a database says of an error, without the values of rows that it repeats in it.

An exception ends in a task's log, in dbt's log and results, and on a screen. PostgreSQL names the value it could not
read, the key that was there already, and the whole row that a constraint refused. Here it is said before anybody
catches the error, so that nothing has to be filtered afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

# The classes of SQLSTATE whose message itself repeats a value, not only its detail or context: data exceptions (a text
# that is no number), and what functions and casts of their own raise.
_REPEATS_VALUES = ("22", "P0", "F0", "XX")
_WITHHELD = "(what it says of values is withheld)"


def told(sqlstate: str | None, message: str | None, kind: str, place: str) -> str:
    """The message of an error: as the database gives it, or else only of what kind it is and where."""
    if message is None or sqlstate is None:
        return f"{kind} {_WITHHELD}{place}"
    if sqlstate.startswith(_REPEATS_VALUES):
        return f"{kind}, SQLSTATE {sqlstate} {_WITHHELD}{place}"
    return f"{message}{place}"


def make_discreet(error: Any) -> None:  # noqa: ANN401 - of psycopg or of psycopg2, which have no base in common
    """Take out of a database's error what may be a value: detail, hint, context and, where it is one, the message."""
    diag = error.diag
    sqlstate = diag.sqlstate
    if sqlstate is None:
        # Nothing that the server says of a row: it is not there, or the client does not understand.
        return
    named = (("table", _table(diag)), ("column", diag.column_name), ("constraint", diag.constraint_name))
    place = "".join(f", {what} {name}" for what, name in named if name)
    error.args = (told(sqlstate, diag.message_primary, type(error).__name__, place),)


def _table(diag: Any) -> str | None:  # noqa: ANN401
    return f"{diag.schema_name}.{diag.table_name}" if diag.table_name else None


class DiscreetConnection(psycopg.Connection):
    """A connection whose errors repeat no value."""

    def wait(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as it is
        """Wait for the server: whatever it is asked, its answer and its errors come by here."""
        try:
            return super().wait(*arguments, **options)
        except psycopg.Error as error:
            make_discreet(error)
            raise


def discreet_psycopg2(connect: Callable) -> Callable:
    """`psycopg2.connect` (dbt's driver) with cursors whose errors repeat no value."""
    import psycopg2.extensions

    class Cursor(psycopg2.extensions.cursor):
        def execute(self, *arguments: object) -> None:
            try:
                super().execute(*arguments)
            except psycopg2.Error as error:
                # Its text is not an argument but what the driver remembers: another one takes its place.
                raise _copied(error) from None

    def connected(*arguments: object, **options: object) -> object:
        return connect(*arguments, **{"cursor_factory": Cursor} | options)

    return connected


def _copied(error: Any) -> Exception:  # noqa: ANN401
    if error.diag.sqlstate is None:
        return error
    make_discreet(error)
    return type(error)(*error.args)
