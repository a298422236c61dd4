"""### Match the month

Runs when `receive_drops` has judged the drops of a month, for that same month.

1. **derive** finds the households with signals of several creditors and proposes whom to visit. Where
   `VROEGSIGNAAL_SHARES` is above 1: **lay_out** makes the tables, **derive_share** fills them, for a share of the
   municipalities each, side by side as far as the pool `shares` lets them, and **conclude** says that all are there.
2. **approve** records the decision. An approved selection is final: run again, it stays as it is.
3. **publish** brings the tables for case workers and for BI up to date.
4. **hand_out** writes the walking list and the other files of the month, and mails creditors that there is feedback.

**When it fails: clear the failed task** (or run the month again with `vroegsignaal month <jjjj-mm>`). Run again: safe;
each step replaces its month as a whole.
"""

from __future__ import annotations

from airflow.sdk import IdentityMapper, PartitionedAssetTimetable, chain, dag, task

from vroegsignaal.flows import DEFAULTS, JUDGED_DROPS
from vroegsignaal.months import Month
from vroegsignaal.shares import POOL, numbers


@dag(
    schedule=PartitionedAssetTimetable(assets=JUDGED_DROPS, default_partition_mapper=IdentityMapper()),
    catchup=False,
    # A selection depends on the selections of the months before: one month at a time.
    max_active_runs=1,
    # It only follows receive_drops, so that flow is the one to switch on and off.
    is_paused_upon_creation=False,
    default_args=DEFAULTS,
    tags=["monthly", "matching"],
    doc_md=__doc__,
)
def match_month() -> None:
    """Match the signals of a month, decide and hand out."""

    @task
    def derive(partition_key: str | None = None) -> dict[str, int]:
        from vroegsignaal import transform

        return transform.derive(Month.of_partition(partition_key))

    @task
    def lay_out(partition_key: str | None = None) -> dict[str, int]:
        from vroegsignaal import transform

        return transform.lay_out(Month.of_partition(partition_key))

    @task(pool=POOL)
    def derive_share(share: int, partition_key: str | None = None) -> dict[str, int]:
        from vroegsignaal import transform

        return transform.derive_share(Month.of_partition(partition_key), share)

    @task
    def conclude(partition_key: str | None = None) -> dict[str, int]:
        from vroegsignaal import transform

        return transform.conclude(Month.of_partition(partition_key))

    @task
    def approve(partition_key: str | None = None) -> dict[str, int]:
        from vroegsignaal import decision

        return decision.approve(Month.of_partition(partition_key))

    @task
    def publish(partition_key: str | None = None) -> dict[str, int]:
        from vroegsignaal import transform

        return transform.publish(Month.of_partition(partition_key))

    @task
    def hand_out(partition_key: str | None = None) -> dict[str, int]:
        from vroegsignaal import outbox

        return outbox.hand_out(Month.of_partition(partition_key))

    shares = numbers()
    deriving = [derive()] if len(shares) == 1 else [lay_out(), derive_share.expand(share=shares), conclude()]
    chain(*deriving, approve(), publish(), hand_out())


match_month()
