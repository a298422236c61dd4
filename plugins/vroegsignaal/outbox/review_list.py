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
    with warehouse.open_connection(here, "caseworker") as connection:
        warehouse.limit_to(connection, code)
        asked = {"code": code, "month": month.first_day}
        if not warehouse.is_there(connection, "casework.review") or not warehouse.fetch(connection, _IS_ASKED, asked):
            rows = []
        else:
            warehouse.open_list(connection, code, month.first_day, "review_list")
            rows = warehouse.fetch(connection, _TO_REVIEW, asked)
    if rows:
        write_csv(folder / FILE, HEADER, (row[1:] for row in rows))
    else:
        (folder / FILE).unlink(missing_ok=True)
    return len({household for household, *_ in rows})


_IS_ASKED = "select 1 from casework.review where municipality_code = %(code)s and signal_month = %(month)s limit 1"
_TO_REVIEW = """
    select
        review.household_id,
        review.rank,
        case review.role when 'selected' then 'geselecteerd' else 'reserve' end,
        review.what_to_check,
        customer.crediteur, customer.achternaam, customer.straatnaam, customer.huisnummer, customer.huisletter,
        customer.huisnummertoevoeging, customer.postcode, customer.woonplaats
    from casework.review as review
    inner join vault.customers(%(code)s, %(month)s) as customer using (household_id)
    where review.municipality_code = %(code)s and review.signal_month = %(month)s
    order by review.rank, customer.postcode, customer.huisnummer, review.household_id, customer.crediteur
"""
