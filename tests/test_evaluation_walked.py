"""The evaluation of a case that a walking list tells of, beside cases of the registration, worked out by hand.

Three households match in December. In January the list comes back with house 1 filled in, and the registration tells of
houses 2 and 3. In February it tells of house 1 as well, by a number of its own; in March it takes that back, and the
list comes back once more with house 2 filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import stepping
from conftest import notices, places, platform, rows
from evaluating import INFORMED, NOBODY, REFERRED, SELF, case, findings, of, register, tables
from filled_lists import filled_in
from oracle.small_landing import DEC, FEB, JAN, MAR, A, Small, signal

from vroegsignaal import evaluation
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

IN_DECEMBER, IN_JANUARY = date(2021, 12, 1), date(2022, 1, 1)
THIRD = Decimal("33.3")
WALKED = {
    "resultaat": REFERRED, "poging_1_datum": "04-01-2022", "poging_1_dagdeel": "Avond", "poging_1_bereikt": "n",
    "poging_2_datum": "11-01-2022", "poging_2_dagdeel": "Middag", "poging_2_bereikt": "j",
    "afgesloten_op": "20-01-2022",
}  # fmt: skip
WALKED_AFTER = {
    "resultaat": INFORMED, "poging_1_datum": "05-01-2022", "poging_1_dagdeel": "Avond", "poging_1_bereikt": "j",
    "afgesloten_op": "01-03-2022",
}  # fmt: skip
SECOND = {"loopmaand": JAN, "resultaat": SELF, "afgesloten_op": "2022-01-20", "totaal_bedrag": "160"}
THIRD_CASE = {
    "loopmaand": JAN, "resultaat": NOBODY, "afgesloten_op": "2022-01-28", "flyer_op": "2022-01-12",
    "contact_na_flyer": "n", "totaal_bedrag": "160",
}  # fmt: skip
AGAIN = {"loopmaand": JAN, "resultaat": REFERRED, "afgesloten_op": "2022-01-20", "totaal_bedrag": "200"}


def deliver_december(small: Small) -> None:
    """House 1 owes 120 and 80, the others 100 and 60; there is place for all three."""
    with (small.config / "policy.csv").open("a") as policy:
        policy.write(f"{A},2021-12-01,capacity,,3\n")
    small.residents(DEC, "1", "2", "3")
    small.signals(DEC, "rood", signal(DEC, 1, "120"), signal(DEC, 2, "100"), signal(DEC, 3, "100"))
    small.signals(DEC, "blauw", signal(DEC, 1, "80"), signal(DEC, 2, "60"), signal(DEC, 3, "60"))


def deliver_january(small: Small, workbook: bytes, number: str) -> None:
    """The help of house 1 is registered by the number of its case on the list."""
    small.put(JAN, "ris/looplijst.xlsx", workbook)
    register(
        small,
        JAN,
        [case(2, 2, DEC, "2021-12-28", **SECOND), case(3, 3, DEC, "2021-12-28", **THIRD_CASE)],
        claims=["d2;rood;100", "d2;blauw;60", "d3;rood;100", "d3;blauw;"],
        attempts=[
            "d2;2022-01-05;Avond;Huisbezoek;j",
            "d3;2022-01-05;Avond;Huisbezoek;n",
            "d3;2022-01-12;Avond;Huisbezoek;n",
        ],
        help=[f"{number};Humanitas;vrijwillig;2022-01-20;;"],
    )


def deliver_february(small: Small) -> None:
    register(
        small,
        FEB,
        [case(1, 1, DEC, "2021-12-28", **AGAIN)],
        claims=["d1;rood;120", "d1;blauw;80"],
        attempts=["d1;2022-01-04;Avond;Huisbezoek;n", "d1;2022-01-11;Middag;Huisbezoek;j"],
    )


def deliver_march(small: Small, workbook: bytes) -> None:
    """The list of March says nothing of house 1: that it was told of in January holds."""
    register(small, MAR, [case(1, 1, DEC, "2021-12-28", ingetrokken_op="2022-03-01", **AGAIN)])
    small.put(MAR, "ris/looplijst.xlsx", workbook)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[dict]:
    """The tables and findings as of each month, and as of January when all is known; the case numbers by house."""
    small = Small(tmp_path_factory.mktemp("walked"))
    deliver_december(small)
    with platform(new_home(), **places(small)) as here:
        stepping.run_months(DEC)
        workbook = here.out / A / DEC / "looplijst.xlsx"
        numbers = {row["huisnummer"]: row["zaaknummer"] for row in notices(here, "looplijst.csv", DEC)}
        deliver_january(small, filled_in(workbook, {numbers["1"]: WALKED}), numbers["1"])
        states = {"numbers": numbers, JAN: evaluate(here)}
        deliver_february(small)
        states[FEB] = evaluate(here)
        deliver_march(small, filled_in(workbook, {numbers["2"]: WALKED_AFTER}))
        states[MAR] = evaluate(here)
        yield {**states, "again": evaluate(here, JAN), "door": told_at_the_door(here)}


def evaluate(here: Settings, as_of: str | None = None) -> dict:
    evaluation.evaluate(here, as_of and Month.parse(as_of))
    return {**tables(here), "of cases": findings(here)}


def told_at_the_door(here: Settings) -> list[tuple]:
    return rows(
        here,
        "select to_char(signal_month, 'YYYY-MM'), feed, line_no, rule from quality.finding"
        " inner join raw.drop_ledger using (drop_id) where feed like 'ris%' order by 1, 2, 3, 4",
    )


def test_a_case_of_the_list_counts_among_those_of_the_registration(evaluated: dict) -> None:
    known = evaluated[JAN]
    assert set(evaluated["numbers"]) == {"1", "2", "3"}
    columns = ("signal_month", "one_signal", "two_signals", "three_signals", "total")
    # Its signals are those of the match.
    assert of(known["dossiers_by_month"], *columns) == {(IN_DECEMBER, 0, 3, 0, 3)}
    assert of(known["outcomes"], "period", "outcome", "dossiers", "pct") == {
        ("2021", REFERRED, 1, THIRD), ("2021", SELF, 1, THIRD), ("2021", NOBODY, 1, THIRD),
    }  # fmt: skip
    columns = ("period", "dossiers", "walked", "closed", "signals", "is_small")
    assert of(known["evaluation_periods"], *columns) == {("2021", 3, 3, 3, 6, True), ("2022", 0, 0, 0, 0, True)}
    assert known["of cases"] == set()


def test_its_first_attempt_says_when_it_was_walked(evaluated: dict) -> None:
    columns = ("walking_month", "contact", "no_contact", "total", "pct_contact")
    # The case of the list and d2; with d3 there was no contact.
    assert of(evaluated[JAN]["contact_by_walking_month"], *columns) == {(IN_JANUARY, 2, 1, 3, Decimal("66.7"))}


def test_its_amounts_are_those_of_the_match(evaluated: dict) -> None:
    columns = ("creditor", "n", "min_eur", "max_eur", "mean_eur")
    # rood: 120, 100 and 100; blauw: 80 and 60, and of d3 it is not known.
    assert of(evaluated[JAN]["arrears_by_creditor"], *columns) == {
        ("rood", 3, 100, 120, Decimal("106.67")),
        ("blauw", 2, 60, 80, 70),
    }
    columns = ("outcome", "n", "mean_eur")
    assert ("verwezen", 1, 200) in of(evaluated[JAN]["arrears_by_outcome"], *columns)


def test_its_attempts_count_as_home_visits(evaluated: dict) -> None:
    # Of the list two, of d2 one and of d3 two; the second of the list and that of d2 reached somebody.
    assert of(evaluated[JAN]["reach"], "dimension", "value", "attempts", "reached") == {
        ("dagdeel", "Avond", 4, 1), ("dagdeel", "Middag", 1, 1), ("soort", "Huisbezoek", 5, 2),
        ("poging", "1", 3, 1), ("poging", "2", 2, 1),
    }  # fmt: skip


def test_its_visits_closing_and_help_are_laid_beside_what_was_agreed(evaluated: dict) -> None:
    assert of(evaluated[JAN]["working_agreement"], "agreement", "n", "met", "pct", period="2021") == {
        ("contact", 3, 2, Decimal("66.7")),
        # Only d3 was visited in vain: twice, then came the flyer, and nobody called.
        ("two_visits", 1, 1, 100), ("flyer_after_visits", 1, 1, 100), ("phone_after_flyer", 1, 0, 0),
        # Made on 4 January, when it was first walked: thirty working days end on 15 February.
        ("closed_in_term", 3, 3, 100),
        ("help_started", 1, 1, 100), ("help_finished", 1, 0, 0), ("agreement_kept", 0, 0, None),
    }  # fmt: skip


def test_registered_as_well_it_counts_twice_and_that_is_told(evaluated: dict) -> None:
    known = evaluated[FEB]
    assert of(known["dossiers_by_month"], "two_signals", "total") == {(4, 4)}
    assert (REFERRED, 2, 50) in of(known["outcomes"], "outcome", "dossiers", "pct")
    assert of(known["contact_by_walking_month"], "contact", "total", "pct_contact") == {(3, 4, 75)}
    assert of(known["evaluation_periods"], "dossiers", "signals", period="2021") == {(4, 8)}
    assert ("rood", 4, 110) in of(known["arrears_by_creditor"], "creditor", "n", "mean_eur")
    assert ("soort", "Huisbezoek", 7, 3) in of(known["reach"], "dimension", "value", "attempts", "reached")
    assert ("contact", 4, 3, 75) in of(known["working_agreement"], "agreement", "n", "met", "pct", period="2021")
    # The case that was known first is the case, the registered one the second.
    assert known["of cases"] == {("d1", "loaded_twice")}
    audit = of(known["selection_audit"], "finding", "dossiers", "n", "pct")
    assert audit == {("loaded_twice", 1, 4, 25), ("over_capacity", 1, 4, 25)}
    # And it is no household that came back.
    assert of(known["repeats"], "households", "repeated", period="2021") == {(3, 0)}
    assert (FEB, "ris_dossiers", 2, "dossier_twice") in evaluated["door"]


def test_withdrawn_in_the_registration_it_counts_once_again(evaluated: dict) -> None:
    known = evaluated[MAR]
    assert ("d1", "withdrawn") in known["of cases"]
    assert ("d1", "loaded_twice") not in known["of cases"]
    assert (REFERRED, 1, 25) in of(known["outcomes"], "outcome", "dossiers", "pct")


def test_a_list_that_tells_of_a_registered_case_makes_a_second_one_and_that_is_told(evaluated: dict) -> None:
    known = evaluated[MAR]
    second = evaluated["numbers"]["2"]
    assert [rule for month, feed, _, rule in evaluated["door"] if (month, feed) == (MAR, "ris_walking_list")] == [
        "dossier_twice"
    ]
    assert known["of cases"] == {("d1", "withdrawn"), (second, "loaded_twice")}
    assert of(known["dossiers_by_month"], "two_signals", "total") == {(4, 4)}
    assert of(known["outcomes"], "outcome", "dossiers", "pct") == {
        (REFERRED, 1, 25), (SELF, 1, 25), (NOBODY, 1, 25), (INFORMED, 1, 25),
    }  # fmt: skip
    assert of(known["repeats"], "households", "repeated", period="2021") == {(3, 0)}


def test_january_is_told_as_it_was_known(evaluated: dict) -> None:
    assert evaluated["again"] == evaluated[JAN]
