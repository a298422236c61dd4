"""Presets of policy: the pilot's, and the one in which every signal gets a follow-up."""

from __future__ import annotations

import csv
from datetime import date

import openpyxl
import pytest
import stepping
from conftest import Delivery, notices, rows
from oracle.small_landing import JAN, A, Small

from vroegsignaal import settings
from vroegsignaal.configuration import presets
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import Month
from vroegsignaal.replay import remarks_on_deliveries

WIDE = (
    "signaal_id;klantnummer;achternaam;huisnummer;postcode;telefoonnummer;email;bedrag;ontstaansdatum;signaaldatum;"
    "crisissignaal"
)


def test_the_policy_of_the_pilot_is_its_preset() -> None:
    here = settings.load()
    with (here.default_config / "policy.csv").open(encoding="utf-8", newline="") as file:
        (_, *written) = csv.reader(file)
    rows_of_preset = presets.policy_rows(here, "pilot_2018", "0637", date(2018, 9, 1))
    assert sorted(map(tuple, written)) == sorted(rows_of_preset)
    assert ("0637", "2018-09-01", "capacity", "", "20") in rows_of_preset
    assert ("0637", "2019-06-01", "capacity", "", "25") in rows_of_preset


def test_later_values_begin_on_the_same_day_of_a_later_month() -> None:
    found = presets.policy_rows(settings.load(), "pilot_2018", "0637", date(2020, 5, 31))
    assert ("0637", "2021-02-28", "capacity", "", "25") in found


def test_a_preset_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="pilot_2018, wgs_2021"):
        presets.policy_rows(settings.load(), "wgs", "0637", date(2021, 1, 1))


def test_what_a_preset_leaves_holding_is_told(delivery: Delivery) -> None:
    small, here = delivery
    taken_on = presets.policy_rows(here, "pilot_2018", A, date(2022, 1, 1))
    kept = presets.rows_that_go_on(here, A, taken_on)
    # Thresholds and maxima of one sector go before those of all, and what begins later is still to come.
    assert (A, "2020-01-01", "threshold_eur", "health", "80") in kept
    assert (A, "2022-02-26", "capacity", "", "4") in kept
    assert (A, "2020-01-01", "capacity", "", "2") not in kept
    assert small.config == here.config


def take_on(small: Small, preset: str, **changes: int) -> None:
    """Give the municipality a preset as its whole policy, with some values changed."""
    written = presets.policy_rows(settings.load(), preset, A, date(2021, 1, 1))
    lines = [",".join((*row[:4], str(changes.get(row[2], row[4])))) for row in written]
    (small.config / "policy.csv").write_text(
        "\n".join(["municipality_code,valid_from,parameter,sector,value", *lines]) + "\n", encoding="utf-8"
    )


def wide(number: int, amount: int, phone: str = "", email: str = "", crisis: str = "n") -> str:
    return f"s{number};k{number};Proef;{number};1234QQ;{phone};{email};{amount};2022-01-01;2022-01-10;{crisis}"


def test_every_signal_gets_a_follow_up_within_its_term(delivery: Delivery) -> None:
    small, here = delivery
    take_on(small, "wgs_2021", capacity=2, capacity_phone=1, capacity_mail=1)
    small.put(
        JAN,
        "signals/rood.csv",
        "\n".join(
            [
                WIDE,
                wide(1, 900),  # no place, no number, no address: a letter
                wide(2, 800, phone="0612345678"),  # the one that can be called
                wide(3, 700, phone="0612345678", email="a@voorbeeld.nl"),  # calls are out: mail
                wide(4, 600),  # a letter
                wide(5, 99),  # below the threshold of rent
                wide(6, 20, crisis="j"),  # a crisis goes first, whatever its amount
            ]
        )
        + "\n",
    )
    # Water: 60 is at its threshold, one creditor is enough. The one place left goes to who represents both sectors.
    small.put(JAN, "signals/blauw.csv", "\n".join([WIDE, wide(5, 60)]) + "\n")
    small.residents(JAN, *"123456")
    stepping.run_months(JAN, marts=("matches_by_month",))
    found = rows(
        here,
        "select split_part(address_key, ' ', 2), follow.kind, follow.channel, to_char(follow.due_on, 'YYYY-MM-DD')"
        " from casework.follow_up as follow inner join vault.household using (municipality_code, household_id)"
        " order by 1",
    )
    # The 25th is a Tuesday: three working days later it is Friday the 28th, 28 days later 22 February.
    assert found == [
        ("1", "single", "letter", "2022-02-22"),
        ("2", "single", "phone", "2022-02-22"),
        ("3", "single", "mail", "2022-02-22"),
        ("4", "single", "letter", "2022-02-22"),
        ("5", "multiple", "home_visit", "2022-02-22"),
        ("6", "single", "home_visit", "2022-01-28"),
    ]
    # A single signal is no match in the published table.
    assert rows(here, "select same_month, three_months, total from mart.matches_by_month") == [(1, 0, 1)]
    definition = rows(here, "select distinct definition ->> 'minimum_creditors' from core.match")
    assert definition == [("1",)]

    listed = {row["huisnummer"]: row for row in notices(here, "looplijst.csv")}
    assert list(listed) == ["5", "6", "2", "3", "1", "4"]
    assert listed["1"]["criterium"] == "één crediteur"
    sheet = openpyxl.load_workbook(here.out / A / JAN / "looplijst.xlsx").worksheets[0]
    (names, *cells) = sheet.iter_rows(values_only=True)
    by_number = {row[names.index("huisnummer")]: dict(zip(names, row, strict=True)) for row in cells}
    assert [by_number[n]["kanaal"] for n in range(1, 7)] == [
        "brief", "telefoon", "mail", "brief", "huisbezoek", "huisbezoek",
    ]  # fmt: skip
    assert by_number[2]["telefoonnummer"] == "0612345678"
    assert by_number[3]["email"] == "a@voorbeeld.nl"
    assert "crisissignaal" in by_number[6]["let_op"]
    assert by_number[6]["uiterlijk"] == "2022-01-28"
    (told,) = rows(here, "select explanation from casework.explanation where explanation like 'Gekozen om te bellen%'")
    assert told[0].startswith(
        "Gekozen om te bellen, op plaats 3: Rood meldt € 800,00 achterstand (wijk Wijk 2)."
        " Benaderen uiterlijk 22-02-2022."
    )


def test_under_the_pilot_a_crisis_changes_nothing(delivery: Delivery) -> None:
    small, here = delivery
    take_on(small, "pilot_2018", capacity=1)
    for creditor in ("rood", "blauw"):
        small.put(JAN, f"signals/{creditor}.csv", "\n".join([WIDE, wide(1, 60, crisis="j"), wide(2, 900)]) + "\n")
    small.residents(JAN, "1", "2")
    stepping.run_months(JAN, marts=())
    assert [row["huisnummer"] for row in notices(here, "looplijst.csv")] == ["2", "1"]
    assert rows(here, "select distinct due_on from casework.follow_up") == [(None,)]


# -- a policy with a gap or an overlap


def test_a_policy_that_begins_too_late_is_told_and_nothing_is_final(delivery: Delivery) -> None:
    small, here = delivery
    policy = small.config / "policy.csv"
    policy.write_text(f"municipality_code,valid_from,parameter,sector,value\n{A},2022-01-26,capacity,,5\n", "utf-8")
    for creditor in ("rood", "blauw"):
        small.put(JAN, f"signals/{creditor}.csv", "\n".join([WIDE, wide(1, 100)]) + "\n")
    small.residents(JAN, "1")
    stepping.run_months(JAN, marts=("drops", "matches_by_month"))
    assert rows(here, "select reason from casework.selection") == [("over_capacity",)]
    assert rows(here, "select count(*) from decision.approval") == [(0,)]
    told = remarks_on_deliveries(here, [Month.parse(JAN)])
    assert f"No capacity is set for {A} on the 25th of {JAN} (policy.csv): nobody was selected." in told
    # Once it is put right, the month goes on.
    policy.write_text(policy.read_text("utf-8").replace("2022-01-26", "2022-01-25"), "utf-8")
    stepping.run_months(JAN, marts=())
    assert rows(here, "select role from decision.selection") == [("selected",)]


def test_who_is_called_has_a_number_on_the_list_whichever_creditor_gave_it(delivery: Delivery) -> None:
    small, here = delivery
    take_on(small, "wgs_2021", capacity=0, capacity_phone=1)
    small.put(JAN, "signals/rood.csv", "\n".join([WIDE, wide(1, 400)]) + "\n")
    small.put(JAN, "signals/wit.csv", "\n".join([WIDE, wide(1, 90, phone="0612345678")]) + "\n")
    small.residents(JAN, "1")
    stepping.run_months(JAN, marts=())
    sheet = openpyxl.load_workbook(here.out / A / JAN / "looplijst.xlsx").worksheets[0]
    names, row = sheet.iter_rows(values_only=True)
    told = dict(zip(names, row, strict=True))
    assert (told["kanaal"], told["telefoonnummer"]) == ("telefoon", "0612345678")


def test_two_values_for_the_same_day_are_refused(delivery: Delivery) -> None:
    small, _ = delivery
    policy = small.config / "policy.csv"
    lines = ["municipality_code,valid_from,parameter,sector,value", f"{A},2022-01-01,capacity,,5"]
    policy.write_text("\n".join([*lines, f"{A},2022-01-01,capacity,,6"]) + "\n", encoding="utf-8")
    small.put(JAN, "signals/rood.csv", "\n".join([WIDE, wide(1, 100)]) + "\n")
    with pytest.raises(PlatformError, match=r"policy\.csv, line 3: a second row for"):
        stepping.run_months(JAN, marts=())
