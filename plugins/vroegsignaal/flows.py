"""What the flows share: how their tasks are retried, and the asset that joins them.

Only the files in `dags/` import this module, because it needs Airflow's.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Asset
from airflow.sdk.definitions.retry_policy import ExceptionRetryPolicy, RetryAction, RetryRule

from vroegsignaal.errors import PlatformError

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
