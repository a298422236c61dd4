"""No value of a person is anywhere but where it belongs: everything that months, people and failures wrote is searched.

Two months go through Airflow, and a third in which people answer questions, a walking list comes back, and steps fail.
Rows are accepted, held, released and rejected, files are unreadable; everything in them is marked.
"""

from __future__ import annotations

import base64
import gzip
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
import stepping
from asking import answer_in_airflow
from canaries import DIRECT, MARKERS, in_database, in_files, marks
from conftest import manifest, notices, places, platform, rows
from evaluating import ATTEMPT, CASE, CLAIM, HELP, case
from filled_lists import filled_in
from oracle.small_landing import DEC, FEB, JAN, MAR, A, Small

from vroegsignaal import approval, contract, privacy, review, transform, warehouse
from vroegsignaal.months import Month
from vroegsignaal.settings import ROOT, Settings

pytestmark = pytest.mark.long

COMMAND = Path(sys.executable).with_name("vroegsignaal")
REMARK = "mevrouw Kanarielied was boos"
ATTEMPTS = ("staging.stg_contact_attempt", "core.contact_attempt")
SIGNAL_COLUMNS = (
    "signaal_id;klantnummer;bsn;voorletters;voorvoegsel;achternaam;geboortedatum;straatnaam;huisnummer;postcode;"
    "woonplaats;telefoonnummer;email;bedrag;ontstaansdatum;signaaldatum"
)
BRP_COLUMNS = (
    "bsn;voorletters;voorvoegsel;geslachtsnaam;partnernaam;naamgebruik;geboortedatum;straatnaam;huisnummer;postcode;"
    "woonplaats;wijk"
)


def bird(month: str, number: int, **changes: str) -> str:
    """A signal of the marked household with a house number, in which everything about the person is marked."""
    values = {
        "signaal_id": f"Kanariesein{month}{number}",
        "klantnummer": f"Kanarieklant{number}",
        "bsn": "999971116",
        "voorletters": "Kanarievoorlet",
        "voorvoegsel": "Kanarievoorvoeg",
        "achternaam": "Kanarieveer",
        "geboortedatum": "1903-02-05",
        "straatnaam": "Kanariesteeg",
        "huisnummer": str(number),
        "postcode": "9919ZQ",
        "woonplaats": "Kanariedorp",
        "telefoonnummer": "0699918273",
        "email": "kanariepost@nest.example",
        "bedrag": "300",
        "ontstaansdatum": f"{month}-01",
        "signaaldatum": f"{month}-10",
    }
    assert not changes.keys() - values.keys()
    return ";".join((values | changes).values())


def put_signals(small: Small, month: str, file: str, *lines: str, header: str = SIGNAL_COLUMNS) -> None:
    small.put(month, f"signals/{file}.csv", "\n".join([header, *lines]) + "\n")


def put_residents(small: Small, month: str) -> None:
    person = "Kanarievoorlet;Kanarievoorvoeg;Kanarieveer;Kanariegade;P;1903-02-05"
    resident = f"999972224;{person};Kanariesteeg;{{}};9919ZQ;Kanariedorp;Wijk 1"
    held = "999972225;Kanarievoorlet;;Kanarieveer;;;05-02-1903;Kanariesteeg;7;9919ZQ;Kanariedorp;Wijk 1"
    people = [resident.format(number) for number in (1, 2, 3, 4, 5, 6)]
    small.put(month, "brp/personen.csv", "\n".join([BRP_COLUMNS, *people, held]) + "\n")


def deliver_two_months(small: Small) -> None:
    """December: two households match. January: besides, whatever can be wrong with a delivery."""
    for month in (DEC, JAN):
        put_residents(small, month)
        small.put(
            month,
            "shv/trajecten.csv",
            "traject_id;bsn;postcode;huisnummer;startdatum\nt1;999971116;9919ZQ;4;2021-01-01\n",
        )
    for creditor in ("rood", "wit"):
        put_signals(small, DEC, creditor, bird(DEC, 1), bird(DEC, 2, bedrag="400"))
    put_signals(
        small,
        JAN,
        "rood",
        bird(JAN, 1),
        bird(JAN, 3),
        # Quarantined: each with a value that cannot be read, and one that stands there twice.
        bird(JAN, 11, bedrag="Kanarieveer"),
        bird(JAN, 12, postcode="9919ZQ Kanariesteeg"),
        bird(JAN, 13, huisnummer="Kanariesteeg 13"),
        bird(JAN, 14, geboortedatum="Kanarieveer 1903"),
        bird(JAN, 15, bsn="9999711160"),
        bird(JAN, 16, ontstaansdatum="Kanarieveer", signaaldatum="0699918273"),
        bird(JAN, 17, achternaam=""),
        bird(JAN, 3),
        # Held for its amount alone, and released by hand.
        bird(JAN, 2, bedrag="30000"),
    )
    # Rejected: no text, a ragged row, a quotation mark without end, no header, a creditor that nobody knows.
    put_signals(
        small, JAN, "wit", *(f"{bird(JAN, number)};x" for number in (1, 3)), header=f"{SIGNAL_COLUMNS};opmerking"
    )
    put_signals(small, JAN, "blauw", bird(JAN, 1), f"{bird(JAN, 3)};Kanarieveer;Kanariesteeg")
    put_signals(small, JAN, "blauw.2", f'{bird(JAN, 1)[:-4]}"{bird(JAN, 3)}')
    put_signals(small, JAN, "blauw.3", bird(JAN, 1), header=bird(JAN, 3))
    small.put(JAN, "signals/blauw.4.csv", (SIGNAL_COLUMNS + "\n" + bird(JAN, 1)).encode("utf-16"))
    small.put(JAN, "signals/blauw.5.csv", (SIGNAL_COLUMNS + "\n" + bird(JAN, 1) + "\xeb\xff").encode("latin-1"))
    put_signals(small, JAN, "onbekend", bird(JAN, 1))
    # Names and numbers of customers in the place of a creditor: in a column that shifted, and in the name of a file.
    put_signals(
        small,
        JAN,
        "portaal",
        *(f"{said};{bird(JAN, 21)}" for said in ("Kanarieveer", "999971116", "0699918273")),
        header=f"crediteur;{SIGNAL_COLUMNS}",
    )
    put_signals(small, JAN, "999972224", bird(JAN, 22))
    small.put(JAN, "signals/rood.intrekking.csv", f"signaal_id;reden;datum\nKanariesein{DEC}2;{REMARK};2022-01-12\n")


def deliver_february(small: Small, workbook: bytes, number: str) -> None:
    """What people typed about the households: a walking list that comes back, and an export of the registration."""
    put_residents(small, FEB)
    told = {"resultaat": REMARK, "samenstelling": REMARK, "oorzaken": REMARK, "overige_problematiek": f"x|{REMARK}"}
    about = case(1, 1, DEC, "2021-12-28", loopmaand=JAN, totaal_bedrag="300", **told).replace("1234QQ", "9919ZQ")
    files = {
        "dossiers": (CASE, about, about.replace("2021-12-28", "Kanarieveer")),
        "dossier_signalen": (CLAIM, f"d1;{REMARK};300"),
        "contactpogingen": (ATTEMPT, f"d1;2022-01-05;{REMARK};{REMARK};j", f"d1;{REMARK};Avond;Huisbezoek;j"),
        "hulptrajecten": (HELP, f"d1;{REMARK};{REMARK};2022-01-20;;"),
    }
    for file, lines in files.items():
        small.put(FEB, f"ris/{file}.csv", "\n".join(lines) + "\n")
    filled = {
        "resultaat": REMARK, "poging_1_datum": "2022-01-05", "poging_1_dagdeel": REMARK, "poging_1_soort": REMARK,
        "poging_1_bereikt": "j",
    }  # fmt: skip
    small.put(FEB, "ris/looplijst.xlsx", filled_in_anyway(workbook, number, filled))
    for creditor in ("rood", "wit"):
        put_signals(small, FEB, creditor, bird(FEB, 2), bird(FEB, 3), bird(FEB, 5, bedrag="30000"))


def filled_in_anyway(workbook: bytes, number: str, filled: dict) -> bytes:
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        Path(file.name).write_bytes(workbook)
        return filled_in(Path(file.name), {number: filled})


@dataclass
class Written:
    """What was said on the way, and where everything else was written."""

    here: Settings
    small: Small
    temporary: Path
    started: float
    said: dict[str, str]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Written]:
    small = Small(tmp_path_factory.mktemp("canaries"))
    configure(small)
    deliver_two_months(small)
    home = new_home()
    temporary = home.parent / "temporary"
    temporary.mkdir(mode=0o777)
    with platform(home, **places(small)) as here, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", None)
        done = Written(here, small, temporary, time.time(), {})
        run(done)
        yield done


def configure(small: Small) -> None:
    (small.config / "creditors.csv").write_text(
        "creditor,name,sector,contact_email\nrood,Rood,rent,post@rood.example\nblauw,Blauw,water,post@blauw.example\n"
        "wit,Wit,health,post@wit.example\ngroen,Groen,energy,\ngeel,Geel,health,\n"
    )
    (small.config / "municipalities.csv").write_text(
        f"municipality_code,name,inhabitants,contact_email\n{A},Aa,1000,vroeg@aa.example\n9102,Be,2000,\n"
    )
    (small.config / "portals.csv").write_text("portal,creditor_column\nportaal,crediteur\n")
    with (small.config / "policy.csv").open("a") as policy:
        policy.write(f"{A},2020-01-01,reserve_size,,1\n")


def run(done: Written) -> None:
    """The months, what people do in between, and what goes wrong."""
    here, small = done.here, done.small
    type_command(done, 0, "replay", "--landing", here.landing, "--from", DEC, "--to", JAN)
    type_command(
        done, 0, "release", "--municipality", A, "--month", JAN, "--creditor", "rood", "--line", "12",
        "--by", "vries", "--reason", "nagevraagd",
    )  # fmt: skip
    folder = here.out / A / DEC
    numbers = {row["huisnummer"]: row["zaaknummer"] for row in notices(here, "looplijst.csv", DEC)}
    deliver_february(small, (folder / "looplijst.xlsx").read_bytes(), numbers["1"])
    stepping.receive(FEB)
    transform.derive(Month.parse(FEB))
    by_a_person = replace(here, approval="person")
    answered = {"chosen_options": [review.HUNDREDTH], "params_input": {"reden": review.REASONS[0]}}
    answer_in_airflow(by_a_person, "review_held", "review_row.ask", FEB, [answered] * 2)
    given = {"chosen_options": [approval.APPROVE], "params_input": {"reden": approval.REASONS[3], "ruilen": ""}}
    answer_in_airflow(by_a_person, "approve_selection", "decide_on.ask", FEB, [given])
    type_command(done, 0, "evaluate", "--as-of", FEB)
    let_steps_fail(done)


def let_steps_fail(done: Written) -> None:
    """A constraint that refuses marked rows: in dbt, through Airflow, and at the door."""
    put_residents(done.small, MAR)
    for creditor in ("rood", "wit"):
        put_signals(done.small, MAR, creditor, bird(MAR, 2), bird(MAR, 3))
    change(
        done.here, "alter table core.signal add constraint no_birds check (signal_id not like 'Kanariesein2022-03%')"
    )
    type_command(done, 1, "month", MAR)
    change(done.here, "alter table core.signal drop constraint no_birds")
    change(
        done.here,
        "alter table quality.accepted_signals add constraint no_birds check (achternaam <> 'Kanarieveer') not valid",
    )
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        stepping.receive(MAR)
    done.said["the door"] = "".join(traceback.format_exception(refused.value))
    change(done.here, "alter table quality.accepted_signals drop constraint no_birds")
    # A view that reads a text as a number: nothing but a cast on the way.
    change(done.here, "create view quality.numbers as select achternaam::integer as one from quality.accepted_signals")
    change(done.here, "grant select on quality.numbers to transformer")
    with pytest.raises(psycopg.errors.InvalidTextRepresentation) as cast:
        rows(done.here, "select one from quality.numbers")
    done.said["a cast"] = "".join(traceback.format_exception(cast.value))
    change(done.here, "drop view quality.numbers")


def change(here: Settings, statement: str) -> None:
    with warehouse.connect(here, "owner") as connection:
        connection.execute(statement)


def type_command(done: Written, code: int, *words: str) -> None:
    typed = subprocess.run([COMMAND, *words], capture_output=True, text=True, check=False)
    done.said[" ".join(words)] = typed.stdout + typed.stderr
    assert typed.returncode == code, typed.stdout + typed.stderr


# --- where markers belong


def test_every_kind_of_delivery_was_among_them(written: Written) -> None:
    statuses = rows(written.here, "select status, count(*) from raw.drop_ledger where feed = 'signals' group by 1")
    assert dict(statuses).keys() == {"accepted", "rejected"}
    assert rows(written.here, "select creditor, rows_rejected from raw.drop_ledger where portal is not null") == [
        ("onbekend", 3)
    ]
    held = dict(rows(written.here, "select rule, count(*) from quality.finding group by 1"))
    assert held.keys() >= {
        *("unreadable", "columns_missing", "unknown_creditor", "amount_invalid", "postcode_invalid", "bsn_invalid"),
        *("house_number_invalid", "date_invalid", "value_missing", "duplicate_household", "amount_implausible"),
    }
    assert rows(written.here, "select count(*) from quality.release where not kept")[0][0] == 3
    assert rows(written.here, "select approved_by from decision.approval where not automatic") == [("admin",)]
    assert rows(written.here, "select count(*) from quality.walked_case")[0][0] == 1
    assert rows(written.here, "select count(*) from mart.outcomes")[0][0] > 0
    assert "no_birds" in written.said[f"month {MAR}"]


def test_in_the_warehouse_markers_are_in_columns_of_their_class_and_in_all_of_these(written: Written) -> None:
    classes = privacy.of_other_tables(contract.feeds().values()) | privacy.of_models(manifest(written.here))
    with warehouse.connect(written.here, "owner") as connection:
        found = in_database(connection)
    # As received, a column may hold anything.
    judged = {column: kinds for column, kinds in found.items() if not column.startswith("raw.")}
    for column, kinds in judged.items():
        allowed = {"direct": DIRECT, "remark": {"remark"}, "pseudonym": {"signal"}}.get(classes.get(column), set())
        assert kinds <= allowed, f"{column} ({classes.get(column)}): {kinds}"
    # And that they are found where they should be shows that they are looked for.
    assert {column for column, kinds in judged.items() if kinds & DIRECT} == {
        *(f"quality.accepted_signals.{name}" for name in SIGNAL_COLUMNS.split(";")[1:8]),
        *(f"quality.accepted_signals.{name}" for name in ("postcode", "woonplaats", "telefoonnummer", "email")),
        *(f"quality.accepted_brp.{name}" for name in BRP_COLUMNS.split(";")[:5]),
        *(f"quality.accepted_brp.{name}" for name in ("geboortedatum", "straatnaam", "postcode", "woonplaats")),
        *("quality.accepted_shv.bsn", "quality.accepted_shv.postcode", "quality.accepted_ris_dossiers.postcode"),
        *(f"quality.accepted_ris_walking_list.{name}" for name in ("achternaam", "straatnaam", "postcode")),
        *(f"quality.accepted_ris_walking_list.{name}" for name in ("woonplaats", "telefoonnummer")),
        "vault.household.address_key",
    }
    assert {column for column, kinds in judged.items() if "remark" in kinds} == {
        *(
            f"quality.accepted_{name}"
            for name in ("ris_contacts.dagdeel", "ris_contacts.soort", "ris_help.organisatie")
        ),
        *(f"quality.accepted_{name}" for name in ("ris_help.soort", "ris_signals.crediteur", "withdrawals.reden")),
        *(f"quality.accepted_ris_dossiers.{name}" for name in ("resultaat", "samenstelling")),
        *(f"quality.accepted_ris_dossiers.{name}" for name in ("oorzaken", "overige_problematiek")),
        *(f"quality.accepted_ris_walking_list.{name}" for name in ("resultaat", "poging_1_dagdeel", "poging_1_soort")),
        *("quality.walked_case.resultaat", "quality.walked_attempt.dagdeel", "quality.walked_attempt.soort"),
        "quality.standing_withdrawal.reden",
        *(f"staging.stg_dossier.{name}" for name in ("outcome", "composition", "causes", "other_problems")),
        *("staging.stg_dossier_signal.creditor", "staging.stg_withdrawal.reason"),
        *(f"{table}.{name}" for table in ATTEMPTS for name in ("part_of_day", "contact_kind")),
        *(f"{table}.{name}" for table in ("staging.stg_help", "core.help") for name in ("organisation", "help_kind")),
        *(f"core.newest_dossier.{name}" for name in ("outcome", "composition", "causes", "other_problems")),
        "core.dossier.outcome",
    }
    # As received everything is kept, whatever became of it.
    assert set().union(*(kinds for column, kinds in found.items() if column.startswith("raw."))) == set(MARKERS)


def test_in_the_outbox_they_are_in_the_files_for_whom_they_are_meant(written: Written) -> None:
    found = {str(path): kinds for path, kinds in in_files(written.here.out).items()}
    # Of two ways to reach somebody the list tells one.
    lists = {"name", "street", "postcode", "phone"}
    of_creditors = {"customer", "signal"}
    sent = {f"{A}/{month}/meldingen/{creditor}.csv" for month in (DEC, JAN, FEB) for creditor in ("rood", "wit")}
    sent |= {f"{A}/{month}/terugkoppeling/{creditor}.csv" for month in (DEC, JAN, FEB) for creditor in ("rood", "wit")}
    sent |= {f"{A}/{month}/mail/{creditor}.eml" for month in (DEC, JAN, FEB, MAR) for creditor in ("rood", "wit")}
    assert found == {
        **{f"{A}/{month}/looplijst.csv": lists - {"phone"} for month in (DEC, JAN, FEB)},
        **{f"{A}/{month}/looplijst.xlsx": lists for month in (DEC, JAN, FEB)},
        # Of who has a number nothing else is told.
        **{f"{A}/{month}/ddas.json": {"bsn"} for month in (DEC, JAN, FEB)},
        **dict.fromkeys(sent, of_creditors),
        f"{A}/{JAN}/mail/rood.intrekking.eml": {"signal"},
    }
    # The report was written, and searched.
    assert list(written.here.out.rglob("evaluatie.html"))
    assert list(written.here.out.rglob("evaluatie.pdf"))


# --- where they do not


def test_nothing_that_was_said_on_a_screen_or_raised_holds_one(written: Written) -> None:
    assert {name: marks(text.encode()) for name, text in written.said.items() if marks(text.encode())} == {}


def test_no_file_of_the_home_holds_one(written: Written) -> None:
    home = written.here.home
    data = warehouse.server(written.here)._data
    assert {"airflow", "dbt", "postgres"} <= {path.name for path in home.iterdir()}
    assert list((home / "airflow" / "logs").rglob("attempt=*.log"))
    assert warehouse.server(written.here)._log.exists()
    assert in_files(home, data) == {}


def test_airflows_database_holds_none(written: Written) -> None:
    with psycopg.connect(warehouse.server(written.here).uri(warehouse.AIRFLOW_DATABASE)) as connection:
        assert connection.execute("select count(*) from xcom").fetchone()[0] > 10
        assert connection.execute("select count(*) from hitl_detail").fetchone()[0] == 3
        assert in_database(connection) == {}


def test_no_temporary_file_is_left_that_holds_one(written: Written) -> None:
    assert in_files(written.temporary) == {}
    core_files = [path for folder in (ROOT, written.here.home) for path in folder.glob("core*") if path.is_file()]
    assert core_files == []


def test_nothing_was_written_beside_the_home(written: Written) -> None:
    for path in ROOT.rglob("*"):
        if ".git" in path.parts or "tests" in path.parts or "__pycache__" in path.parts or not path.is_file():
            continue
        if path.stat().st_mtime >= written.started:
            assert marks(path.read_bytes()) == set(), path


# --- that they would be found


@pytest.mark.parametrize("kind", MARKERS)
def test_a_marker_is_found_however_it_is_encoded(kind: str, tmp_path: Path) -> None:
    word = MARKERS[kind][0]
    said = f"x{word}, en meer daarna"
    for data in (
        *(said.encode(encoding) for encoding in ("utf-8", "latin-1", "cp1252", "utf-16-le", "utf-16-be")),
        said.upper().encode(),
        said.encode().hex().encode(),
        gzip.compress(said.encode()),
    ):
        assert kind in marks(data)
    if len(word) > 7:
        for before in range(3):
            assert kind in marks(base64.b64encode(b"x" * before + said.encode()))
    with zipfile.ZipFile(tmp_path / "packed.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", said)
    assert in_files(tmp_path) == {Path("packed.xlsx"): {kind}}
    assert marks(b"nothing of the kind") == set()
