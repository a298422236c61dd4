"""Months run through the flows: asked for over Airflow's API, followed in its database."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from vroegsignaal.months import Month
from vroegsignaal.orchestrator.api import Api
from vroegsignaal.orchestrator.environment import Place
from vroegsignaal.orchestrator.metadata import Metadata
from vroegsignaal.orchestrator.processes import OrchestratorError, Processes

RECEIVE, MATCH = "receive_drops", "match_month"
FLOWS = [RECEIVE, MATCH]
POLL_SECONDS = 0.25
STANDSTILL_SECONDS = 120

Progress = Callable[[Month, str, str, str], None]
"""Called as progress(month, flow, task, state) whenever the state of a task changes."""


@dataclass(frozen=True)
class Step:
    """A task of a month: its state in Airflow's words, and how many seconds its last attempt took."""

    month: Month
    flow: str
    task: str
    state: str
    attempt: int
    seconds: float | None
    log: Path


@dataclass(frozen=True)
class Failure:
    """The step that failed, and what its log says about it (None when it says nothing)."""

    step: Step
    message: str | None

    def __str__(self) -> str:
        step = self.step
        told = f": {self.message}" if self.message else "."
        return f"the step {step.task} of {step.month} (flow {step.flow}) failed{told}\nIts log: {step.log}"


@dataclass
class RunResult:
    """What became of the months: the steps in the order in which they ran, and the failure that ended the run early."""

    seconds: float
    steps: list[Step] = field(default_factory=list)
    failure: Failure | None = None


class Runs:
    """Runs months through the flows of an Airflow that is up."""

    def __init__(self, place: Place, metadata: Metadata, processes: Processes) -> None:
        self._place = place
        self._metadata = metadata
        self._processes = processes

    def run(self, months: list[Month], progress: Progress) -> RunResult:
        """Run the months in the order given; returns when all are done or one failed."""
        started = time.monotonic()
        last_run = self._metadata.last_run()
        self._ask_for(months)
        steps, failed = self._follow(last_run, months, progress)
        failure = Failure(failed, _message(failed.log)) if failed else None
        return RunResult(time.monotonic() - started, steps, failure)

    def _ask_for(self, months: list[Month]) -> None:
        """Queue a run of the receiving flow for each month; each starts the matching of its month when it is done.

        These are plain runs with a partition key and not a backfill: a backfill refuses a month whose 25th is yet to
        come, and there can be no second one until Airflow has noticed, half a minute later, that the first is done.
        """
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        Api(self._place).queue(RECEIVE, {f"command__{month}__{stamp}": month.partition_key for month in months})

    def _follow(self, last_run: int, months: list[Month], progress: Progress) -> tuple[list[Step], Step | None]:
        by_partition = {month.partition_key: month for month in months}
        known: dict[tuple[Month, str, str], str] = {}
        changed_at = time.monotonic()
        while True:
            rows = self._metadata.steps(last_run, FLOWS, list(by_partition))
            steps = [_step(self._place, by_partition, row) for row in rows if row[4] is not None]
            if changes := [step for step in steps if known.get((step.month, step.flow, step.task)) != step.state]:
                changed_at = time.monotonic()
            for step in changes:
                known[step.month, step.flow, step.task] = step.state
                progress(step.month, step.flow, step.task, step.state)
            failed = next((step for step in steps if step.state == "failed"), None)
            if failed or _done(rows, RECEIVE) & _done(rows, MATCH) == set(by_partition):
                return steps, failed
            self._processes.check()
            self._check_standstill(changed_at, steps)
            time.sleep(POLL_SECONDS)

    def _check_standstill(self, changed_at: float, steps: list[Step]) -> None:
        busy = any(step.state in ("running", "up_for_retry") for step in steps)
        if not busy and time.monotonic() - changed_at > STANDSTILL_SECONDS:
            raise OrchestratorError(
                f"Airflow has started nothing for {STANDSTILL_SECONDS} seconds. "
                f"See {self._processes.log('scheduler')}, and run the command again."
            )


def _step(place: Place, by_partition: dict[str, Month], row: tuple) -> Step:
    partition_key, flow, run_id, _, task, state, attempt, seconds = row
    folder = place.logs / f"dag_id={flow}" / f"run_id={run_id}" / f"task_id={task}"
    return Step(
        by_partition[partition_key], flow, task, state or "none", attempt, seconds, folder / f"attempt={attempt}.log"
    )


def _done(rows: list[tuple], wanted: str) -> set[str]:
    return {partition_key for partition_key, flow, _, state, *_ in rows if flow == wanted and state == "success"}


def _message(log: Path) -> str | None:
    """The message of the last error in a task's log, which Airflow writes as one JSON object on a line."""
    if not log.exists():
        return None
    for line in reversed(log.read_text(errors="replace").splitlines()):
        if '"error_detail"' in line and (details := json.loads(line)["error_detail"]):
            return details[-1]["exc_value"]
    return None
