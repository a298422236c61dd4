"""What the further rules look at beside the file itself: registers, months before, the approval, the policy."""

from __future__ import annotations

import pytest
import stepping
from conftest import Delivery
from oracle.small_landing import DEC, FEB, JAN, NOV, SIGNAL_COLUMNS, A, Small, signal

from vroegsignaal import intake, reading, warehouse
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings


def found(here: Settings, month: str, *rules: str) -> list[tuple]:
    """(creditor, line, rule, severity) of the month's findings by some rules."""
    rows = reading.rows(
        here,
        "select ledger.creditor, line_no, rule, severity, to_char(signal_month, 'YYYY-MM') as month"
        " from quality.finding inner join raw.drop_ledger as ledger using (drop_id) order by 1, 2, 3",
        "owner",
    )
    return [
        (row["creditor"], row["line_no"], row["rule"], row["severity"])
        for row in rows
        if row["month"] == month and row["rule"] in rules
    ]


def add_policy(small: Small, *rows: str) -> None:
    with (small.config / "policy.csv").open("a") as file:
        file.writelines(f"{row}\n" for row in rows)


# -- the register of residents


def test_an_address_is_sought_in_the_newest_register_known_and_never_in_a_later_one(delivery: Delivery) -> None:
    small, here = delivery
    unknown = "address_unknown"
    for month in (DEC, JAN, FEB):
        small.signals(month, "rood", *(signal(month, number) for number in (1, 2, 3)))
    small.residents(FEB, "1", "2", "3")
    stepping.receive(FEB)
    # Nothing is said while no register is known, though a later one is there.
    stepping.receive(DEC)
    assert found(here, DEC, unknown) == []
    # The register of the month itself, judged in the same run, and then the one of the month before.
    small.residents(DEC, "1", "2")
    for month in (DEC, JAN, FEB):
        stepping.receive(month)
    assert found(here, DEC, unknown) == [("rood", 4, unknown, "info")]
    assert found(here, JAN, unknown) == [("rood", 4, unknown, "info")]
    assert found(here, FEB, unknown) == []


def test_each_municipality_is_laid_beside_its_own_register(delivery: Delivery) -> None:
    small, here = delivery
    for municipality in (A, "9102"):
        small.signals(JAN, "rood", signal(JAN, 1, postcode="5555ZZ"), municipality=municipality)
    small.residents(JAN, "1", municipality="9102")
    stepping.receive(JAN)
    assert found(here, JAN, "address_outside_municipality") == [("rood", 2, "address_outside_municipality", "info")]


# -- months before


def test_what_is_usual_takes_thirty_signals_of_earlier_months(delivery: Delivery) -> None:
    small, here = delivery
    # 29 in November, and one more in December.
    small.signals(NOV, "rood", *(signal(NOV, number, str(100 + number)) for number in range(1, 30)))
    small.signals(DEC, "rood", signal(DEC, 30, "2000"))
    small.signals(JAN, "rood", signal(JAN, 31, "2000"), signal(JAN, 32, "130"), signal(JAN, 33, "8"))
    for month in (NOV, DEC, JAN):
        stepping.receive(month)
    assert found(here, DEC, "amount_unusual") == []
    assert [line for _, line, _, _ in found(here, JAN, "amount_unusual")] == [2, 4]


def test_a_month_is_compared_with_what_is_in_force_of_the_month_before(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(DEC, "rood", signal(DEC, 1, "100"), signal(DEC, 2, "250"))
    small.signals(DEC, "rood.2", signal(DEC, 1, "120"), signal(DEC, 2, "250"))
    small.signals(JAN, "rood", signal(JAN, 1, "100"), signal(JAN, 2, "2,75"))
    small.signals(JAN, "wit", signal(JAN, 1, "120"))
    stepping.receive(DEC)
    stepping.receive(JAN)
    assert found(here, JAN, "signal_repeated", "amount_slipped") == [("rood", 3, "amount_slipped", "info")]


# -- the delivery as a whole


def test_what_arrives_after_the_approval_is_late(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1))
    stepping.receive(JAN)
    with warehouse.connect(here, "owner") as connection:
        connection.execute("insert into decision.approval values (%s, '2022-01-01', now(), 'somebody', false)", [A])
    small.signals(JAN, "wit", signal(JAN, 1))
    stepping.receive(JAN)
    assert found(here, JAN, "late") == [("wit", None, "late", "info")]


# -- severity by policy


def test_a_policy_holds_rows_back_by_a_further_rule_from_the_date_on_which_it_holds(delivery: Delivery) -> None:
    small, here = delivery
    add_policy(small, "9101,2022-01-25,severity_legal_person,,2", "9101,2022-02-26,severity_legal_person,,1")
    for month in (DEC, JAN, FEB, "2022-03"):
        small.signals(month, "rood", signal(month, 1), signal(month, 2, achternaam="Proef Beheer BV"))
        stepping.receive(month)
    severities = [found(here, month, "legal_person")[0][3] for month in (DEC, JAN, FEB, "2022-03")]
    assert severities == ["info", "warning", "warning", "info"]
    ledger = reading.rows(here, "select rows_accepted, rows_quarantined from raw.drop_ledger order by 1", "owner")
    assert [tuple(row.values()) for row in ledger] == [(1, 1), (1, 1), (2, 0), (2, 0)]


def test_a_policy_for_a_sector_goes_before_one_for_all(delivery: Delivery) -> None:
    small, here = delivery
    add_policy(small, "9101,2020-01-01,severity_legal_person,,2", "9101,2020-01-01,severity_legal_person,health,1")
    small.signals(JAN, "rood", signal(JAN, 1, achternaam="Stichting Proef"))
    small.signals(JAN, "wit", signal(JAN, 1, achternaam="Stichting Proef"))
    small.signals(JAN, "rood", signal(JAN, 1, achternaam="Stichting Proef"), municipality="9102")
    stepping.receive(JAN)
    assert sorted(finding[0::3] for finding in found(here, JAN, "legal_person")) == [
        ("rood", "info"),
        ("rood", "warning"),
        ("wit", "info"),
    ]


def test_a_household_is_not_reported_twice_when_policy_held_the_first_row_back(delivery: Delivery) -> None:
    small, here = delivery
    add_policy(small, "9101,2020-01-01,severity_same_person_two_addresses,,2")
    bsn = "999990019"
    small.signals(
        JAN, "rood",
        signal(JAN, 1, bsn=bsn), signal(JAN, 2, bsn=bsn), signal(JAN, 1, signaal_id="x", klantnummer="x"),
    )  # fmt: skip
    stepping.receive(JAN)
    assert found(here, JAN, "household_reported_twice", "same_person_two_addresses") == [
        ("rood", 2, "same_person_two_addresses", "warning"),
        ("rood", 3, "same_person_two_addresses", "warning"),
    ]


@pytest.mark.parametrize(
    ("parameter", "value", "told"),
    [
        ("severity_legal_persons", "2", "'legal_persons' is no rule of which"),
        ("severity_amount_implausible", "1", "'amount_implausible' is no rule of which"),
        ("severity_below_threshold", "2", "'below_threshold' is no rule of which"),
        ("severity_late", "2", "'late' is no rule of which"),
        ("severity_legal_person", "3", "is 1 (info) or 2"),
    ],
)
def test_a_severity_that_no_policy_may_set_is_refused_with_its_line(
    delivery: Delivery, parameter: str, value: str, told: str
) -> None:
    small, _ = delivery
    add_policy(small, f"9101,2020-01-01,{parameter},,{value}")
    line = len((small.config / "policy.csv").read_text().splitlines())
    with pytest.raises(PlatformError) as raised:
        intake.receive(Month.parse(JAN))
    assert f"policy.csv, line {line}" in str(raised.value)
    assert told in str(raised.value)


# -- configuration alone


def test_a_new_creditor_with_its_own_names_dialect_and_threshold_is_configuration_alone(delivery: Delivery) -> None:
    small, here = delivery
    for file, row in {
        "creditors.csv": "paars,Paars Warmte,energy,signalen@paars.example",
        "agreements.csv": "9101,paars,2022-01-01,",
        "policy.csv": "9101,2022-01-01,threshold_eur,energy,1000\n9101,2022-01-01,plausible_maximum_eur,energy,3000",
    }.items():
        with (small.config / file).open("a") as there:
            there.write(f"{row}\n")
    (small.config / "dialects.csv").write_text(
        'creditor,encoding,delimiter,decimal_separator,thousands_separator\npaars,windows-1252,",",.,\n'
    )
    (small.config / "column_aliases.csv").write_text("creditor,alias,column\npaars,openstaand,bedrag\n")
    rows = [signal(JAN, number, amount) for number, amount in enumerate(("999.99", "1000", "3000.01"), start=1)]
    text = "\n".join([SIGNAL_COLUMNS.replace("bedrag", "openstaand"), *rows]).replace("Proef", "Noël")
    small.put(JAN, "signals/paars.csv", text.replace(";", ",").encode("cp1252"))
    stepping.receive(JAN)
    assert found(here, JAN, "below_threshold", "amount_implausible", "unknown_creditor") == [
        ("paars", 2, "below_threshold", "info"),
        ("paars", 4, "amount_implausible", "warning"),
    ]
    assert reading.rows(here, "select bedrag::text, achternaam from quality.accepted_signals order by 1", "owner") == [
        {"bedrag": "1000", "achternaam": "Noël"},
        {"bedrag": "999.99", "achternaam": "Noël"},
    ]
