"""The delivery to Statistics Netherlands (DDAS): signals and cases of months, as `ddas.json` in the folder of the last.

A file is told as of the month as of which the cases were evaluated, and dated on its 25th: the same facts give the same
bytes, and the file of an earlier month stays as it is until there is something else to tell. A case stands in the
delivery of its match, with those of its signals that are in it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count, groupby
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import psycopg

from vroegsignaal import configuration, transform, warehouse
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.exchange_model import VERSIONS
from vroegsignaal.months import AMSTERDAM, Month, months_between
from vroegsignaal.outbox.ddas import v1_2
from vroegsignaal.outbox.ddas.pages import Pages, Unit
from vroegsignaal.settings import Settings

MODELS = {"1.2": v1_2}
FILE = "ddas.json"
AT_ONCE = 5_000
"""Rows that are fetched in one go."""
_FILES = re.compile(r"ddas(?:-(?P<first>\d{4}-\d{2}))?(?:\.\d+)?\.json")


def write(here: Settings, code: str, first: Month, last: Month, moment: datetime | None = None) -> Path | None:
    """Write the delivery of a municipality about months; the file of its first page.

    None, and nothing is written, while the cases were not evaluated as of the last of these months. `moment`: when it
    is delivered, else the 25th of the month as of which it is told.
    """
    # For as long as it is read nobody makes the tables anew.
    with transform.publishing(here) as published:
        as_of = _as_of(published)
        if as_of is None or last > as_of:
            return None
        path = here.out / code / str(last) / (FILE if first == last else f"ddas-{first}.json")
        with warehouse.connect(here, "loader") as connection:
            # Signals and cases are two questions, about one moment.
            connection.execute("set transaction isolation level repeatable read")
            sender = _sender(connection, code)
            model = MODELS[sender.version]
            first_day = first.plus(-1).match_day + timedelta(days=1)
            moment = moment or datetime.fromisoformat(as_of.partition_key).replace(tzinfo=AMSTERDAM)
            deliveries = (model.delivery(sender, page) for page in count(1))
            Pages(path, model.heading(sender, first_day, last.match_day, moment)).write(
                deliveries, _units(connection, model, code, first, last)
            )
            if first == last:
                _note(connection, code, first, sender)
    return path


def _note(connection: psycopg.Connection, code: str, month: Month, sender: v1_2.Sender) -> None:
    """Note of what the delivery about a month was written."""
    found = warehouse.fetch(connection, "select facts from vault.ddas_facts(%s, %s)", [code, month.first_day])
    connection.execute(
        "insert into quality.ddas_written (municipality_code, signal_month, facts) values (%s, %s, %s)"
        " on conflict (municipality_code, signal_month) do update set facts = excluded.facts",
        [code, month.first_day, _facts(found[0][0] if found else "", sender)],
    )


def _facts(facts: str, sender: v1_2.Sender) -> str:
    """A fingerprint of all that a delivery about a month rests on: its facts, and who sends it in which version."""
    return sha256(f"{facts} {sender}".encode()).hexdigest()


def write_again(here: Settings, code: str, *but: Month) -> int:
    """Write the months' deliveries anew that are there and of which there is something else to tell now; how many."""
    months = [Month.parse(path.parent.name) for path in _there(here, code) if path.name == FILE]
    months = [month for month in months if month not in but]
    with warehouse.connect(here, "transformer") as connection:
        if not months or _as_of(connection) is None:
            return 0
    with warehouse.connect(here, "loader") as connection:
        sender = _sender(connection, code)
        same = {
            Month.of(day)
            for day, written, now in warehouse.fetch(
                connection,
                "select written.signal_month, written.facts, coalesce(now.facts, '')"
                " from quality.ddas_written as written"
                " left join vault.ddas_facts(%(code)s) as now using (signal_month)"
                " where written.municipality_code = %(code)s",
                {"code": code},
            )
            if written == _facts(now, sender)
        }
    return sum(bool(write(here, code, month, month)) for month in months if month not in same)


def take_away(here: Settings, code: str) -> list[tuple[Month, Month]]:
    """Remove all deliveries of a municipality; of which months they were, from first to last."""
    gone = set()
    for path in _there(here, code):
        last = Month.parse(path.parent.name)
        written = _FILES.fullmatch(path.name)
        gone.add((Month.parse(written["first"]) if written and written["first"] else last, last))
        path.unlink()
    return sorted(gone)


def of_folder(folder: Path) -> list[Path]:
    """The files of deliveries in the folder of a month."""
    return sorted(path for path in folder.glob("ddas*.json") if is_delivery(path.name))


def is_delivery(name: str) -> bool:
    """Whether a file of a month's folder is a page of a delivery, by its name."""
    return _FILES.fullmatch(name) is not None


def deliver(
    here: Settings, first: str | None, last: str | None, municipality: str | None, moment: datetime | None
) -> list[Path]:
    """Write one delivery for each municipality, or a named one, about the months that were typed; the first pages.

    Without a last month it is the one as of which the cases were evaluated, without a first month it is the last alone.
    Raises UsageError when there is nothing to deliver.
    """
    with warehouse.connect(here, "loader") as connection:
        configuration.load(here, connection)
    with warehouse.connect(here, "transformer") as connection:
        as_of = _as_of(connection)
        if as_of is None:
            raise UsageError("there is nothing to deliver: no month was matched yet.")
        months = months_between(Month.parse(first or last or str(as_of)), Month.parse(last) if last else as_of)
        if months[-1] > as_of:
            raise UsageError(
                f"the cases were evaluated as of {as_of}, when nothing of {months[-1]} was known: run that month, or"
                " `vroegsignaal evaluate`."
            )
        received = warehouse.fetch(
            connection,
            "select distinct municipality_code from raw.month_received where signal_month between %s and %s order by 1",
            [months[0].first_day, months[-1].first_day],
        )
    codes = [code for (code,) in received if municipality in (None, code)]
    if not codes:
        of = f" of municipality {municipality}" if municipality else ""
        raise UsageError(f"nothing{of} was received in {months[0]} to {months[-1]}.")
    return [path for code in codes if (path := write(here, code, months[0], months[-1], moment))]


def _there(here: Settings, code: str) -> list[Path]:
    return [
        path
        for folder in sorted((here.out / code).glob("????-??"))
        if Month.is_written(folder.name)
        for path in of_folder(folder)
    ]


def _as_of(connection: psycopg.Connection) -> Month | None:
    """The month as of which the cases were evaluated; None while they never were."""
    if not all(warehouse.is_there(connection, name) for name in ("core.ddas_attempt", "mart.evaluation_periods")):
        return None
    ((as_of,),) = warehouse.fetch(connection, _AS_OF)
    return Month.of(as_of) if as_of else None


def _sender(connection: psycopg.Connection, code: str) -> v1_2.Sender:
    (values,) = warehouse.fetch(connection, _SENDER, {"code": code, "version": VERSIONS[-1]})
    return v1_2.Sender(*values)


def _units(connection: psycopg.Connection, model: ModuleType, code: str, first: Month, last: Month) -> Iterator[Unit]:
    """All cases, each with its signals, and then the signals without one."""
    values = {"code": code, "first": first.first_day, "last": last.first_day}
    with connection.cursor(name="signals") as signals, connection.cursor(name="cases") as cases:
        signals.itersize = cases.itersize = AT_ONCE
        signals.execute("select * from vault.ddas_signals(%(code)s, %(first)s, %(last)s)", values)
        cases.execute("select * from vault.ddas_cases(%(code)s, %(first)s, %(last)s)", values)
        # Both come in the order of the cases; signals without one come last.
        groups = groupby((v1_2.Signal(*row) for row in signals), attrgetter("dossier_id"))
        of_nothing: tuple[str | None, Iterator[v1_2.Signal]] = (None, iter(()))
        key, group = next(groups, of_nothing)
        for case in (v1_2.Case(*row) for row in cases):
            own = []
            if key == case.dossier_id:
                own = list(group)
                key, group = next(groups, of_nothing)
            yield model.case(case, [signal.signal_key for signal in own]), [model.signal(signal) for signal in own]
        if key is not None:
            raise PlatformError(f"the delivery of {code} would lose signals: their case is not among its cases.")
        yield from ((None, [model.signal(signal)]) for signal in group)


_AS_OF = """
    select coalesce(
        (select max(as_of) from core.signal_status), (select max(as_of) from mart.evaluation_periods)
    )
"""
_SENDER = """
    select
        wanted.code,
        coalesce(sender.version, %(version)s),
        coalesce(sender.supplier_code, wanted.code),
        coalesce(sender.name, municipality.name, wanted.code),
        sender.chamber_number,
        sender.contact_name,
        sender.contact_phone,
        coalesce(
            sender.contact_email,
            case when municipality.contact_email ~ '^[^@[:space:]]+@[^@[:space:]]+$' then municipality.contact_email end
        ),
        sender.contact_title
    from (select %(code)s::text as code) as wanted
    left join config.municipalities as municipality on municipality.municipality_code = wanted.code
    left join config.ddas_senders as sender on sender.municipality_code = wanted.code
"""
