"""What the measurement of Airflow computes."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from bench import in_airflow, resident, spent

BEGAN = datetime(2019, 1, 25, 6, tzinfo=UTC)


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
        ours = {child.pid for child in children}
        with resident.watched([psutil.Process()], lambda each: "ours" if each.pid in ours else "other") as most:
            time.sleep(3 * resident.EVERY_SECONDS)
    finally:
        for child in children:
            child.kill()
            child.communicate()
    assert 120 < most["ours"] < 160


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
