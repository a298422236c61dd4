"""Which rows are a person's, and that they stay away: rows without an address or a number, of others, repeated ones."""

from __future__ import annotations

import psycopg
import pytest
import stepping
from conftest import Delivery, rows
from oracle.small_landing import DEC, FEB, JAN, A
from test_erasing import NUMBER, PERSON, POSTCODE, SIGNALS, everything, marks_in, of_canary, of_other

from vroegsignaal import erasing, release, warehouse
from vroegsignaal.months import Month


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
    assert marks_in(everything(here))
    erase(here)
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
    cases = DOSSIERS + of_case("DD-777", str(NUMBER), POSTCODE) + of_case("d2", "1", "1234QQ")
    contacts = "dossier_id;datum;dagdeel;soort;bereikt\nDD-777;2022-01-05;Avond;Huisbezoek;j\n"
    small.put(JAN, "ris/dossiers.csv", cases)
    small.put(JAN, "ris/contactpogingen.csv", contacts)
    stepping.receive(JAN)
    erase(here)
    ((household, word),) = rows(here, "select household_id, dossier_id from quality.accepted_ris_dossiers where erased")

    small.put(FEB, "ris/dossiers.csv", cases.replace(";;;belde", ";verwezen vrijwillig;2022-02-01;belde", 1))
    small.put(FEB, "ris/contactpogingen.csv", contacts + "DD-777;2022-02-05;Avond;Huisbezoek;j\n")
    for _ in range(2):
        stepping.receive(FEB)
        assert marks_in(everything(here)) <= {"belde kanarie"}
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
