"""Whether the register of residents knows whom creditors mean, and what is done when there is no register to ask."""

from __future__ import annotations

import csv
import io

import pytest
import stepping
from conftest import Delivery, notices, rows
from oracle.small_landing import APR, DEC, FEB, JAN, MAR, A, Small, signal

from vroegsignaal import decision, outbox, reading, transform
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

RESIDENTS = "bsn;voorvoegsel;geslachtsnaam;partnernaam;geboortedatum;huisnummer;postcode;wijk;opschorting;geheimhouding"
# Test-range numbers that pass the eleven test.
ONE, TWO = "999990019", "999900006"


def residents(small: Small, *people: str, month: str = JAN) -> None:
    """A register: 'bsn;voorvoegsel;geslachtsnaam;partnernaam;geboortedatum;huisnummer;opschorting;geheimhouding'."""
    written = []
    for person in people:
        *who, number, gone, secret = person.split(";")
        written.append(";".join([*who, number, "1234QQ", "Wijk 1", gone, secret]))
    small.put(month, "brp/personen.csv", "\n".join([RESIDENTS, *written]) + "\n")


def by_house_number(here: Settings, columns: str, table: str = "core.candidate") -> dict[str, tuple]:
    found = rows(
        here,
        f"select split_part(address_key, ' ', 2), {columns} from {table}"
        f" inner join vault.household using (municipality_code, household_id) where signal_month = '{JAN}-01'",
    )
    return {number: tuple(rest) for number, *rest in found}


NAMES = (
    # What the creditor wrote; own name with its prefix and partner's name in the register; whether that is the same.
    ("van den Berg", "van den;Berg;", True),
    ("Berg, van den", "van den;Berg;", True),
    ("BERG", "van den;Berg;", True),
    ("Yılmaz", ";Yilmaz;", True),  # noqa: RUF001
    ("Özgür-Çelik", ";Ozgur;Celik", True),
    ("de Vries", ";Jansen;de Vries", True),
    ("Jansen-de Vries", ";Jansen;de Vries", True),
    ("de Vries - Jansen", ";Jansen;de Vries", True),
    ("Janssen", ";Jansen;", True),
    ("Dykstra", ";Dijkstra;", True),
    ("Groß", ";Gross;", True),
    ("'t Hart", "'t;Hart;", True),
    ("de Vries-Smit", ";Smit;de Vries", True),
    ("Rossi Jansen", ";Rossi;Jansen", True),
    ("Bakker", ";Bakkers;", False),
    ("Vries", ";Jansen;", False),
    ("Jansen-Smit", ";Jansen;de Vries", False),
    ("van", ";de;", False),
)


def test_a_name_is_known_in_whichever_way_it_is_written(delivery: Delivery) -> None:
    small, here = delivery
    signals = [signal(JAN, n, achternaam=name) for n, (name, _, _) in enumerate(NAMES, start=1)]
    small.signals(JAN, "rood", *signals)
    small.signals(JAN, "blauw", *signals)
    residents(small, *(f"{TWO};{registered};1980-01-01;{n};;" for n, (_, registered, _) in enumerate(NAMES, start=1)))
    stepping.receive(JAN)
    transform.derive(Month.parse(JAN))
    found = by_house_number(here, "verified_by, doubt")
    expected = {
        str(n): ("address_name", None) if same else ("address", "nobody_known")
        for n, (_, _, same) in enumerate(NAMES, start=1)
    }
    assert found == expected


def test_the_stronger_ways_go_first_and_what_is_doubtful_is_told(delivery: Delivery) -> None:
    small, here = delivery
    with (small.config / "policy.csv").open("a") as policy:
        policy.write("9101,2020-01-01,reserve_size,,2\n")
    columns = (
        "signaal_id;klantnummer;bsn;achternaam;geboortedatum;huisnummer;postcode;bedrag;ontstaansdatum;signaaldatum"
    )
    customers = {
        1: f"{ONE};Anders;1990-01-01",  # known by number
        2: ";Anders;1980-05-05",  # known by birth date
        3: f"{ONE};Anders;1990-01-01",  # registered at 1
        4: ";Doods;1950-01-01",  # died; the widow lives there
        5: ";Proef;",  # the other creditor means somebody else
    }
    others = customers | {5: ";Anders;"}
    for creditor, of in (("rood", customers), ("blauw", others)):
        lines = [
            f"{creditor}{n};k{n};{who};{n};1234QQ;100;2021-12-20;2022-01-10" for n, who in of.items()
        ]  # fmt: skip
        small.put(JAN, f"signals/{creditor}.csv", "\n".join([columns, *lines]) + "\n")
    residents(
        small,
        f"{ONE};;Vier;;1970-01-01;1;;",
        f"{TWO};;Vijf;;1980-05-05;2;;",
        f"{TWO};;Zes;;1985-01-01;3;;",
        ";;Doods;;1950-01-01;4;overleden;".replace(";", f"{TWO};", 1),
        f"{TWO};;Weduwe;;1955-01-01;4;;",
        f"{TWO};;Proef;;1960-01-01;5;;j",
    )
    stepping.run_months(JAN, marts=())
    assert by_house_number(here, "verified_by, doubt, is_secret") == {
        "1": ("bsn", None, False),
        "2": ("address_birth_date", None, False),
        "3": ("address", "customer_elsewhere", False),
        "4": ("address", "customer_gone", False),
        "5": ("address_name", "one_creditor_unknown", True),
    }
    # Nobody is left out for it (there are three places and two in reserve), but somebody is to look first.
    listed = notices(here, "nakijklijst.csv")
    assert {row["huisnummer"] for row in listed} == {"3", "4", "5"}
    assert {row["crediteur"] for row in listed} == {"Rood", "Blauw"}
    assert {row["naam_volgens_crediteur"] for row in listed if row["huisnummer"] == "5"} == {"Proef", "Anders"}
    (secret, _) = [row["nakijken"] for row in listed if row["huisnummer"] == "5"]
    assert "geheimhouding" in secret
    # And who looks gets the names of nobody else.
    written = io.StringIO()
    reading.query(here, f"select * from vault.customers('{A}', '{JAN}-01')", "caseworker", A, "csv", written)
    assert {row["huisnummer"] for row in csv.DictReader(written.getvalue().splitlines())} == {"3", "4", "5"}
    told = by_house_number(here, "explanation", "casework.explanation")
    assert "Geverifieerd in de BRP op burgerservicenummer." in told["1"][0]
    assert "Let op: wie een crediteur bedoelt staat er in de BRP als overleden of geëmigreerd." in told["4"][0]


def test_the_review_list_goes_when_nothing_is_doubtful_any_more(delivery: Delivery) -> None:
    small, here = delivery
    for creditor in ("rood", "blauw"):
        small.signals(JAN, creditor, signal(JAN, 1, achternaam="Anders"))
    small.residents(JAN, "1")
    stepping.run_months(JAN, marts=())
    (found,) = (here.out / A / JAN).glob("nakijklijst.csv")
    # Another register knows the name.
    residents(small, f"{TWO};;Anders;;1980-01-01;1;;")
    (small.landing / A / JAN / "brp" / "personen.csv").rename(small.landing / A / JAN / "brp" / "personen.2.csv")
    stepping.receive(JAN)
    transform.derive(Month.parse(JAN))
    # What was approved stands as it was, so the list does too; in another month there is none.
    assert by_house_number(here, "doubt") == {"1": (None,)}
    small.signals(FEB, "rood", signal(FEB, 2, achternaam="Proef"))
    stepping.run_months(FEB, marts=())
    assert found.exists()
    assert not (here.out / A / FEB / "nakijklijst.csv").exists()


def test_secrecy_that_is_asked_for_after_the_approval_reaches_the_visitor(delivery: Delivery) -> None:
    small, here = delivery
    for creditor in ("rood", "blauw"):
        small.signals(JAN, creditor, signal(JAN, 1))
    residents(small, f"{TWO};;Proef;;1980-01-01;1;;")
    stepping.run_months(JAN, marts=())

    def told() -> list[str]:
        written = io.StringIO()
        listed = f"select let_op from vault.walking_list('{A}', '{JAN}-01')"
        reading.query(here, listed, "caseworker", A, "csv", written)
        return written.getvalue().splitlines()[1:]

    assert told() == ['""']
    (small.landing / A / JAN / "brp" / "personen.csv").unlink()
    residents(small, f"{TWO};;Proef;;1980-01-01;1;;j")
    (small.landing / A / JAN / "brp" / "personen.csv").rename(small.landing / A / JAN / "brp" / "personen.2.csv")
    stepping.receive(JAN)
    assert told() == ["geheimhouding: noem aan niemand wie hier woont"]


# -- no register to ask


def two_matches(small: Small) -> None:
    for creditor in ("rood", "blauw"):
        small.signals(JAN, creditor, signal(JAN, 1), signal(JAN, 2))


def stopped(here: Settings) -> str:
    from vroegsignaal.replay import remarks_on_deliveries

    (remark,) = [each for each in remarks_on_deliveries(here, [Month.parse(JAN)]) if "Matching stopped" in each]
    return remark


@pytest.mark.parametrize("kind", ["missing", "empty", "old"])
def test_without_a_register_that_can_be_used_matching_stops_and_says_so(delivery: Delivery, kind: str) -> None:
    small, here = delivery
    two_matches(small)
    if kind == "empty":
        # Every row of it is held back.
        small.residents(JAN, "abc", "def")
    if kind == "old":
        small.residents("2021-06", "1", "2")
        stepping.receive("2021-06")
    stepping.receive(JAN)
    transform.derive(Month.parse(JAN))
    counts = decision.approve(Month.parse(JAN))
    stepping.publish(JAN, marts=("drops", "matches_by_month"))
    assert (counts["approved_now"], counts["stopped"]) == (0, 1)
    assert rows(here, "select count(*) from decision.approval") == [(0,)]
    assert rows(here, "select count(*) from casework.selection") == [(0,)]
    # The matches are counted all the same.
    assert rows(here, f"select total from mart.matches_by_month where signal_month = '{JAN}-01'") == [(2,)]
    words = {
        "missing": "there is no register of residents",
        "empty": "no row of the register of residents was accepted",
        "old": "the newest register of residents is of 2021-06",
    }
    assert stopped(here) == (
        f"Matching stopped for {A} in {JAN}: {words[kind]}. Nobody was selected: deliver brp/personen.csv and run the"
        " month again."
    )
    mail = (here.out / A / JAN / "mail" / "gemeente.eml").read_text()
    assert "De matching stopt" in " ".join(mail.replace("=\n", "").split())


def test_when_the_register_comes_matching_goes_on(delivery: Delivery) -> None:
    small, here = delivery
    two_matches(small)
    stepping.run_months(JAN, marts=())
    assert rows(here, "select count(*) from decision.approval") == [(0,)]
    small.residents(JAN, "1", "2")
    stepping.run_months(JAN, marts=())
    assert rows(here, "select role, count(*) from decision.selection group by role") == [("selected", 2)]


def test_a_register_that_comes_late_has_every_stopped_month_matched_again(delivery: Delivery) -> None:
    small, _ = delivery
    for month in (JAN, FEB, MAR, APR, "2022-05", "2022-06"):
        small.signals(month, "rood", signal(month, 1))
        small.signals(month, "wit", signal(month, 1))
        stepping.receive(month)
        transform.derive(Month.parse(month))
    small.residents(JAN, "1")
    stepping.receive(JAN)
    assert [str(month) for month in transform.derived_since(Month.parse(JAN))][-1] == "2022-06"


def test_a_register_of_six_months_ago_can_be_used(delivery: Delivery) -> None:
    small, here = delivery
    two_matches(small)
    small.residents("2021-07", "1", "2")
    stepping.run_months("2021-07", JAN, marts=())
    assert rows(here, "select count(*) from decision.selection") == [(2,)]


def test_a_rejected_register_leaves_the_one_before(delivery: Delivery) -> None:
    small, here = delivery
    two_matches(small)
    small.residents(DEC, "1", "2")
    small.put(JAN, "brp/personen.csv", "bsn;geslachtsnaam\n")
    stepping.run_months(DEC, JAN, marts=())
    assert rows(here, "select count(*) from decision.selection") == [(2,)]


def test_in_another_municipality_matching_goes_on(delivery: Delivery) -> None:
    small, here = delivery
    two_matches(small)
    with (small.config / "policy.csv").open("a") as policy:
        policy.write("9102,2020-01-01,capacity,,1\n")
    for creditor in ("rood", "blauw"):
        small.signals(JAN, creditor, signal(JAN, 1), municipality="9102")
    small.residents(JAN, "1", municipality="9102")
    stepping.run_months(JAN, marts=())
    assert rows(here, "select municipality_code from decision.approval") == [("9102",)]


def test_a_month_without_a_match_needs_no_register(delivery: Delivery) -> None:
    small, _ = delivery
    small.signals(JAN, "rood", signal(JAN, 1))
    stepping.receive(JAN)
    transform.derive(Month.parse(JAN))
    assert decision.approve(Month.parse(JAN))["approved_now"] == 1
    assert outbox.hand_out(Month.parse(JAN))["to_review"] == 0
