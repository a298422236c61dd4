"""`python -m bench.flow [--runs N]`: what Airflow costs, and what one task per model would.

A town's month, one of the pilot's, runs through Airflow's scheduler as `vroegsignaal month` has it, from the trigger to
the end of `hand_out`. Beside it: the same steps one after the other in a process of their own that has dbt loaded, as
Airflow's workers have, with Airflow held still; and the same month with a task for every model (see
`dags/one_task_per_model.py`), in the same Airflow. All take turns in one warehouse, which forgets the month in between;
one task per model takes minutes, and runs once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import pytest

from bench import resident, spent
from bench.figures import Figure, table
from bench.warehouse_of_its_own import folder_of_its_own, warehouse_in
from pilot.generate import write_landing
from vroegsignaal import dbt_process, replay, settings, transform, warehouse
from vroegsignaal.months import Month
from vroegsignaal.orchestrator import Airflow, OrchestratorError
from vroegsignaal.orchestrator.api import Api
from vroegsignaal.orchestrator.processes import Processes
from vroegsignaal.settings import Settings

MONTH = Month.parse("2019-01")
MODELS_EACH = "one_task_per_model"
# Three times what it took where it was slowest.
MODELS_EACH_SECONDS = 3600
MOST_MEGABYTES = 1024
MOST_TIMES_THE_STEPS = 1.5
# Five times faster than one task per model.
MOST_OF_MODELS_EACH = 0.2
# What each task waits for.
AFTER = {
    "receive": None,
    "judge": "receive",
    "alert": "judge",
    "derive": "judge",
    "approve": "derive",
    "publish": "approve",
    "hand_out": "publish",
}
LAST = "hand_out"
_PRELOADED = ("great_expectations.expectations", *dbt_process.MODULES)


@dataclass
class Measured:
    """The seconds of each run, and what else was seen."""

    rows: int = 0
    starting_first: float = 0
    starting: float = 0
    through: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    per_model: float = 0
    tasks_per_model: int = 0
    spent: list[spent.Spent] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    memory_alone: float = 0


def figures(runs: int = 3) -> list[Figure]:
    """What a town's month through Airflow takes, beside its steps alone and beside one task per model."""
    return _figures(measure(runs))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether it is fast and small enough."""
    parser = argparse.ArgumentParser(
        prog="bench.flow", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="repetitions, of which the median counts")
    parser.add_argument("--ours-only", action="store_true", help="leave out one task per model, which takes minutes")
    given = parser.parse_args(arguments)
    measured = measure(given.runs, beside_models_each=not given.ours_only)
    found = _figures(measured)
    print(table(found))
    print(f"\nRuns through Airflow: {_seconds(measured.through)}; the steps alone: {_seconds(measured.alone)}.")
    print(f"Airflow starts in {measured.starting:.1f} s, in an empty home in {measured.starting_first:.1f} s.")
    print(f"\nWhere the seconds of the run in the middle went:\n\n{spent.table(measured.spent)}")
    on_the_way = [each for each in measured.spent if each.name != "alert"]
    print(
        f"\nOn the way to {LAST}, which does not pass alert: {sum(each.overhead for each in on_the_way):.1f} s"
        f" around {sum(each.step for each in on_the_way):.1f} s of steps."
    )
    print("\nThe most memory of one process, in MB:\n")
    print("\n".join(f"- {name}: {most:.0f}" for name, most in sorted(measured.memory.items())))
    return int(any(each.is_missed for each in found))


def _figures(measured: Measured) -> list[Figure]:
    ours, size = statistics.median(measured.through), f"{measured.rows} signals"
    through = Figure(
        "a town's month through Airflow",
        size,
        ours,
        peer="steps alone",
        peer_value=statistics.median(measured.alone),
        limit=MOST_TIMES_THE_STEPS,
        memory_mb=max(measured.memory.values()),
    )
    found = [through]
    if measured.per_model:
        peer = f"a task per model ({measured.tasks_per_model})"
        found.append(replace(through, peer=peer, peer_value=measured.per_model, limit=MOST_OF_MODELS_EACH))
    found.append(Figure("Airflow started, in a home that has one", "", measured.starting))
    found += [
        Figure(f"most memory: {name}", size, most, unit="MB", limit=MOST_MEGABYTES)
        for name, most in sorted(measured.memory.items())
    ]
    return found


def measure(runs: int, beside_models_each: bool = True) -> Measured:
    """Run everything in a warehouse of its own."""
    measured = Measured()
    with folder_of_its_own() as folder, _only_what_a_bench_sees(folder):
        write_landing(folder / "landing")
        with warehouse_in(folder, LANDING=folder / "landing") as here:
            measured.rows = _signals(here)
            # Makes the tables, and dbt's manifest.
            measured.memory_alone = _alone(here)[1]
            begin = time.perf_counter()
            with _airflow(here):
                measured.starting_first = time.perf_counter() - begin
            begin = time.perf_counter()
            with _airflow(here) as airflow:
                measured.starting = time.perf_counter() - begin
                _measure_with(here, airflow, runs, measured)
                if beside_models_each:
                    _forget(here)
                    measured.per_model, measured.tasks_per_model = _a_task_per_model(here, airflow)
    return measured


def _measure_with(here: Settings, airflow: Airflow, runs: int, measured: Measured) -> None:
    processes = Processes(airflow.place.airflow_home, airflow.place.logs)
    _forget(here)
    # Watching takes time of its own, so this run is not one of those that count.
    with resident.watched(processes.found(), _kind) as measured.memory:
        _through_airflow(airflow)
    seen: list[tuple[float, list[spent.Spent]]] = []
    for _ in range(runs):
        _forget(here)
        with _held_still(processes.found()):
            measured.alone.append(_alone(here)[0])
        _forget(here)
        seen.append(_through_airflow(airflow))
    measured.through = [seconds for seconds, _ in seen]
    # Of an even number the lower one in the middle.
    _, measured.spent = sorted(seen, key=lambda each: each[0])[(runs - 1) // 2]


# -- what takes turns


def _alone(here: Settings) -> tuple[float, float]:
    """Seconds of the steps one after the other, and the most megabytes of the process that took them."""
    context = get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    answer, answering = context.Pipe(duplex=False)
    process = context.Process(target=_take_steps, args=(answering, here.environment(), MONTH))
    process.start()
    answering.close()
    try:
        return answer.recv()
    except EOFError:
        raise SystemExit("The steps alone failed: see above.") from None
    finally:
        process.join()


def _take_steps(answering: Connection, variables: dict[str, str], month: Month) -> None:
    os.environ.update(variables)
    begin = time.perf_counter()
    from vroegsignaal import decision, door, intake, outbox

    intake.receive(month)
    door.judge(month)
    outbox.alert(month)
    transform.derive(month)
    decision.approve(month)
    transform.publish(month)
    outbox.hand_out(month)
    answering.send((time.perf_counter() - begin, psutil.Process().memory_info().rss / 1024 / 1024))


def _through_airflow(airflow: Airflow) -> tuple[float, list[spent.Spent]]:
    """Seconds from the trigger to the end of the last step, and where they went."""
    result = airflow.run_months([MONTH], lambda *_: None)
    if result.failure:
        raise OrchestratorError(str(result.failure))
    api = Api(airflow.place)
    token = api.log_in()
    triggered, tasks = None, []
    for flow in ("receive_drops", "match_month"):
        (run,) = api.ask("GET", f"/api/v2/dags/{flow}/dagRuns?order_by=-id&limit=1", token=token)["dag_runs"]
        triggered = triggered or _moment(run["queued_at"])
        tasks += _tasks(api, token, f"/api/v2/dags/{flow}/dagRuns/{run['dag_run_id']}/taskInstances")
    (last,) = (task for task in tasks if task.name == LAST)
    return (last.ended - triggered).total_seconds(), spent.breakdown(tasks, triggered)


def _tasks(api: Api, token: str, path: str) -> list[spent.Task]:
    return [
        spent.Task(
            told["task_id"],
            AFTER[told["task_id"]],
            *(_moment(told[when]) for when in ("queued_when", "start_date", "end_date")),
            spent.step_seconds(json.dumps(api.ask("GET", f"{path}/{told['task_id']}/logs/1", token=token))),
        )
        for told in api.ask("GET", path, token=token)["task_instances"]
    ]


def _a_task_per_model(here: Settings, airflow: Airflow) -> tuple[float, int]:
    """Seconds from the trigger to the end of the flow, and how many of its tasks start a dbt."""
    api = Api(airflow.place)
    api.queue(MODELS_EACH, {MODELS_EACH: None}, {"month": str(MONTH)})
    deadline = time.monotonic() + MODELS_EACH_SECONDS
    path = f"/api/v2/dags/{MODELS_EACH}/dagRuns/{MODELS_EACH}"
    while (run := api.ask("GET", path, token=api.log_in()))["state"] in ("queued", "running"):
        if time.monotonic() > deadline:
            raise OrchestratorError(f"{MODELS_EACH} was not done in {MODELS_EACH_SECONDS} seconds.")
        time.sleep(2)
    if run["state"] != "success":
        raise OrchestratorError(f"{MODELS_EACH} failed: see the logs of its tasks with `--keep`.")
    tasks = api.ask("GET", f"{path}/taskInstances?limit=1", token=api.log_in())["total_entries"]
    return (_moment(run["end_date"]) - _moment(run["queued_at"])).total_seconds(), tasks


# -- what they need


@contextmanager
def _only_what_a_bench_sees(folder: Path) -> Iterator[None]:
    """The variables with which Airflow also finds the flow of `bench/dags`, and its dbt the warehouse."""
    bundle = "airflow.dag_processing.bundles.local.LocalDagBundle"
    bundles = [
        {"name": "dags-folder", "classpath": bundle, "kwargs": {}},
        {"name": "bench", "classpath": bundle, "kwargs": {"path": str(Path(__file__).parent / "dags")}},
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VROEGSIGNAAL_APPROVAL", "automatic")
        patch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundles))
        patch.setenv("AIRFLOW__COSMOS__ENABLE_TELEMETRY", "False")
        patch.setenv("AIRFLOW__COSMOS__CACHE_DIR", str(folder / "cosmos"))
        yield


@contextmanager
def _airflow(here: Settings) -> Iterator[Airflow]:
    warehouse.ensure_metadata(here)
    for_dbt = transform._environment(here, MONTH)
    manifest = here.home / "dbt" / "core" / "manifest.json"
    with pytest.MonkeyPatch.context() as patch:
        for name in for_dbt.keys() - {"PGOPTIONS"}:
            patch.setenv(name, for_dbt[name])
        patch.setenv("VROEGSIGNAAL_BENCH_MANIFEST", str(manifest))
        with replay.airflow(here) as airflow:
            yield airflow


@contextmanager
def _held_still(processes: list[psutil.Process]) -> Iterator[None]:
    """Processes that have nothing to do, but would look again and again whether they have."""
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def _forget(here: Settings) -> None:
    """Forget the month: everything that outlives one, and the files that were handed out."""
    with warehouse.connect(here, "owner") as connection:
        tables = warehouse.fetch(
            connection,
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname in ('raw', 'quality', 'vault', 'core', 'decision')",
        )
        connection.execute(f"truncate {', '.join(name for (name,) in tables)} cascade")
    shutil.rmtree(here.out, ignore_errors=True)


def _signals(here: Settings) -> int:
    """How many rows the creditors' files of the month have."""
    files = Path(here.landing).glob(f"*/{MONTH}/signals/*.csv")
    return sum(len(file.read_text(encoding="utf-8").splitlines()) - 1 for file in files)


def _kind(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    for kind in ("api-server", "dbt", "LocalExecutor", "forkserver", "scheduler"):
        if kind in words:
            return kind
    return words[:80]


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _seconds(values: list[float]) -> str:
    return ", ".join(f"{each:.1f}" for each in values) + " s"


if __name__ == "__main__":
    sys.exit(main())
