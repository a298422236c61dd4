"""Releasing held rows: a person lets a row through, or gives it another amount, with name, time and reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

import psycopg
from psycopg.rows import dict_row

from vroegsignaal import settings, warehouse
from vroegsignaal.errors import UsageError
from vroegsignaal.months import Month

HELD = ("municipality", "month", "creditor", "drop", "file", "line", "signal_id", "rules", "amount")
# Without these a row belongs to no household, whatever anybody says of it.
_OF_ADDRESS = {"postcode", "huisnummer"}
_OF_AMOUNT = {"amount_invalid", "amount_not_positive"}
_MAXIMUM_EUR = Decimal(10_000_000)
HUNDREDTH = "hundredth"
"""In the place of an amount: a hundredth of the one that was delivered, which was written without its comma."""


@dataclass(frozen=True)
class Wanted:
    """The row that is meant: by its signal_id, and by its line where that is not unique or missing."""

    municipality: str
    month: Month
    creditor: str
    signal_id: str | None = None
    line: int | None = None
    drop_id: int | None = None
    """Where another delivery may have come since: the drop in which the row was seen."""


def held(municipality: str | None = None, month: Month | None = None) -> list[tuple]:
    """The held rows of the deliveries in force, as HELD names them; of their values the amount only, as delivered."""
    with warehouse.connect(settings.load(), "loader") as connection:
        return warehouse.fetch(
            connection,
            """
            select
                ledger.municipality_code, to_char(ledger.signal_month, 'YYYY-MM'), ledger.creditor, ledger.drop_id,
                ledger.file, finding.line_no, row.signaal_id, string_agg(distinct finding.rule, ', '), row.bedrag
            from quality.held as finding
            inner join raw.drop_ledger as ledger using (drop_id)
            inner join raw.signals as row using (drop_id, line_no)
            where
                ledger.municipality_code = coalesce(%s, ledger.municipality_code)
                and ledger.signal_month = coalesce(%s, ledger.signal_month)
            group by ledger.drop_id, finding.line_no, row.signaal_id, row.bedrag
            order by 1, 2, 3, 4, 6
            """,
            [municipality, month.first_day if month else None],
        )


def release(wanted: Wanted, by: str, reason: str, amount: Decimal | str | None = None) -> str:
    """Release a held row, with another amount if one is given (or HUNDREDTH); says what was done.

    It counts when the month is judged again.

    Raises UsageError, with what to do, for a row that is not there, is not held, or cannot be released.
    """
    with _deciding(by, reason) as connection:
        row = _row(connection, wanted)
        if amount == HUNDREDTH:
            amount = _hundredth(row)
        _check(row, amount)
        _record(connection, row, by, reason, amount)
        approved = connection.execute(
            "select decision.is_approved(%s, %s)", [wanted.municipality, wanted.month.first_day]
        ).fetchone()[0]
    return _told(row, wanted, amount, approved)


def _hundredth(row: dict) -> Decimal | None:
    amount = round(row["amount"] / 100, 2) if row["amount"] else None
    if amount is not None and amount <= 0:
        raise UsageError(f"a hundredth of the amount on line {row['line_no']} of {row['file']} is nothing.")
    return amount


def keep(wanted: Wanted, by: str, reason: str) -> str:
    """Leave a row held, on record; a release of before no longer counts. Raises UsageError as `release` does."""
    with _deciding(by, reason) as connection:
        row = _row(connection, wanted)
        if not row["rules"]:
            raise UsageError(f"line {row['line_no']} of {row['file']} is not held.")
        _record(connection, row, by, reason, kept=True)
    return f"Left held: line {row['line_no']} of {row['file']}."


@contextmanager
def _deciding(by: str, reason: str) -> Iterator[psycopg.Connection]:
    """A connection on which a person decides: by name and with a reason, and not while the month is being judged."""
    if not by.strip() or not reason.strip():
        raise UsageError("a release needs a name and a reason: --by and --reason.")
    with warehouse.connect(settings.load(), "loader") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('vroegsignaal receive'))")
        yield connection


def _record(
    connection: psycopg.Connection,
    row: dict,
    by: str,
    reason: str,
    amount: Decimal | None = None,
    *,
    kept: bool = False,
) -> None:
    connection.execute(
        "insert into quality.release (drop_id, line_no, amount_eur, reason, released_by, kept)"
        " values (%s, %s, %s, %s, %s, %s)",
        [row["drop_id"], row["line_no"], amount, reason.strip(), by.strip(), kept],
    )


def parse_amount(written: str) -> Decimal:
    """An amount in euros as people type it (`176,93` or `176.93`); raises UsageError for anything else."""
    plain = written.strip().replace(",", ".")
    if plain.count(".") > 1 or not plain.replace(".", "", 1).isdecimal():
        raise UsageError("the amount is not one in euros above 0: write it as 176,93, without separator of thousands.")
    amount = Decimal(plain)
    if not 0 < amount <= _MAXIMUM_EUR or amount != round(amount, 2):
        raise UsageError("the amount is not one in euros above 0: write it as 176,93, without separator of thousands.")
    return amount


def _row(connection: psycopg.Connection, wanted: Wanted) -> dict:
    """The one row that is meant, in the delivery in force, with its warnings and an earlier release."""
    if wanted.signal_id is None and wanted.line is None:
        raise UsageError("say which row: --signal with its signaal_id, or --line with its line in the file.")
    rows = (
        connection.cursor(row_factory=dict_row)
        .execute(
            """
        select
            ledger.drop_id, ledger.status, ledger.file, ledger.erased_at is not null as erased, row.line_no,
            coalesce(array_agg(finding.rule) filter (where finding.rule is not null), '{}') as rules,
            coalesce(array_agg(finding.column_name) filter (where finding.rule is not null), '{}') as columns,
            max(released.released_by) as released_by,
            max((released.released_at at time zone 'Europe/Amsterdam')::date) as released_on,
            max(released.amount_eur) as released_amount,
            max(
                quality.read_amount(
                    quality.trimmed(row.bedrag), ledger.decimal_separator, ledger.thousands_separator
                )
            ) as amount
        from raw.signals as row
        inner join raw.drop_ledger as ledger using (drop_id)
        left join quality.finding as finding
            on row.drop_id = finding.drop_id and row.line_no = finding.line_no and finding.severity = 'warning'
        left join quality.released as released on row.drop_id = released.drop_id and row.line_no = released.line_no
        where
            ledger.municipality_code = %s and ledger.signal_month = %s and ledger.creditor = %s
            and quality.trimmed(row.signaal_id) is not distinct from coalesce(%s, quality.trimmed(row.signaal_id))
            and row.line_no = coalesce(%s, row.line_no)
        group by ledger.drop_id, row.line_no
        order by ledger.drop_id, row.line_no
        """,
            [wanted.municipality, wanted.month.first_day, wanted.creditor, wanted.signal_id, wanted.line],
        )
        .fetchall()
    )
    standing = [row for row in rows if row["status"] == "accepted" and wanted.drop_id in (None, row["drop_id"])]
    # The same number on an accepted and on a held row: only the held one can be meant.
    candidates = [row for row in standing if row["rules"]] or standing
    if len(candidates) == 1:
        return candidates[0]
    raise UsageError(_which(wanted, rows, candidates))


def _which(wanted: Wanted, rows: list[dict], candidates: list[dict]) -> str:
    """Why there is not one row that is meant, and what to do."""
    if candidates:
        lines = ", ".join(str(row["line_no"]) for row in candidates)
        return f"{len(candidates)} rows have this signaal_id, on the lines {lines}: name one with --line."
    if rows:
        last = rows[-1]
        became = {"rejected": "was rejected as a whole", "superseded": "was replaced by a later delivery"}
        return (
            f"the row stands in {last['file']}, which {became.get(last['status'], 'was not judged yet')}: nothing of "
            "it can be released. Ask the creditor for a next delivery, or look for the row in the one that is in force."
        )
    return (
        f"no such row in a delivery of {wanted.creditor} for {wanted.month} to {wanted.municipality}: "
        f"`vroegsignaal release --list --municipality {wanted.municipality} --month {wanted.month}` lists what is held."
    )


def _check(row: dict, amount: Decimal | None) -> None:
    """Raise UsageError unless the row is held and has, with this amount, an address and an amount that count."""
    place = f"line {row['line_no']} of {row['file']}"
    if row["erased"]:
        raise UsageError(
            f"rows of {row['file']} were erased, so it is judged no more: only a next delivery can put the row right."
        )
    if not row["rules"]:
        raise UsageError(f"{place} is not held: it was accepted as it is. What is wrong in it needs a next delivery.")
    if row["released_by"] and (amount is None or amount == row["released_amount"]):
        raise UsageError(
            f"{place} was released already, by {row['released_by']} on {row['released_on']}: run the month again."
        )
    if _OF_ADDRESS & set(row["columns"]):
        raise UsageError(
            f"{place} has no address that can be read, so it belongs to no household: only the creditor can put that "
            "right, with a next delivery."
        )
    faults = zip(row["rules"], row["columns"], strict=True)
    if amount is None and any(rule in _OF_AMOUNT or (rule, of) == ("value_missing", "bedrag") for rule, of in faults):
        raise UsageError(f"{place} has no amount that counts: give the right one with --amount.")


def _told(row: dict, wanted: Wanted, amount: Decimal | None, approved: bool) -> str:
    # The amount is in the warehouse; what is printed ends up in logs.
    how = "with the amount that was given" if amount is not None else "as it was delivered"
    rules = ", ".join(sorted(set(row["rules"])))
    stands = (
        f" The selection of {wanted.month} was approved and stands: casework.difference will list what differs."
        if approved
        else ""
    )
    return (
        f"Released: line {row['line_no']} of {row['file']} (held for {rules}), {how}. It counts once the month has run "
        f"again: `vroegsignaal month {wanted.month}`.{stands}"
    )
