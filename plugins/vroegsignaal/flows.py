"""What the flows share: how their tasks are retried, the asset that joins them, and what has a month matched again.

Only the files in `dags/` import this module, because it needs Airflow's.
"""

from __future__ import annotations

from datetime import date, timedelta

from airflow.sdk import Asset, Param, task
from airflow.sdk.definitions.retry_policy import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.exceptions import AirflowSkipException
from airflow.sdk.types import DagRunProtocol, OutletEventAccessorsProtocol

from vroegsignaal.errors import PlatformError
from vroegsignaal.months import AMSTERDAM, Month

JUDGED_DROPS = Asset(name="judged_drops", uri="x-vroegsignaal://judged-drops")
"""The drops of a month, received and judged. Its partition is the month."""

DEFAULTS = {
    "owner": "vroegsignaal",
    "retries": 3,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2,
    "max_retry_delay": timedelta(minutes=5),
    # What a person has to put right fails the same way every time: tell it at once.
    "retry_policy": ExceptionRetryPolicy(
        [RetryRule(PlatformError, action=RetryAction.FAIL, reason="a person has to put this right")]
    ),
}


@task(max_active_tis_per_dagrun=1, outlets=[JUDGED_DROPS])
def match_again(month: str, outlet_events: OutletEventAccessorsProtocol | None = None) -> list[str]:
    """Have `match_month` run again for the months that were matched before and look at this one, if any."""
    from vroegsignaal import transform

    keys = [each.partition_key for each in transform.derived_since(Month.parse(month))]
    if not keys:
        raise AirflowSkipException(f"{month} was not matched yet.")
    outlet_events[JUDGED_DROPS].add_partitions(keys)
    return keys


MONTH_TO_ASK_ABOUT = {
    "month": Param(None, type=["null", "string"], pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", title="Maand (jjjj-mm)")
}
"""The parameter of a flow that asks people something: the month, where a person starts it for one."""


def months_to_ask_about(dag_run: DagRunProtocol, params: dict) -> tuple[date, list[Month]]:
    """The day of a run that asks people something, and the months that it asks about."""
    day = dag_run.run_after.astimezone(AMSTERDAM).date()
    this_month = Month.of(day)
    return day, [Month.parse(params["month"])] if params["month"] else [this_month.plus(-1), this_month]


# Also when one of the answers could not be recorded: the others count.
@task(trigger_rule="all_done")
def months_of(questions: list[dict]) -> list[str]:
    """The months that were asked about, once all is answered."""
    return sorted({question["row"]["month"] for question in questions})
