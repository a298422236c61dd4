"""Answers of people, and giving them in a live Airflow."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import psycopg

from vroegsignaal import warehouse
from vroegsignaal.orchestrator import Airflow, Place
from vroegsignaal.orchestrator.api import Api
from vroegsignaal.orchestrator.metadata import Metadata
from vroegsignaal.settings import Settings


def answered(option: str, by: str | None = "vries", **given: str) -> dict:
    """An answer as Airflow gives it."""
    return {"chosen_options": [option], "params_input": given, "responded_by_user": by and {"id": by, "name": by}}


def answer_in_airflow(here: Settings, flow: str, task: str, month: str, answers: list[dict]) -> None:
    """Start a flow that asks about a month, answer its questions as Airflow's pages do, and wait until all is done.

    What the answers set going, the matching of the month, is waited for as well.
    """
    warehouse.ensure_metadata(here)
    place = Place(here.home, here.root, warehouse.metadata_uri(here))
    flows = [flow, "match_month"]
    with Airflow(place, here.environment()), closing(Metadata(place.database)) as metadata:
        before = metadata.last_run()
        metadata.switch_on(flows)
        api = Api(place)
        api.queue(flow, {"test": None}, {"month": month})
        _until(lambda: _states(place, task) == ["awaiting_input"] * len(answers), place, task)
        # An answer in the very second in which a task begins to wait makes Airflow take that task for lost.
        time.sleep(5)
        token = api.log_in()
        for index, answer in enumerate(answers):
            path = f"/api/v2/dags/{flow}/dagRuns/test/taskInstances/{task}/{index}/hitlDetails"
            api.ask("PATCH", path, answer, token)
        _until(lambda: _runs(place, flows, before) == dict.fromkeys(flows, "success"), place, task)
        metadata.switch_off(flows)


def _until(holds: Callable[[], bool], place: Place, task: str) -> None:
    deadline = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < deadline, (_states(place, task), _runs(place, ["match_month"], 0))
        time.sleep(0.5)


def _runs(place: Place, flows: list[str], before: int) -> dict[str, str]:
    """The state of the runs after a run; of several of one flow that of the last."""
    with psycopg.connect(place.database) as connection:
        found = connection.execute(
            "select dag_id, state from dag_run where dag_id = any(%s) and id > %s order by id", [flows, before]
        ).fetchall()
    return dict(found)


def _states(place: Place, task: str) -> list[str]:
    with psycopg.connect(place.database) as connection:
        found = connection.execute("select state from task_instance where task_id = %s", [task]).fetchall()
    return [state for (state,) in found]
