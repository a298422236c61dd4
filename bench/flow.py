"""`python -m bench.flow [--runs N]`: what Airflow costs, and what one task per model would.

A town's month, one of the pilot's, runs through Airflow's scheduler as `vroegsignaal month` has it, from the trigger to
the end of `hand_out`. Beside it: the same steps one after the other in a process of their own that has dbt loaded, as
Airflow's workers have, with Airflow held still; and the same month with a task for every model (see
`dags/one_task_per_model.py`), in the same Airflow. All take turns in one warehouse, which forgets the month in between.
One task per model takes many minutes: it runs once, and is given up when it has taken six times ours (`--times`); the
table then tells how many of its tasks were done by then.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bench import in_airflow, resident, spent, steps_alone
from bench.figures import Figure, table
from bench.warehouse_of_its_own import folder_of_its_own, forget, warehouse_in
from pilot.generate import write_landing
from vroegsignaal import decision
from vroegsignaal.months import Month
from vroegsignaal.orchestrator import Airflow
from vroegsignaal.orchestrator.processes import Processes
from vroegsignaal.settings import Settings

MONTH = Month.parse("2019-01")
# Enough to know that it takes more than five times ours.
GIVEN_UP_AFTER = 6.0
MOST_MEGABYTES = 1024
MOST_TIMES_THE_STEPS = 1.5
# Five times faster than one task per model.
MOST_OF_MODELS_EACH = 0.2


@dataclass
class Measured:
    """The seconds of each run, and what else was seen."""

    rows: int = 0
    starting_first: float = 0
    starting: float = 0
    through: list[float] = field(default_factory=list)
    alone: list[steps_alone.Alone] = field(default_factory=list)
    per_model: in_airflow.PerModel | None = None
    spent: list[spent.Spent] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)


def figures(runs: int = 3) -> list[Figure]:
    """What a town's month through Airflow takes, beside its steps alone and beside one task per model."""
    return _figures(measure(runs))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether it is fast and small enough."""
    parser = argparse.ArgumentParser(
        prog="bench.flow", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="repetitions, of which the median counts")
    parser.add_argument(
        "--times",
        type=float,
        default=GIVEN_UP_AFTER,
        help="give one task per model up after so many times ours; inf waits for its end, 0 leaves it out",
    )
    given = parser.parse_args(arguments)
    measured = measure(given.runs, given.times)
    found = _figures(measured)
    print(table(found))
    print(f"\nRuns through Airflow: {_seconds(measured.through)}; the steps alone: {_seconds(_alone(measured))}.")
    print(f"Airflow starts in {measured.starting:.1f} s, in an empty home in {measured.starting_first:.1f} s.")
    steps = {name: statistics.median(each.steps[name] for each in measured.alone) for name in in_airflow.AFTER}
    print(f"\nWhere the seconds of the run in the middle went:\n\n{spent.table(measured.spent, steps)}")
    on_the_way = spent.on_the_way(measured.spent, in_airflow.AFTER, in_airflow.LAST)
    print(
        f"\nOn the way to {in_airflow.LAST}: {sum(each.overhead for each in on_the_way):.1f} s"
        f" around {sum(each.step for each in on_the_way):.1f} s of steps. The other tasks run beside it."
    )
    return int(any(each.is_missed for each in found))


def _figures(measured: Measured) -> list[Figure]:
    size = f"{measured.rows} signals"
    through = Figure(
        "a town's month through Airflow",
        size,
        statistics.median(measured.through),
        peer="steps alone",
        peer_value=statistics.median(_alone(measured)),
        limit=MOST_TIMES_THE_STEPS,
        memory_mb=max(measured.memory.values()),
    )
    found = [through]
    if peer := measured.per_model:
        found.append(replace(through, peer=str(peer), peer_value=peer.seconds, limit=MOST_OF_MODELS_EACH))
    found.append(Figure("Airflow started, where it was before", "", measured.starting))
    found += [
        Figure(f"the most memory of: {name}", size, most, unit="MB", limit=MOST_MEGABYTES)
        for name, most in sorted(measured.memory.items())
    ]
    return found


def measure(runs: int, times: float = GIVEN_UP_AFTER) -> Measured:
    """Run everything in a warehouse of its own; one task per model for at most so many times what ours took."""
    measured = Measured()
    with folder_of_its_own() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("VROEGSIGNAAL_APPROVAL", decision.AUTOMATIC)
        write_landing(folder / "landing")
        with warehouse_in(folder, LANDING=folder / "landing") as here:
            measured.rows = _signals(here)
            # Makes the tables, and what dbt knows of its project.
            steps_alone.run(here.environment(), MONTH)
            begin = time.perf_counter()
            with in_airflow.started(here, MONTH):
                measured.starting_first = time.perf_counter() - begin
            begin = time.perf_counter()
            with in_airflow.started(here, MONTH) as airflow:
                measured.starting = time.perf_counter() - begin
                _measure_ours(here, airflow, runs, measured)
                if times:
                    _forget(here)
                    most = times * statistics.median(measured.through)
                    measured.per_model = in_airflow.run_per_model(airflow, MONTH, most)
    return measured


def _measure_ours(here: Settings, airflow: Airflow, runs: int, measured: Measured) -> None:
    processes = Processes(airflow.place.airflow_home, airflow.place.logs)
    _forget(here)
    # Watching takes time of its own, so this run is not one of those that count.
    with resident.watched(processes.found(), in_airflow.kind) as measured.memory:
        in_airflow.run(airflow, MONTH)
    seen: list[tuple[float, list[spent.Spent]]] = []

    def alone() -> None:
        with in_airflow.held_still(processes.found()):
            measured.alone.append(steps_alone.run(here.environment(), MONTH))

    def through() -> None:
        seen.append(in_airflow.run(airflow, MONTH))

    for turn in range(runs):
        # Who is first changes: the server may still be busy with what the one before left it.
        for act in (through, alone) if turn % 2 else (alone, through):
            _forget(here)
            act()
    measured.through = [seconds for seconds, _ in seen]
    # Of an even number the lower one in the middle.
    _, measured.spent = sorted(seen, key=lambda each: each[0])[(runs - 1) // 2]


def _forget(here: Settings) -> None:
    """Forget the month: everything that outlives one, and the files that were handed out."""
    forget(here)
    shutil.rmtree(here.out, ignore_errors=True)


def _signals(here: Settings) -> int:
    """How many rows the creditors' files of the month have."""
    files = Path(here.landing).glob(f"*/{MONTH}/signals/*.csv")
    return sum(len(file.read_text(encoding="utf-8").splitlines()) - 1 for file in files)


def _alone(measured: Measured) -> list[float]:
    return [each.seconds for each in measured.alone]


def _seconds(values: list[float]) -> str:
    return ", ".join(f"{each:.1f}" for each in values) + " s"


if __name__ == "__main__":
    sys.exit(main())
