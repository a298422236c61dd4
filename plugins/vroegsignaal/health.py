"""Health: what runs, how far each municipality is, what waits for people and what failed. Numbers and codes only."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta

import psycopg

from vroegsignaal import approval, erasing, lateness, replay, warehouse
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import Month, now_here
from vroegsignaal.orchestrator.metadata import Metadata
from vroegsignaal.settings import Settings

PARTS = ("SchedulerJob", "DagProcessorJob")
"""Without the first nothing runs; without the second a changed flow is not noticed."""
NEEDED = ("watch_landing", "erase_expired")
"""The flows without which nothing arrives, and nothing goes when its term has passed. They begin switched off."""
STALE_SECONDS = 60
ERASED_WITHIN = timedelta(days=2)
"""What is past its term goes in the next night; a night may be missed."""
MOST_FAILED, MOST_WAITING = 20, 3


@dataclass(frozen=True)
class Waiting:
    """A proposal that waits for a person: since which day, and until when there is time."""

    month: str
    since: date
    until: date


@dataclass(frozen=True)
class Late:
    """The month that is due, what it lacks, until when it was in time, and how many months are late like that."""

    month: str
    lacks: str
    term: date
    months: int


@dataclass(frozen=True)
class Town:
    """How far a municipality is: the last month that was received, matched and approved."""

    municipality_code: str
    received: str | None
    matched: str | None
    approved: str | None
    waiting: list[Waiting]
    held_rows: int
    """Of the last month that was received, and not released."""
    mails_refused: int
    """About that month."""
    late: Late | None


@dataclass(frozen=True)
class Failed:
    """A task that failed and was not made good since."""

    flow: str
    month: str | None
    task: str
    at: datetime | None


@dataclass
class Health:
    """What `vroegsignaal status` tells."""

    warehouse: str
    airflow: str = "down"
    airflow_parts_down: list[str] = field(default_factory=list)
    flows_switched_off: list[str] = field(default_factory=list)
    past_their_term: list[str] = field(default_factory=list)
    """The municipalities of which something is held that should have been erased."""
    municipalities: list[Town] = field(default_factory=list)
    failed_tasks: list[Failed] = field(default_factory=list)
    erasures_unfinished: int = 0
    """Final in the warehouse, while files are still to go."""

    @property
    def complaints(self) -> list[str]:
        """Why the installation is not healthy, in words; nothing while it is."""
        told = [f"the warehouse is {self.warehouse}"] if self.warehouse != "up" else []
        told += ["Airflow is down"] if self.airflow != "up" else []
        told += [f"{part} of Airflow has not been heard of for a minute" for part in self.airflow_parts_down]
        if self.airflow == "up":
            told += [f"{flow} is switched off in Airflow" for flow in NEEDED if flow in self.flows_switched_off]
        told += [f"{code}: what is past its term was not erased" for code in self.past_their_term]
        for town in self.municipalities:
            if town.late:
                told.append(
                    f"{town.municipality_code}: {town.late.month} should be {town.late.lacks} since"
                    f" {town.late.term} ({town.late.months} late)"
                )
        told += [
            f"{failed.flow}: {failed.task} failed" + (f" for {failed.month}" if failed.month else "")
            for failed in self.failed_tasks
        ]
        if self.erasures_unfinished:
            told.append(
                f"erasures that are not finished, with files that are still to go: {self.erasures_unfinished};"
                " run `vroegsignaal purge`"
            )
        return told

    def as_json(self) -> dict:
        """For machines: everything, and whether it is healthy."""
        return {"healthy": not self.complaints, "complaints": self.complaints, **asdict(self)}


def look(here: Settings, day: date | None = None) -> Health:
    """How the installation is on a day (today unless given).

    An embedded warehouse that is down is started to answer, and stopped again; it still counts as down.
    """
    health = Health("up" if here.warehouse or warehouse.server(here).answers() else "down")
    try:
        with replay.warehouse_running(here):
            today = day or now_here().date()
            health.municipalities = _towns(here, today)
            health.past_their_term = erasing.past_their_term_since(here, today - ERASED_WITHIN)
            with warehouse.connect(here, "loader") as connection:
                ((health.erasures_unfinished,),) = warehouse.fetch(connection, _ERASURES_UNFINISHED)
            _look_at_airflow(here, health)
    except PlatformError as error:
        if here.warehouse is None or isinstance(error, UsageError):
            raise
        health.warehouse = "unreachable"
    return health


def _towns(here: Settings, day: date) -> list[Town]:
    progress = lateness.progress(day, here)
    with warehouse.connect(here, "loader") as connection:
        held = dict(warehouse.fetch(connection, _HELD))
        refused = dict(warehouse.fetch(connection, _REFUSED))
    waiting = _waiting(here)
    return [
        Town(
            town.code,
            *(last and str(last) for last in town.last.values()),
            waiting.get(town.code, []),
            held.get(town.code, 0),
            refused.get(town.code, 0),
            Late(str(town.due), town.stage, town.term, town.months_late) if town.stage and town.term else None,
        )
        for town in progress
    ]


def _waiting(here: Settings) -> dict[str, list[Waiting]]:
    """The proposals of the last months that wait, by municipality. What is proposed is asked about from the 25th on."""
    with warehouse.connect(here, "transformer") as connection:
        derived = warehouse.fetch(
            connection, "select signal_month from decision.derived order by 1 desc limit %s", [MOST_WAITING]
        )
    found: dict[str, list[Waiting]] = {}
    for (first_day,) in reversed(derived):
        month = Month.of(first_day)
        for proposal in approval.waiting(month):
            found.setdefault(proposal.code, []).append(Waiting(str(month), month.match_day, proposal.deadline))
    return found


_HELD = """
    select ledger.municipality_code, count(distinct (finding.drop_id, finding.line_no))
    from quality.held as finding
    inner join raw.drop_ledger as ledger using (drop_id)
    where
        ledger.signal_month = (
            select max(received.signal_month)
            from raw.month_received as received
            where received.municipality_code = ledger.municipality_code
        )
    group by ledger.municipality_code
"""
_REFUSED = """
    select mail.municipality_code, count(*)
    from quality.mail as mail
    where
        mail.outcome = 'refused'
        and mail.signal_month = (
            select max(received.signal_month)
            from raw.month_received as received
            where received.municipality_code = mail.municipality_code
        )
    group by mail.municipality_code
"""
_ERASURES_UNFINISHED = "select count(*) from quality.erasure_open"


def _look_at_airflow(here: Settings, health: Health) -> None:
    """Airflow by what it writes in its database: also where its parts run in containers of their own."""
    outside = os.environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
    address = (outside or warehouse.metadata_uri(here)).replace("+psycopg2", "", 1)
    with closing(Metadata(address)) as metadata:
        try:
            heard = metadata.seconds_since_heartbeat()
            health.failed_tasks = [_failed(*row) for row in metadata.failed_tasks(MOST_FAILED)]
            health.flows_switched_off = metadata.switched_off()
        except psycopg.errors.UndefinedTable:
            # No Airflow was ever started here.
            return
    if not outside and not replay.airflow(here).status().running:
        return
    health.airflow = "up" if heard else "down"
    health.airflow_parts_down = [part for part in PARTS if heard.get(part, STALE_SECONDS) >= STALE_SECONDS]


def _failed(flow: str, partition_key: str | None, task: str, at: datetime | None) -> Failed:
    return Failed(flow, partition_key and str(Month.of_partition(partition_key)), task, at)
