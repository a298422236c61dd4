"""Which rows are a person's, and that they stay away: rows without an address or a number, of others, repeated ones."""

from __future__ import annotations

import json
from dataclasses import replace

import psycopg
import pytest
import stepping
from conftest import Delivery, rows
from oracle.small_landing import DEC, FEB, JAN, A, Small
from test_erasing import (
    BSN,
    NUMBER,
    PERSON,
    POSTCODE,
    SIGNALS,
    everything,
    files_with_marks,
    marks_in,
    of_canary,
    of_other,
)

from vroegsignaal import erasing, release, warehouse
from vroegsignaal.erasing import Person
from vroegsignaal.errors import UsageError
from vroegsignaal.months import Month


def nowhere(small: Small, here: erasing.Settings) -> bool:
    """Whether nothing of the canary is left in a table or a file."""
    return marks_in(everything(here)) == set() == files_with_marks(small.landing, here.out)


def erase(here: erasing.Settings, person: erasing.Person = PERSON) -> erasing.Erasure:
    return erasing.erase(here, person, "A. de Vries", "verzoek 12")


def test_a_file_of_a_portal_is_not_read_again_whichever_of_its_creditors_named_who_was_erased(
    delivery: Delivery,
) -> None:
    small, here = delivery
    (small.config / "portals.csv").write_text("portal,creditor_column\nvps,crediteur\n")
    lines = (f"crediteur;{SIGNALS}", f"blauw;{of_other(DEC, 1)}", f"rood;{of_canary(DEC, 'rood')}")
    content = "\n".join(lines) + "\n"
    small.put(DEC, "signals/vps.csv", content)
    stepping.receive(DEC)
    assert not nowhere(small, here)
    erase(here)
    assert nowhere(small, here)
    # Another creditor in the register is a reason to read a portal's file anew.
    with (small.config / "creditors.csv").open("a") as register:
        register.write("paars,Paars,energy,\n")
    small.put(DEC, "signals/vps.csv", content)
    stepping.receive(DEC)
    assert marks_in(everything(here)) == set()
    assert rows(here, "select creditor, rows_accepted from raw.drop_ledger order by creditor") == [
        ("blauw", 1), ("rood", 1),
    ]  # fmt: skip


DOSSIERS = "dossier_id;aangemaakt_op;matchmaand;huisnummer;postcode;resultaat;afgesloten_op;oorzaken;totaal_bedrag\n"


def of_case(number: str, house: str, postcode: str, result: str = "") -> str:
    return f"{number};2021-12-28;{DEC};{house};{postcode};{result};;belde kanarie;300\n"


def test_a_case_that_the_registration_tells_of_again_stays_erased_and_is_one_case(delivery: Delivery) -> None:
    small, here = delivery
    cases = (
        DOSSIERS
        + of_case("DD-777", str(NUMBER), POSTCODE)
        + of_case("d2", "1", "1234QQ").replace("belde kanarie", "gedrag")
    )
    contacts = "dossier_id;datum;dagdeel;soort;bereikt\nDD-777;2022-01-05;Avond;Huisbezoek;j\n"
    small.put(JAN, "ris/dossiers.csv", cases)
    small.put(JAN, "ris/contactpogingen.csv", contacts)
    stepping.receive(JAN)
    erase(here)
    assert nowhere(small, here)
    ((household, word),) = rows(here, "select household_id, dossier_id from quality.accepted_ris_dossiers where erased")

    small.put(FEB, "ris/dossiers.csv", cases.replace(";;;belde", ";verwezen vrijwillig;2022-02-01;belde", 1))
    small.put(FEB, "ris/contactpogingen.csv", contacts + "DD-777;2022-02-05;Avond;Huisbezoek;j\n")
    for _ in range(2):
        stepping.receive(FEB)
        assert marks_in(everything(here)) == set()
        assert rows(
            here, "select dossier_id, household_id, erased, totaal_bedrag from quality.accepted_ris_dossiers"
            f" where signal_month = '{FEB}-01' order by line_no",
        )[0] == (word, household, True, 300)  # fmt: skip
        assert rows(here, "select count(distinct dossier_id) from quality.accepted_ris_dossiers") == [(2,)]
        contacts_of = "select count(*) as all, count(distinct dossier_id) as cases from quality.accepted_ris_contacts"
        assert rows(here, contacts_of) == [(3, 1)]
        assert rows(here, "select count(*) from vault.household where erased_at is null") == [(1,)]
        assert rows(here, "select rows_read = rows_accepted + rows_quarantined from raw.drop_ledger") == [(True,)] * 4


def test_the_key_of_erased_cases_is_seen_by_nobody(delivery: Delivery) -> None:
    _, here = delivery
    for role in warehouse.ROLES:
        for statement in ("select * from vault.case_key", "select vault.kept_key()"):
            with warehouse.open_connection(here, role) as connection, pytest.raises(psycopg.Error, match="denied"):
                connection.execute(statement)


def test_what_somebody_wrote_of_a_row_is_told_and_goes_with_it(delivery: Delivery) -> None:
    small, here = delivery
    small.put(DEC, "signals/rood.csv", "\n".join([SIGNALS, of_canary(DEC, "rood", "99999"), of_other(DEC, 1)]) + "\n")
    stepping.receive(DEC)
    remark = "mevrouw Kanariestein, kanariestraat, gebeld op 0687654321"
    release.release(release.Wanted(A, Month.parse(DEC), "rood", line=2), "A. de Vries", remark)
    with psycopg.connect(warehouse.uri(here)) as connection:
        connection.execute("insert into vault.household values (99, %s, '1234QQ 99 ', null)", [A])
        connection.execute("insert into vault.household values (98, %s, %s, null)", [A, f"{POSTCODE} {NUMBER} "])
        connection.execute(
            "insert into decision.exchange values (%s, %s, 98, 99, %s, 'A. de Vries')", [A, f"{DEC}-01", remark]
        )
    told = erasing.held(here, PERSON)
    assert [row["reden"] for row in (*told["vrijgegeven"], *told["gewisseld"])] == [remark, remark]
    erase(here)
    assert nowhere(small, here)
    assert rows(here, "select reason, released_by from quality.release") == [("gewist", "A. de Vries")]
    assert rows(here, "select reason from decision.exchange") == [("gewist",)]


def test_a_held_row_without_an_address_goes_with_the_others_of_its_customer(delivery: Delivery) -> None:
    small, here = delivery
    held = of_canary(DEC, "rood").replace(POSTCODE, "9876 Z").replace(BSN, "")
    small.put(DEC, "signals/rood.csv", "\n".join([SIGNALS, held, of_other(DEC, 1)]) + "\n")
    small.put(DEC, "signals/rood.2.csv", "\n".join([SIGNALS, of_canary(DEC, "rood"), of_other(DEC, 1)]) + "\n")
    stepping.receive(DEC)
    told = erasing.held(here, PERSON)
    assert {row["bestand"] for row in told["aangeleverd"]["signals"]} == {
        f"{A}/{DEC}/signals/rood.csv", f"{A}/{DEC}/signals/rood.2.csv",
    }  # fmt: skip
    assert told == erasing.held(here, Person(A, bsn=BSN))
    assert erase(here).counts == {"signals": 2}
    assert nowhere(small, here)


def test_what_is_only_alike_is_told_by_line_and_goes_when_somebody_names_it(delivery: Delivery) -> None:
    small, here = delivery
    alike = of_canary(DEC, "wit").replace(POSTCODE, "").replace(BSN, "").replace("KK-777", "KK-888")
    elsewhere = of_canary(DEC, "wit").replace(POSTCODE, "1234QQ").replace(BSN, "").replace("kanariestraat", "Laan")
    other = of_other(DEC, 1).replace("Proefweg", "kanariestraat")
    small.put(DEC, "signals/wit.csv", "\n".join([SIGNALS, other, alike, elsewhere.replace("777", "999")]) + "\n")
    small.put(DEC, "signals/rood.csv", f"{SIGNALS}\n{of_canary(DEC, 'rood')}\n")
    stepping.receive(DEC)
    place = (f"{A}/{DEC}/signals/wit.csv", 3)
    assert erasing.held(here, PERSON)["twijfelachtig"] == [{"bestand": place[0], "regel": place[1]}]
    told = erasing.erase(here, PERSON, "", "", dry_run=True)
    assert (told.counts, f"  {place[0]}:{place[1]}" in told.told()) == ({"signals": 1}, True)
    with pytest.raises(UsageError, match="line 2 of that file is not among"):
        erase(here, replace(PERSON, also=((place[0], 2),)))
    assert erase(here, replace(PERSON, also=(place,))).counts == {"signals": 2}
    # What stands at another address, under another number, is of somebody else.
    assert rows(here, "select line_no from raw.signals where achternaam = 'Kanariestein'") == [(4,)]


HEAD = "bsn;geslachtsnaam;straatnaam;huisnummer;postcode;wijk;opschorting"
OTHER = "999900018"


def of_newcomer(creditor: str) -> str:
    return (
        f"NS-{creditor};NK-{creditor};{OTHER};Nieuwbewoner;kanariestraat;{NUMBER};{POSTCODE};0611112222;nieuw@x.example;"
        f"777;{JAN}-01;{JAN}-10"
    )


def test_by_number_nothing_of_who_lived_there_before_or_after_is_told_or_goes(delivery: Delivery) -> None:
    small, here = delivery
    # The canary moves out to number 2, somebody else moves in.
    small.put(DEC, "brp/personen.csv", f"{HEAD}\n{BSN};Kanariestein;kanariestraat;{NUMBER};{POSTCODE};Wijk 2;\n"
              f"{OTHER};Nieuwbewoner;Proefweg;2;1234QQ;Wijk 2;\n")  # fmt: skip
    small.put(JAN, "brp/personen.csv", f"{HEAD}\n{BSN};Kanariestein;Proefweg;2;1234QQ;Wijk 2;\n"
              f"{OTHER};Nieuwbewoner;kanariestraat;{NUMBER};{POSTCODE};Wijk 2;\n")  # fmt: skip
    nameless = of_canary(DEC, "blauw").replace(BSN, "")
    small.put(DEC, "signals/rood.csv", f"{SIGNALS}\n{of_canary(DEC, 'rood')}\n")
    small.put(DEC, "signals/blauw.csv", f"{SIGNALS}\n{nameless}\n")
    for creditor in ("rood", "wit"):
        small.put(JAN, f"signals/{creditor}.csv", f"{SIGNALS}\n{of_newcomer(creditor)}\n")
    # A case of after the move, in the months of neither of which it names anybody.
    small.put(
        JAN, "ris/dossiers.csv", DOSSIERS + of_case("DD-888", str(NUMBER), POSTCODE).replace(f";{DEC};", f";{JAN};")
    )
    for month in (DEC, JAN):
        stepping.receive(month)
    by_number = Person(A, bsn=BSN)
    told = erasing.held(here, by_number)
    assert {feed: len(found) for feed, found in told["aangeleverd"].items()} == {"brp": 2, "signals": 2}
    assert not [
        mark for mark in ("Nieuwbewoner", OTHER, "0611112222", "DD-888") if mark in json.dumps(told, default=str)
    ]
    before = rows(here, NEWCOMERS)
    assert len(before) == 2
    done = erase(here, by_number)
    assert done.counts == {"brp": 2, "signals": 2}
    assert "1 households stay" in done.told()
    assert rows(here, NEWCOMERS) == before
    assert marks_in(everything(here)) <= {"kanariestraat", POSTCODE, "belde kanarie"}
    assert OTHER in everything(here)
    # Nobody goes to the address for what was erased, nor asks for somebody without a name.
    assert walked(here, DEC, "blauw, rood") == []
    assert walked(here, JAN, "rood, wit") == [("Nieuwbewoner",)]
    # By address all who were known there go.
    assert "2 people" not in done.told()
    assert erase(here).counts == {"brp": 1, "ris_dossiers": 1, "signals": 2}


def walked(here: erasing.Settings, month: str, creditors: str) -> list[tuple]:
    """The names on the walking list of a month in which the household of the newcomers was selected."""
    with warehouse.open_connection(here, "owner") as connection:
        connection.execute("insert into decision.approval values (%s, %s, now(), 'A', false)", [A, f"{month}-01"])
        connection.execute(
            "insert into decision.selection (municipality_code, signal_month, household_id, role, rank, criterion,"
            " creditors, sectors, arrears_eur, heropaf, policy, channel)"
            " select %s, %s, household_id, 'selected', 1, 'same_month', %s, 'rent', 300, false, '{}', 'home_visit'"
            " from quality.accepted_signals where achternaam = 'Nieuwbewoner' limit 1",
            [A, f"{month}-01", creditors],
        )
        warehouse.open_list(connection, A, f"{month}-01", "walking_list")
        return connection.execute("select achternaam from vault.walking_list(%s, %s)", [A, f"{month}-01"]).fetchall()


NEWCOMERS = (
    "select creditor, bedrag, address_key from quality.accepted_signals inner join vault.household using (household_id)"
    " where achternaam = 'Nieuwbewoner' order by creditor"
)


def test_of_what_is_shared_with_others_the_answer_tells_only_that_it_is_there(delivery: Delivery) -> None:
    small, here = delivery
    small.put(DEC, "brp/personen.csv", f"{HEAD}\n{BSN};Kanariestein;kanariestraat;{NUMBER};{POSTCODE};Wijk 2;\n"
              f"{OTHER};Huisgenoot;kanariestraat;{NUMBER};{POSTCODE};Wijk 2;\n")  # fmt: skip
    small.put(DEC, "signals/rood.csv", f"{SIGNALS}\n{of_canary(DEC, 'rood')}\n")
    nameless = of_canary(DEC, "blauw").replace(BSN, "").replace("Kanariestein", "Huisgenoot")
    # Of the same customer, without a whole address.
    held = nameless.replace(POSTCODE, "9876 Z")
    small.put(DEC, "signals/blauw.csv", f"{SIGNALS}\n{nameless}\n{held}\n")
    case, broken = (of_case("DD-777", str(NUMBER), postcode) for postcode in (POSTCODE, "9876 Z"))
    small.put(DEC, "ris/dossiers.csv", DOSSIERS + case)
    small.put(DEC, "ris/dossiers.2.csv", DOSSIERS + broken)
    small.put(DEC, "ris/dossier_signalen.csv", "dossier_id;crediteur;bedrag\nDD-777;rood;150\n")
    stepping.receive(DEC)
    told = erasing.held(here, Person(A, bsn=BSN))["aangeleverd"]
    assert "Huisgenoot" not in json.dumps(told)
    shared = {"regel": 2, "gedeeld": True}
    assert told["ris_dossiers"] == [
        shared | {"bestand": f"{A}/{DEC}/ris/{name}"} for name in ("dossiers.csv", "dossiers.2.csv")
    ]
    assert told["ris_signals"] == [shared | {"bestand": f"{A}/{DEC}/ris/dossier_signalen.csv"}]
    assert [row.get("gedeeld") for row in sorted(told["signals"], key=lambda row: row["bestand"])] == [True, True, None]
    done = erase(here, Person(A, bsn=BSN))
    assert "5 rows may be of others" in done.told()
    assert done.counts == {"brp": 1, "ris_dossiers": 2, "ris_signals": 1, "signals": 3}
    # Who still lives there goes on without that history.
    assert rows(
        here, "select household_id, address_key, erased_at is null from vault.household order by household_id"
    ) == [(1, "gewist 1", False), (2, f"{POSTCODE} {NUMBER} ", True)]  # fmt: skip
    assert rows(here, "select geslachtsnaam, household_id from quality.accepted_brp where not erased") == [
        ("Huisgenoot", 2)
    ]


def test_by_address_it_is_said_how_many_people_the_rows_name(delivery: Delivery) -> None:
    small, here = delivery
    small.put(DEC, "signals/rood.csv", f"{SIGNALS}\n{of_canary(DEC, 'rood')}\n{of_newcomer('rood')}\n")
    stepping.receive(DEC)
    assert "name 2 people" in erasing.erase(here, PERSON, "", "", dry_run=True).told()
