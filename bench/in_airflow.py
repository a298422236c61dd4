"""A month in the Airflow of a measurement: by our flows, and with one task per model."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psutil
import pytest

from bench import spent
from vroegsignaal import replay, transform, warehouse
from vroegsignaal.months import Month
from vroegsignaal.orchestrator import Airflow, OrchestratorError
from vroegsignaal.orchestrator.api import Api
from vroegsignaal.settings import Settings

MODELS_EACH = "one_task_per_model"
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
# By what a process is called, the most telling first.
_KINDS = {
    "dbt --": "dbt",
    "api_server": "API server",
    "api-server": "API server",
    "LocalExecutor": "executor's worker",
    "airflow worker": "task",
    "airflow scheduler": "scheduler",
    "forkserver": "process that workers are forked from",
}


@dataclass(frozen=True)
class PerModel:
    """The month with one task per model: its seconds, of which it may not have been done, and its tasks."""

    seconds: float
    tasks: int
    done: int

    def __str__(self) -> str:
        given_up = "" if self.done == self.tasks else f", {self.done} done when it was given up"
        return f"a task per model ({self.tasks} tasks{given_up})"


@contextmanager
def started(here: Settings, month: Month) -> Iterator[Airflow]:
    """The Airflow of the home, which also finds the flow of `bench/dags`."""
    warehouse.ensure_metadata(here)
    transform.run_dbt(here, month, "parse", "parse")
    bundle = "airflow.dag_processing.bundles.local.LocalDagBundle"
    bundles = [
        {"name": "dags-folder", "classpath": bundle, "kwargs": {}},
        {"name": "bench", "classpath": bundle, "kwargs": {"path": str(Path(__file__).parent / "dags")}},
    ]
    variables = transform._environment(here, month)
    # The month is a setting of each run.
    del variables["PGOPTIONS"]
    variables |= {
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        "AIRFLOW__COSMOS__CACHE_DIR": str(here.home / "cosmos"),
        "VROEGSIGNAAL_BENCH_MANIFEST": str(here.home / "dbt" / "parse" / "manifest.json"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        with replay.airflow(here) as airflow:
            yield airflow


@contextmanager
def held_still(processes: list[psutil.Process]) -> Iterator[None]:
    """Processes that have nothing to do, but would look again and again whether they have."""
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def run(airflow: Airflow, month: Month) -> tuple[float, list[spent.Spent]]:
    """Seconds from the trigger of our flows to the end of the last step, and where they went."""
    result = airflow.run_months([month], lambda *_: None)
    if result.failure:
        raise OrchestratorError(str(result.failure))
    api = Api(airflow.place)
    token = api.log_in()
    triggers, tasks = [], []
    for flow in ("receive_drops", "match_month"):
        (told,) = api.ask("GET", f"/api/v2/dags/{flow}/dagRuns?order_by=-id&limit=1", token=token)["dag_runs"]
        triggers.append(_moment(told["queued_at"]))
        tasks += _tasks(api, token, f"/api/v2/dags/{flow}/dagRuns/{told['dag_run_id']}/taskInstances")
    (last,) = (task for task in tasks if task.name == LAST)
    return (last.ended - triggers[0]).total_seconds(), spent.breakdown(tasks, triggers[0])


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


def run_per_model(airflow: Airflow, month: Month, most_seconds: float) -> PerModel:
    """From the trigger to the end of the flow, or until so many seconds have passed."""
    api = Api(airflow.place)
    api.queue(MODELS_EACH, {MODELS_EACH: None}, {"month": str(month)})
    path = f"/api/v2/dags/{MODELS_EACH}/dagRuns/{MODELS_EACH}"
    while True:
        token = api.log_in()
        told = api.ask("GET", path, token=token)
        until = _moment(told["end_date"]) if told["end_date"] else datetime.now(UTC)
        seconds = (until - _moment(told["queued_at"])).total_seconds()
        if told["state"] not in ("queued", "running") or seconds > most_seconds:
            break
        # Often enough for something that takes minutes; each question takes some of their time.
        time.sleep(5)
    if told["state"] == "failed":
        raise OrchestratorError(_what_failed(api, token, path))
    count = partial(_count, api, token, f"{path}/taskInstances?limit=1")
    return PerModel(seconds, count(), count("&state=success"))


def kind(process: psutil.Process) -> str:
    """What a process of Airflow does, by what it is called."""
    words = " ".join(process.cmdline())
    return next((kind for sign, kind in _KINDS.items() if sign in words), "other")


def _count(api: Api, token: str, path: str, which: str = "") -> int:
    return api.ask("GET", f"{path}{which}", token=token)["total_entries"]


def _what_failed(api: Api, token: str, path: str) -> str:
    failed = api.ask("GET", f"{path}/taskInstances?state=failed", token=token)["task_instances"]
    told = [f"{MODELS_EACH} failed, at {', '.join(each['task_id'] for each in failed)}."]
    for each in failed[:1]:
        log = api.ask("GET", f"{path}/taskInstances/{each['task_id']}/logs/{each['try_number']}", token=token)
        told += [str(line.get("event", line)) for line in log["content"][-40:]]
    return "\n".join(told)


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told)
