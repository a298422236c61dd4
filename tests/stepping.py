"""The steps of a month, called one after the other as the flows do, without Airflow."""

from __future__ import annotations

from datetime import date

from vroegsignaal import decision, door, intake, outbox, settings, transform
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


def publish(month: str, marts: tuple[str, ...] | None = None) -> None:
    """The rest of `match_month`.

    There are many marts, and a test that reads few of them waits for those only: it names them.
    """
    if marts is None:
        transform.publish(Month.parse(month))
    else:
        publish_marts(month, marts)
    outbox.hand_out(Month.parse(month))


def publish_marts(month: str, marts: tuple[str, ...]) -> None:
    """What `transform.publish` does, but for the other marts."""
    here = settings.load()
    chosen = ["path:models/casework", "path:models/evaluation", *(f"+{mart},path:models/mart" for mart in marts)]
    # Of tests those that look at nothing else.
    words = [*transform._BUILD, "--indirect-selection", "cautious"]
    with transform.publishing(here):
        as_of = transform.last_matched(here) or Month.parse(month)
        transform.run_dbt(here, Month.parse(month), "mart", *words, "--select", *chosen, as_of=as_of)


def run_months(*months: str, marts: tuple[str, ...] | None = None) -> None:
    """The months in order; the marts (or those that are named) once, since they are made anew as a whole each time."""
    for month in months:
        receive(month)
        decide(month)
    publish(months[-1], marts)
