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


# Who could be chosen, which share of the home visits would be in proportion, and how many got one.
_SHARES = """
    with chosen_from as (
        select
            standing.*,
            role = 'selected' and coalesce(channel, 'home_visit') = 'home_visit' as is_visited,
            count(*) over () as candidates
        from core.standing_selection as standing
        where
            municipality_code = %(code)s and signal_month = %(month)s
            and (role <> 'not_selected' or reason = 'over_capacity')
    ),
    visits as (select count(*) as places from chosen_from where is_visited)
    select
        {name} as {alias},
        count(*) as in_aanmerking,
        round(1.0 * count(*) * max(visits.places) / max(candidates), 1)::double precision as evenredig,
        count(*) filter (where is_visited) as gekozen
    from chosen_from
    {per}
    cross join visits
    group by {name}
    order by {name}
"""
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
    "kanalen": """
        select coalesce(channel, 'home_visit') as kanaal, count(*) as huishoudens, max(due_on) as uiterlijk
        from core.standing_selection
        where municipality_code = %(code)s and signal_month = %(month)s and role = 'selected'
        group by 1
        order by 1
    """,
    "wijken": _SHARES.format(name="district", alias="wijk", per=""),
    "sectoren": _SHARES.format(
        name="sector", alias="sector", per="cross join unnest(string_to_array(sectors, ', ')) as sector"
    ),
    # What was in force when it was approved, or is now; of the registers the newest, of signals the policy's window.
    # Without a register that can be used nobody is chosen.
    "brp": """
        select state as stand, register_month as maand
        from raw.population_register(%(month)s)
        where municipality_code = %(code)s
    """,
    "leveringen": """
        with approval as (
            select coalesce(max(approved_at), now()) as moment
            from decision.approval
            where municipality_code = %(code)s and signal_month = %(month)s
        ),
        horizon as (
            select coalesce(max(value + (parameter = 'consecutive_months')::integer), 0)::integer as months
            from config.policy_on(%(month)s::date + 24)
            where
                municipality_code = %(code)s
                and parameter in ('window_months', 'sleper_months', 'consecutive_months')
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
