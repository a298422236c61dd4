"""### Watch the landing area

Every quarter of an hour: receives and judges what has arrived since, so that a creditor hears of a faulty delivery
while there is time to send a better one. Nothing is matched before the 25th; what arrives later is matched again, so
that the difference with what was approved can be seen.

1. **find_months** lists the months that have files which are not yet in the ledger of drops.
2. **receive_and_judge** receives and judges such a month, one month after the other.
3. **alert** mails the senders what was found in it, as of the day of the run; each set of findings once.
4. **match_again** has `match_month` run again for the months that were matched before and look at this one; skipped
   when there are none.

**When it fails: leave it.** Its next run, within a quarter of an hour, does the same work; clear nothing. If it keeps
failing, the log of the failed task says what to put right. Run again: safe; it replaces its month as a whole.
"""

from __future__ import annotations

from airflow.sdk import dag, task, task_group
from airflow.sdk.types import DagRunProtocol

from vroegsignaal.flows import DEFAULTS, match_again
from vroegsignaal.months import AMSTERDAM, Month


@dag(
    schedule="*/15 * * * *",
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["on arrival", "door"],
    doc_md=__doc__,
)
def watch_landing() -> None:
    """Receive and judge on arrival."""

    @task
    def find_months() -> list[str]:
        from vroegsignaal import intake

        return [str(month) for month in intake.months_with_news()]

    @task(max_active_tis_per_dagrun=1)
    def receive_and_judge(month: str) -> str:
        from vroegsignaal import door, intake

        intake.receive(Month.parse(month), settled_only=True)
        door.judge(Month.parse(month))
        return month

    # A mail server may be away for a while.
    @task(max_active_tis_per_dagrun=1, retries=8)
    def alert(month: str, dag_run: DagRunProtocol | None = None) -> dict[str, int]:
        from vroegsignaal import outbox

        return outbox.alert(Month.parse(month), dag_run.run_after.astimezone(AMSTERDAM).date())

    @task_group
    def on_news(month: str) -> None:
        """Of one month, so that another one that fails does not hold it up."""
        judged = receive_and_judge(month)
        alert(judged)
        match_again(judged)

    on_news.expand(month=find_months())


watch_landing()
