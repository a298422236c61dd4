"""The walking list comes back filled in: as the case registration would tell it, and with the same consequences."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import stepping
from conftest import Delivery, notices, places, platform, rows
from deciding import Chosen, approve
from filled_lists import Filled, filled_in
from oracle.small_landing import DEC, FEB, JAN, A, Small, dossier, signal

from vroegsignaal import landing, outbox, warehouse
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

MAY = "2022-05"


def day(month: int, number: int) -> datetime:
    return datetime(2022, month, number)  # noqa: DTZ001 (a workbook knows no zones)


def findings(here: Settings, month: str = FEB) -> list[tuple]:
    """(line, rule, column) of what was found on the walking lists of a month."""
    return rows(
        here,
        "select line_no, rule, column_name from quality.finding inner join raw.drop_ledger using (drop_id)"
        f" where feed = 'ris_walking_list' and signal_month = '{month}-01' and status <> 'superseded'"
        ' order by line_no, rule collate "C", column_name collate "C"',
    )


def counts(here: Settings) -> list[tuple]:
    return rows(
        here,
        "select status, rows_read, rows_accepted, rows_quarantined, rows_rejected from raw.drop_ledger"
        " where feed = 'ris_walking_list' order by drop_id",
    )


# -- the whole path


@dataclass
class Walked:
    """January was approved and its list filled in, February's run took it in, and in May all is over."""

    here: Settings
    small: Small
    workbook: bytes
    numbers: dict[str, str]
    """Who -> case number."""


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Walked]:
    """Five matches in January: three are selected, and two are in reserve."""
    small = Small(tmp_path_factory.mktemp("walked"))
    with (small.config / "policy.csv").open("a") as policy:
        policy.write("9101,2020-01-01,reserve_size,,2\n")
    # In another dialect than the platform's own file has.
    (small.config / "dialects.csv").write_text(
        "creditor,encoding,delimiter,decimal_separator,thousands_separator,format\nris,utf-8,tab,.,,csv\n"
    )
    for month, more in ((JAN, 0), (FEB, 0), (MAY, 50)):
        small.signals(month, "rood", *(signal(month, number, f"{number}00") for number in range(1, 6)))
        small.signals(month, "wit", *(signal(month, number, str(100 + more)) for number in range(1, 6)))
        small.residents(month, "1", "2", "3", "4", "5")
    with platform(new_home(), **places(small)) as here:
        stepping.run_months(JAN, marts=())
        ranks = range(1, 6)
        who = dict(zip(("open", "refused", "untouched", "stood_in", "left"), ranks, strict=True))
        numbers = {name: f"{A}-202201-{rank:03}" for name, rank in who.items()}
        workbook = filled_in(
            here.out / A / JAN / "looplijst.xlsx",
            {
                numbers["open"]: {
                    "poging_1_datum": day(2, 2), "poging_1_dagdeel": "Avond", "poging_1_bereikt": "n",
                    "poging_2_datum": "09-02-2022", "poging_2_dagdeel": "Middag", "poging_2_soort": "Telefoon",
                    "poging_2_bereikt": "j", "flyer_op": day(2, 2),
                },
                numbers["refused"]: {
                    "resultaat": "klant wil niet geholpen worden", "poging_1_datum": day(2, 3),
                    "poging_1_dagdeel": "Ochtend", "poging_1_bereikt": "j", "afgesloten_op": day(2, 10),
                },
                numbers["stood_in"]: {
                    "resultaat": "informatie en advies gegeven", "poging_1_datum": "2022-02-04",
                    "poging_1_soort": "Brief", "poging_1_bereikt": "n", "afgesloten_op": "2022-02-15",
                },
            },
        )  # fmt: skip
        small.put(FEB, "ris/looplijst.xlsx", workbook)
        stepping.run_months(FEB, MAY, marts=())
        yield Walked(here, small, workbook, numbers)


def by_name(walked: Walked, month: str, column: str, table: str = "decision.selection") -> dict[str, object]:
    """Who -> what a month says of the household."""
    told = rows(
        walked.here,
        f"select decision.case_number(then_.municipality_code, then_.signal_month, then_.rank), now_.{column}"
        f" from decision.selection as then_ inner join {table} as now_ using (municipality_code, household_id)"
        f" where then_.signal_month = '{JAN}-01' and now_.signal_month = '{month}-01'",
    )
    names = {number: name for name, number in walked.numbers.items()}
    return {names[number]: value for number, value in told}


def test_the_ledger_has_every_row_and_nothing_is_found(walked: Walked) -> None:
    assert counts(walked.here) == [("accepted", 5, 5, 0, 0)]
    assert findings(walked.here) == []
    assert landing.unrecognised(walked.here, Month.parse(FEB)) == []


def test_what_was_filled_in_is_a_case_and_what_was_not_is_none(walked: Walked) -> None:
    cases = rows(
        walked.here,
        "select dossier_id, register_month, match_month, created_on, walking_month, outcome, closed_on, flyer_on,"
        " is_refusal, withdrawn_on from staging.stg_dossier order by 1",
    )
    # Approved on the day of this test, long after: the first attempt tells when the case was made.
    february, january = date(2022, 2, 1), date(2022, 1, 1)
    assert [case[:5] for case in cases] == [
        (walked.numbers["open"], february, january, date(2022, 2, 2), february),
        (walked.numbers["refused"], february, january, date(2022, 2, 3), february),
        (walked.numbers["stood_in"], february, january, date(2022, 2, 4), february),
    ]
    assert [case[5:] for case in cases] == [
        (None, None, date(2022, 2, 2), False, None),
        ("klant wil niet geholpen worden", date(2022, 2, 10), None, True, None),
        ("informatie en advies gegeven", date(2022, 2, 15), None, False, None),
    ]
    of_match = rows(
        walked.here,
        "select count(*) from staging.stg_dossier as dossier inner join decision.selection as selection"
        " using (municipality_code, household_id)"
        " where selection.signal_month = match_month and total_eur = selection.arrears_eur"
        " and dossier_id = decision.case_number(municipality_code, match_month, rank)",
    )
    assert of_match == [(3,)]


def test_its_attempts_are_contact_attempts(walked: Walked) -> None:
    assert rows(
        walked.here,
        "select dossier_id, attempted_on, part_of_day, contact_kind, is_reached, register_month"
        " from staging.stg_contact_attempt order by 1, 2",
    ) == [
        (walked.numbers["open"], date(2022, 2, 2), "Avond", "Huisbezoek", False, date(2022, 2, 1)),
        (walked.numbers["open"], date(2022, 2, 9), "Middag", "Telefoon", True, date(2022, 2, 1)),
        (walked.numbers["refused"], date(2022, 2, 3), "Ochtend", "Huisbezoek", True, date(2022, 2, 1)),
        (walked.numbers["stood_in"], date(2022, 2, 4), None, "Brief", False, date(2022, 2, 1)),
    ]


def test_february_leaves_out_whose_case_is_open_or_who_was_approached_and_takes_who_was_not(walked: Walked) -> None:
    assert by_name(walked, FEB, "reason") == {
        "open": "open_dossier",
        "refused": "approached_recently",
        "untouched": "approached_recently",
        # In reserve, and visited.
        "stood_in": "approached_recently",
        # In reserve, and not visited.
        "left": None,
    }
    assert by_name(walked, FEB, "role")["left"] == "selected"


def test_after_the_cool_off_who_refused_and_owes_more_is_marked(walked: Walked) -> None:
    # What was selected in February rests until May.
    assert by_name(walked, MAY, "reason") | {"left": None} == dict.fromkeys(walked.numbers)
    assert by_name(walked, MAY, "reason")["left"] == "approached_recently"
    assert {name for name, is_marked in by_name(walked, MAY, "heropaf").items() if is_marked} == {"refused"}


def test_the_next_list_tells_what_came_of_the_one_before(walked: Walked) -> None:
    sheet = openpyxl.load_workbook(walked.here.out / A / MAY / "looplijst.xlsx")["Looplijst"]
    header, *lines = sheet.iter_rows(values_only=True)
    told = [line[header.index("eerder_contact")] for line in lines]
    assert sorted(told) == [
        "01-2022: geselecteerd",
        "01-2022: informatie en advies gegeven, 1 poging, niet bereikt",
        "01-2022: klant wil niet geholpen worden, 1 poging, bereikt",
        "01-2022: nog geen resultaat, 2 pogingen, bereikt",
    ]


def test_the_same_file_once_more_changes_nothing(walked: Walked) -> None:
    tables = ("staging.stg_dossier", "staging.stg_contact_attempt", "core.candidate")
    before = [rows(walked.here, f"select * from {table} order by 1, 2, 3, 4") for table in tables]
    walked.small.put(FEB, "ris/looplijst.2.xlsx", walked.workbook)
    stepping.run_months(FEB, marts=())
    assert [rows(walked.here, f"select * from {table} order by 1, 2, 3, 4") for table in tables] == before
    assert counts(walked.here) == [("accepted", 5, 5, 0, 0)]
    assert findings(walked.here) == [(None, "duplicate_delivery", None)]


# -- in other forms, and with mistakes


def in_february(delivery: Delivery) -> tuple[Small, Settings, list[str]]:
    """Three households were selected in January, and their list was handed out; the case numbers."""
    small, here = delivery
    for creditor in ("rood", "wit"):
        small.signals(JAN, creditor, *(signal(JAN, number) for number in (1, 2, 3)))
    stepping.receive(JAN)
    approve(here, JAN, Chosen(1), Chosen(2), Chosen(3), approved_at="2022-01-28 12:00+01")
    outbox.hand_out(Month.parse(JAN))
    return small, here, [f"{A}-202201-{rank:03}" for rank in (1, 2, 3)]


def hand_in(delivery: Delivery, month: str, name: str, filled: Filled) -> None:
    """Put January's list in the landing area with cells filled in, and receive it."""
    small, here = delivery
    small.put(month, f"ris/{name}", filled_in(here.out / A / JAN / "looplijst.xlsx", filled))
    stepping.receive(month)


def as_csv(here: Settings, filled: Filled) -> str:
    """January's list as a Dutch spreadsheet saves it: dd-mm-jjjj, and amounts with thousands points."""
    book = openpyxl.load_workbook(io.BytesIO(filled_in(here.out / A / JAN / "looplijst.xlsx", filled)))
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    for number, line in enumerate(book["Looplijst"].iter_rows(values_only=True)):
        cells = [cell.strftime("%d-%m-%Y") if isinstance(cell, datetime) else cell for cell in line]
        if number:
            cells[12] = "1.234,50"
        writer.writerow(cells)
    return written.getvalue()


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig"])
def test_it_is_accepted_as_csv_too_as_a_spreadsheet_saves_it(delivery: Delivery, encoding: str) -> None:
    small, here, (number, *_) = in_february(delivery)
    (small.config / "dialects.csv").write_text(
        "creditor,encoding,delimiter,decimal_separator,thousands_separator,format\nris,utf-8,;,.,,xlsx\n"
    )
    text = as_csv(here, {number: {"achternaam": "Noël", "poging_1_datum": day(2, 1), "poging_1_bereikt": "j"}})
    small.put(FEB, "ris/looplijst.csv", text.encode(encoding))
    stepping.receive(FEB)
    assert counts(here) == [("accepted", 3, 3, 0, 0)]
    assert findings(here) == []
    assert rows(here, "select zaaknummer, datum from quality.walked_attempt") == [(number, date(2022, 2, 1))]
    assert rows(here, "select achternaam from quality.accepted_ris_walking_list where rang = '1'") == [("Noël",)]


def test_it_is_accepted_in_its_own_month_too(delivery: Delivery) -> None:
    _, here, (number, *_) = in_february(delivery)
    hand_in(delivery, JAN, "looplijst.xlsx", {number: {"resultaat": "verwezen combi"}})
    # Nor is it late: it follows from the approval.
    assert findings(here, JAN) == [(2, "outcome_undated", "afgesloten_op")]
    assert rows(here, "select zaaknummer, signal_month from quality.walked_case") == [(number, date(2022, 1, 1))]


def test_a_corrected_list_takes_the_place_of_the_one_before(delivery: Delivery) -> None:
    _, here, (first, second, _) = in_february(delivery)
    attempt = {"poging_1_datum": day(2, 1), "poging_1_bereikt": "n"}
    hand_in(delivery, FEB, "looplijst.xlsx", {first: attempt, second: attempt})
    hand_in(delivery, FEB, "looplijst.2.xlsx", {second: attempt | {"poging_1_bereikt": "j"}})
    assert counts(here) == [("superseded", 3, 3, 0, 0), ("accepted", 3, 3, 0, 0)]
    assert rows(here, "select zaaknummer, bereikt from quality.walked_attempt") == [(second, True)]


def test_a_case_was_made_when_it_was_approved_unless_something_came_of_it_before(delivery: Delivery) -> None:
    _, here, (first, second, third) = in_february(delivery)
    filled: Filled = {
        first: {"poging_1_datum": day(2, 8), "poging_1_bereikt": "n"},
        second: {"flyer_op": day(1, 27)},
        third: {"contact_na_flyer": "n"},
    }
    hand_in(delivery, FEB, "looplijst.xlsx", filled)
    assert rows(here, "select zaaknummer, aangemaakt_op, loopmaand from quality.walked_case order by 1") == [
        (first, date(2022, 1, 28), date(2022, 2, 1)),
        (second, date(2022, 1, 27), None),
        (third, date(2022, 1, 28), None),
    ]


def test_where_months_are_replayed_a_case_without_a_day_was_made_on_the_day_of_the_match(delivery: Delivery) -> None:
    _, here, (first, *_) = in_february(delivery)
    with warehouse.connect(here, "owner") as connection:
        connection.execute("update decision.approval set approved_at = '2026-03-01'")
    hand_in(delivery, FEB, "looplijst.xlsx", {first: {"contact_na_flyer": "n"}})
    assert rows(here, "select aangemaakt_op from quality.walked_case") == [(date(2022, 1, 25),)]


def test_a_row_that_moved_to_another_address_is_told_and_its_number_holds(delivery: Delivery) -> None:
    _, here, (first, second, _) = in_february(delivery)
    # The columns with the address were sorted, and the others were not.
    moved: Filled = {first: {"huisnummer": 2, "resultaat": "verwezen combi", "afgesloten_op": day(2, 3)}}
    hand_in(delivery, FEB, "looplijst.xlsx", moved | {second: {"huisnummer": 1}})
    assert findings(here) == [(2, "case_at_other_address", "postcode"), (3, "case_at_other_address", "postcode")]
    assert rows(
        here, "select address_key from quality.walked_case inner join vault.household using (household_id)"
    ) == [("1234QQ 1 ",)]
    outbox.hand_out(Month.parse(FEB))
    told = notices(here, "bevindingen.csv", FEB)
    assert [(row["regel"], row["regel_naam"], row["ernst"]) for row in told] == [
        (line, "case_at_other_address", "ter informatie") for line in ("2", "3")
    ]


def test_a_number_of_no_list_is_told_and_is_no_case(delivery: Delivery) -> None:
    _, here, numbers = in_february(delivery)
    attempt = {"poging_1_datum": day(3, 28), "poging_1_bereikt": "j"}
    # No such rank, a month without a list, and a list that is yet to come.
    wrong = (f"{A}-202201-004", f"{A}-202106-001", f"{A}-202203-001")
    filled: Filled = {number: attempt | {"zaaknummer": other} for number, other in zip(numbers, wrong, strict=True)}
    hand_in(delivery, FEB, "looplijst.xlsx", filled)
    assert findings(here) == [(line, "case_unknown", "zaaknummer") for line in (2, 3, 4)]
    hand_in(delivery, FEB, "looplijst.2.xlsx", {numbers[0]: attempt | {"zaaknummer": "zaak 1"}})
    assert findings(here) == [(2, "case_number_invalid", "zaaknummer")]
    assert rows(here, "select count(*) from quality.walked_case") == [(0,)]
    assert counts(here) == [("superseded", 3, 3, 0, 0), ("accepted", 3, 3, 0, 0)]


def test_nothing_is_said_of_a_list_whose_approval_is_still_being_recorded(delivery: Delivery) -> None:
    small, here = delivery
    header = "zaaknummer;poging_1_datum;poging_1_bereikt"
    small.put(FEB, "ris/looplijst.csv", f"{header}\n{A}-202201-001;2022-02-01;j\n{A}-202112-001;2022-02-01;j\n")
    stepping.receive(FEB)
    assert findings(here) == [(3, "case_unknown", "zaaknummer")]


def test_a_date_that_is_none_holds_its_row_and_no_other_rule_outside_the_agreement_does(delivery: Delivery) -> None:
    _, here, (first, second, third) = in_february(delivery)
    filled: Filled = {
        first: {"poging_1_datum": "vorige week", "poging_1_bereikt": "j"},
        second: {"resultaat": "weet niet", "poging_1_dagdeel": "Nacht", "poging_2_datum": day(1, 24)},
        third: {"afgesloten_op": day(2, 2), "contact_na_flyer": "misschien"},
    }
    hand_in(delivery, FEB, "looplijst.xlsx", filled)
    assert findings(here) == [
        (2, "date_invalid", "poging_1_datum"),
        (3, "attempt_before_match", "poging_2_datum"),
        (3, "attempt_unanswered", "poging_2_bereikt"),
        (3, "attempt_undated", "poging_1_datum"),
        (3, "code_unknown", "poging_1_dagdeel"),
        (3, "code_unknown", "resultaat"),
        (3, "outcome_undated", "afgesloten_op"),
        (4, "closed_without_outcome", "resultaat"),
        (4, "code_unknown", "contact_na_flyer"),
    ]
    assert counts(here) == [("accepted", 3, 2, 1, 0)]
    assert rows(here, "select zaaknummer, bereikt from quality.walked_attempt") == [(second, False)]


def test_of_a_number_that_stands_there_twice_the_last_row_that_was_filled_in_holds(delivery: Delivery) -> None:
    small, here, (first, *_) = in_february(delivery)
    header = "zaaknummer;poging_1_datum;poging_1_bereikt"
    lines = (f"{first};2022-02-01;n", f"{first};2022-02-02;j", f"{first};;")
    small.put(FEB, "ris/looplijst.csv", "\n".join([header, *lines]) + "\n")
    stepping.receive(FEB)
    assert findings(here) == [(2, "case_listed_twice", "zaaknummer"), (3, "case_listed_twice", "zaaknummer")]
    assert rows(here, "select datum, bereikt from quality.walked_attempt") == [(date(2022, 2, 2), True)]


def test_a_list_in_a_folder_of_before_its_month_is_no_case_of_that_month(delivery: Delivery) -> None:
    _, here, (first, *_) = in_february(delivery)
    hand_in(delivery, DEC, "looplijst.xlsx", {first: {"poging_1_datum": day(2, 1), "poging_1_bereikt": "j"}})
    assert (2, "case_unknown", "zaaknummer") in findings(here, DEC)
    assert rows(here, "select count(*) from quality.walked_case") == [(0,)]


def test_what_was_owed_is_that_of_the_match_and_not_what_the_file_says(delivery: Delivery) -> None:
    _, here, (first, *_) = in_february(delivery)
    hand_in(delivery, FEB, "looplijst.xlsx", {first: {"achterstand": "veel", "resultaat": "verwezen combi"}})
    assert rows(here, "select totaal_bedrag from quality.walked_case") == [(Decimal(200),)]


def test_a_case_that_is_registered_as_well_is_a_second_one_and_told(delivery: Delivery) -> None:
    small, here, (first, *_) = in_february(delivery)
    hand_in(delivery, FEB, "looplijst.xlsx", {first: {"poging_1_datum": day(2, 1), "poging_1_bereikt": "j"}})
    small.dossiers("2022-03", dossier(1, JAN, "2022-01-28"), dossier(2, JAN, "2022-01-28"))
    stepping.receive("2022-03")
    # Of number 2 nothing was filled in on the list.
    assert rows(here, "select line_no, rule from quality.finding where rule like 'dossier%'") == [(2, "dossier_twice")]


def test_a_list_that_tells_of_a_registered_case_is_a_second_one_and_told(delivery: Delivery) -> None:
    small, here, (first, second, third) = in_february(delivery)
    attempt = {"poging_1_datum": day(2, 1), "poging_1_bereikt": "j"}
    # Of number 2 the registration tells in the same folder, number 3 was withdrawn, and 1 is of another match.
    small.dossiers(JAN, dossier(1, DEC, "2021-12-28"), dossier(3, JAN, "2022-01-28"))
    stepping.receive(JAN)
    small.dossiers(FEB, dossier(2, JAN, "2022-01-28"), dossier(3, JAN, "2022-01-28", ingetrokken_op="2022-02-01"))
    hand_in(delivery, FEB, "looplijst.xlsx", dict.fromkeys((first, second, third), attempt))
    assert findings(here) == [(3, "dossier_twice", "zaaknummer")]
    assert counts(here) == [("accepted", 3, 3, 0, 0)]


def test_a_list_that_was_first_stays_first_when_it_comes_again(delivery: Delivery) -> None:
    small, here, (first, *_) = in_february(delivery)
    attempt = {"poging_1_datum": day(2, 1), "poging_1_bereikt": "n"}
    hand_in(delivery, FEB, "looplijst.xlsx", {first: attempt})
    small.dossiers("2022-03", dossier(1, JAN, "2022-01-28"), dossier(2, JAN, "2022-01-28"))
    # Of number 2 nothing is filled in.
    hand_in(delivery, "2022-03", "looplijst.xlsx", {first: attempt | {"poging_1_bereikt": "j"}})
    assert findings(here, "2022-03") == []
    assert rows(here, "select line_no, rule from quality.finding where rule = 'dossier_twice'") == [
        (2, "dossier_twice")
    ]


def test_of_lists_of_several_months_the_newest_version_of_a_case_tells_of_its_attempts(delivery: Delivery) -> None:
    small, here, (first, second, _) = in_february(delivery)
    attempts = {
        "poging_1_datum": day(2, 2), "poging_1_bereikt": "n", "poging_2_datum": day(2, 9), "poging_2_bereikt": "j",
    }  # fmt: skip
    wrong = {"poging_1_datum": day(2, 1), "poging_1_bereikt": "n"}
    hand_in(delivery, FEB, "looplijst.xlsx", {first: wrong, second: wrong})
    # The day was wrong; and the list of somebody who did not go to the second.
    hand_in(delivery, "2022-03", "looplijst.xlsx", {first: attempts})
    april = "2022-04"
    for creditor in ("rood", "wit"):
        small.signals(april, creditor, signal(april, 1), signal(april, 2))
    stepping.receive(april)
    approve(here, april, Chosen(1), Chosen(2))
    outbox.hand_out(Month.parse(april))
    header, *lines = openpyxl.load_workbook(here.out / A / april / "looplijst.xlsx")["Looplijst"].iter_rows(
        values_only=True
    )
    assert [line[header.index("eerder_contact")] for line in lines] == [
        "01-2022: nog geen resultaat, 2 pogingen, bereikt",
        "01-2022: nog geen resultaat, 1 poging, niet bereikt",
    ]
