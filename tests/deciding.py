"""Selections written by hand, for tests that are about what follows from one."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.small_landing import A

from vroegsignaal import warehouse
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings


@dataclass(frozen=True)
class Chosen:
    """A household of a selection, by its house number (and letter and addition, as `10 A`) at 1234QQ."""

    door: int | str
    role: str = "selected"
    district: str = "Wijk 1"
    sectors: str = "health, rent"


def approve(here: Settings, month: str, *chosen: Chosen, approved_at: str = "now") -> None:
    """Approve a selection with the ranks in the order given, of rood and wit, of addresses that are known already."""
    first = Month.parse(month).first_day
    with warehouse.connect(here, "owner") as connection:
        connection.execute(
            "insert into decision.approval values (%s, %s, %s::timestamptz, 'test', false)", [A, first, approved_at]
        )
        for rank, each in enumerate(chosen, start=1):
            number, _, suffix = str(each.door).partition(" ")
            done = connection.execute(
                """
                insert into decision.selection (
                    municipality_code, signal_month, household_id, role, rank, criterion, creditors, sectors, district,
                    arrears_eur, heropaf, policy
                )
                select %s, %s, household_id, %s, %s, 'same_month', 'rood, wit', %s, %s, 200, false, '{}'
                from vault.household where (municipality_code, address_key) = (%s, %s)
                """,
                [A, first, each.role, rank, each.sectors, each.district, A, f"1234QQ {number} {suffix}"],
            )
            assert done.rowcount == 1, each.door
