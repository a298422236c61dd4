"""The outbox: the files for the people they are meant for."""

from __future__ import annotations

from vroegsignaal import settings, warehouse
from vroegsignaal.months import Month
from vroegsignaal.outbox import notices, walking_list
from vroegsignaal.outbox.alerts import alert

__all__ = ["alert", "hand_out"]


def hand_out(month: Month) -> dict[str, int]:
    """Write the month's files for every municipality: notices to creditors and, once approved, the walking list.

    Returns how many notices and walking lists were written.
    """
    here = settings.load()
    counts = {"notices": 0, "walking_lists": 0}
    with warehouse.connect(here, "transformer") as connection:
        received = warehouse.fetch(
            connection,
            "select received.municipality_code, approval.approved_at is not null from raw.month_received as received"
            " left join decision.approval as approval using (municipality_code, signal_month)"
            " where received.signal_month = %s order by 1",
            [month.first_day],
        )
    for code, approved in received:
        folder = here.out / code / str(month)
        counts["notices"] += notices.write(here, code, month, folder)
        if approved:
            walking_list.write(here, code, month, folder)
            counts["walking_lists"] += 1
    return counts
