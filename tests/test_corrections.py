"""Corrections: the wrong € 17.693 put right before and after approval, releases, and households that paid since."""

from __future__ import annotations

import csv
from decimal import Decimal

import openpyxl
import psycopg
import pytest
import stepping
from conftest import Delivery, notices, rows
from oracle.small_landing import FEB, JAN, A, Small, signal

from vroegsignaal import outbox, release, warehouse
from vroegsignaal.errors import UsageError
from vroegsignaal.months import Month
from vroegsignaal.release import Wanted
from vroegsignaal.settings import Settings

MONTH = Month.parse(JAN)
WRONG = Wanted(A, MONTH, "rood", "s1")


@pytest.fixture
def town(delivery: Delivery) -> Delivery:
    """Household 1: blauw and wit report € 100 each, and rood € 17.693 where € 176,93 was meant."""
    small, _ = delivery
    small.signals(JAN, "rood", signal(JAN, 1, "17693"), signal(JAN, 2))
    small.signals(JAN, "blauw", signal(JAN, 1))
    small.signals(JAN, "wit", signal(JAN, 1))
    small.residents(JAN, "1", "2")
    return delivery


def run(month: str = JAN) -> None:
    stepping.receive(month)
    stepping.decide(month)
    stepping.publish(month, marts=("drops", "findings", "signals_by_month_creditor"))


def arrears(here: Settings) -> list[tuple]:
    return rows(here, "select creditors, arrears_eur from core.match")


def differences(here: Settings) -> list[tuple]:
    return rows(here, "select difference, approved_arrears_eur, derived_arrears_eur from casework.difference")


def drop_of_rood(here: Settings) -> list[tuple]:
    return rows(
        here,
        "select rows_read, rows_accepted, rows_quarantined, rows_rejected from mart.drops"
        " where creditor = 'rood' and status = 'accepted'",
    )


def correct(small: Small, way: str) -> None:
    if way == "next delivery":
        small.signals(JAN, "rood.2", signal(JAN, 1, "176,93"), signal(JAN, 2))
    else:
        release.release(WRONG, "A. de Vries", "gebeld met de crediteur", Decimal("176.93"))


@pytest.mark.parametrize("way", ["next delivery", "release"])
def test_the_wrong_amount_corrected_before_approval_is_as_if_it_had_been_right(town: Delivery, way: str) -> None:
    small, here = town
    stepping.receive(JAN)
    correct(small, way)
    run()
    assert arrears(here) == [("blauw, rood, wit", Decimal("376.93"))]
    assert rows(here, "select creditors, arrears_eur from decision.selection where role = 'selected'") == arrears(here)
    assert differences(here) == []
    assert drop_of_rood(here) == [(2, 2, 0, 0)]


@pytest.mark.parametrize("way", ["next delivery", "release"])
def test_the_wrong_amount_corrected_after_approval_changes_no_selection_and_is_listed(town: Delivery, way: str) -> None:
    small, here = town
    run()
    before = rows(here, "select * from decision.selection")
    assert arrears(here) == [("blauw, wit", Decimal(200))]
    correct(small, way)
    run()
    assert rows(here, "select * from decision.selection") == before
    assert arrears(here) == [("blauw, rood, wit", Decimal("376.93"))]
    assert differences(here) == [("other_arrears", Decimal(200), Decimal("376.93"))]


def test_a_released_row_counts_as_accepted_and_its_finding_stays(town: Delivery) -> None:
    _, here = town
    run()
    assert drop_of_rood(here) == [(2, 1, 1, 0)]
    told = release.release(WRONG, "A. de Vries", "klopt")
    assert "line 2 of 9101/2022-01/signals/rood.csv (held for amount_implausible)" in told
    assert "approved and stands" in told
    for _ in range(2):
        run()
        assert drop_of_rood(here) == [(2, 2, 0, 0)]
        assert rows(here, "select rule, severity, rows from mart.findings where creditor = 'rood'") == [
            ("amount_implausible", "warning", 1)
        ]
        assert rows(here, "select bedrag from quality.accepted_signals where creditor = 'rood' order by line_no") == [
            (Decimal(17693),),
            (Decimal(100),),
        ]
    (notice,) = notices(here, "meldingen/rood.csv")
    assert notice["ernst"] == "vrijgegeven"
    assert "De gemeente heeft de rij op" in notice["melding"]


def test_the_amount_that_was_delivered_stays_in_raw_and_what_was_said_last_counts(town: Delivery) -> None:
    _, here = town
    stepping.receive(JAN)
    release.release(WRONG, "A. de Vries", "gebeld", Decimal("176.93"))
    release.release(WRONG, "B. Jansen", "nog eens gebeld", Decimal("167.93"))
    stepping.receive(JAN)
    accepted = "select bedrag from quality.accepted_signals where signaal_id = 's1' and creditor = 'rood'"
    assert rows(here, accepted) == [(Decimal("167.93"),)]
    assert rows(here, "select bedrag from raw.signals where signaal_id = 's1' and bedrag <> '100'") == [("17693",)]
    assert rows(here, "select released_by, reason, amount_eur from quality.release order by release_id") == [
        ("A. de Vries", "gebeld", Decimal("176.93")),
        ("B. Jansen", "nog eens gebeld", Decimal("167.93")),
    ]


def test_nobody_can_change_or_delete_a_release(town: Delivery) -> None:
    _, here = town
    stepping.receive(JAN)
    release.release(WRONG, "A. de Vries", "klopt")
    for role in warehouse.ROLES:
        for statement in ("update quality.release set reason = 'x'", "delete from quality.release"):
            with (
                warehouse.open_connection(here, role) as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                connection.execute(statement)


def test_a_released_double_takes_the_place_of_the_earlier_row(town: Delivery) -> None:
    small, here = town
    # As in the pilot: the wrong amount follows a right one of the same customer.
    small.signals(JAN, "rood", signal(JAN, 1, "176,93", signaal_id="s0"), signal(JAN, 1, "17693"))
    stepping.receive(JAN)
    release.release(WRONG, "A. de Vries", "gebeld", Decimal("176.93"))
    run()
    assert arrears(here) == [("blauw, rood, wit", Decimal("376.93"))]
    assert drop_of_rood(here) == [(2, 2, 0, 0)]
    assert rows(here, "select signals from mart.signals_by_month_creditor where creditor = 'rood'") == [(1,)]


def test_held_rows_are_listed_until_they_are_released(town: Delivery) -> None:
    small, _ = town
    small.signals(JAN, "wit", signal(JAN, 1), signal(JAN, 3, postcode="99"))
    stepping.receive(JAN)
    listed = [(row[2], row[5], row[6], row[7], row[8]) for row in release.held(A, MONTH)]
    assert listed == [
        ("rood", 2, "s1", "amount_implausible", "17693"),
        ("wit", 3, "s3", "postcode_invalid", "100"),
    ]
    assert release.held("9102", None) == []
    release.release(WRONG, "A. de Vries", "klopt")
    assert [row[2] for row in release.held()] == ["wit"]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted(A, MONTH, "rood", "zz"), "no such row"),
        (Wanted(A, MONTH, "rood", "s2"), "is not held"),
        (Wanted(A, MONTH, "rood"), "say which row"),
        (Wanted(A, MONTH, "wit", "s3"), "has no address that can be read"),
        (Wanted(A, MONTH, "wit", "s4"), "give the right one with --amount"),
        (Wanted(A, MONTH, "wit", "s5"), "name one with --line"),
        (Wanted(A, MONTH, "blauw", "s9"), "was rejected as a whole"),
        (Wanted(A, MONTH, "rood", "s8"), "was replaced by a later delivery"),
    ],
)
def test_what_cannot_be_released_is_refused_with_what_to_do(town: Delivery, wanted: Wanted, told: str) -> None:
    small, here = town
    small.signals(JAN, "rood", signal(JAN, 8, "0"))
    small.signals(JAN, "rood.2", signal(JAN, 1, "17693"), signal(JAN, 2))
    small.put(JAN, "signals/blauw.2.csv", "signaal_id;klantnummer\ns9;k9\n")
    twice = (signal(JAN, 5, "0"), signal(JAN, 6, "0", signaal_id="s5"))
    small.signals(JAN, "wit", signal(JAN, 3, postcode="99"), signal(JAN, 4, "x"), *twice)
    stepping.receive(JAN)
    with pytest.raises(UsageError, match=told) as raised:
        release.release(wanted, "A. de Vries", "klopt")
    assert raised.value.exit_code == 2
    assert rows(here, "select * from quality.release") == []


@pytest.mark.usefixtures("town")
def test_a_row_is_released_once_and_never_without_a_name() -> None:
    stepping.receive(JAN)
    with pytest.raises(UsageError, match="a name and a reason"):
        release.release(WRONG, " ", "klopt")
    release.release(WRONG, "A. de Vries", "klopt")
    with pytest.raises(UsageError, match=r"released already, by A\. de Vries"):
        release.release(WRONG, "B. Jansen", "klopt")


@pytest.mark.parametrize(("written", "amount"), [("176,93", "176.93"), ("176.93", "176.93"), ("5", "5")])
def test_an_amount_as_people_type_it(written: str, amount: str) -> None:
    assert release.parse_amount(written) == Decimal(amount)


@pytest.mark.parametrize("written", ["", "0", "-5", "1.176,93", "veel", "1,234", "99999999999"])
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="write it as 176,93"):
        release.parse_amount(written)


# -- paid between the 25th and the visit


def walking_list(here: Settings) -> dict[str, str]:
    with (here.out / A / JAN / "looplijst.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file, delimiter=";")
    return row


def let_op(here: Settings) -> str | None:
    sheet = openpyxl.load_workbook(here.out / A / JAN / "looplijst.xlsx")["Looplijst"]
    (column,) = [cell.column for cell in sheet[1] if cell.value == "let_op"]
    return sheet.cell(2, column).value


def take_back(small: Small, month: str, *signals: str, reason: str = "betaald") -> None:
    lines = "".join(f"{each};{reason};{month}-28\n" for each in signals)
    small.put(month, "signals/wit.intrekking.csv", f"signaal_id;reden;datum\n{lines}")


@pytest.mark.parametrize("month", [JAN, FEB])
def test_who_paid_after_approval_is_marked_on_the_list_on_arrival_and_stays_on_it(town: Delivery, month: str) -> None:
    small, here = town
    run()
    assert walking_list(here)["crediteuren"] == "Blauw, Wit"
    assert let_op(here) is None
    before = rows(here, "select * from decision.selection")
    take_back(small, month, "s1")
    stepping.receive(month)
    assert walking_list(here)["crediteuren"] == "Blauw, Wit (betaald)"
    assert let_op(here) == f"Wit: betaald op 28-{month[5:]}-2022"
    outbox.hand_out(MONTH)
    assert walking_list(here)["crediteuren"] == "Blauw, Wit (betaald)"
    run()
    assert rows(here, "select * from decision.selection") == before
    if month == JAN:
        assert [kind for kind, *_ in differences(here)] == ["no_longer_a_match"]


def test_one_of_two_customers_who_paid_is_marked_as_part(town: Delivery) -> None:
    small, here = town
    small.signals(JAN, "wit", signal(JAN, 1), signal(JAN, 1, signaal_id="s7", klantnummer="k7"))
    run()
    take_back(small, JAN, "s7", reason="onterecht")
    stepping.receive(JAN)
    assert walking_list(here)["crediteuren"] == "Blauw, Wit (deels onterecht)"


def test_a_list_that_is_being_filled_in_is_left_alone_while_nothing_changes(town: Delivery) -> None:
    _, here = town
    run()
    workbook = here.out / A / JAN / "looplijst.xlsx"
    workbook.write_bytes(b"filled in")
    stepping.receive(JAN)
    run()
    assert workbook.read_bytes() == b"filled in"


def test_whom_the_visitor_asks_for_is_a_customer_whose_arrears_still_stand(town: Delivery) -> None:
    small, here = town
    small.signals(
        JAN, "wit", signal(JAN, 1), signal(JAN, 1, "900", signaal_id="s7", klantnummer="k7", achternaam="Groter")
    )
    run()
    assert walking_list(here)["achternaam"] == "Groter"
    take_back(small, JAN, "s7", reason="onterecht")
    stepping.receive(JAN)
    assert walking_list(here)["achternaam"] == "Proef"


def test_what_was_taken_back_before_the_approval_is_not_on_the_list(town: Delivery) -> None:
    small, here = town
    small.signals(
        JAN, "wit", signal(JAN, 1), signal(JAN, 1, "900", signaal_id="s7", klantnummer="k7", achternaam="Groter")
    )
    take_back(small, JAN, "s7", reason="onterecht")
    run()
    listed = walking_list(here)
    assert (listed["achternaam"], listed["crediteuren"]) == ("Proef", "Blauw, Wit")
    assert let_op(here) is None


def test_who_was_chosen_stays_on_the_list_when_the_deliveries_are_rejected_after_all(town: Delivery) -> None:
    small, here = town
    run()
    before = walking_list(here)
    header = "municipality_code,creditor,valid_from,valid_to\n"
    (small.config / "agreements.csv").write_text(f"{header}{A},rood,2023-01-01,\n")
    stepping.receive(JAN)
    outbox.hand_out(MONTH)
    assert rows(here, "select distinct status from raw.drop_ledger where feed = 'signals'") == [("rejected",)]
    address = ("postcode", "huisnummer", "huisnummertoevoeging", "rang", "crediteuren")
    assert [walking_list(here)[name] for name in address] == [before[name] for name in address]


def test_a_withdrawal_that_was_itself_replaced_before_the_approval_hides_nothing(town: Delivery) -> None:
    small, here = town
    take_back(small, JAN, "s1")
    stepping.receive(JAN)
    take_back(small, JAN, "s99")
    run()
    assert walking_list(here)["crediteuren"] == "Blauw, Wit"
    small.put(JAN, "signals/wit.intrekking.2.csv", f"signaal_id;reden;datum\ns1;betaald;{JAN}-29\n")
    stepping.receive(JAN)
    assert walking_list(here)["crediteuren"] == "Blauw, Wit (betaald)"


def test_a_former_tenant_is_never_whom_the_visitor_asks_for(town: Delivery) -> None:
    small, here = town
    small.signals("2021-09", "wit", signal("2021-09", 1, "900", signaal_id="old", achternaam="Vroeger"))
    stepping.receive("2021-09")
    run()
    assert walking_list(here)["achternaam"] == "Proef"
    for creditor in ("wit", "blauw"):
        small.put(JAN, f"signals/{creditor}.intrekking.csv", f"signaal_id;reden;datum\ns1;betaald;{JAN}-28\n")
    stepping.receive(JAN)
    listed = walking_list(here)
    assert (listed["achternaam"], listed["crediteuren"]) == ("Proef", "Blauw (betaald), Wit (betaald)")
