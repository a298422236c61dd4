"""What the measurement of Airflow computes, and that the flow beside which it is held is what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from bench import in_airflow, resident, spent
from vroegsignaal import dbt_process

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "dbt_project" / "models"
BEGAN = datetime(2019, 1, 25, 6, tzinfo=UTC)
DESCRIBE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=sys.argv[1])
print(json.dumps({"errors": {k: str(v) for k, v in bag.import_errors.items()}, "flows": {
    name: {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks} for name, dag in bag.dags.items()
}}))
"""


def task(name: str, after: str | None, queued: float, started: float, ended: float, step: float) -> spent.Task:
    """A task with its moments in seconds since the trigger."""
    return spent.Task(name, after, *(BEGAN + timedelta(seconds=each) for each in (queued, started, ended)), step)


TASKS = [
    task("match", "judge", 9.5, 9.75, 20.0, 9.25),
    task("judge", None, 1.0, 1.5, 9.0, 7.0),
    task("alert", "judge", 9.25, 10.0, 11.0, 0.5),
]


def test_a_task_waits_from_the_end_of_what_was_before_it() -> None:
    assert spent.breakdown(TASKS, BEGAN) == [
        spent.Spent("judge", scheduling=1.0, starting=0.5, around=0.5, step=7.0),
        spent.Spent("alert", scheduling=0.25, starting=0.75, around=0.5, step=0.5),
        spent.Spent("match", scheduling=0.5, starting=0.25, around=1.0, step=9.25),
    ]


def test_the_parts_of_what_is_waited_for_add_up_to_the_time_from_trigger_to_end() -> None:
    after = {each.name: each.after for each in TASKS}
    on_the_way = spent.on_the_way(spent.breakdown(TASKS, BEGAN), after, "match")
    assert [each.name for each in on_the_way] == ["judge", "match"]
    assert sum(each.overhead + each.step for each in on_the_way) == 20.0


def test_the_seconds_of_a_step_are_read_from_its_log_and_are_not_made_up() -> None:
    log = 'judge done month=2019-01 n_judged=9 seconds=1.4", "duration_seconds=99'
    assert spent.step_seconds(log) == 1.4
    with pytest.raises(ValueError, match="does not say"):
        spent.step_seconds("judge failed error=PlatformError seconds=0.1")


def test_the_table_has_a_row_for_each_task_and_their_sum() -> None:
    rows = spent.table(spent.breakdown(TASKS, BEGAN), {"judge": 6.0, "alert": 0.25, "match": 8.0}).splitlines()
    assert rows[2] == "| judge | 1.00 | 0.50 | 0.50 | 7.00 | 6.00 |"
    assert rows[-1] == "| all | 1.75 | 1.50 | 2.00 | 16.75 | 14.25 |"


def test_the_most_memory_is_that_of_the_largest_process_of_a_kind() -> None:
    hold = "import sys, time; held = bytearray(int(sys.argv[1]) << 20); print(flush=True); time.sleep(60)"
    children = [
        subprocess.Popen([sys.executable, "-c", hold, megabytes], stdout=subprocess.PIPE) for megabytes in ("40", "120")
    ]
    try:
        for child in children:
            child.stdout.readline()
        with resident.watched([psutil.Process()], lambda each: str(each.ppid() == os.getpid())) as most:
            time.sleep(3 * resident.EVERY_SECONDS)
    finally:
        for child in children:
            child.kill()
            child.communicate()
    assert 120 < most["True"] < 160


def test_a_process_is_told_by_what_it_is_called() -> None:
    class Called:
        def __init__(self, *words: str) -> None:
            self.words = list(words)

        def cmdline(self) -> list[str]:
            return self.words

    assert in_airflow.kind(Called("airflow worker -- LocalExecutor: <idle>")) == "executor's worker"
    assert in_airflow.kind(Called("airflow worker -- 01a2160a-ae51-778e-8258-d60b2b2c4b36")) == "task"
    assert in_airflow.kind(Called("dbt --quiet build --select path:models/core")) == "dbt"
    assert in_airflow.kind(Called("sleep", "1")) == "other"


@pytest.fixture(scope="module")
def one_task_per_model(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> dict[str, list[str]]:
    """The tasks of the flow beside which ours is held, and what follows each."""
    folder = tmp_path_factory.mktemp("manifest")
    words = ["parse", "--project-dir", str(MODELS.parent), "--profiles-dir", str(MODELS.parent)]
    names = ("VROEGSIGNAAL_DB_HOST", "VROEGSIGNAAL_DB_USER", "VROEGSIGNAAL_DB_NAME", "DBT_ENV_SECRET_PASSWORD")
    nowhere = {"VROEGSIGNAAL_DB_PORT": "1", "DO_NOT_TRACK": "1"} | dict.fromkeys(names, "nowhere")
    target = ["--target-path", str(folder), "--log-path", str(folder)]
    done = dbt_process.run([*words, *target], os.environ | nowhere, MODELS.parent)
    assert done.returncode == 0, done.stdout
    described = subprocess.run(
        [sys.executable, "-c", DESCRIBE, ROOT / "bench" / "dags"],
        env=os.environ
        | {
            "AIRFLOW_HOME": str(new_home()),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
            "AIRFLOW__COSMOS__CACHE_DIR": str(folder),
            "VROEGSIGNAAL_BENCH_MANIFEST": str(folder / "manifest.json"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(described.stdout.splitlines()[-1])
    assert told["errors"] == {}
    return told["flows"]["one_task_per_model"]


def test_beside_ours_stands_a_task_for_every_model_of_the_layers_that_a_month_makes(
    one_task_per_model: dict[str, list[str]],
) -> None:
    group = {"staging": "derive", "core": "derive"}
    wanted = {f"{group.get(each.parent.name, 'publish')}.{each.stem}" for each in MODELS.rglob("*.sql")}
    assert len(wanted) > 100
    # A model that has tests is a group of its own: the model, and its tests after it.
    runs = {name.removesuffix("_run").removesuffix(".run") for name in one_task_per_model if name.endswith("run")}
    assert runs == wanted
    assert any(name.endswith("test") for name in one_task_per_model)


def test_beside_ours_the_steps_around_the_models_are_the_same(one_task_per_model: dict[str, list[str]]) -> None:
    steps = {name for name in one_task_per_model if "." not in name}
    assert steps == {name for name in in_airflow.AFTER if name not in ("derive", "publish")}
    assert "alert" in one_task_per_model["judge"]
    assert all(name.startswith("publish.") for name in one_task_per_model["approve"])
