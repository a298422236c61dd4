"""Where the time of a month in Airflow goes, from what its API tells of the tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

_TOLD = re.compile(r"\b(?P<step>\w+) done\b.*\bseconds=(?P<seconds>[0-9.]+)")


@dataclass(frozen=True)
class Task:
    """A task that ran: what it waited for (None: for the trigger), and when it was queued, started and done."""

    name: str
    after: str | None
    queued: datetime
    started: datetime
    ended: datetime
    step_seconds: float
    """What our function in it took, by its own log."""


@dataclass(frozen=True)
class Spent:
    """The seconds of a task: until it was queued, until a worker had it, around its step, and the step itself."""

    name: str
    scheduling: float
    starting: float
    around: float
    step: float

    @property
    def overhead(self) -> float:
        """All that is not the step."""
        return self.scheduling + self.starting + self.around


def breakdown(tasks: Iterable[Task], triggered: datetime) -> list[Spent]:
    """The seconds of each task, in the order in which they were queued; they wait from the end of what was before."""
    by_name = {task.name: task for task in tasks}
    return [
        Spent(
            task.name,
            (task.queued - (by_name[task.after].ended if task.after else triggered)).total_seconds(),
            (task.started - task.queued).total_seconds(),
            (task.ended - task.started).total_seconds() - task.step_seconds,
            task.step_seconds,
        )
        for task in sorted(by_name.values(), key=lambda each: each.queued)
    ]


def on_the_way(spent: Iterable[Spent], after: Mapping[str, str | None], last: str) -> list[Spent]:
    """Of the tasks those that the last one waits for, and itself; what runs beside them is not waited for."""
    waited_for: set[str] = set()
    name: str | None = last
    while name:
        waited_for.add(name)
        name = after[name]
    return [each for each in spent if each.name in waited_for]


def step_seconds(log: str) -> float:
    """The seconds that the log of a task tells of its step; raises ValueError when it tells none."""
    told = _TOLD.search(log)
    if not told:
        raise ValueError("the log of the task does not say what its step took")
    return float(told["seconds"])


def table(spent: Iterable[Spent], alone: Mapping[str, float]) -> str:
    """The seconds of each task and of all, beside those of its step without Airflow, as a table in Markdown."""
    rows = [(row.name, row.scheduling, row.starting, row.around, row.step, alone[row.name]) for row in spent]
    total = [sum(column) for column in list(zip(*rows, strict=True))[1:]]
    lines = [
        "| task | until queued | until started | around the step | step | step alone |",
        "| -- | --: | --: | --: | --: | --: |",
    ]
    lines += [
        f"| {name} | {' | '.join(f'{each:.2f}' for each in parts)} |" for name, *parts in [*rows, ("all", *total)]
    ]
    return "\n".join(lines)
