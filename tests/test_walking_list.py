"""The walking list as a case worker has it in hand: in walking order, with what came before and who stands in."""

from __future__ import annotations

import csv

import openpyxl
import stepping
from conftest import Delivery, rows
from deciding import Chosen, approve
from openpyxl.utils import get_column_letter
from oracle.small_landing import DEC, FEB, JAN, NOV, A, Small, signal

from vroegsignaal import contract, outbox, warehouse
from vroegsignaal.months import Month
from vroegsignaal.outbox import walking_list
from vroegsignaal.settings import Settings

MONTH = Month.parse(JAN)
DOSSIERS = "dossier_id;aangemaakt_op;matchmaand;huisnummer;postcode;ingetrokken_op;resultaat"
CONTACTS = "dossier_id;datum;dagdeel;soort;bereikt"


def report(small: Small, month: str, *doors: int | str, **changes: str) -> None:
    """Let rood and wit report some doors: `10 A` is number 10 with letter A, `10 -2` has the addition 2."""
    given = []
    for place, door in enumerate(doors):
        number, _, suffix = str(door).partition(" ")
        suffixes = {"huisnummertoevoeging": suffix[1:]} if suffix.startswith("-") else {"huisletter": suffix}
        own = {"signaal_id": f"s{place}", "klantnummer": f"k{place}"}
        given.append(signal(month, number, **(own | suffixes | changes)))
    for creditor in ("rood", "wit"):
        small.signals(month, creditor, *given)


def handed_out(here: Settings) -> list[dict]:
    """The rows of January's workbook by column name."""
    outbox.hand_out(MONTH)
    header, *lines = openpyxl.load_workbook(here.out / A / JAN / "looplijst.xlsx")["Looplijst"].iter_rows(
        values_only=True
    )
    return [dict(zip(header, line, strict=True)) for line in lines]


def by_number(here: Settings, column: str) -> dict[int, object]:
    return {row["huisnummer"]: row[column] for row in handed_out(here)}


def test_the_rows_stand_as_one_walks_and_the_reserve_as_it_is_taken(delivery: Delivery) -> None:
    small, here = delivery
    report(small, JAN, 2, 10, "10 B", "10 a", "10 -10", "10 -2", 11, 9)
    stepping.receive(JAN)
    approve(
        here, JAN,
        Chosen(11, district="Wijk 10"), Chosen("10 10"), Chosen("10 B"), Chosen("10 2"), Chosen(10), Chosen("10 A"),
        Chosen(9, role="reserve", district="Wijk 2"), Chosen(2, role="reserve", district="Wijk 1"),
    )  # fmt: skip
    listed = [
        (row["wijk"], row["huisnummer"], row["huisletter"], row["huisnummertoevoeging"], row["rang"])
        for row in handed_out(here)
    ]
    # Wijk 1 before Wijk 10; no letter before a letter; addition 2 before 10; number 9, which is first in reserve, last
    # but one although number 2 is in Wijk 1.
    assert listed == [
        ("Wijk 1", 10, None, None, 5),
        ("Wijk 1", 10, None, "2", 4),
        ("Wijk 1", 10, None, "10", 2),
        ("Wijk 1", 10, "a", None, 6),
        ("Wijk 1", 10, "B", None, 3),
        ("Wijk 10", 11, None, None, 1),
        ("Wijk 2", 9, None, None, 7),
        ("Wijk 1", 2, None, None, 8),
    ]
    with (here.out / A / JAN / "looplijst.csv").open(encoding="utf-8", newline="") as file:
        assert [int(row["rang"]) for row in csv.DictReader(file, delimiter=";")] == [row[-1] for row in listed]


def test_who_falls_away_has_a_replacement_of_the_same_district_or_else_with_the_same_kind_of_debt(
    delivery: Delivery,
) -> None:
    small, here = delivery
    report(small, JAN, *range(1, 8))
    stepping.receive(JAN)
    approve(
        here, JAN,
        Chosen(1, district="Noord", sectors="health, rent"),
        Chosen(2, district="Zuid", sectors="health, rent"),
        Chosen(3, district="Oost", sectors="energy, rent"),
        Chosen(4, district="Oost", sectors="health, water"),
        Chosen(5, role="reserve", district="Zuid", sectors="energy, water"),
        Chosen(6, role="reserve", district="Noord", sectors="energy, water"),
        Chosen(7, role="reserve", district="Noord", sectors="health, water"),
    )  # fmt: skip
    # 1: of 6 and 7, both in Noord, 7 shares health. 2: only 5 is in Zuid. 3 and 4: nobody is in Oost; the first who
    # shares energy, or water, is 5.
    assert by_number(here, "vervangen_door") == {1: 7, 2: 5, 3: 5, 4: 5, 5: None, 6: None, 7: None}


def test_without_a_reserve_nobody_stands_in(delivery: Delivery) -> None:
    small, here = delivery
    report(small, JAN, 1)
    stepping.receive(JAN)
    approve(here, JAN, Chosen(1))
    assert by_number(here, "vervangen_door") == {1: None}


def test_months_in_arrears_count_from_the_oldest_of_the_newest_signals_and_are_rounded_up(delivery: Delivery) -> None:
    small, here = delivery
    # What rood said of number 4 in December is not its newest signal.
    small.signals(DEC, "rood", signal(DEC, 4, ontstaansdatum="2021-09-15"))
    since = {1: "2021-11-25", 2: "2021-11-24", 3: "2022-01-10", 4: "2021-12-25"}
    small.signals(JAN, "rood", *(signal(JAN, number, ontstaansdatum=day) for number, day in since.items()))
    small.signals(JAN, "wit", *(signal(JAN, number, ontstaansdatum="2022-01-10") for number in since))
    for month in (DEC, JAN):
        stepping.receive(month)
    approve(here, JAN, *map(Chosen, since))
    # To 25 January: two months to the day; two and a day; fifteen days; one month to the day.
    assert by_number(here, "maanden_achterstand") == {1: 2, 2: 3, 3: 1, 4: 1}


def test_earlier_contact_is_the_newest_that_was_known_and_nothing_later(delivery: Delivery) -> None:
    small, here = delivery
    report(small, JAN, *range(1, 8))
    small.put(
        DEC,
        "ris/dossiers.csv",
        f"{DOSSIERS}\n"
        f"a;2021-11-29;{NOV};1;1234QQ;;klant wil het zelf oplossen\n"
        f"d;2021-11-29;{NOV};4;1234QQ;;\n"
        f"e;2021-11-29;{NOV};5;1234QQ;2021-12-01;\n"
        f"f;2021-11-29;{NOV};6;1234QQ;;\n",
    )
    small.put(
        DEC,
        "ris/contactpogingen.csv",
        f"{CONTACTS}\na;2021-12-01;Avond;Huisbezoek;n\na;2021-12-03;Avond;Huisbezoek;j\n",
    )
    # January's files tell the same attempts again, and a newer version of d; of f a later case is known.
    small.put(
        JAN,
        "ris/dossiers.csv",
        f"{DOSSIERS}\n"
        f"d;2021-11-29;{NOV};4;1234QQ;;geen contact / onbekend\n"
        f"g;2021-12-29;{DEC};6;1234QQ;;verwezen combi\n"
        f"h;2022-01-26;{JAN};7;1234QQ;;verwezen combi\n",
    )
    small.put(
        JAN,
        "ris/contactpogingen.csv",
        f"{CONTACTS}\na;2021-12-01;Avond;Huisbezoek;n\na;2021-12-03;Avond;Huisbezoek;j\nd;2021-12-06;;Telefoon;n\n",
    )
    small.put(FEB, "ris/dossiers.csv", f"{DOSSIERS}\nc;2021-12-29;{DEC};3;1234QQ;;verwezen combi\n")
    for month in (DEC, JAN, FEB):
        stepping.receive(month)
    approve(here, "2021-10", Chosen(1), Chosen(5))
    approve(here, NOV, Chosen(2), Chosen(1), Chosen(3, role="reserve"))
    approve(here, JAN, *map(Chosen, range(1, 8)))
    approve(here, FEB, Chosen(7))
    assert by_number(here, "eerder_contact") == {
        1: "11-2021: klant wil het zelf oplossen, 2 pogingen, bereikt",
        2: "11-2021: geselecteerd",
        # In reserve, and a case that is known since February.
        3: None,
        4: "11-2021: geen contact / onbekend, 1 poging, niet bereikt",
        # November's case was withdrawn.
        5: "10-2021: geselecteerd",
        6: "12-2021: verwezen combi",
        # A case of this month's own match, and an approach of a later month.
        7: None,
    }


def test_every_column_of_the_workbook_is_one_of_the_feed_as_which_it_comes_back(delivery: Delivery) -> None:
    small, here = delivery
    report(small, JAN, 1)
    stepping.receive(JAN)
    approve(here, JAN, Chosen(1))
    (row,) = handed_out(here)
    of_feed = [column.name for column in contract.feeds()[walking_list.FEED].columns]
    # With home visits only, the means of approach need not be told.
    assert list(row) == [name for name in of_feed if name not in walking_list.SOMETIMES]
    assert set(walking_list.IN_WORKBOOK) < set(of_feed)


def test_for_each_attempt_there_is_a_day_a_part_of_it_a_means_and_whether_somebody_was_reached(
    delivery: Delivery,
) -> None:
    small, here = delivery
    report(small, JAN, 1)
    stepping.receive(JAN)
    approve(here, JAN, Chosen(1))
    handed_out(here)
    book = openpyxl.load_workbook(here.out / A / JAN / "looplijst.xlsx")
    sheet = book["Looplijst"]
    names = [cell.value for cell in sheet[1]]
    choices = {}
    for name in names:
        cell = sheet.cell(2, names.index(name) + 1).coordinate
        for validation in sheet.data_validations.dataValidation:
            if cell in validation.sqref and validation.type == "list":
                sheet_name, _, reference = validation.formula1.strip('="').partition("!")
                listed = [c.value for (c,) in book[sheet_name][reference.replace("$", "")]] if reference else ["j,n"]
                choices[name] = listed
            elif cell in validation.sqref:
                choices[name] = [validation.type]
    for number in (1, 2):
        assert choices[f"poging_{number}_datum"] == ["date"]
        assert choices[f"poging_{number}_dagdeel"] == ["Ochtend", "Middag", "Avond"]
        assert {"Huisbezoek", "Telefoon", "Brief", "Mail"} <= set(choices[f"poging_{number}_soort"])
        assert choices[f"poging_{number}_bereikt"] == ["j,n"]
    # What the platform tells is not to be chosen.
    assert set(choices) == {column.name for column in walking_list.to_fill_in()}


def test_the_workbook_is_made_for_the_screen_and_for_paper(delivery: Delivery) -> None:
    small, here = delivery
    report(small, JAN, 1, 2)
    stepping.receive(JAN)
    approve(here, JAN, Chosen(1), Chosen(2, role="reserve"))
    handed_out(here)
    sheet = openpyxl.load_workbook(here.out / A / JAN / "looplijst.xlsx")["Looplijst"]
    names = [cell.value for cell in sheet[1]]
    assert sheet.freeze_panes == "E2"
    setup = sheet.page_setup
    assert (setup.orientation, setup.paperSize, setup.fitToWidth) == ("landscape", 9, None)
    assert (sheet.print_title_rows, sheet.print_title_cols) == ("$1:$1", "$A:$D")
    # The columns to fill in begin on a page of their own, and each page holds its columns. A character of width is
    # seven dots, of which there are 96 in an inch.
    first = names.index("resultaat")
    assert [each.id for each in sheet.col_breaks.brk] == [first]
    dots = [7 * sheet.column_dimensions[get_column_letter(place)].width for place in range(1, len(names) + 1)]
    paper = 297 - 25.4 * (sheet.page_margins.left + sheet.page_margins.right)
    for page in (dots[:first], dots[:4] + dots[first:]):
        assert sum(page) / 96 * 25.4 * setup.scale / 100 <= paper
    assert all(cell.alignment.wrap_text for cell in sheet[2])
    shades = [sheet.cell(line, 1).fill.fgColor.rgb for line in (2, 3)]
    assert shades[0] != shades[1]


def test_only_what_differs_on_the_list_writes_it_anew(delivery: Delivery) -> None:
    small, here = delivery
    report(small, JAN, 1)
    stepping.receive(JAN)
    approve(here, JAN, Chosen(1))
    handed_out(here)
    before = (here.out / A / JAN / "looplijst.xlsx").read_bytes()
    assert outbox.hand_out(MONTH)["walking_lists"] == 0
    (here.out / A / JAN / "looplijst.xlsx").unlink()
    assert outbox.hand_out(MONTH)["walking_lists"] == 1
    assert (here.out / A / JAN / "looplijst.xlsx").read_bytes() == before


def test_a_case_number_of_four_digits_is_not_cut_off(delivery: Delivery) -> None:
    _, here = delivery
    statement = "select decision.case_number('0637', '2019-01-01', rank) from unnest(array[7, 1007]) as rank"
    assert rows(here, statement) == [("0637-201901-007",), ("0637-201901-1007",)]


def report_with_numbers(small: Small, month: str, creditor: str, name: str, phone: str, amount: str) -> None:
    """Let a creditor report number 1 with a telephone number, or without."""
    small.put(
        month,
        f"signals/{creditor}.csv",
        "signaal_id;klantnummer;achternaam;huisnummer;postcode;telefoonnummer;bedrag;ontstaansdatum;signaaldatum\n"
        f"{creditor}1;k{creditor};{name};1;1234QQ;{phone};{amount};{month}-01;{month}-10\n",
    )


def told_of_number_1(here: Settings) -> tuple[str, str | None]:
    approve(here, JAN, Chosen(1))
    (row,) = handed_out(here)
    return row["achternaam"], row["telefoonnummer"]


def test_the_number_is_that_of_whom_the_visitor_asks_for_if_there_is_one(delivery: Delivery) -> None:
    small, here = delivery
    report_with_numbers(small, DEC, "wit", "Eerder", "0600000001", "900")
    report_with_numbers(small, JAN, "rood", "Nu", "0600000002", "100")
    for month in (DEC, JAN):
        stepping.receive(month)
    # The newest month goes first, though less is owed there.
    assert told_of_number_1(here) == ("Nu", "0600000002")


def test_without_one_it_is_that_of_another_creditors_newest_customer(delivery: Delivery) -> None:
    small, here = delivery
    report_with_numbers(small, DEC, "wit", "Eerder", "0600000001", "900")
    report_with_numbers(small, JAN, "rood", "Nu", "", "100")
    for month in (DEC, JAN):
        stepping.receive(month)
    assert told_of_number_1(here) == ("Nu", "0600000001")


def test_the_number_of_a_former_tenant_is_not_told(delivery: Delivery) -> None:
    small, here = delivery
    report_with_numbers(small, NOV, "wit", "Vroeger", "0600000001", "900")
    for creditor in ("rood", "wit"):
        report_with_numbers(small, JAN, creditor, "Nu", "", "100")
    for month in (NOV, JAN):
        stepping.receive(month)
    assert told_of_number_1(here) == ("Nu", None)


def test_whom_a_person_took_off_the_list_stands_in_for_nobody(delivery: Delivery) -> None:
    small, here = delivery
    report(small, JAN, 1, 2, 3)
    stepping.receive(JAN)
    approve(here, JAN, Chosen(1), Chosen(2, role="reserve"), Chosen(3, role="reserve"))
    assert by_number(here, "vervangen_door")[1] == 2
    with warehouse.connect(here, "owner") as connection:
        connection.execute(
            "insert into decision.exchange"
            " (municipality_code, signal_month, household_out, household_in, reason, exchanged_by)"
            " select municipality_code, signal_month, max(household_id) filter (where rank = 2),"
            " max(household_id) filter (where rank = 1), 'bezoek is niet veilig', 'vries'"
            " from decision.selection group by municipality_code, signal_month"
        )
    (here.out / A / JAN / "looplijst.xlsx").unlink()
    assert by_number(here, "vervangen_door")[1] == 3
    assert by_number(here, "let_op")[2] == "van de lijst gehaald (bezoek is niet veilig): geen vervanger"
