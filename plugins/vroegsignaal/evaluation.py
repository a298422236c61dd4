"""The evaluation as of a month: what was not received up to it is received, and the tables are made anew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vroegsignaal import configuration, door, intake, landing, outbox, transform, warehouse
from vroegsignaal.configuration.files import read
from vroegsignaal.configuration.tables import TABLES
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings


@dataclass(frozen=True)
class Evaluation:
    """As of which month was evaluated, which months were received for it, and which of them were never matched."""

    as_of: Month
    received: list[Month]
    not_matched: list[Month]
    periods: list[tuple[str, str, int]]
    """Municipality, period, and the number of its cases."""
    reports: list[Path]
    """The pages of the reports; beside each is the same on paper."""


def evaluate(here: Settings, as_of: Month | None = None, period: str | None = None) -> Evaluation:
    """Evaluate as of a month, else as of the last one there is, and write the reports; the warehouse has to be up.

    The reports are about the current period of each municipality, or about a named one. Raises UsageError when there is
    no month up to it, or no such period, and PlatformError when none of the months was matched yet.
    """
    there = sorted({*landing.months(here), *_received(here)})
    as_of = as_of or (there[-1] if there else None)
    known = [month for month in there if as_of and month <= as_of]
    if not known:
        raise UsageError(
            "there is nothing to evaluate: neither the landing area nor the warehouse has a month"
            + (f" up to {as_of}." if as_of else ".")
        )
    _check_period(here, period)
    received = _receive_what_is_new(here, known)
    matched = _matched(here)
    if not matched:
        raise PlatformError("no month was matched yet: run `vroegsignaal replay` first.")
    # A label or a period may be another since the last month was received.
    with warehouse.connect(here, "loader") as connection:
        configuration.load(here, connection)
    transform.evaluate(as_of)
    not_matched = [month for month in _months_with_signals(here) if month <= as_of and month not in matched]
    reports = outbox.write_reports(here, period)
    return Evaluation(as_of, received, not_matched, _periods(here), reports)


def _check_period(here: Settings, period: str | None) -> None:
    """Raise UsageError, before anything is done, for a period that no municipality can have."""
    own = [str(row["period"]) for row in read(here, TABLES["periods"])]
    if period and period not in own and not (period.isdecimal() and len(period) == len("2018")):
        raise UsageError(f"no municipality has a period '{period}'. Those of periods.csv: {', '.join(own) or 'none'}.")


def told(done: Evaluation) -> str:
    """What was done, and where to read what came of it."""
    lines = [f"Evaluated as of {done.as_of}."]
    if done.received:
        lines.append(f"Received for it: {_listed(done.received)}.")
    if done.not_matched:
        lines.append(
            f"Never matched: {_listed(done.not_matched)}. Their signals and matches do not count yet: run them with"
            " `vroegsignaal month`."
        )
    lines += [f"{municipality}, period {period}: {cases} cases" for municipality, period, cases in done.periods]
    lines += [f"Report: {page} (and .pdf)" for page in done.reports]
    lines.append('Read it with `vroegsignaal query "select * from mart.outcomes"`; the tables are in the README.')
    return "\n".join(lines)


def _receive_what_is_new(here: Settings, months: list[Month]) -> list[Month]:
    """Receive and judge the months that never were; those that were are left to the flows."""
    new = [month for month in months if month not in _received(here)]
    for month in new:
        intake.receive(month)
        door.judge(month)
    return new


def _received(here: Settings) -> list[Month]:
    return _months(here, "select distinct signal_month from raw.month_received")


def _matched(here: Settings) -> list[Month]:
    return _months(here, "select signal_month from decision.derived")


def _months_with_signals(here: Settings) -> list[Month]:
    return _months(here, "select distinct signal_month from raw.drop_ledger where feed = 'signals' order by 1")


def _months(here: Settings, query: str) -> list[Month]:
    with warehouse.connect(here, "transformer") as connection:
        return [Month.of(day) for (day,) in warehouse.fetch(connection, query)]


def _periods(here: Settings) -> list[tuple[str, str, int]]:
    with warehouse.connect(here, "transformer") as connection:
        return warehouse.fetch(
            connection,
            "select municipality_code, period, dossiers from mart.evaluation_periods order by 1, period_start, 2",
        )


def _listed(months: list[Month]) -> str:
    return ", ".join(map(str, months))
