"""The outbox: the files for the people they are meant for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from vroegsignaal import logs, settings, transform, warehouse
from vroegsignaal.errors import UsageError
from vroegsignaal.months import Month
from vroegsignaal.outbox import (
    alerts,
    ddas,
    feedback,
    manifest,
    notices,
    reminders,
    report,
    review_list,
    walking_list,
)


@logs.step("alert")
def alert(month: Month, day: date | None = None) -> dict[str, int]:
    """Tell those who have to know what came in for the month, as of a day (the 25th unless given).

    First the walking lists that visitors may have in hand, of the month and the one before: a household that has paid
    since is marked. Then creditors and municipalities, by mail: see `alerts.alert`, also for what it raises.
    """
    here = settings.load()
    marked = 0
    for each in (month.plus(-1), month):
        for code, approved in _received(here, each):
            if approved:
                folder = here.out / code / str(each)
                marked += walking_list.write(here, code, each, folder)
    return {"walking_lists": marked, **alerts.alert(month, day)}


@logs.step("remind")
def remind(month: Month, day: date) -> dict[str, int]:
    """Remind municipalities of proposals that wait for a decision: see `reminders.remind`."""
    return reminders.remind(month, day)


@logs.step("tell_late")
def tell_late(day: date) -> dict[str, int]:
    """Tell of municipalities whose month is late: see `reminders.tell_late`."""
    return reminders.tell_late(day)


@logs.step("hand_out")
def hand_out(month: Month) -> dict[str, int]:
    """Write the month's files for every municipality: notices, feedback, manifest, review list, approved walking list.

    And the delivery to Statistics Netherlands, with those of earlier months that are there, of which this month may
    tell; and the report of the evaluation, in the folder of the month as of which it is told. Then creditors are mailed
    that there is feedback: see `feedback.mail`, also for what it raises. Returns how many notices, walking lists (one
    on which nothing changed stays as it is), files of feedback, deliveries, reports and mails there are, of how many
    signals something was told that was not told before, and how many households are to be looked at.
    """
    here = settings.load()
    counts = {"notices": 0, "walking_lists": 0, "to_review": 0, "feedback": 0, "ddas": 0, "reports": 0}
    counts["told"] = feedback.tell(here, month)
    for code, approved in _received(here, month):
        folder = here.out / code / str(month)
        counts["notices"] += notices.write(here, code, month, folder)
        counts["feedback"] += feedback.write(here, code, month, folder)
        manifest.write(here, code, month, folder)
        counts["to_review"] += review_list.write(here, code, month, folder)
        if approved:
            counts["walking_lists"] += walking_list.write(here, code, month, folder)
        counts["ddas"] += bool(ddas.write(here, code, month, month)) + ddas.write_again(here, code, month)
    counts["reports"] = len(write_reports(here))
    counts["mails"] = sum(feedback.mail(here, month).values())
    return counts


def write_reports(here: settings.Settings, period: str | None = None) -> list[Path]:
    """Write the report of every municipality that was evaluated, about its current period or a named one.

    Returns the pages. Raises UsageError when no municipality has the named period.
    """
    with transform.publishing(here) as connection:
        if not warehouse.is_there(connection, "mart.evaluation_periods"):
            return []
        there = warehouse.fetch(
            connection, "select municipality_code, array_agg(period) from mart.evaluation_periods group by 1 order by 1"
        )
        if period and not any(period in periods for _, periods in there):
            names = ", ".join(sorted({name for _, periods in there for name in periods})) or "none yet"
            raise UsageError(f"no municipality has a period '{period}'. The periods that were evaluated: {names}.")
        return [report.write(here, code, period) for code, periods in there if period is None or period in periods]


def _received(here: settings.Settings, month: Month) -> list[tuple[str, bool]]:
    """The municipalities with files for the month, and whether their selection was approved."""
    with warehouse.connect(here, "transformer") as connection:
        return warehouse.fetch(
            connection,
            "select received.municipality_code, approval.approved_at is not null from raw.month_received as received"
            " left join decision.approval as approval using (municipality_code, signal_month)"
            " where received.signal_month = %s order by 1",
            [month.first_day],
        )
