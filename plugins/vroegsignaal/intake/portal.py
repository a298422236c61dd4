"""Portals: one file with the signals of all creditors becomes one drop per creditor."""

from __future__ import annotations

import psycopg
from psycopg import sql

from vroegsignaal import contract
from vroegsignaal.intake import ledger, received
from vroegsignaal.intake.dialect import Dialect
from vroegsignaal.intake.ledger import FileFacts
from vroegsignaal.landing import NOBODY, DeliveredFile


def load(
    connection: psycopg.Connection,
    file: DeliveredFile,
    sha: str,
    dialect: Dialect,
    facts: FileFacts,
    *,
    names: list[str],
    earlier: dict[str | None, int],
) -> None:
    """Enter a drop for every creditor in the file and put its rows in `raw`, each with its line in the file.

    `earlier`: the drops that an earlier reading of the file made, by creditor. A creditor keeps its drop; those of
    creditors that the file turns out not to name are given to others or forgotten. A creditor that delivered these very
    bytes itself keeps that drop.
    """
    column = received.positions(len(names))[names.index(dialect.creditor_column)]
    _name_creditors(connection, column)
    senders = connection.execute(
        sql.SQL(
            "select sender.creditor, count(*) from received inner join pg_temp.sender on sender.said = {}"
            " group by sender.creditor order by sender.creditor"
        ).format(_said(column))
    ).fetchall()
    named = {creditor for creditor, _ in senders}
    free = [drop_id for creditor, drop_id in earlier.items() if creditor not in named]
    for creditor, rows in senders:
        known = ledger.known(connection, file, sha, creditor)
        if known and known.drop_id not in earlier.values():
            ledger.note_again(connection, known, file)
            continue
        drop_id = earlier.get(creditor) or (free.pop(0) if free else ledger.next_number(connection))
        ledger.enter(connection, file, sha, dialect, facts, drop_id=drop_id, rows=rows, creditor=creditor)
        connection.execute("update pg_temp.sender set drop_id = %s where creditor = %s", [drop_id, creditor])
    ledger.forget(connection, free)
    received.move_to_raw(
        connection,
        contract.feeds()[file.feed],
        names,
        sql.SQL("sender.drop_id"),
        sql.SQL("received inner join pg_temp.sender on sender.said = {} and sender.drop_id is not null").format(
            _said(column)
        ),
    )
    connection.execute("drop table pg_temp.sender")


def _said(column: sql.Identifier) -> sql.Composed:
    """How a creditor is named in a row, ignoring case and surrounding spaces."""
    return sql.SQL("lower(btrim(coalesce({}, ''), E' \\t\\r\\n\\u00a0'))").format(column)


def _name_creditors(connection: psycopg.Connection, column: sql.Identifier) -> None:
    """Make the temporary table `sender`: for each name in the file the creditor that it stands for.

    That is the creditor with this code, else the only one with this name. Any other is nobody, whom the door rejects:
    what is in no register may be the name or the number of a person, in a column that shifted.
    """
    connection.execute("drop table if exists pg_temp.sender")
    connection.execute(
        sql.SQL(
            """
            create temporary table sender as
            with said as (
                select distinct {said} as said from received
            ),
            register as (
                select creditor, lower(creditor) as code,
                    lower(btrim(name)) as name, count(*) over (partition by lower(btrim(name))) as namesakes
                from config.creditors
            )
            select
                said.said,
                null::bigint as drop_id,
                coalesce(by_code.creditor, by_name.creditor, {nobody}) as creditor
            from said
            left join register as by_code on by_code.code = said.said
            left join register as by_name on by_name.name = said.said and by_name.namesakes = 1
            """
        ).format(said=_said(column), nobody=sql.Literal(NOBODY))
    )
