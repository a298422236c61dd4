"""What is read from and put right in Airflow's metadata database, without starting Airflow for it.

What is written here is written while no Airflow runs; Airflow offers no way of its own to say "nothing runs any more",
and would wait minutes for heartbeats of processes that are gone.
"""

from __future__ import annotations

import psycopg

from vroegsignaal.orchestrator.processes import OrchestratorError


class Metadata:
    """Airflow's metadata database."""

    def __init__(self, database: str) -> None:
        try:
            self._connection = psycopg.connect(database, autocommit=True, connect_timeout=10)
        except psycopg.OperationalError as error:
            raise OrchestratorError(f"Airflow's database cannot be reached: {str(error).strip()}") from None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def revision(self) -> str | None:
        """The version of the tables; None in an empty database."""
        if self._one("select to_regclass('alembic_version')") is None:
            return None
        return self._one("select version_num from alembic_version")

    def abandon_unfinished(self) -> None:
        """Write off what a killed Airflow left behind, so that nothing of it goes on or is waited for."""
        with self._connection.transaction():
            self._connection.execute("update job set state = 'failed', end_date = now() where state = 'running'")
            self._connection.execute(
                """
                update task_instance set state = 'failed', end_date = coalesce(end_date, now())
                where (state is null or state not in ('success', 'failed', 'skipped', 'upstream_failed', 'removed'))
                  and (dag_id, run_id) in (select dag_id, run_id from dag_run where state in ('queued', 'running'))
                """
            )
            self._connection.execute(
                "update dag_run set state = 'failed', end_date = now() where state in ('queued', 'running')"
            )
            self._connection.execute("update backfill set completed_at = now() where completed_at is null")
            # Months that were judged, but whose matching had not been started.
            self._connection.execute(
                """
                delete from partitioned_asset_key_log where asset_partition_dag_run_id in (
                    select id from asset_partition_dag_run where created_dag_run_id is null
                )
                """
            )
            self._connection.execute("delete from asset_partition_dag_run where created_dag_run_id is null")

    def switched_off(self) -> list[str]:
        """The flows that are switched off (paused, in Airflow's words)."""
        return [flow for (flow,) in self._all("select dag_id from dag where is_paused order by dag_id")]

    def switch_on(self, flows: list[str]) -> None:
        """Switch flows on."""
        self._connection.execute("update dag set is_paused = false where dag_id = any(%s)", [flows])

    def switch_off(self, flows: list[str]) -> None:
        """Switch flows off."""
        self._connection.execute("update dag set is_paused = true where dag_id = any(%s)", [flows])

    def ensure_pool(self, name: str, slots: int) -> None:
        """Make a pool that is not there yet; what somebody changed in Airflow's pages stays."""
        self._connection.execute(
            "insert into slot_pool (pool, slots, description, include_deferred) values (%s, %s, '', false)"
            " on conflict (pool) do nothing",
            [name, slots],
        )

    def hold_schedule(self) -> None:
        """Let no flow start by the clock; Airflow sets the times again when it reads the flows' files."""
        self._connection.execute("update dag set next_dagrun_create_after = null")

    def last_run(self) -> int:
        """The number of the newest run of any flow; later runs have higher numbers."""
        return self._one("select coalesce(max(id), 0) from dag_run")

    def steps(self, after_run: int, flows: list[str], partitions: list[str]) -> list[tuple]:
        """The runs after a run, with their tasks.

        Each is (partition key, flow, run id, state of the run, task, state of the task, attempt, seconds); a run whose
        tasks are not there yet has one row without a task.
        """
        return self._all(
            """
            select
                run.partition_key, run.dag_id, run.run_id, run.state, task.task_id, task.state, task.try_number,
                extract(epoch from task.end_date - task.start_date)::float
            from dag_run as run
            left join task_instance as task on task.dag_id = run.dag_id and task.run_id = run.run_id
            where run.id > %s and run.dag_id = any(%s) and run.partition_key = any(%s)
            order by run.id, task.start_date nulls last
            """,
            [after_run, flows, partitions],
        )

    def seconds_since_heartbeat(self) -> dict[str, float]:
        """For each part of Airflow that was started and not ended, how long ago it last said that it lives."""
        return dict(
            self._all(
                "select job_type, min(extract(epoch from now() - latest_heartbeat))::float from job"
                " where state = 'running' group by job_type order by job_type"
            )
        )

    def failed_tasks(self, most: int) -> list[tuple]:
        """The tasks that failed and were not made good by a later run of their flow for that month: the newest first.

        Each is (flow, partition key, task, when it failed).
        """
        return self._all(
            """
            select run.dag_id, run.partition_key, task.task_id, task.end_date
            from dag_run as run
            inner join task_instance as task on task.dag_id = run.dag_id and task.run_id = run.run_id
            where
                task.state = 'failed'
                and not exists (
                    select 1 from dag_run as later
                    where
                        later.dag_id = run.dag_id and later.id > run.id and later.state = 'success'
                        and later.partition_key is not distinct from run.partition_key
                )
            order by task.end_date desc, task.task_id
            limit %s
            """,
            [most],
        )

    def _all(self, query: str, values: list | None = None) -> list[tuple]:
        try:
            return self._connection.execute(query, values).fetchall()
        except psycopg.OperationalError as error:
            raise OrchestratorError(f"Airflow's database was lost: {str(error).strip()}") from None

    def _one(self, query: str) -> object:
        return self._all(query)[0][0]
