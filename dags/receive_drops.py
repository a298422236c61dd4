"""### Receive drops

On the 25th, at six in the morning, the deliveries of the month are taken in and judged at the door. The month is the
partition: the run with the key `2018-09-25T06:00:00` is about September 2018, whenever it runs.

1. **receive** finds the files of the month in the landing area, fingerprints them and copies them into `raw`.
2. **judge** holds every drop against its feed contract. Rows that break a rule are quarantined, a drop that cannot be
   used is rejected. Both are results, not failures.
3. **alert** mails each sender what was wrong and what to do, and the municipality an overview; each set of findings
   once. The mail server may be away for a while: the task is tried again.

When it is done, `match_month` runs for the same month.

**When it fails: clear the failed task** (or run the month again with `vroegsignaal month <jjjj-mm>`). Run again: safe;
each step replaces its month as a whole.

Switched off for a while and on again, it also runs the last 25th that it missed.
"""

from __future__ import annotations

from airflow.sdk import CronPartitionTimetable, dag, task

from vroegsignaal.flows import DEFAULTS, JUDGED_DROPS
from vroegsignaal.months import Month


@dag(
    schedule=CronPartitionTimetable("0 6 25 * *", timezone="Europe/Amsterdam"),
    catchup=False,
    # Households are numbered in the order in which drops are received: one month at a time.
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["monthly", "door"],
    doc_md=__doc__,
)
def receive_drops() -> None:
    """Receive the drops of a month and judge them."""

    @task
    def receive(partition_key: str | None = None) -> dict[str, int]:
        from vroegsignaal import intake

        return intake.receive(Month.of_partition(partition_key))

    @task(outlets=[JUDGED_DROPS])
    def judge(partition_key: str | None = None) -> dict[str, int]:
        from vroegsignaal import door

        return door.judge(Month.of_partition(partition_key))

    @task
    def alert(partition_key: str | None = None) -> dict[str, int]:
        from vroegsignaal import outbox

        return outbox.alert(Month.of_partition(partition_key))

    receive() >> judge() >> alert()


receive_drops()
