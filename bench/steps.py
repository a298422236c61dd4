"""The steps of a month, one after the other as the flows do, without Airflow."""

from __future__ import annotations

import time
from collections.abc import Callable

from vroegsignaal import decision, door, intake, outbox, transform
from vroegsignaal.months import Month

Step = Callable[[Month], object]
TO_THE_PROPOSAL: dict[str, Step] = {"receive": intake.receive, "judge": door.judge, "derive": transform.derive}
ALL: dict[str, Step] = {
    "receive": intake.receive,
    "judge": door.judge,
    "alert": outbox.alert,
    "derive": transform.derive,
    "approve": decision.approve,
    "publish": transform.publish,
    "hand_out": outbox.hand_out,
}


def run(month: Month, steps: dict[str, Step] = ALL) -> dict[str, float]:
    """Seconds of each step of a month."""
    took = {}
    for name, step in steps.items():
        begin = time.perf_counter()
        step(month)
        took[name] = time.perf_counter() - begin
    return took
