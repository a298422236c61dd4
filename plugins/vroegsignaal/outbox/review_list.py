"""The review list: which households somebody should look up before a selection is approved, and why."""

from __future__ import annotations

from pathlib import Path

from vroegsignaal import warehouse
from vroegsignaal.months import Month
from vroegsignaal.outbox.files import write_csv
from vroegsignaal.settings import Settings

FILE = "nakijklijst.csv"
HEADER = (
    "rang", "rol", "nakijken", "crediteur", "naam_volgens_crediteur", "straatnaam", "huisnummer", "huisletter",
    "huisnummertoevoeging", "postcode", "woonplaats",
)  # fmt: skip


def write(here: Settings, code: str, month: Month, folder: Path) -> int:
    """Write `nakijklijst.csv`, a row for each customer at a doubtful address; how many households are on it.

    Without any there is no file, also where there was one.
    """
    with warehouse.connect(here, "caseworker") as connection:
        if not warehouse.is_there(connection, "casework.review"):
            return 0
        # The role sees every municipality; the session is limited to this one.
        warehouse.limit_to(connection, code)
        rows = warehouse.fetch(connection, _TO_REVIEW, {"code": code, "month": month.first_day})
    if rows:
        write_csv(folder / FILE, HEADER, (row[1:] for row in rows))
    else:
        (folder / FILE).unlink(missing_ok=True)
    return len({household for household, *_ in rows})


_TO_REVIEW = """
    with review as (
        select * from casework.review where municipality_code = %(code)s and signal_month = %(month)s
    )
    select
        review.household_id,
        review.rank,
        case review.role when 'selected' then 'geselecteerd' else 'reserve' end,
        review.what_to_check,
        customer.crediteur, customer.achternaam, customer.straatnaam, customer.huisnummer, customer.huisletter,
        customer.huisnummertoevoeging, customer.postcode, customer.woonplaats
    from review
    inner join vault.customers(
        %(code)s, %(month)s, (select coalesce(array_agg(household_id), '{}') from review)
    ) as customer using (household_id)
    order by review.rank, customer.postcode, customer.huisnummer, review.household_id, customer.crediteur
"""
