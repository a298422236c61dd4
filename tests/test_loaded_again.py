"""Cases that are loaded a second time, as January's were in February of the pilot: told, and never held back."""

from __future__ import annotations

import pytest
import stepping
from conftest import Delivery, notices, rows
from oracle.small_landing import APR, DEC, FEB, JAN, MAR, A, Small

from vroegsignaal import outbox
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

COLUMNS = "dossier_id;aangemaakt_op;matchmaand;huisnummer;postcode;ingetrokken_op;totaal_bedrag"
MAY = "2022-05"
AGAIN, TWICE, MONTH = "dossier_loaded_again", "dossier_twice", "month_loaded_again"


def case(dossier_id: str, match_month: str, door: int, amount: str = "100,00", withdrawn: str = "") -> str:
    return f"{dossier_id};{match_month}-28;{match_month};{door};1234QQ;{withdrawn};{amount}"


def put(small: Small, month: str, *cases: str, file: str = "dossiers", municipality: str = A) -> None:
    small.put(month, f"ris/{file}.csv", "\n".join([COLUMNS, *cases]) + "\n", municipality)


def receive(*months: str) -> None:
    for month in months:
        stepping.receive(month)


def found(here: Settings, month: str = FEB) -> list[tuple]:
    """(line, rule) of what was found on the cases of a month."""
    return rows(
        here,
        "select line_no, rule from quality.finding inner join raw.drop_ledger using (drop_id)"
        f" where feed = 'ris_dossiers' and signal_month = '{month}-01' and status <> 'superseded' and severity = 'info'"
        " order by line_no nulls first, rule",
    )


def test_a_month_that_is_loaded_again_in_february_is_told_row_by_row_and_as_a_whole(delivery: Delivery) -> None:
    small, here = delivery
    # Twenty cases of January; in February the same under other numbers, and two that are new.
    put(small, JAN, *(case(f"j{door}", JAN, door, f"{door}00,00") for door in range(1, 21)))
    again = [case(f"f{door}", FEB, door, f"{door}00,00") for door in range(1, 21)]
    put(small, FEB, *again, case("f21", FEB, 21), case("f22", FEB, 22))
    receive(JAN, FEB)
    assert found(here, JAN) == []
    assert found(here) == [(None, MONTH), *((line, AGAIN) for line in range(2, 22))]
    assert rows(here, "select rows_read, rows_accepted from raw.drop_ledger order by drop_id") == [(20, 20), (22, 22)]
    outbox.hand_out(Month.parse(FEB))
    told = notices(here, "bevindingen.csv", FEB)
    assert {row["ernst"] for row in told} == {"ter informatie"}
    assert all("ingetrokken_op" in row["wat_te_doen"] for row in told)
    assert [row["regel"] for row in told if row["regel_naam"] == AGAIN] == [str(line) for line in range(2, 22)]


def test_an_export_that_holds_all_cases_tells_of_the_second_ones_only_until_they_are_withdrawn(
    delivery: Delivery,
) -> None:
    small, here = delivery
    january = [case(f"j{door}", JAN, door) for door in range(1, 6)]
    february = [case(f"f{door}", FEB, door) for door in range(1, 6)]
    put(small, FEB, *february, *january)
    put(small, MAR, *january, *february)
    put(small, APR, *january, *(case(f"f{door}", FEB, door, withdrawn="2022-03-30") for door in range(1, 6)))
    receive(FEB, MAR, APR)
    assert found(here) == [(None, MONTH), *((line, AGAIN) for line in range(2, 7))]
    assert found(here, MAR) == [(None, MONTH), *((line, AGAIN) for line in range(7, 12))]
    assert found(here, APR) == []


@pytest.mark.parametrize(
    ("earlier", "later", "told"),
    [
        (case("j", JAN, 1, ""), case("f", FEB, 1, ""), True),
        (case("j", JAN, 1, ""), case("f", FEB, 1, "100,00"), False),
        (case("j", JAN, 1, "100,00"), case("f", FEB, 1, "100"), True),
        (case("j", JAN, 1, "100,00"), case("f", FEB, 1, "101,00"), False),
        (case("j", JAN, 1), case("f", FEB, 2), False),
        (case("j", JAN, 1), case("j", FEB, 1), False),
        (case("j", JAN, 1, withdrawn="2022-02-01"), case("f", FEB, 1), False),
        (case("j", JAN, 1), case("f", FEB, 1, withdrawn="2022-02-01"), False),
        # The cool-off is three months.
        (case("j", JAN, 1), case("f", APR, 1), True),
        (case("j", JAN, 1), case("f", MAY, 1), False),
    ],
)
def test_a_case_is_loaded_again_when_another_of_its_address_and_amount_lies_within_the_cool_off(
    delivery: Delivery, earlier: str, later: str, told: bool
) -> None:
    small, here = delivery
    put(small, JAN, earlier)
    put(small, FEB, later)
    receive(JAN, FEB)
    assert found(here) == ([(2, AGAIN)] if told else [])


def test_the_cool_off_is_that_of_the_policy_on_the_25th(delivery: Delivery) -> None:
    small, here = delivery
    with (small.config / "policy.csv").open("a") as policy:
        policy.write("9101,2022-02-25,cool_off_months,,1\n9101,2022-02-26,cool_off_months,,2\n")
    put(small, JAN, case("d", DEC, 1), case("j", JAN, 2))
    put(small, FEB, case("f1", FEB, 1), case("f2", FEB, 2))
    put(small, MAR, case("m1", FEB, 3), case("m2", MAR, 2))
    receive(JAN, FEB, MAR)
    assert found(here) == [(3, AGAIN)]
    assert found(here, MAR) == [(3, AGAIN)]


def test_only_what_was_known_then_counts(delivery: Delivery) -> None:
    small, here = delivery
    # January's case is told in March only; another municipality has the address as well.
    put(small, MAR, case("j", JAN, 1))
    put(small, JAN, case("j", JAN, 1), municipality="9102")
    # Replaced before: another number of the case, and one that is not in force.
    put(small, DEC, case("d", DEC, 1))
    put(small, DEC, case("d", DEC, 5), file="dossiers.2")
    put(small, FEB, case("f", FEB, 1))
    receive(MAR, JAN, DEC, FEB)
    assert found(here) == []


def test_of_a_case_the_newest_version_counts(delivery: Delivery) -> None:
    small, here = delivery
    put(small, DEC, case("j", JAN, 1))
    put(small, JAN, case("j", JAN, 2))
    put(small, FEB, case("f1", FEB, 1), case("f2", FEB, 2))
    receive(DEC, JAN, FEB)
    assert found(here) == [(3, AGAIN)]


@pytest.mark.parametrize(("of_month", "again", "told"), [(4, 4, False), (10, 5, True), (11, 5, False), (5, 5, True)])
def test_a_month_is_loaded_again_from_half_of_its_cases_on_and_five(
    delivery: Delivery, of_month: int, again: int, told: bool
) -> None:
    small, here = delivery
    put(small, JAN, *(case(f"j{door}", JAN, door) for door in range(1, of_month + 1)))
    put(small, FEB, *(case(f"f{door}", FEB, door) for door in range(1, again + 1)))
    receive(JAN, FEB)
    assert [rule for line, rule in found(here) if line is None] == ([MONTH] if told else [])


def test_the_cases_that_came_again_are_of_one_month(delivery: Delivery) -> None:
    small, here = delivery
    put(small, JAN, *(case(f"d{door}", DEC, door) for door in (1, 2, 3)), *(case(f"j{n}", JAN, n) for n in (4, 5, 6)))
    put(small, FEB, *(case(f"f{door}", FEB, door) for door in range(1, 7)))
    receive(JAN, FEB)
    assert found(here) == [(line, AGAIN) for line in range(2, 8)]


def test_a_second_case_of_one_match_is_told_whatever_it_amounts_to(delivery: Delivery) -> None:
    small, here = delivery
    put(small, JAN, case("a", JAN, 1), case("b", JAN, 1, "250,00"), case("c", JAN, 2), case("a", JAN, 1))
    # The case that was known first is not the second, wherever it stands.
    put(small, FEB, case("b", JAN, 1, "250,00"), case("a", JAN, 1), case("d", JAN, 2, ""), case("c", JAN, 2))
    receive(JAN, FEB)
    assert found(here, JAN) == [(3, TWICE)]
    assert found(here) == [(2, TWICE), (4, TWICE)]
    assert rows(here, "select rows_read, rows_accepted from raw.drop_ledger order by drop_id") == [(4, 4), (4, 4)]
