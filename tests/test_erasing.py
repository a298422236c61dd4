"""Who is erased is nowhere any more, the tables stay as they were, and nothing brings him back."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

import psycopg
import pytest
import stepping
from conftest import platform, rows
from oracle.small_landing import APR, DEC, FEB, JAN, MAR, A, Small, signal
from typer.testing import CliRunner

from vroegsignaal import accountability, erasing, reading, release, review, warehouse
from vroegsignaal.cli import app
from vroegsignaal.erasing import Person
from vroegsignaal.errors import UsageError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

MONTHS = (DEC, JAN, FEB)
BSN, POSTCODE, NUMBER = "999901771", "9876ZX", 871
MARKS = ("Kanariestein", "kanariestraat", "0687654321", "kanarie@voorbeeld.example", BSN, POSTCODE, "KK-777", "SS-777",
         "DD-777", "TT-777", "belde kanarie")  # fmt: skip
"""What points at the household, or is said about it: surname, street, numbers and so on."""
VERIFIED = "select signal_month, household_id, verified_by, doubt from core.verification order by 1, 2"
PERSON = Person(A, postcode=POSTCODE, number=NUMBER)
SIGNALS = (
    "signaal_id;klantnummer;bsn;achternaam;straatnaam;huisnummer;postcode;telefoonnummer;email;bedrag;ontstaansdatum;"
    "signaaldatum"
)


def of_canary(month: str, creditor: str, amount: str = "150", day: str = "10") -> str:
    signal_day = f"{month}-{day}"
    return (
        f"SS-777-{creditor};KK-777-{creditor};{BSN};Kanariestein;kanariestraat;{NUMBER};{POSTCODE};0687654321;"
        f"kanarie@voorbeeld.example;{amount};{month}-01;{signal_day}"
    )


def of_other(month: str, number: int) -> str:
    return f"s{number};k{number};;Proef;Proefweg;{number};1234QQ;;;100;{month}-01;{month}-10"


def deliver(small: Small) -> None:
    """The canary matches in December, is visited and refuses; a held row and a rejected file name it as well."""
    residents = "\n".join(
        ["bsn;geslachtsnaam;straatnaam;huisnummer;postcode;wijk;opschorting",
         f"{BSN};Kanariestein;kanariestraat;{NUMBER};{POSTCODE};Wijk 1;",
         *(f"999900006;Proef;Proefweg;{number};1234QQ;Wijk 2;" for number in (1, 2, 3))]
    )  # fmt: skip
    for month in MONTHS:
        small.put(month, "brp/personen.csv", residents + "\n")
    for creditor in ("rood", "blauw"):
        lines = [SIGNALS, of_canary(DEC, creditor), of_other(DEC, 1), of_other(DEC, 2)]
        small.put(DEC, f"signals/{creditor}.csv", "\n".join(lines) + "\n")
    small.put(JAN, "signals/rood.csv", "\n".join([SIGNALS, of_canary(JAN, "rood", "99999"), of_other(JAN, 3)]) + "\n")
    small.put(JAN, "signals/wit.csv", "\n".join([SIGNALS, f"{of_canary(JAN, 'wit')};te;veel"]) + "\n")
    small.put(JAN, "signals/rood.intrekking.csv", f"signaal_id;reden;datum\nSS-777-rood;betaald;{JAN}-20\n")
    small.put(
        JAN, "shv/trajecten.csv",
        f"traject_id;postcode;huisnummer;startdatum;einddatum\nTT-777;{POSTCODE};{NUMBER};2020-01-01;2020-06-01\n",
    )  # fmt: skip
    small.put(
        JAN, "ris/dossiers.csv",
        "dossier_id;aangemaakt_op;matchmaand;loopmaand;huisnummer;postcode;resultaat;afgesloten_op;oorzaken;"
        "totaal_bedrag\n"
        f"DD-777;2021-12-28;{DEC};{JAN};{NUMBER};{POSTCODE};klant wil niet geholpen worden;2022-01-15;belde kanarie;"
        "300\n"
        f"d2;2021-12-28;{DEC};{JAN};1;1234QQ;verwezen vrijwillig;2022-01-20;gedrag;200\n",
    )  # fmt: skip
    small.put(JAN, "ris/dossier_signalen.csv",
              "dossier_id;crediteur;bedrag\nDD-777;rood;150\nDD-777;blauw;150\nd2;rood;100\n")  # fmt: skip
    small.put(JAN, "ris/contactpogingen.csv", "dossier_id;datum;dagdeel;soort;bereikt\n"
              "DD-777;2022-01-05;Avond;Huisbezoek;j\nd2;2022-01-05;Avond;Huisbezoek;n\n")  # fmt: skip
    small.signals(FEB, "rood", signal(FEB, 1), signal(FEB, 2))
    small.signals(FEB, "wit", signal(FEB, 1))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    made = Small(tmp_path_factory.mktemp("erasing"))
    deliver(made)
    return made


@pytest.fixture(scope="module")
def here(small: Small, new_home: Callable[[], Path]) -> Iterator[Settings]:
    with platform(new_home(), LANDING=str(small.landing), CONFIG=str(small.config)) as settings:
        stepping.run_months(*MONTHS)
        yield settings


def everything(here: Settings) -> str:
    """Every row of every table of the warehouse, as the owner sees it."""
    with psycopg.connect(warehouse.uri(here)) as connection:
        tables = connection.execute(
            "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema') order by 1"
        ).fetchall()
        return "\n".join(
            f"{table} {row}"
            for (table,) in tables
            for (row,) in connection.execute(f"select t::text from {table} as t")
        )


def marks_in(text: str) -> set[str]:
    return {mark for mark in MARKS if mark in text}


def marts(here: Settings) -> dict[str, list]:
    """What is published, but for the moments at which files arrived."""
    names = rows(here, "select table_name from information_schema.tables where table_schema = 'mart' order by 1")
    return {name: reading.rows(here, f"select * from mart.{name} as t order by t::text", "bi") for (name,) in names}


def files_with_marks(*folders: Path) -> set[str]:
    return {
        f"{path.name}: {mark}"
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".xlsx", ".pdf")
        for mark in marks_in(path.read_text(encoding="utf-8", errors="replace"))
    }


def test_a_request_is_answered_with_all_that_is_held_and_nothing_of_others(here: Settings, tmp_path: Path) -> None:
    answered = tmp_path / "inzage.json"
    erasing.write_export(here, PERSON, answered)
    text = answered.read_text(encoding="utf-8")
    assert marks_in(text) == set(MARKS)
    told = json.loads(text)
    assert {feed: len(rows) for feed, rows in told["aangeleverd"].items()} == {
        "brp": 3, "ris_contacts": 1, "ris_dossiers": 1, "ris_signals": 2, "shv": 1, "signals": 3, "withdrawals": 1,
    }  # fmt: skip
    # It matched once.
    assert [row["signal_month"] for row in told["besluiten"]] == ["2021-12-01"]
    assert "Proefweg" not in text
    assert answered.stat().st_mode & 0o077 == 0
    # By number the same is found.
    assert erasing.held(here, Person(A, bsn=BSN)) == erasing.held(here, PERSON)


def test_a_request_says_whose_data_by_whom_and_why(here: Settings) -> None:
    with pytest.raises(UsageError, match="say whose data"):
        erasing.erase(here, Person(A), "A", "b")
    with pytest.raises(UsageError, match="a name and a reason"):
        erasing.erase(here, PERSON, " ", "b")
    with pytest.raises(UsageError, match="is not a postcode"):
        erasing.erase(here, Person(A, postcode="nee", number=1), "A", "b")


def test_who_is_erased_is_nowhere_and_nothing_that_is_published_changes(here: Settings, small: Small) -> None:
    before, published = everything(here), marts(here)
    verified = rows(here, VERIFIED)
    assert "bsn" in {tier for *_, tier, _ in verified}
    assert marks_in(before) == set(MARKS)
    assert files_with_marks(small.landing, here.out)
    told = erasing.erase(here, PERSON, "", "", dry_run=True)
    assert "Would be erased" in told.told()
    assert everything(here) == before
    originals = small.landing.with_name("originals")
    shutil.copytree(small.landing, originals)

    done = erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
    assert done.counts == told.counts
    assert done.files == told.files
    assert marks_in(everything(here)) == set()
    assert files_with_marks(small.landing, here.out) == set()
    assert marts(here) == published
    assert "Kanariestein" not in done.told()
    proof = json.loads(done.proof.read_text())
    assert (proof["door"], proof["reden"], proof["aantallen"]) == ("A. de Vries", "verzoek 12", done.counts)
    assert marks_in(done.proof.read_text()) == set()

    # The months run again from what is left, and from the same files once more.
    stepping.run_months(*MONTHS)
    assert marts(here) == published
    # There is nothing left to compare with the register: what was found before stays.
    assert rows(here, VERIFIED) == verified
    shutil.rmtree(small.landing)
    shutil.copytree(originals, small.landing)
    stepping.run_months(*MONTHS)
    assert marks_in(everything(here)) == set()
    assert marts(here) == published


@pytest.mark.usefixtures("here")
def test_of_a_drop_with_erased_rows_nothing_can_be_released() -> None:
    wanted = release.Wanted(A, Month.parse(JAN), "rood", line=2)
    with pytest.raises(UsageError, match="were erased"):
        release.release(wanted, "A. de Vries", "klopt")
    assert [row for row in release.held(A) if row[2] == "rood"] == []
    # Nor is anybody asked about it: what was answered could not be recorded.
    assert review.questions(Month.parse(JAN)) == []


def test_a_new_signal_at_the_address_begins_without_a_history(here: Settings, small: Small) -> None:
    small.residents(MAR, "1", "2")
    small.put(
        MAR, "brp/personen.csv",
        f"bsn;geslachtsnaam;huisnummer;postcode;wijk;opschorting\n{BSN};Kanariestein;{NUMBER};{POSTCODE};Wijk 1;\n",
    )  # fmt: skip
    for creditor in ("rood", "wit"):
        small.put(MAR, f"signals/{creditor}.csv", f"{SIGNALS}\n{of_canary(MAR, creditor)}\n")
    stepping.run_months(MAR)
    ((erased,),) = rows(here, "select household_id from vault.household where erased_at is not null")
    (found,) = rows(
        here,
        f"select household_id, role, heropaf from casework.selection where signal_month = '{MAR}-01'",
    )
    # It refused in January; of that nothing is known.
    assert (found[0] != erased, found[1], found[2]) == (True, "selected", False)


def test_what_a_backup_brings_back_is_erased_again_by_the_proof(here: Settings) -> None:
    with psycopg.connect(warehouse.uri(here)) as connection:
        # As in a backup of before: the row is there, and nothing is known of the erasure.
        ((drop, line),) = connection.execute(
            "select drop_id, line_no from quality.accepted_signals where erased and creditor = 'blauw'"
        ).fetchall()
        connection.execute(
            "update quality.accepted_signals set achternaam = 'Kanariestein', erased = false"
            " where drop_id = %s and line_no = %s", [drop, line],
        )  # fmt: skip
        connection.execute(
            "update raw.signals set achternaam = 'Kanariestein', erased = false where drop_id = %s and line_no = %s",
            [drop, line],
        )
        connection.execute("delete from quality.erasure")
    assert len(erasing.erase_again(here)) == 1
    assert rows(here, "select count(*) from quality.accepted_signals where achternaam = 'Kanariestein' and"
                      f" signal_month < '{MAR}-01'") == [(0,)]  # fmt: skip
    assert erasing.erase_again(here) == []


def test_terms_are_told_beforehand_and_nothing_goes_too_soon(here: Settings) -> None:
    # In March nobody is past any term: the longest look back is three months.
    (told,) = [each for each in erasing.purge(here, date(2022, 3, 26), "", dry_run=True) if each.municipality == A]
    assert (told.counts, told.households) == ({}, 0)
    expired = "select signal_month, bool_or(is_expired) from vault.expiry('9101', %s) group by 1 order by 1"
    with warehouse.connect(here, "loader") as connection:

        def on(day: date) -> list[str]:
            return [str(month)[:7] for month, gone in connection.execute(expired, [day]) if gone]

        # Unmatched and matched signals stay six months after the 25th of the month (of the match).
        assert JAN not in on(date(2022, 7, 24))
        assert JAN in on(date(2022, 7, 25))


def test_what_is_past_its_term_goes_and_the_tables_stay(here: Settings, small: Small) -> None:
    published = marts(here)
    numbers = dict(rows(here, "select address_key, household_id from vault.household where erased_at is null"))
    done = [each for each in erasing.purge(here, date(2030, 1, 1), "nacht") if each.municipality == A]
    assert [each.kind for each in done] == ["term"]
    assert marts(here) == published
    left = everything(here)
    # Of the newest register the residents are known still, under numbers without a history.
    assert marks_in(left) == {"Kanariestein", BSN, POSTCODE}
    assert rows(here, "select count(*) from raw.signals where achternaam is not null") == [(0,)]
    now = dict(rows(here, "select address_key, household_id from vault.household where erased_at is null"))
    assert set(now) == {f"{POSTCODE} {NUMBER} "}
    assert now[f"{POSTCODE} {NUMBER} "] > max(numbers.values())
    assert files_with_marks(small.landing, here.out) == set()
    ((policy,),) = rows(here, "select policy from quality.erasure where kind = 'term'")
    assert policy["retain_unmatched_months"] == {"maanden": 6, "sinds": None}
    assert [each.counts for each in erasing.purge(here, date(2030, 1, 2), "nacht")] == [{}, {}]
    # And the platform goes on.
    for creditor in ("rood", "wit"):
        small.put(APR, f"signals/{creditor}.csv", f"{SIGNALS}\n{of_canary(APR, creditor)}\n")
    small.put(APR, "brp/personen.csv", "bsn;geslachtsnaam;huisnummer;postcode;wijk;opschorting\n"
              f"{BSN};Kanariestein;{NUMBER};{POSTCODE};Wijk 1;\n")  # fmt: skip
    stepping.run_months(APR)
    assert rows(here, f"select role from casework.selection where signal_month = '{APR}-01'") == [("selected",)]


def test_an_open_case_is_kept_whatever_the_term(here: Settings) -> None:
    with psycopg.connect(warehouse.uri(here)) as connection:
        connection.execute("insert into core.retention values ('9101', 1, '2020-01-01', 'unmatched', '2020-01-25')")
        connection.execute("insert into core.retention values ('9101', 1, '2020-01-01', 'open', '2020-02-01')")
        kept = connection.execute(
            "select is_expired from vault.expiry('9101', '2030-01-01')"
            " where household_id = 1 and signal_month = '2020-01-01'"
        ).fetchall()
        connection.rollback()
    assert kept == [(False,)]


def test_nobody_changes_the_ledger_of_erasures_or_the_log_of_reads(here: Settings) -> None:
    for role in warehouse.ROLES:
        for table in ("quality.erasure", "quality.list_read"):
            for statement in (f"delete from {table}", f"update {table} set erased_at = now()"):
                with warehouse.open_connection(here, role) as connection, pytest.raises(psycopg.Error):
                    connection.execute(statement)


def test_who_reads_names_is_known(here: Settings) -> None:
    before = len(rows(here, "select 1 from quality.list_read"))
    runner = CliRunner()
    done = runner.invoke(
        app, ["query", f"select rang from vault.walking_list('{A}', '{DEC}-01')", "--role", "caseworker"]
    )
    assert done.exit_code == 0, done.output
    ((by, source, when),) = rows(
        here, "select read_by, read_from, read_at > now() - interval '1 minute' from quality.list_read"
        f" order by read_at offset {before}",
    )  # fmt: skip
    assert (by, when) == ("caseworker", True)
    assert source.startswith("vroegsignaal caseworker, ")
    told = runner.invoke(app, ["reads", "--municipality", A, "--month", DEC])
    assert "walking_list" in told.output


def test_every_file_that_was_written_for_people_is_accounted_for(here: Settings) -> None:
    said = " ".join(name for name, *_ in accountability.OUTPUTS)
    known = [name.replace("<crediteur>", "*") for name in re.findall(r"`([^`]+)`", said)]
    files = [path.relative_to(here.out) for path in here.out.rglob("*") if path.is_file()]
    # Of a municipality, and but for proofs of a month.
    written = {str(Path(*path.parts[1 if erasing.PROOFS in path.parts else 2 :])) for path in files}
    assert len(written) > 8
    assert {name for name in written if not any(fnmatch(name, pattern) for pattern in known)} == set()
