"""The flows keep to the rules of the house. That they run is shown in `test_replay.py` and `test_survival.py`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DAGS = ROOT / "dags"
HEAVY = ("dbt", "great_expectations", "pandas")
# What Airflow itself loads does not count: only what the flows' files add.
READ_FLOWS = """
import json, runpy, sys
import airflow.sdk, vroegsignaal.flows
before = set(sys.modules)
for path in sys.argv[1:]:
    runpy.run_path(path)
print(json.dumps(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""
DESCRIBE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=sys.argv[1])
print(json.dumps({"errors": {k: str(v) for k, v in bag.import_errors.items()}, "flows": {
    name: {
        "doc": dag.doc_md or "", "owner": dag.owner, "tags": sorted(dag.tags), "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs, "timetable": type(dag.timetable).__name__,
        "tasks": {task.task_id: {
            "retries": task.retries, "backoff": float(task.retry_exponential_backoff or 0),
            "seconds": task.retry_delay.total_seconds(), "downstream": sorted(task.downstream_task_ids),
            "outlets": [outlet.name for outlet in task.outlets], "policy": task.retry_policy is not None,
        } for task in dag.tasks},
    } for name, dag in bag.dags.items()
}}))
"""


def python(script: str, *words: object, home: Path) -> str:
    """What a script prints last, run with an Airflow of its own that touches nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        env=os.environ | {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict:
    return json.loads(python(DESCRIBE, DAGS, home=tmp_path_factory.mktemp("airflow")))


def test_the_bag_holds_every_flow_and_no_error(described: dict) -> None:
    assert described["errors"] == {}
    assert set(described["flows"]) == {path.stem for path in DAGS.glob("*.py")}
    assert set(described["flows"]) == {
        "receive_drops",
        "match_month",
        "watch_landing",
        "review_held",
        "erase_expired",
        "approve_selection",
    }


def test_every_flow_says_what_to_do_when_it_fails_and_whose_it_is(described: dict) -> None:
    for name, flow in described["flows"].items():
        assert "**When it fails:" in flow["doc"], name
        assert "Run again: safe" in flow["doc"], name
        assert flow["owner"] == "vroegsignaal"
        assert flow["tags"]


def test_every_task_is_retried_with_back_off_but_not_what_a_person_has_to_put_right(described: dict) -> None:
    for name, flow in described["flows"].items():
        assert flow["tasks"], name
        for task in flow["tasks"].values():
            assert task["retries"] >= 2
            assert task["backoff"] > 1
            assert task["seconds"] > 0
            assert task["policy"]


def test_months_run_one_at_a_time_and_are_never_caught_up_by_themselves(described: dict) -> None:
    for name, flow in described["flows"].items():
        assert flow["max_active_runs"] == 1, name
        assert not flow["catchup"], name


def test_the_flows_are_joined_by_an_asset_whose_partition_is_the_month(described: dict) -> None:
    flows = described["flows"]
    assert flows["receive_drops"]["timetable"] == "CronPartitionTimetable"
    assert flows["match_month"]["timetable"] == "PartitionedAssetTimetable"
    outlets = {task: facts["outlets"] for task, facts in flows["receive_drops"]["tasks"].items()}
    assert outlets == {"receive": [], "judge": ["judged_drops"], "alert": []}
    for flow in ("watch_landing", "review_held", "approve_selection"):
        telling = [task for task, facts in flows[flow]["tasks"].items() if facts["outlets"]]
        assert [task.rpartition(".")[2] for task in telling] == ["match_again"]


def test_the_steps_of_a_month_follow_each_other(described: dict) -> None:
    def chain(flow: str) -> dict[str, list[str]]:
        return {task: facts["downstream"] for task, facts in described["flows"][flow]["tasks"].items()}

    assert chain("receive_drops") == {"receive": ["judge"], "judge": ["alert"], "alert": []}
    assert chain("match_month") == {
        "derive": ["approve"],
        "approve": ["publish"],
        "publish": ["hand_out"],
        "hand_out": [],
    }


def test_reading_the_flows_loads_nothing_heavy(tmp_path: Path) -> None:
    loaded = json.loads(python(READ_FLOWS, *sorted(DAGS.glob("*.py")), home=tmp_path))
    assert not set(loaded) & set(HEAVY)


def test_a_flow_is_short_and_its_file_is_not_taken_for_dbt(described: dict) -> None:
    assert described["flows"]
    for path in DAGS.glob("*.py"):
        assert len(path.read_text().splitlines()) <= 120
        assert not path.name.startswith("dbt_")
