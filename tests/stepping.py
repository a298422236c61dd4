"""The steps of a month, called one after the other as the flows do, without Airflow."""

from __future__ import annotations

from datetime import date

from vroegsignaal import decision, door, intake, outbox, transform
from vroegsignaal.months import Month


def receive(month: str, day: date | None = None) -> None:
    """What `receive_drops` does."""
    intake.receive(Month.parse(month))
    door.judge(Month.parse(month))
    outbox.alert(Month.parse(month), day)


def decide(month: str) -> None:
    """What `match_month` does before it publishes."""
    transform.derive(Month.parse(month))
    decision.approve(Month.parse(month))


def publish(month: str) -> None:
    """The rest of `match_month`."""
    transform.publish(Month.parse(month))
    outbox.hand_out(Month.parse(month))


def run_months(*months: str) -> None:
    """The months in order; the marts are made once, since they are made anew as a whole each time."""
    for month in months:
        receive(month)
        decide(month)
    publish(months[-1])
