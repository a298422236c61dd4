"""The notices: to each sender what was found on its own delivery, row by row, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import psycopg
from psycopg import sql

from vroegsignaal import contract, landing, warehouse
from vroegsignaal.months import Month, day_in_words
from vroegsignaal.outbox.files import write_csv
from vroegsignaal.settings import Settings

SHOWN_CHARACTERS = 100
"""A number of a signal or customer that is longer is no number; nobody reads further."""
SHOWN_LINES = 20
HEADER = ("bestand", "regel", "signaal_id", "klantnummer", "kolom", "regel_naam", "ernst", "melding", "wat_te_doen")
# The municipality knows its own rows by file and line: no value of a person is needed.
OWN_HEADER = ("bestand", "regel", "kolom", "regel_naam", "ernst", "melding", "wat_te_doen")
SEVERITIES = {"critical": "geweigerd", "warning": "aangehouden", "info": "ter informatie"}
RELEASED = "vrijgegeven"


@dataclass(frozen=True)
class Notice:
    """A finding in the words for its sender, on a row or (without a line) on the whole drop."""

    drop_id: int
    creditor: str | None
    file: str
    line: int | None
    signal_id: str | None
    customer: str | None
    column: str | None
    rule: str
    severity: str
    finding: str
    action: str

    @property
    def row(self) -> tuple:
        """As its creditor reads it: see HEADER."""
        return self.file, self.line, self.signal_id, self.customer, *self._words

    @property
    def own_row(self) -> tuple:
        """As the municipality reads it: see OWN_HEADER."""
        return self.file, self.line, *self._words

    @property
    def _words(self) -> tuple:
        return self.column, self.rule, self.severity, self.finding, self.action


def write(here: Settings, code: str, month: Month, folder: Path) -> int:
    """Write what was found this month; the number of files.

    `meldingen/<creditor>.csv` for every creditor with findings, and `bevindingen.csv` about the municipality's own
    registers. A file of an earlier run goes away when nothing is found any more.
    """
    with warehouse.connect(here, "loader") as connection:
        to_creditors = found(connection, code, month, of_creditors=True)
        to_municipality = found(connection, code, month, of_creditors=False)
    files = {
        folder / "meldingen" / f"{creditor}.csv": (HEADER, [notice.row for notice in notices])
        for creditor, notices in groupby(to_creditors, key=lambda notice: notice.creditor)
    }
    if to_municipality:
        files[folder / "bevindingen.csv"] = OWN_HEADER, [notice.own_row for notice in to_municipality]
    for path, (header, rows) in files.items():
        write_csv(path, header, rows)
    for old in {*folder.glob("meldingen/*.csv"), *folder.glob("bevindingen.csv")} - files.keys():
        old.unlink()
    return len(files)


def found(connection: psycopg.Connection, code: str, month: Month, *, of_creditors: bool) -> list[Notice]:
    """What was found on the month's drops in force, of creditors or of the municipality itself; by creditor."""
    notices = [
        notice
        for feed in contract.feeds().values()
        if feed.of_creditor == of_creditors
        for notice in _of_feed(connection, feed, code, month)
    ]
    return sorted(notices, key=lambda notice: notice.creditor or "")


def file_of(name: str, creditor: str | None) -> str:
    """The name of a drop's file for people: see `landing.shown_name`."""
    return landing.shown_name(name) if creditor == landing.NOBODY else name


def _of_feed(connection: psycopg.Connection, feed: contract.Feed, code: str, month: Month) -> Iterator[Notice]:
    """The findings on a feed's drops in force, in the words for its sender."""
    columns = {column.name for column in feed.columns}
    customer = "row.klantnummer" if "klantnummer" in columns else "null"
    findings = connection.execute(
        sql.SQL(
            """
            select
                finding.drop_id, ledger.creditor, ledger.file, finding.line_no,
                left({signal}, %(shown)s), left({customer}, %(shown)s),
                finding.column_name, finding.rule, finding.severity, coalesce(ledger.unreadable, ledger.looks_like),
                ledger.missing_columns, ledger.extra_columns,
                finding.rule = 'duplicate_household' and not exists (
                    select 1
                    from quality.accepted_signals as kept
                    inner join raw.signals as raw using (drop_id, line_no)
                    where kept.drop_id = finding.drop_id and kept.household_id = (
                        select household.household_id from vault.household as household
                        where household.municipality_code = ledger.municipality_code
                        and household.address_key = {address}
                    )
                    and quality.trimmed(raw.klantnummer) = quality.trimmed({customer})
                ),
                (released.released_at at time zone 'Europe/Amsterdam')::date,
                -- Who tells a portal's creditors apart has to know which rows name none.
                case when finding.rule = 'unknown_creditor' and ledger.portal is not null then (
                    select string_agg(line_no::text, ', ' order by line_no)
                    from (
                        select line_no from {raw} where drop_id = ledger.drop_id order by line_no limit %(lines)s
                    ) as first
                ) end
            from quality.finding as finding
            inner join raw.drop_ledger as ledger using (drop_id)
            left join {raw} as row using (drop_id, line_no)
            left join quality.released as released
                on finding.drop_id = released.drop_id and finding.line_no = released.line_no
                and finding.severity = 'warning'
            where ledger.municipality_code = %(code)s and ledger.signal_month = %(month)s and ledger.feed = %(feed)s
            and ledger.status <> 'superseded'
            order by ledger.drop_id, finding.line_no, finding.rule, finding.column_name
            """
        ).format(
            signal=sql.SQL("row.signaal_id" if "signaal_id" in columns else "null"),
            customer=sql.SQL(customer),
            raw=sql.Identifier("raw", feed.name),
            address=sql.SQL(_ADDRESS if feed.has_address else "null"),
        ),
        {"code": code, "month": month.first_day, "feed": feed.name, "shown": SHOWN_CHARACTERS, "lines": SHOWN_LINES},
    )
    for drop, creditor, file, *row, column, rule, severity, why, missing, extra, lost, released_on, lines in findings:
        place = drop, creditor, file_of(file, creditor), *row
        words = contract.wordings()["duplicate_household_missing" if lost else rule]
        told = words.finding.format(column=column or ", ".join(missing or extra))
        if rule in ("unreadable", "columns_missing") and why:
            told = f"{told} ({why})"
        if lines:
            told = f"{told} (regel {lines})"
        if released_on:
            told = f"{told} De gemeente heeft de rij op {day_in_words(released_on)} vrijgegeven."
            yield Notice(*place, column, rule, RELEASED, told, "Geen: de rij doet mee.")
        else:
            yield Notice(*place, column, rule, SEVERITIES[severity], told, words.action)


_ADDRESS = """
    quality.address_key(
        quality.read_postcode(quality.trimmed(row.postcode)),
        quality.read_house_number(quality.trimmed(row.huisnummer)),
        quality.trimmed(row.huisletter), quality.trimmed(row.huisnummertoevoeging)
    )
"""
