"""The decision: an approved selection is written once, and never again."""

from __future__ import annotations

import psycopg

from vroegsignaal import logs, settings, warehouse
from vroegsignaal.months import Month

AUTOMATIC = "automatic"


@logs.step("approve")
def approve(month: Month) -> dict[str, int]:
    """Approve the proposals of the month where the setting VROEGSIGNAAL_APPROVAL says `automatic`, recorded as such.

    Otherwise the proposals wait for a person. A selection that was approved before stays as it is.
    Where matching stopped, for want of a register of residents or of a capacity, there is nothing to approve.
    Returns how many municipalities' selections were approved now, were approved already, wait, and were stopped.
    """
    here = settings.load()
    counts = {"approved_now": 0, "approved_before": 0, "waiting": 0, "stopped": 0}
    with warehouse.connect(here, "transformer") as connection:
        # Without a register, or a capacity that holds on the day, nobody is chosen, and that would be final.
        municipalities = warehouse.fetch(
            connection,
            "select municipality_code, approval.approved_at is not null,"
            " register.state <> 'usable'"
            " or register.state is not null and not config.has_capacity(municipality_code, %s)"
            " from raw.month_received"
            " inner join config.municipalities using (municipality_code)"
            " left join decision.approval using (municipality_code, signal_month)"
            " left join core.population_register as register using (municipality_code, signal_month)"
            " where signal_month = %s order by municipality_code",
            [month.match_day, month.first_day],
        )
    for code, is_final, is_stopped in municipalities:
        if is_final:
            counts["approved_before"] += 1
        elif is_stopped:
            counts["stopped"] += 1
        elif here.approval != AUTOMATIC:
            counts["waiting"] += 1
        else:
            counts["approved_now" if _approve_as_it_is(here, code, month) else "approved_before"] += 1
    return counts


def is_approved(connection: psycopg.Connection, code: str, month: Month) -> bool:
    """Whether the selection of the month is final."""
    return bool(
        connection.execute(
            "select 1 from decision.approval where municipality_code = %s and signal_month = %s",
            [code, month.first_day],
        ).fetchone()
    )


def approached_since(connection: psycopg.Connection, code: str, month: Month) -> bool:
    """Whether the proposal selects anybody whom an earlier month, approved since, has approached within the cool-off.

    Whose arrears grew may be approached again where the policy says so.
    """
    (approached,) = connection.execute(
        """
        select exists (
            select 1
            from core.adjusted_proposal as proposed
            inner join decision.selection as earlier using (municipality_code, household_id)
            where
                proposed.municipality_code = %s and proposed.signal_month = %s and proposed.role = 'selected'
                and earlier.role = 'selected' and earlier.signal_month < proposed.signal_month
                and earlier.signal_month >= proposed.signal_month
                - make_interval(months => (proposed.policy ->> 'cool_off_months')::numeric::integer)
                and not (
                    (proposed.policy ->> 'growth_ends_cool_off')::numeric > 0
                    and proposed.arrears_eur > earlier.arrears_eur
                )
        )
        """,
        [code, month.first_day],
    ).fetchone()
    return approached


def _approve_as_it_is(here: settings.Settings, code: str, month: Month) -> bool:
    with warehouse.connect(here, "transformer") as connection:
        return record(connection, code, month, "vroegsignaal", automatic=True)


def record(connection: psycopg.Connection, code: str, month: Month, by: str, *, automatic: bool) -> bool:
    """Write the approval and the whole selection in one transaction; False when somebody was first."""
    with connection.transaction():
        first = connection.execute(
            "insert into decision.approval (municipality_code, signal_month, approved_by, automatic)"
            " values (%s, %s, %s, %s) on conflict do nothing returning 1",
            [code, month.first_day, by, automatic],
        ).fetchone()
        if not first:
            return False
        # Column by column of the same name: the ledger and the proposal know a household by the same things.
        connection.execute(
            """
            insert into decision.selection
            select (jsonb_populate_record(null::decision.selection, to_jsonb(proposed))).*
            from core.adjusted_proposal as proposed
            where municipality_code = %s and signal_month = %s
            order by rank, household_id
            """,
            [code, month.first_day],
        )
    return True
