"""The manifest of a month: what its selection rests on, for who has to account for it. Numbers only, no household."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from vroegsignaal import warehouse
from vroegsignaal.months import Month
from vroegsignaal.outbox.files import replaced
from vroegsignaal.settings import Settings


def write(here: Settings, code: str, month: Month, folder: Path) -> bool:
    """Write `manifest.json` of a month that was matched; whether it was.

    It tells policy, numbers per role and reason, the use of districts and sectors, deliveries with their fingerprints,
    and who approved, with what was exchanged.
    """
    values = {"code": code, "month": month.first_day}
    with (
        warehouse.connect(here, "transformer") as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        if not cursor.execute("select 1 from decision.derived where signal_month = %(month)s", values).fetchone():
            return False
        manifest: dict[str, Any] = {"gemeente": code, "maand": str(month)}
        for name, query in _PARTS.items():
            manifest[name] = cursor.execute(query, values).fetchall()
        manifest["vastgesteld"] = next(iter(manifest["vastgesteld"]), None)
        # One policy holds for all matches of a month.
        manifest["beleid"] = next((row["beleid"] for row in manifest["beleid"]), None)
    with replaced(folder / "manifest.json") as fresh:
        fresh.write_text(json.dumps(manifest, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
    return True


_PARTS = {
    "vastgesteld": """
        select
            approved_by as door,
            to_char(approved_at at time zone 'Europe/Amsterdam', 'YYYY-MM-DD HH24:MI') as op,
            automatic as automatisch
        from decision.approval
        where municipality_code = %(code)s and signal_month = %(month)s
    """,
    "geruild": """
        select
            exchanged_by as door, reason as reden,
            to_char(exchanged_at at time zone 'Europe/Amsterdam', 'YYYY-MM-DD HH24:MI') as op
        from decision.exchange
        where municipality_code = %(code)s and signal_month = %(month)s
        order by exchanged_at
    """,
    "beleid": """
        select policy as beleid
        from core.standing_selection
        where municipality_code = %(code)s and signal_month = %(month)s
        limit 1
    """,
    "aantallen": """
        select role as rol, reason as reden, count(*) as huishoudens
        from core.standing_selection
        where municipality_code = %(code)s and signal_month = %(month)s
        group by role, reason
        order by role desc, huishoudens desc, reason
    """,
    # Who could be chosen, and the share of the places that would be in proportion.
    "wijken": """
        select
            district as wijk,
            count(*) as in_aanmerking,
            round(
                count(*) * sum(count(*) filter (where role = 'selected')) over () / nullif(sum(count(*)) over (), 0), 1
            )::double precision as evenredig,
            count(*) filter (where role = 'selected') as gekozen
        from core.standing_selection
        where
            municipality_code = %(code)s and signal_month = %(month)s
            and (role <> 'not_selected' or reason = 'over_capacity')
        group by district
        order by district
    """,
    "sectoren": """
        select
            sector,
            count(*) as in_aanmerking,
            count(*) filter (where role = 'selected') as gekozen
        from core.standing_selection
        cross join unnest(string_to_array(sectors, ', ')) as sector
        where
            municipality_code = %(code)s and signal_month = %(month)s
            and (role <> 'not_selected' or reason = 'over_capacity')
        group by sector
        order by sector
    """,
    # What was in force when it was approved, or is now; of the registers the newest, of signals the policy's window.
    "leveringen": """
        with approval as (
            select coalesce(max(approved_at), now()) as moment
            from decision.approval
            where municipality_code = %(code)s and signal_month = %(month)s
        ),
        horizon as (
            select coalesce(max(value), 0)::integer as months
            from config.policy_on(%(month)s::date + 24)
            where municipality_code = %(code)s and parameter = 'window_months'
        ),
        known as (
            select ledger.*, max(signal_month) over (partition by feed) as newest
            from approval
            cross join raw.in_force_at(approval.moment)
            inner join raw.drop_ledger as ledger using (drop_id)
            where municipality_code = %(code)s and signal_month <= %(month)s
        )
        select
            to_char(signal_month, 'YYYY-MM') as maand, feed, creditor as crediteur, delivery as levering,
            file as bestand, sha256, rows_read as gelezen, rows_accepted as aanvaard
        from known cross join horizon
        where
            feed like 'ris%%'
            or (feed in ('brp', 'shv') and signal_month = newest)
            or (
                feed in ('signals', 'withdrawals')
                and signal_month > %(month)s - make_interval(months => horizon.months)
            )
        order by signal_month, feed, creditor
    """,
}
