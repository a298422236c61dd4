"""The walking list: whom to visit, with what a visitor needs and in the form that was agreed."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import openpyxl
import pytest
import stepping
from conftest import Delivery, platform, rows
from oracle.small_landing import BRP_COLUMNS, DEC, JAN, A, Small, signal

from vroegsignaal import outbox, reading
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

COLUMNS = (
    "rang;rol;zaaknummer;achternaam;straatnaam;huisnummer;huisletter;huisnummertoevoeging;postcode;woonplaats;wijk;"
    "crediteuren;achterstand;criterium;heropaf"
)


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Settings]:
    """Five matches in January with capacity 3 (in `small_landing`) and, added here, a reserve of 1."""
    folder = tmp_path_factory.mktemp("outbox")
    small = Small(folder)
    with (small.config / "policy.csv").open("a") as policy:
        policy.write("9101,2020-01-01,reserve_size,,1\n")
    small.signals(DEC, "wit", signal(DEC, 5, "1234,50"))
    small.signals(JAN, "rood", *(signal(JAN, n, f"{n}00") for n in (1, 2, 3, 4, 5)))
    small.signals(JAN, "blauw", *(signal(JAN, n, "100", huisletter="") for n in (1, 2, 3, 4)))
    people = [f"999900006;Proef;{n};1234QQ;Wijk {n % 2};" for n in (1, 2, 3, 4, 5)]
    small.put(JAN, "brp/personen.csv", "\n".join([BRP_COLUMNS, *people]) + "\n")
    variables = {"LANDING": str(small.landing), "CONFIG": str(small.config), "OUT": str(folder / "out")}
    with platform(new_home(), **variables) as here:
        stepping.run_months(DEC, JAN, marts=("drops",))
        yield here


def walking_list(here: Settings) -> list[dict[str, str]]:
    with (here.out / A / JAN / "looplijst.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_the_csv_has_the_agreed_columns_and_one_row_per_household(handed_out: Settings) -> None:
    text = (handed_out.out / A / JAN / "looplijst.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == COLUMNS
    rows = walking_list(handed_out)
    # As one walks: wijk 0 with number 4, wijk 1 with the numbers 3 and 5, and then the reserve.
    assert [row["rang"] for row in rows] == ["2", "3", "1", "4"]
    assert [row["huisnummer"] for row in rows] == ["4", "3", "5", "1"]
    assert [row["rol"] for row in rows] == ["geselecteerd"] * 3 + ["reserve"]
    assert len({row["zaaknummer"] for row in rows}) == 4
    assert {row["postcode"] for row in rows} == {"1234QQ"}


def test_a_row_tells_whom_to_ask_for_what_they_owe_and_to_whom(handed_out: Settings) -> None:
    (fifth,) = [row for row in walking_list(handed_out) if row["huisnummer"] == "5"]
    # rood 500 in January and wit 1.234,50 in December; the newest signal names the customer.
    assert fifth["achterstand"] == "1734,50"
    assert fifth["crediteuren"] == "Rood, Wit"
    assert fifth["achternaam"] == "Proef"
    assert fifth["criterium"] == "in drie maanden"
    assert fifth["wijk"] == "Wijk 1"
    assert fifth["heropaf"] == "n"


def test_the_manifest_tells_what_the_selection_rests_on_and_names_no_household(handed_out: Settings) -> None:
    text = (handed_out.out / A / JAN / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    assert manifest["vastgesteld"]["door"] == "vroegsignaal"
    assert manifest["vastgesteld"]["automatisch"] is True
    assert {(row["rol"], row["reden"]): row["huishoudens"] for row in manifest["aantallen"]} == {
        ("selected", None): 3,
        ("reserve", None): 1,
        ("not_selected", "over_capacity"): 1,
    }
    assert manifest["kanalen"] == [{"kanaal": "home_visit", "huishoudens": 3, "uiterlijk": None}]
    assert manifest["wijken"] == [
        {"wijk": "Wijk 0", "in_aanmerking": 2, "evenredig": 1.2, "gekozen": 1},
        {"wijk": "Wijk 1", "in_aanmerking": 3, "evenredig": 1.8, "gekozen": 2},
    ]
    assert {row["sector"]: row["in_aanmerking"] for row in manifest["sectoren"]} == {"rent": 5, "water": 4, "health": 1}
    assert manifest["beleid"]["capacity"] == 3
    files = {row["bestand"]: row for row in manifest["leveringen"]}
    assert set(files) == {
        f"{A}/{DEC}/signals/wit.csv",
        f"{A}/{JAN}/brp/personen.csv",
        f"{A}/{JAN}/signals/blauw.csv",
        f"{A}/{JAN}/signals/rood.csv",
    }
    delivered = Path(handed_out.landing) / A / JAN / "signals" / "rood.csv"
    assert files[f"{A}/{JAN}/signals/rood.csv"]["sha256"] == sha256(delivered.read_bytes()).hexdigest()
    for value in ("Proef", "1234QQ", "999900006"):
        assert value not in text


def test_every_yes_and_no_is_explained_in_a_sentence(handed_out: Settings) -> None:
    told = rows(
        handed_out,
        "select split_part(address_key, ' ', 2), explanation from casework.explanation"
        " inner join vault.household using (municipality_code, household_id)"
        f" where signal_month = '{JAN}-01' order by 1",
    )
    known = " Geverifieerd in de BRP op adres en naam."
    assert dict(told) == {
        # Two of the three who were chosen live in the same district as 1, and one in that of 2.
        "1": "Reserve, op plaats 4, voor als een gekozen huishouden afvalt: Blauw, Rood melden in deze maand samen"
        f" € 200,00 achterstand (wijk Wijk 1).{known}",
        "2": "Niet gekozen: het komt in aanmerking, maar de plaatsen (3, en 1 in reserve) gingen naar huishoudens die"
        " voorgaan door sector, wijk of hoogte van de achterstand. Blauw, Rood melden in deze maand samen € 300,00"
        f" achterstand (wijk Wijk 0).{known}",
        "3": f"Gekozen, op plaats 3: Blauw, Rood melden in deze maand samen € 400,00 achterstand (wijk Wijk 1).{known}",
        "4": f"Gekozen, op plaats 2: Blauw, Rood melden in deze maand samen € 500,00 achterstand (wijk Wijk 0).{known}",
        "5": "Gekozen, op plaats 1: Rood, Wit melden in drie maanden samen € 1.734,50 achterstand (wijk Wijk 1)."
        f"{known}",
    }


def test_the_workbook_holds_the_same_rows_and_drop_downs_for_what_is_filled_in(handed_out: Settings) -> None:
    book = openpyxl.load_workbook(handed_out.out / A / JAN / "looplijst.xlsx")
    sheet = book["Looplijst"]
    header, *rows = sheet.iter_rows(values_only=True)
    assert ";".join(header[:15]) == COLUMNS
    assert [str(row[0]) for row in rows] == ["2", "3", "1", "4"]
    assert [float(row[12]) for row in rows] == [
        float(row["achterstand"].replace(",", ".")) for row in walking_list(handed_out)
    ]
    place = header.index("resultaat") + 1
    cell = sheet.cell(row=2, column=place).coordinate
    (choices,) = [v for v in sheet.data_validations.dataValidation if v.type == "list" and cell in v.sqref]
    reference = choices.formula1.removeprefix("=").split("!")
    listed = [value for (value,) in book[reference[0]][reference[1].replace("$", "")] for value in [value.value]]
    assert "klant wil het zelf oplossen" in listed
    assert "geen contact / onbekend" in listed


def test_handed_out_again_the_files_are_the_same_bytes(handed_out: Settings) -> None:
    folder = handed_out.out / A / JAN
    before = {path.name: path.read_bytes() for path in folder.glob("looplijst.*")}
    outbox.hand_out(Month.parse(JAN))
    assert {path.name: path.read_bytes() for path in folder.glob("looplijst.*")} == before
    assert len(before) == 2


def test_only_the_owner_can_read_the_files(handed_out: Settings) -> None:
    for path in (handed_out.out / A / JAN).rglob("*.*"):
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_who_was_not_chosen_has_a_reason(handed_out: Settings) -> None:
    rows = reading.rows(
        handed_out, f"select role, rank, reason from casework.selection where signal_month = '{JAN}-01'", "caseworker"
    )
    assert sorted((row["role"], row["reason"]) for row in rows if row["role"] == "not_selected") == [
        ("not_selected", "over_capacity")
    ]
    assert all(row["reason"] is None and row["rank"] for row in rows if row["role"] != "not_selected")


def test_an_empty_month_is_a_month(handed_out: Settings) -> None:
    empty = Path(handed_out.landing) / A / "2022-02"
    empty.mkdir()
    stepping.run_months("2022-02", marts=("drops",))
    missing = reading.rows(
        handed_out, "select creditor, status from mart.drops where signal_month = '2022-02-01' order by 1", "bi"
    )
    # Everybody with an agreement on 25 February, which is blauw's last day and groen's first.
    assert [tuple(row.values()) for row in missing] == [
        (creditor, "missing") for creditor in ("blauw", "groen", "rood", "wit")
    ]
    assert (handed_out.out / A / "2022-02" / "looplijst.csv").read_text().splitlines() == [COLUMNS]


def test_who_refused_help_and_owes_more_after_the_cool_off_is_on_the_list_as_heropaf(delivery: Delivery) -> None:
    small, here = delivery
    may = "2022-05"
    for month, amounts in ((JAN, ("100", "100")), (may, ("100", "150"))):
        for creditor in ("rood", "wit"):
            agreed = [signal(month, number, amount) for number, amount in enumerate(amounts, start=1)]
            small.signals(month, creditor, *agreed)
        small.residents(month, "1", "2")
    small.put(
        may,
        "ris/dossiers.csv",
        "dossier_id;aangemaakt_op;matchmaand;huisnummer;postcode;resultaat;afgesloten_op\n"
        f"a;2022-01-28;{JAN};1;1234QQ;klant wil niet geholpen worden;2022-02-20\n"
        f"b;2022-01-28;{JAN};2;1234QQ;klant wil niet geholpen worden;2022-02-20\n",
    )
    stepping.run_months(JAN, may, marts=())
    with (here.out / A / may / "looplijst.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["huisnummer"]: row["heropaf"] for row in csv.DictReader(file, delimiter=";")}
    # Household 1 owes what it owed.
    assert listed == {"1": "n", "2": "j"}
    ((told,),) = rows(here, "select explanation from casework.explanation where explanation like '%eerder hulp%'")
    assert "Weigerde eerder hulp of wilde het zelf oplossen, en de achterstand is sindsdien gegroeid." in told
    marked = rows(here, "select signal_month, arrears_eur from casework.selection where heropaf")
    assert [(str(month), arrears) for month, arrears in marked] == [("2022-05-01", 300)]
