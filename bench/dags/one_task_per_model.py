"""### A month with one task per model

What `receive_drops` and `match_month` do, in one flow, as Cosmos has it done: instead of one dbt for each layer, a task
for every model and one for its tests, each of which starts a dbt. Only `bench.flow` runs it, to tell what that costs.

It is run with `{"month": "2019-01"}`; the variables with which dbt reaches the warehouse are those of Airflow itself.
"""

from __future__ import annotations

import os
from pathlib import Path

from airflow.sdk import dag, task
from airflow.sdk.types import DagRunProtocol
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, LoadMode, TestBehavior

from vroegsignaal.months import Month

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MANIFEST = "VROEGSIGNAAL_BENCH_MANIFEST"
"""The variable that names dbt's manifest: reading it is the fastest way that Cosmos has to know the models."""

MONTH = "{{ dag_run.conf['month'] }}-01"


def models(name: str, *layers: str) -> DbtTaskGroup:
    """A task for each model of the layers, with its tests after it; those of several models after all of these."""
    return DbtTaskGroup(
        group_id=name,
        project_config=ProjectConfig(dbt_project_path=PROJECT, manifest_path=os.environ[MANIFEST]),
        profile_config=ProfileConfig(
            profile_name="vroegsignaal", target_name="single", profiles_yml_filepath=PROJECT / "profiles.yml"
        ),
        execution_config=ExecutionConfig(execution_mode=ExecutionMode.LOCAL),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            select=[f"path:models/{layer}" for layer in layers],
            test_behavior=TestBehavior.AFTER_EACH,
            should_detach_multiple_parents_tests=True,
            # Nobody listens to them, and to make them takes time.
            emit_datasets=False,
        ),
        operator_args={
            "env": {
                "PGOPTIONS": f"-c vroegsignaal.month={MONTH} -c vroegsignaal.as_of={MONTH}",
                # As in `transform`: they are for the models' authors.
                "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test",
            },
            "append_env": True,
        },
    )


@dag(schedule=None, catchup=False, max_active_runs=1, is_paused_upon_creation=False, doc_md=__doc__)
def one_task_per_model() -> None:
    """Receive, judge, match, decide, publish and hand out, with one task per model."""

    @task
    def receive(dag_run: DagRunProtocol | None = None) -> dict[str, int]:
        from vroegsignaal import intake

        return intake.receive(Month.parse(dag_run.conf["month"]))

    @task
    def judge(dag_run: DagRunProtocol | None = None) -> dict[str, int]:
        from vroegsignaal import door

        return door.judge(Month.parse(dag_run.conf["month"]))

    @task
    def alert(dag_run: DagRunProtocol | None = None) -> dict[str, int]:
        from vroegsignaal import outbox

        return outbox.alert(Month.parse(dag_run.conf["month"]))

    @task
    def approve(dag_run: DagRunProtocol | None = None) -> dict[str, int]:
        from vroegsignaal import decision, settings, warehouse

        month = Month.parse(dag_run.conf["month"])
        with warehouse.connect(settings.load(), "transformer") as connection:
            # Ours notes it with the models: the steps after it ask which months there are.
            connection.execute("insert into decision.derived values (%s) on conflict do nothing", [month.first_day])
        return decision.approve(month)

    @task
    def hand_out(dag_run: DagRunProtocol | None = None) -> dict[str, int]:
        from vroegsignaal import outbox

        return outbox.hand_out(Month.parse(dag_run.conf["month"]))

    judged = judge()
    derived = models("derive", "staging", "core")
    published = models("publish", "casework", "evaluation", "mart")
    receive() >> judged >> alert()
    judged >> derived >> approve() >> published >> hand_out()


one_task_per_model()
