"""### Erase what is past its term

Every night at four: erases of every municipality what was kept as long as the policy says (`retain_…_months` in
`policy.csv`), in the warehouse, the landing area and the folder for results. Tables for BI and the evaluation stay as
they are. Each erasure leaves a proof in `<out>/<gemeentecode>/gewist/` and in the ledger `quality.erasure`: numbers,
counts and the policy, nothing of a person. `vroegsignaal purge --dry-run` tells beforehand what would go.

**When it fails: leave it.** The next run erases what is left. When it says which files could not be removed, see to it
that the platform may write there. Run again: safe; what is erased is erased once.
"""

from __future__ import annotations

from airflow.sdk import CronDataIntervalTimetable, dag, task
from airflow.sdk.types import DagRunProtocol

from vroegsignaal.flows import DEFAULTS
from vroegsignaal.months import AMSTERDAM


@dag(
    schedule=CronDataIntervalTimetable("0 4 * * *", timezone="Europe/Amsterdam"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["daily", "privacy"],
    doc_md=__doc__,
)
def erase_expired() -> None:
    """Erase what is past its term."""

    @task
    def purge(dag_run: DagRunProtocol | None = None) -> list[dict]:
        from vroegsignaal import erasing, settings

        day = dag_run.run_after.astimezone(AMSTERDAM).date()
        done = erasing.purge(settings.load(), day, "erase_expired")
        return [
            {"municipality": each.municipality, "rows": each.counts, "households": each.households} for each in done
        ]

    purge()


erase_expired()
