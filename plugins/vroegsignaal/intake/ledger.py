"""The ledger of drops: which files are known, and what is kept of each."""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from vroegsignaal import landing
from vroegsignaal.intake.dialect import Dialect
from vroegsignaal.landing import DeliveredFile
from vroegsignaal.months import Month


@dataclass(frozen=True)
class Known:
    """A drop that is in the ledger (of a portal's file: the first one), and how its file was read, if it could be."""

    drop_id: int
    file: str
    failed: bool
    read_as: str
    erased: bool = False
    """Whether rows of it, or of another drop of its file, were erased: it is not read again."""


@dataclass(frozen=True)
class FileFacts:
    """What the ledger keeps of a file: why it is unreadable, what it looks like, names of columns; never a value."""

    unreadable: str | None = None
    looks_like: str | None = None
    missing_columns: list[str] = field(default_factory=list)
    extra_columns: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether no row of the file can be accepted."""
        return bool(self.unreadable or self.missing_columns)


def fingerprint(file: DeliveredFile) -> str:
    """The SHA-256 of the file's bytes, in hexadecimal digits."""
    return landing.fingerprint(file.path)


def known(connection: psycopg.Connection, file: DeliveredFile, sha: str, sender: str | None) -> Known | None:
    """The drop in the ledger with these bytes of a creditor or portal in the file's month; None when there is none."""
    row = connection.execute(
        """
        select drop_id, file, unreadable is not null or missing_columns <> '{}', coalesce(read_as, ''),
            -- Before the limit: of a portal's file any drop counts, since they are read anew together.
            bool_or(erased_at is not null) over ()
        from raw.drop_ledger
        where
            (municipality_code, signal_month, feed, sha256) = (%(code)s, %(month)s, %(feed)s, %(sha)s)
            and (
                creditor is not distinct from %(sender)s
                or portal = %(sender)s
                or drop_id in (select drop_id from raw.redelivery where file = %(file)s)
            )
        order by drop_id limit 1
        """,
        {
            "code": file.municipality_code,
            "month": file.month.first_day,
            "feed": file.feed,
            "sha": sha,
            "sender": sender,
            "file": file.name,
        },
    ).fetchone()
    return Known(*row) if row else None


def is_of_new_size(connection: psycopg.Connection, file: DeliveredFile) -> bool:
    """Whether a file that was noted as seen has other bytes than all drops it could be, since it has another number."""
    (any_of_size,) = connection.execute(
        "select exists ("
        " select 1 from raw.drop_ledger as ledger inner join raw.file_seen as seen on seen.file = %s"
        " where (ledger.municipality_code, ledger.signal_month, ledger.feed) = (%s, %s, %s)"
        # Of what an older version received it is not known.
        " and coalesce(ledger.size, seen.size) = seen.size)",
        [file.name, file.municipality_code, file.month.first_day, file.feed],
    ).fetchone()
    return not any_of_size


def note_again(connection: psycopg.Connection, drop: Known, file: DeliveredFile) -> None:
    """Note that the bytes of a drop were delivered once more under another name; nothing for its own name."""
    if drop.file != file.name:
        connection.execute(
            "insert into raw.redelivery (drop_id, file, delivery) values (%s, %s, %s) on conflict do nothing",
            [drop.drop_id, file.name, file.delivery],
        )


def is_seen(connection: psycopg.Connection, file: DeliveredFile) -> bool:
    """Whether the file was received as it is now, by its size and the moment at which it was written.

    Fingerprints are not taken of years of files every quarter of an hour.
    """
    return bool(
        connection.execute(
            "select 1 from raw.file_seen where (file, written_at, size) = (%s, %s, %s)", [file.name, *looks(file)]
        ).fetchone()
    )


def note_seen(connection: psycopg.Connection, file: DeliveredFile) -> None:
    """Note how the file looks now: see `is_seen`."""
    connection.execute(
        "insert into raw.file_seen (file, written_at, size) values (%s, %s, %s)"
        " on conflict (file) do update set (written_at, size) = (excluded.written_at, excluded.size)",
        [file.name, *looks(file)],
    )


def looks(file: DeliveredFile) -> tuple[float, int]:
    """When the file was written, in seconds, and how many bytes it has."""
    found = file.path.stat()
    return found.st_mtime, found.st_size


def months_awaiting_judgement(connection: psycopg.Connection) -> set[Month]:
    """The months with a drop that was received and not judged since: what came between the two broke off."""
    days = connection.execute("select distinct signal_month from raw.drop_ledger where awaits_judgement").fetchall()
    return {Month.of(day) for (day,) in days}


def is_decided(connection: psycopg.Connection, file: DeliveredFile) -> bool:
    """Whether the selection of the file's month was approved."""
    return connection.execute(
        "select decision.is_approved(%s, %s)", [file.municipality_code, file.month.first_day]
    ).fetchone()[0]


def of_portal(connection: psycopg.Connection, file: DeliveredFile, sha: str) -> dict[str, int]:
    """The drops that an earlier reading made of a portal's file, by creditor."""
    return dict(
        connection.execute(
            "select creditor, drop_id from raw.drop_ledger"
            " where (municipality_code, signal_month, feed, sha256, portal) = (%s, %s, %s, %s, %s) order by drop_id",
            [file.municipality_code, file.month.first_day, file.feed, sha, file.creditor],
        ).fetchall()
    )


def forget(connection: psycopg.Connection, drops: list[int]) -> None:
    """Take drops out of the ledger whose rows stand under other drops since their file was read anew.

    One of which a person released a row stays, without rows.
    """
    if not drops:
        return
    connection.execute(
        "update raw.drop_ledger set (status, rows_read, rows_accepted, rows_quarantined, rows_rejected)"
        " = ('received', 0, 0, 0, 0) where drop_id = any(%s) and drop_id in (select drop_id from quality.release)",
        [drops],
    )
    for schema, table in (("quality", "finding"), ("raw", "redelivery"), ("raw", "drop_ledger")):
        connection.execute(
            sql.SQL(
                "delete from {} where drop_id = any(%s) and drop_id not in (select drop_id from quality.release)"
            ).format(sql.Identifier(schema, table)),
            [drops],
        )


def next_number(connection: psycopg.Connection) -> int:
    """The number of the next drop."""
    return connection.execute("select coalesce(max(drop_id), 0) + 1 from raw.drop_ledger").fetchone()[0]


def enter(
    connection: psycopg.Connection,
    file: DeliveredFile,
    sha: str,
    dialect: Dialect,
    facts: FileFacts,
    *,
    drop_id: int,
    rows: int,
    creditor: str | None,
) -> None:
    """Write a drop into the ledger, in the place of what is known under its number."""
    connection.execute(
        """
        insert into raw.drop_ledger as ledger (
            drop_id, municipality_code, signal_month, feed, creditor, portal, delivery, sha256, file, rows_read,
            unreadable, looks_like, missing_columns, extra_columns, decimal_separator, thousands_separator, read_as,
            size
        ) values (
            %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
            (select seen.size from raw.file_seen as seen where seen.file = %s)
        )
        on conflict (drop_id) do update set (
            status, awaits_judgement, creditor, portal, delivery, file, rows_read, unreadable, looks_like,
            missing_columns, extra_columns, decimal_separator, thousands_separator, read_as, size
        ) = (
            -- Until it is judged again, what was accepted of it stands.
            case when ledger.rows_read = excluded.rows_read then ledger.status else 'received' end, true,
            excluded.creditor, excluded.portal, excluded.delivery, excluded.file, excluded.rows_read,
            excluded.unreadable, excluded.looks_like, excluded.missing_columns, excluded.extra_columns,
            excluded.decimal_separator, excluded.thousands_separator, excluded.read_as, excluded.size
        )
        """,
        [
            *(drop_id, file.municipality_code, file.month.first_day, file.feed, creditor),
            *(file.creditor if dialect.creditor_column else None, file.delivery, sha, file.name, rows),
            *(facts.unreadable, facts.looks_like, facts.missing_columns, facts.extra_columns),
            *(dialect.decimal_separator, dialect.thousands_separator, dialect.fingerprint, file.name),
        ],
    )
