"""The delivery to Statistics Netherlands: valid, complete, of nobody erased, and the same for the same facts."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import ddas_form
import jsonschema
import pytest
import stepping
from conftest import platform, rows
from evaluating import BOTH, INFORMED, NOBODY, case, register
from oracle.small_landing import DEC, FEB, JAN, MAR, A, B, Small
from typer.testing import CliRunner

from vroegsignaal import (
    configuration,
    erasing,
    evaluation,
    exchange_model,
    outbox,
    reading,
    settings,
    transform,
    warehouse,
)
from vroegsignaal.cli import app
from vroegsignaal.configuration import files
from vroegsignaal.configuration.references import check
from vroegsignaal.configuration.tables import TABLES
from vroegsignaal.erasing import Person
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.outbox import ddas
from vroegsignaal.outbox.ddas import v1_2
from vroegsignaal.outbox.ddas.pages import Pages
from vroegsignaal.settings import ROOT, Settings

SCHEMA = Path(
    os.environ.get("DDAS_SCHEMA") or ROOT.parent / "shared" / "reference" / "ddas" / "vroegsignalering-v1.2.schema.json"
)
"""The published model, which has no licence to copy it."""
BSN = "999990019"
COLUMNS = (
    "signaal_id;klantnummer;bsn;achternaam;geboortedatum;huisnummer;huisletter;huisnummertoevoeging;postcode;bedrag;"
    "ontstaansdatum;signaaldatum;crisissignaal;warme_overdracht"
)


def row(month: str, number: int, amount: str = "100", **changes: str) -> str:
    values = {
        "signaal_id": f"s{number}", "klantnummer": f"k{number}", "bsn": "", "achternaam": "Proef", "geboortedatum": "",
        "huisnummer": str(number), "huisletter": "", "huisnummertoevoeging": "", "postcode": "1234 qq",
        "bedrag": amount, "ontstaansdatum": f"{month}-01", "signaaldatum": f"{month}-10", "crisissignaal": "",
        "warme_overdracht": "",
    }  # fmt: skip
    return ";".join((values | changes).values())


def deliver(small: Small) -> None:
    """In December 1, 2 and 3 match, 4 is reported by one creditor; in January 1 and 5, and 4 by another creditor."""
    for month in (DEC, JAN):
        small.residents(month, "1", "2", "3", "4", "5")
        small.residents(month, "1", municipality=B)
    lines = {
        (DEC, "rood"): [
            row(DEC, 1, "100,49", bsn=BSN, geboortedatum="1980-02-29", crisissignaal="j"),
            row(DEC, 2, "100,50", geboortedatum="1980-02-29", huisletter="a", huisnummertoevoeging="2"),
            row(DEC, 3, "99,5", warme_overdracht="j"),
            row(DEC, 4, "0,49"),
        ],
        (DEC, "blauw"): [
            row(DEC, 1, "60"),
            row(DEC, 2, "60", huisnummertoevoeging="A-2"),
            row(DEC, 3, "60"),
        ],
        (JAN, "rood"): [row(JAN, 1, "120"), row(JAN, 5)],
        (JAN, "wit"): [row(JAN, 4, "90"), row(JAN, 5)],
    }
    for (month, creditor), signals in lines.items():
        small.put(month, f"signals/{creditor}.csv", "\n".join([COLUMNS, *signals]) + "\n")
    register(
        small,
        JAN,
        [
            case(1, 1, DEC, "2021-12-28", loopmaand=JAN, resultaat=BOTH, afgesloten_op="2022-01-20"),
            case(2, 3, DEC, "2021-12-29", loopmaand=JAN, flyer_op="2022-01-12", contact_na_flyer="j"),
            case(8, 3, DEC, "2022-01-05", resultaat="belde Proef"),
            case(9, 9, DEC, "2021-12-28", ingetrokken_op="2022-01-03"),
        ],
        attempts=[
            "d1;2022-01-05;Avond;Huisbezoek;n",
            "d1;2022-01-05;Ochtend;Huisbezoek;j",
            "d1;2022-01-07;tegen achten;belde Proef;j",
        ],
    )


def deliver_february(small: Small) -> None:
    """The case of 4 looks back at December, where rood reported it for less than the threshold."""
    small.residents(FEB, "1", "4")
    cases = [
        case(2, 3, DEC, "2021-12-29", loopmaand=JAN, resultaat=NOBODY, afgesloten_op="2022-02-10"),
        case(4, 4, JAN, "2022-01-28", loopmaand=FEB, resultaat=INFORMED, afgesloten_op="2022-02-01"),
        case(5, 5, JAN, "2022-01-28"),
    ]
    register(small, FEB, cases)


@dataclass
class Delivered:
    here: Settings
    small: Small
    in_january: dict[str, bytes]
    """What was handed out with January, by month; the rest is as of February."""

    def path(self, month: str = DEC, name: str = "ddas.json") -> Path:
        return self.here.out / A / month / name

    def levering(self, month: str = DEC, name: str = "ddas.json") -> dict[str, Any]:
        (only,) = read(self.path(month, name))["leveringen"]
        return only


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Delivered]:
    folder = tmp_path_factory.mktemp("ddas")
    small = Small(folder)
    (small.config / "municipalities.csv").write_text(
        "municipality_code,name,inhabitants,contact_email\n9101,Aa,1000,schulden@aa.example\n9102,Be,2000,\n"
    )
    (small.config / "ddas_senders.csv").write_text(
        "municipality_code,supplier_code,name,chamber_number,contact_name\n9101,LEV1,Gemeente Aa,12345678,A. de Vries\n"
    )
    deliver(small)
    variables = {"LANDING": str(small.landing), "CONFIG": str(small.config), "OUT": str(folder / "out")}
    with platform(new_home(), **variables) as here:
        for month in (DEC, JAN):
            stepping.run_months(month)
        in_january = {month: (here.out / A / month / "ddas.json").read_bytes() for month in (DEC, JAN)}
        deliver_february(small)
        stepping.run_months(FEB)
        yield Delivered(here, small, in_january)


# --- valid


def by_schema(document: object) -> list[str]:
    if not SCHEMA.is_file():
        pytest.skip(f"the published model is not there ({SCHEMA.name}): tests/ddas_form.py judged alone")
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()), format_checker=FORMATS)
    return [error.json_path for error in schema.iter_errors(document)]


FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER
JUDGES = {"as written out by hand": ddas_form.faults, "by the published model": by_schema}


@pytest.fixture(params=JUDGES)
def judge(request: pytest.FixtureRequest) -> Callable[[object], list[str]]:
    return JUDGES[request.param]


def test_every_file_that_was_handed_out_is_valid(delivered: Delivered, judge: Callable) -> None:
    files = sorted(delivered.here.out.rglob("ddas*.json"))
    assert len(files) >= 5
    assert {str(path): judge(read(path)) for path in files} == {str(path): [] for path in files}


def changed(document: dict, *place: str | int, to: object) -> dict:
    """A copy with another value at a place of its only delivery."""
    fresh = deepcopy(document)
    at = fresh["leveringen"][0]
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = to
    return fresh


def broken(document: dict) -> dict[str, dict]:
    signal, zaak = ("vroegsignalen", 0), ("vroegsignaalzaken", 0)
    return {
        "a date that is none": changed(document, *signal, "signaaldatum", to="2022-02-30"),
        "a date in another form": changed(document, *signal, "ontstaansdatum", to="01-12-2021"),
        "a birth date that is none": changed(
            document, *signal, "client", to={"postcode": "1234QQ", "huisnummer": "1", "geboortedatum": "1980-02-31"}
        ),
        "a day of an attempt": changed(document, *zaak, "contactpogingen", 0, "datum", to="2022-13-01"),
        "a moment without a zone": document | {"aanleverdatumEnTijd": "2022-01-25T06:00:00"},
        "an address of a mail that is none": changed(
            document, "aanleverendeOrganisatie", "contactpersonen", to=[{"email": "schulden"}]
        ),
        "nobody to contact": changed(document, "aanleverendeOrganisatie", "contactpersonen", to=[]),
        "number and address together": changed(
            document, *signal, "client", to={"burgerservicenummer": BSN, "postcode": "1234QQ", "huisnummer": "1"}
        ),
        "number and birth date together": changed(
            document, *signal, "client", to={"burgerservicenummer": BSN, "geboortedatum": "1980-01-01"}
        ),
        "a number of eight digits": changed(document, *signal, "client", to={"burgerservicenummer": BSN[1:]}),
        "a postcode alone": changed(document, *signal, "client", to={"postcode": "1234QQ"}),
        "a name": changed(
            document, *signal, "client", to={"postcode": "1234QQ", "huisnummer": "1", "achternaam": "Proef"}
        ),
        "a property too many": changed(document, *signal, "klantnummer", to="k1"),
        "cents": changed(document, *signal, "bedrag", to=100.49),
        "an amount in words": changed(document, *signal, "bedrag", to="100"),
        "yes in a word": changed(document, *signal, "crisissignaal", to="j"),
        "a status that is none": changed(document, *signal, "status", to="Gesloten"),
        "a sector that is none": changed(document, *signal, "signaalpartner", "type", to="rent"),
        "an outcome that is none": changed(document, *zaak, "resultaat", to=INFORMED),
        "a kind that is none": changed(document, *zaak, "contactpogingen", 0, "soort", to="belde Proef"),
        "a part of the day that is none": changed(document, *zaak, "contactpogingen", 0, "dagdeel", to="Nacht"),
        "a case with an empty list": changed(document, *zaak, "vroegsignalen", to=[]),
        "no code of the supplier": {name: value for name, value in document.items() if name[:4] != "code"},
        "no code of the municipality": document
        | {"leveringen": [{n: v for n, v in document["leveringen"][0].items() if n != "gemeentecode"}]},
    }


def test_what_is_not_valid_is_seen(delivered: Delivered, judge: Callable) -> None:
    wrong = broken(read(delivered.path()))
    assert [name for name, document in wrong.items() if not judge(document)] == []


def test_the_checks_of_formats_are_there() -> None:
    # Without the package that checks them moments would pass unseen.
    for wrong, form in (("2022-02-30", "date"), ("2022-01-25", "date-time"), ("schulden", "email")):
        assert not FORMATS.conforms(wrong, form), form


# --- complete


def told(levering: dict) -> set[tuple]:
    return {
        (each["signaalpartner"]["type"], each["client"].get("huisnummer"), each["bedrag"], each["status"])
        for each in levering["vroegsignalen"]
    }


def test_every_accepted_signal_is_there_once_with_its_status(delivered: Delivered) -> None:
    # Of 1 rood knows the number. 2 is the home 2 a2, which the register of residents does not have.
    nobody = "Persoon is geen inwoner (meer) in de gemeente"
    assert told(delivered.levering()) == {
        ("Huur", None, 100, "Opgepakt"), ("Water", "1", 60, "Opgepakt"),
        ("Huur", "2", 101, nobody), ("Water", "2", 60, nobody),
        ("Huur", "3", 100, "Opgepakt"), ("Water", "3", 60, "Opgepakt"), ("Huur", "4", 0, "Opgepakt"),
    }  # fmt: skip
    assert len(delivered.levering()["vroegsignalen"]) == 7
    counted = Counter(
        {(row["month"], row["sector"]): int(row["signals"]) for row in reading.rows(
            delivered.here,
            "select to_char(signal_month, 'YYYY-MM') as month, sector, sum(signals) as signals"
            f" from mart.signals_by_month_creditor where municipality_code = '{A}' group by 1, 2", "bi",
        )}
    )  # fmt: skip
    partners = {"Huur": "rent", "Water": "water", "Zorg": "health"}
    assert counted == Counter(
        (month, partners[each["signaalpartner"]["type"]])
        for month in (DEC, JAN, FEB)
        for each in delivered.levering(month)["vroegsignalen"]
    )


def test_a_client_is_told_by_number_or_else_by_address(delivered: Delivered) -> None:
    clients = [each["client"] for each in delivered.levering()["vroegsignalen"]]
    assert {"burgerservicenummer": BSN} in clients
    assert {
        "geboortedatum": "1980-02-29", "postcode": "1234QQ", "huisnummer": "2", "huisnummertoevoeging": "a2"
    } in clients  # fmt: skip
    assert {"postcode": "1234QQ", "huisnummer": "2", "huisnummertoevoeging": "A-2"} in clients
    assert {"postcode": "1234QQ", "huisnummer": "4"} in clients
    text = delivered.path().read_text()
    for never in ("Proef", '"k1"', '"s1"', "rood", '"d1"'):
        assert never not in text


def test_of_what_is_not_known_nothing_threatens_and_nobody_agreed(delivered: Delivered) -> None:
    signals = delivered.levering()["vroegsignalen"]
    assert [each["bedrag"] for each in signals if each["crisissignaal"]] == [100]
    (warm,) = [each for each in signals if each["warmeOverdracht"]]
    assert (warm["client"]["huisnummer"], warm["bedrag"]) == ("3", 100)


def test_cases_stand_in_the_month_of_their_match_with_its_signals(delivered: Delivered) -> None:
    levering = delivered.levering()
    numbers = {each["ID"]: each for each in levering["vroegsignalen"]}
    cases = levering["vroegsignaalzaken"]
    # d1; d2, which has the signals of 3; and d8, which is the same match once more. d9 was withdrawn.
    assert [zaak["datumOpgepakt"] for zaak in cases] == ["2021-12-28", "2021-12-29", "2022-01-05"]
    assert [sorted(numbers[each["ID"]]["bedrag"] for each in zaak.get("vroegsignalen", [])) for zaak in cases] == [
        [60, 100], [60, 100], []
    ]  # fmt: skip
    assert {(zaak["matchingsdatum"], zaak["startdatumMatchingperiode"], zaak["einddatumMatchingperiode"])
            for zaak in cases} == {("2021-12-25", "2021-09-26", "2021-12-25")}  # fmt: skip
    assert [zaak.get("resultaat") for zaak in cases] == [
        "Vervolghulp en/of verwijzing financieel", "Definitief geen contact kunnen krijgen", None,
    ]  # fmt: skip
    # The case of 4 picked up what rood reported in December; it is January's, and there it has the signal of wit.
    (of_four, of_five) = delivered.levering(JAN)["vroegsignaalzaken"]
    assert len(of_four["vroegsignalen"]) == 1
    assert (of_four["resultaat"], "resultaat" in of_five) == ("(Budget)advies en/of quick fix", False)
    counted = rows(
        delivered.here,
        "select to_char(signal_month, 'YYYY-MM'), total from mart.dossiers_by_month"
        f" where municipality_code = '{A}' order by 1",
    )
    assert [(month, len(delivered.levering(month)["vroegsignaalzaken"])) for month in (DEC, JAN)] == counted


def test_attempts_in_national_codes_without_what_is_on_no_list(delivered: Delivered) -> None:
    first, second, _ = delivered.levering()["vroegsignaalzaken"]
    assert first["contactpogingen"] == [
        {"soort": "Huisbezoek", "bereikt": True, "datum": "2022-01-05", "dagdeel": "Ochtend"},
        {"soort": "Huisbezoek", "bereikt": False, "datum": "2022-01-05", "dagdeel": "Avond"},
        {"soort": "Overige", "bereikt": True, "datum": "2022-01-07"},
    ]
    # February's file no longer tells of the flyer.
    assert second["contactpogingen"] == []
    as_of_january = json.loads(delivered.in_january[DEC])["leveringen"][0]["vroegsignaalzaken"]
    assert as_of_january[1]["contactpogingen"] == [{"soort": "Kaartje", "bereikt": True, "datum": "2022-01-12"}]


def test_the_outcome_of_a_case_is_that_of_its_signals(delivered: Delivered) -> None:
    # Derived in two places: some cases have no signal.
    told_twice = rows(
        delivered.here,
        "select status.outcome as of_signal, told.outcome as of_case from core.signal_status as status"
        " inner join core.ddas_case as told using (municipality_code, dossier_id)",
    )
    assert len(told_twice) > 5
    assert [pair for pair in told_twice if pair[0] != pair[1]] == []


def test_a_quarter_is_one_delivery_in_which_cases_have_all_their_signals(delivered: Delivered) -> None:
    done = CliRunner().invoke(app, ["ddas", "--from", DEC, "--to", FEB, "--municipality", A])
    assert (done.exit_code, done.output) == (0, f"Written: {delivered.path(FEB, f'ddas-{DEC}.json')}\n")
    quarter = delivered.levering(FEB, f"ddas-{DEC}.json")
    whole = read(delivered.path(FEB, f"ddas-{DEC}.json"))
    assert (whole["startdatumLevering"], whole["einddatumLevering"]) == ("2021-11-26", "2022-02-25")
    single = [each for month in (DEC, JAN, FEB) for each in delivered.levering(month)["vroegsignalen"]]
    by_id = {each["ID"]: each for each in quarter["vroegsignalen"]}
    assert by_id == {each["ID"]: each for each in single}
    assert len(quarter["vroegsignalen"]) == len(single) == 11
    (of_four,) = [zaak for zaak in quarter["vroegsignaalzaken"] if zaak.get("resultaat", "").startswith("(Budget)")]
    assert sorted(by_id[each["ID"]]["bedrag"] for each in of_four["vroegsignalen"]) == [0, 90]


# --- who delivers, when


def test_who_delivers_is_configured_and_otherwise_the_municipality(delivered: Delivered) -> None:
    whole = read(delivered.path())
    assert whole["codeGegevensleverancier"] == "LEV1"
    levering = delivered.levering()
    assert (levering["teller"], levering["gemeentecode"]) == (1, A)
    assert levering["aanleverendeOrganisatie"] == {
        "naam": "Gemeente Aa",
        "kvk-nummer": "12345678",
        "contactpersonen": [{"naam": "A. de Vries", "email": "schulden@aa.example"}],
    }
    other = read(delivered.here.out / B / DEC / "ddas.json")
    assert other["codeGegevensleverancier"] == B
    assert other["leveringen"][0]["aanleverendeOrganisatie"] == {"naam": "Be", "contactpersonen": [{"naam": "Be"}]}
    assert other["leveringen"][0]["vroegsignalen"] == []


def test_it_is_dated_on_the_month_as_of_which_it_is_told(delivered: Delivered) -> None:
    before, now = json.loads(delivered.in_january[DEC]), read(delivered.path())
    assert (before["aanleverdatumEnTijd"], now["aanleverdatumEnTijd"]) == (
        "2022-01-25T06:00:00+01:00", "2022-02-25T06:00:00+01:00",
    )  # fmt: skip
    assert (now["startdatumLevering"], now["einddatumLevering"]) == ("2021-11-26", "2021-12-25")
    ddas.write(delivered.here, A, Month.parse(DEC), Month.parse(DEC), datetime.fromisoformat("2022-07-01T09:00+02:00"))
    assert read(delivered.path())["aanleverdatumEnTijd"] == "2022-07-01T09:00:00+02:00"
    ddas.write(delivered.here, A, Month.parse(DEC), Month.parse(DEC))


def test_the_same_facts_give_the_same_bytes(delivered: Delivered) -> None:
    now = {month: delivered.path(month).read_bytes() for month in (DEC, JAN, FEB)}
    outbox.hand_out(Month.parse(JAN))
    assert {month: delivered.path(month).read_bytes() for month in now} == now
    # As January knew them, they are what was handed out then.
    evaluation.evaluate(delivered.here, Month.parse(JAN))
    outbox.hand_out(Month.parse(JAN))
    assert {month: delivered.path(month).read_bytes() for month in (DEC, JAN)} == delivered.in_january
    # Of February nothing is known then: what was told of it stays.
    assert delivered.path(FEB).read_bytes() == now[FEB]
    done = CliRunner().invoke(app, ["ddas", "--to", FEB])
    assert "evaluated as of 2022-01" in str(done.exception)
    evaluation.evaluate(delivered.here)
    outbox.hand_out(Month.parse(FEB))
    assert {month: delivered.path(month).read_bytes() for month in now} == now


def test_months_of_which_there_is_nothing_else_to_tell_are_not_written_again(delivered: Delivered) -> None:
    here, senders = delivered.here, delivered.small.config / "ddas_senders.csv"
    assert ddas.write_again(here, A) == 0
    # Of a case of December other attempts are told, and then the same as before.
    for _ in range(2):
        with warehouse.connect(here, "transformer") as connection:
            connection.execute("update core.ddas_attempt set is_reached = not is_reached where dossier_id = 'd1'")
        assert ddas.write_again(here, A) == 1
    before = senders.read_text()
    for text in (before.replace("LEV1", "LEV2"), before):
        senders.write_text(text)
        with warehouse.connect(here, "loader") as connection:
            configuration.load(here, connection)
        assert ddas.write_again(here, A) == 3


def test_a_month_that_waits_for_a_decision_takes_nothing_away(delivered: Delivered) -> None:
    transform.derive(Month.parse(FEB))
    assert ddas.write(delivered.here, A, Month.parse(DEC), Month.parse(DEC)) == delivered.path()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--from", "2022-1"), "is not a month"),
        (("--from", FEB, "--to", DEC), "lies before the first"),
        (("--to", MAR), "evaluated as of 2022-02"),
        (("--municipality", "0000"), "nothing of municipality 0000"),
        (("--at", "gisteren"), "is not a moment"),
    ],
)
@pytest.mark.usefixtures("delivered")
def test_what_cannot_be_delivered_is_said(typed: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, ["ddas", *typed])
    assert said in str(done.exception)


# --- pages


SIGNAL = v1_2.Signal(
    "a", None, False, False, 1, date(2022, 1, 1), date(2022, 1, 2), "Opgepakt", "Huur", BSN, None, "1234QQ", 1, None
)  # fmt: skip


def units(*sizes: int | None) -> Iterator[tuple]:
    """Cases with so many signals; None is a signal without a case."""
    for place, size in enumerate(sizes):
        own = [v1_2.signal(replace_key(f"{place}-{number}")) for number in range(1 if size is None else size)]
        yield (None if size is None else {"vroegsignalen": [{"ID": each["ID"]} for each in own]}), own


def replace_key(key: str) -> v1_2.Signal:
    return SIGNAL._replace(signal_key=key)


def written(folder: Path, *sizes: int | None, most: int = 3) -> list[tuple[int, int, int]]:
    pages = Pages(folder / "ddas.json", {"a": 1}, most).write(({"teller": n} for n in range(1, 99)), units(*sizes))
    found = []
    for page in range(1, pages + 1):
        (only,) = read(folder / ("ddas.json" if page == 1 else f"ddas.{page}.json"))["leveringen"]
        there = {each["ID"] for each in only["vroegsignalen"]}
        assert {each["ID"] for zaak in only["vroegsignaalzaken"] for each in zaak["vroegsignalen"]} <= there
        found.append((only["teller"], len(only["vroegsignalen"]), len(only["vroegsignaalzaken"])))
    assert len(list(folder.iterdir())) == pages
    return found


def test_a_page_holds_no_more_than_it_may_and_a_case_with_its_signals(tmp_path: Path) -> None:
    assert written(tmp_path, 2, 2, None, None, None) == [(1, 2, 1), (2, 3, 1), (3, 2, 0)]
    # Pages that there are no more go, and nothing is a page too.
    assert written(tmp_path, 2) == [(1, 2, 1)]
    assert written(tmp_path) == [(1, 0, 0)]
    # Cases without signals fill a page as well; a case that is too large has one to itself.
    assert written(tmp_path, 0, 0, 0, 0, 4, None) == [(1, 0, 3), (2, 0, 1), (3, 4, 1), (4, 1, 0)]


def test_what_could_not_be_finished_leaves_what_was_there(tmp_path: Path) -> None:
    written(tmp_path, 2, 2)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def breaking() -> Iterator[tuple]:
        yield from units(2, 2, 2)
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 (as the disk says it)
        Pages(tmp_path / "ddas.json", {}, 3).write(({"teller": n} for n in range(9)), breaking())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# --- codes


def test_what_the_mapping_loses_is_named() -> None:
    here = replace(settings.load(), config=ROOT / "dbt_project" / "seeds")
    seeds = {name: seed(here, name) for name in ("ddas_codes", "labels", "code_lists", "sectors")}
    lists = {"outcome": {
        each["code"]: each["label"] for each in seeds["labels"] if each["list"] == "national_outcome"
    }}  # fmt: skip
    for each in seeds["ddas_codes"]:
        if each["ddas"]:
            lists.setdefault(each["list"], {})[each["code"]] = each["ddas"]
    losses = {(each["list"], each["code"]) for each in seeds["ddas_codes"] if each["loss"]}
    for name in ("outcome", "contact_kind", "part_of_day"):
        # Every local code has a national one.
        assert {each["code"] for each in seeds["code_lists"] if each["list"] == name} <= lists[name].keys()
    assert {each["sector"] for each in seeds["sectors"]} <= lists["sector"].keys()
    for name, codes in lists.items():
        shared = [national for national, times in Counter(codes.values()).items() if times > 1]
        merged = {(name, code) for code, national in codes.items() if national in shared}
        # The code that says the same keeps what it says.
        merged -= {(name, code) for code in codes if code == codes[code]}
        assert merged <= losses, name


def test_the_writer_and_the_judge_know_the_same_codes() -> None:
    assert set(exchange_model.PARTNERS) == ddas_form.PARTNERS
    assert set(exchange_model.CONTACT_KINDS) == ddas_form.KINDS
    assert set(exchange_model.PARTS_OF_DAY) == ddas_form.PARTS
    assert set(exchange_model.STATUSES) == ddas_form.STATUSES
    assert set(exchange_model.OUTCOMES) == ddas_form.OUTCOMES
    assert tuple(ddas.MODELS) == exchange_model.VERSIONS


@pytest.mark.parametrize(
    ("file", "row_", "said"),
    [
        ("ddas_senders", {"version": "1.1"}, r"version 1\.1 of DDAS cannot be delivered; those that can: 1\.2"),
        ("ddas_codes", {"list": "sector", "code": "x", "ddas": "Telefoon"}, "no code of DDAS for sector; those are"),
        ("ddas_codes", {"list": "hobby", "code": "x", "ddas": "Huur"}, "for hobby; those are: none"),
        ("signal_statuses", {"status": "Gesloten", "outcome": None}, "no code of DDAS"),
        ("signal_statuses", {"status": "Opgepakt", "outcome": "Klaar"}, "no code of DDAS"),
        ("labels", {"list": "national_outcome", "code": NOBODY, "label": "Klaar"}, "'Klaar' is no outcome of DDAS"),
    ],
)
def test_a_version_or_code_that_is_not_of_the_model_is_refused(file: str, row_: dict, said: str) -> None:
    here = replace(settings.load(), config=ROOT / "dbt_project" / "seeds")
    rows_of = {name: seed(here, name) for name in TABLES}
    check(rows_of)
    rows_of[file].append({**dict.fromkeys(TABLES[file].columns), **row_, "reason": "x", "place": f"{file}.csv"})
    with pytest.raises(PlatformError, match=said):
        check(rows_of)


@pytest.mark.parametrize("name", ["sector", "contact_kind"])
def test_the_codes_without_a_row_of_their_own_have_one_together(name: str) -> None:
    here = replace(settings.load(), config=ROOT / "dbt_project" / "seeds")
    rows_of = {each: seed(here, each) for each in TABLES}
    rows_of["ddas_codes"] = [each for each in rows_of["ddas_codes"] if (each["list"], each["code"]) != (name, "*")]
    with pytest.raises(PlatformError, match=rf"no row {name},\*"):
        check(rows_of)


def seed(here: Settings, name: str) -> list[dict]:
    return files.read(here, TABLES[name])


# --- who reads, and who was erased


def test_who_delivered_is_noted(delivered: Delivered) -> None:
    before = len(rows(delivered.here, "select 1 from quality.list_read where list = 'ddas'"))
    ddas.write(delivered.here, A, Month.parse(DEC), Month.parse(FEB))
    noted = rows(
        delivered.here,
        "select signal_month::text, read_by from quality.list_read where list = 'ddas' order by read_at, 1"
        f" offset {before}",
    )
    assert noted == [(f"{month}-01", "loader") for month in (DEC, JAN, FEB)]


def test_only_who_owns_them_can_open_the_files(delivered: Delivered) -> None:
    for path in delivered.here.out.rglob("ddas*.json"):
        assert path.stat().st_mode & 0o077 == 0


def test_who_is_erased_is_in_no_delivery_and_counts_elsewhere_stay(delivered: Delivered) -> None:
    here = delivered.here
    CliRunner().invoke(app, ["ddas", "--from", DEC, "--to", FEB, "--municipality", A])
    counts = "select signal_month, creditor, signals from mart.signals_by_month_creditor order by 1, 2"
    cases = "select signal_month, total from mart.dossiers_by_month order by 1"
    published = rows(here, counts), rows(here, cases)
    assert BSN in delivered.path().read_text()
    gone = {each["ID"] for each in delivered.levering()["vroegsignalen"]
            if each["client"].get("huisnummer") == "1" or "burgerservicenummer" in each["client"]}  # fmt: skip
    assert len(gone) == 2

    erasing.erase(here, Person(A, BSN, "1234QQ", 1), "A. de Vries", "verzoek 12")

    assert (rows(here, counts), rows(here, cases)) == published
    for month, name in ((DEC, "ddas.json"), (JAN, "ddas.json"), (FEB, f"ddas-{DEC}.json")):
        levering = delivered.levering(month, name)
        assert not gone & {each["ID"] for each in levering["vroegsignalen"]}
        assert BSN not in delivered.path(month, name).read_text()
        assert ddas_form.faults(read(delivered.path(month, name))) == []
    # The case of 1 went with it; those of 3 are there.
    assert len(delivered.levering()["vroegsignalen"]) == 5
    assert [zaak["datumOpgepakt"] for zaak in delivered.levering()["vroegsignaalzaken"]] == ["2021-12-29", "2022-01-05"]
    # Also when all is derived again.
    stepping.publish(FEB)
    assert not gone & {each["ID"] for each in delivered.levering()["vroegsignalen"]}


def test_a_copy_of_a_delivery_is_none_and_goes_with_an_erasure(delivered: Delivered) -> None:
    for name in ("ddas.kopie.json", "ddas-oud.json"):
        shutil.copy(delivered.path(), delivered.path(JAN, name))
    gone = erasing.files.strays(delivered.here, A, [Month.parse(JAN)])
    assert {f"out/{A}/{JAN}/ddas.kopie.json", f"out/{A}/{JAN}/ddas-oud.json"} <= gone.keys()
    assert f"out/{A}/{JAN}/ddas.json" not in gone


def test_past_their_term_the_files_go_and_do_not_come_back(delivered: Delivered) -> None:
    here = delivered.here
    assert delivered.path(FEB, f"ddas-{DEC}.json").exists()
    erasing.purge(here, date(2022, 7, 24), "nacht")
    assert delivered.path(JAN).exists()
    assert not delivered.path(DEC).exists()
    stepping.publish(FEB)
    assert not delivered.path(DEC).exists()
    erasing.purge(here, date(2030, 1, 1), "nacht")
    assert list(here.out.rglob("ddas*.json")) == []


def test_before_an_evaluation_there_is_nothing_to_deliver(tmp_path: Path, new_home: Callable[[], Path]) -> None:
    small = Small(tmp_path)
    with platform(new_home(), LANDING=str(small.landing), CONFIG=str(small.config)) as here:
        assert ddas.write(here, A, Month.parse(DEC), Month.parse(DEC)) is None
        done = CliRunner().invoke(app, ["ddas"])
        assert "no month was matched yet" in str(done.exception)
        assert warehouse.server(here).exists()
