"""The notices: to each sender what was found on its own delivery, row by row, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import psycopg
from psycopg import sql

from vroegsignaal import contract, warehouse
from vroegsignaal.months import Month
from vroegsignaal.outbox.files import write_csv
from vroegsignaal.settings import Settings

HEADER = ("bestand", "regel", "signaal_id", "klantnummer", "kolom", "regel_naam", "ernst", "melding", "wat_te_doen")
# The municipality knows its own rows by file and line: no value of a person is needed.
OWN_HEADER = ("bestand", "regel", "kolom", "regel_naam", "ernst", "melding", "wat_te_doen")
_SEVERITIES = {"critical": "geweigerd", "warning": "aangehouden", "info": "ter informatie"}


def write(here: Settings, code: str, month: Month, folder: Path) -> int:
    """Write what was found this month; the number of files.

    `meldingen/<creditor>.csv` for every creditor with findings, and `bevindingen.csv` about the municipality's own
    registers. A file of an earlier run goes away when nothing is found any more.
    """
    with warehouse.connect(here, "loader") as connection:
        to_creditors = _all_findings(connection, code, month, of_creditors=True)
        to_municipality = _all_findings(connection, code, month, of_creditors=False)
    files = {
        folder / "meldingen" / f"{creditor}.csv": (HEADER, [row[1:] for row in findings])
        for creditor, findings in groupby(to_creditors, key=lambda row: row[0])
    }
    if to_municipality:
        files[folder / "bevindingen.csv"] = OWN_HEADER, [(*row[1:3], *row[5:]) for row in to_municipality]
    for path, (header, rows) in files.items():
        write_csv(path, header, rows)
    for old in {*folder.glob("meldingen/*.csv"), *folder.glob("bevindingen.csv")} - files.keys():
        old.unlink()
    return len(files)


def _all_findings(connection: psycopg.Connection, code: str, month: Month, of_creditors: bool) -> list[tuple]:
    found = [
        row
        for feed in contract.feeds().values()
        if feed.of_creditor == of_creditors
        for row in _findings(connection, feed, code, month)
    ]
    return sorted(found, key=lambda row: row[0] or "")


def _findings(connection: psycopg.Connection, feed: contract.Feed, code: str, month: Month) -> Iterator[tuple]:
    """The findings on a feed's drops in force, in the words for its sender; the creditor comes first."""
    columns = {column.name for column in feed.columns}
    customer = "row.klantnummer" if "klantnummer" in columns else "null"
    found = connection.execute(
        sql.SQL(
            """
            select
                ledger.creditor, ledger.file, finding.line_no, {signal}, {customer}, finding.column_name,
                finding.rule, finding.severity, coalesce(ledger.unreadable, ledger.looks_like), ledger.missing_columns,
                finding.rule = 'duplicate_household' and not exists (
                    select 1
                    from quality.accepted_signals as kept
                    inner join raw.signals as raw using (drop_id, line_no)
                    where kept.drop_id = finding.drop_id and kept.household_id = (
                        select household.household_id from vault.household as household
                        where household.municipality_code = ledger.municipality_code
                        and household.address_key = {address}
                    )
                    and btrim(raw.klantnummer) = btrim({customer})
                )
            from quality.finding as finding
            inner join raw.drop_ledger as ledger using (drop_id)
            left join {raw} as row using (drop_id, line_no)
            where ledger.municipality_code = %s and ledger.signal_month = %s and ledger.feed = %s
            and ledger.status <> 'superseded'
            order by ledger.drop_id, finding.line_no, finding.rule, finding.column_name
            """
        ).format(
            signal=sql.SQL("row.signaal_id" if "signaal_id" in columns else "null"),
            customer=sql.SQL(customer),
            raw=sql.Identifier("raw", feed.name),
            address=sql.SQL(_ADDRESS if feed.has_address else "null"),
        ),
        [code, month.first_day, feed.name],
    )
    for creditor, file, line, signal, customer_no, column, rule, severity, why, missing, lost in found:
        words = contract.wordings()["duplicate_household_missing" if lost else rule]
        told = words.finding.format(column=column or ", ".join(missing))
        if rule in ("unreadable", "columns_missing") and why:
            told = f"{told} ({why})"
        yield (
            creditor, file, line, signal, customer_no, column, rule, _SEVERITIES[severity], told, words.action,
        )  # fmt: skip


_ADDRESS = """
    quality.address_key(
        quality.read_postcode(btrim(row.postcode)), quality.read_house_number(btrim(row.huisnummer)),
        btrim(row.huisletter), btrim(row.huisnummertoevoeging)
    )
"""
