"""The evaluation of cases, from a small landing area worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import stepping
from conftest import platform, rows
from oracle.small_landing import DEC, FEB, JAN, MAR, A, B, Small, match_all, signal

from vroegsignaal import evaluation, reading
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

CASE = (
    "dossier_id;aangemaakt_op;matchmaand;loopmaand;huisnummer;postcode;ingetrokken_op;resultaat;afgesloten_op;flyer_op;"
    "contact_na_flyer;samenstelling;oorzaken;overige_problematiek;totaal_bedrag"
)
CLAIM, ATTEMPT = "dossier_id;crediteur;bedrag", "dossier_id;datum;dagdeel;soort;bereikt"
HELP = "dossier_id;organisatie;soort;gestart_op;afgerond_op;afspraak_nagekomen"
SELF, REFERRED, BOTH = "klant wil het zelf oplossen", "verwezen vrijwillig", "verwezen combi"
NOBODY, INFORMED = "geen contact / onbekend", "informatie en advies gegeven"
NOT_LISTED = "niet in de codelijst"
IN_DECEMBER, IN_JANUARY = date(2021, 12, 1), date(2022, 1, 1)
EVALUATED = (
    "arrears_by_creditor", "arrears_by_outcome", "causes", "combinations", "composition_by_outcome",
    "contact_by_walking_month", "cost_scenarios", "dossiers_by_combination", "dossiers_by_month", "durations",
    "evaluation_periods", "flyers", "other_problems", "outcomes", "plan_of_approach", "reach",
    "referred_and_refusing", "repeats", "selection_audit", "signals_by_creditor_source", "working_agreement",
)  # fmt: skip


def case(number: int, house: int, month: str, created: str, **told: str) -> str:
    """A case about 1234QQ and a house number; what is not told is empty."""
    known = {"dossier_id": f"d{number}", "huisnummer": str(house), "postcode": "1234QQ"}
    values = {**dict.fromkeys(CASE.split(";"), ""), **known, "matchmaand": month, "aangemaakt_op": created, **told}
    return ";".join(values.values())


def register(small: Small, month: str, cases: list[str], municipality: str = A, **others: list[str]) -> None:
    """Write an export of the case registration: cases, and optionally claims, attempts and help."""
    files = {
        "claims": ("dossier_signalen", CLAIM),
        "attempts": ("contactpogingen", ATTEMPT),
        "help": ("hulptrajecten", HELP),
    }
    small.put(month, "ris/dossiers.csv", "\n".join([CASE, *cases]) + "\n", municipality)
    for name, lines in others.items():
        file, header = files[name]
        small.put(month, f"ris/{file}.csv", "\n".join([header, *lines]) + "\n", municipality)


def deliver_december(small: Small) -> None:
    """House 3 owes one of its creditors less than the threshold; of 9102 there is hardly more than a folder."""
    small.residents(DEC, "1", "2", "3", "4", "5")
    match_all(small, DEC, range(1, 4), low=3)
    small.residents(DEC, "1", municipality=B)


def deliver_january(small: Small) -> None:
    small.signals(JAN, "rood", signal(JAN, 1, "200"), signal(JAN, 4))
    small.signals(JAN, "wit", signal(JAN, 1), signal(JAN, 4))
    register(
        small,
        JAN,
        [
            case(
                1, 1, DEC, "2021-12-28", loopmaand=JAN, resultaat=REFERRED, afgesloten_op="2022-01-20",
                samenstelling="(Echt)paar", oorzaken="overlevingsschulden| aanpassingsschulden",
                overige_problematiek="fysieke problemen|ruzie met J. Proef", totaal_bedrag="160",
            ),
            case(2, 2, DEC, "2021-12-28", loopmaand=JAN, totaal_bedrag="170,50"),
            case(
                3, 3, DEC, "2021-12-28", loopmaand=JAN, resultaat=NOBODY, afgesloten_op="2022-01-30",
                flyer_op="2022-01-15", contact_na_flyer="n", totaal_bedrag="149",
            ),
            case(9, 9, DEC, "2021-12-28", ingetrokken_op="2022-01-03", totaal_bedrag="500"),
        ],
        claims=["d1;rood;100", "d1;blauw;60", "d2;rood;100", "d2;;70,50", "d3;rood;100", "d3;blauw;49", "d9;rood;500"],
        attempts=[
            "d1;2022-01-05;Avond;Huisbezoek;j",
            "d2;2022-01-05;Avond;Huisbezoek;j",
            "d3;2022-01-05;Avond;Huisbezoek;n",
            "d3;2022-01-12;Avond;Huisbezoek;n",
        ],
        help=["d1;Humanitas;vrijwillig;2022-01-20;;"],
    )  # fmt: skip


def deliver_february(small: Small) -> None:
    """The cases of December are told again, with what is new; those of January are not all as they should be."""
    register(
        small,
        FEB,
        [
            case(
                1, 1, DEC, "2021-12-28", loopmaand=JAN, resultaat=BOTH, afgesloten_op="2022-01-20", totaal_bedrag="160"
            ),
            case(
                2,
                2,
                DEC,
                "2021-12-28",
                loopmaand=JAN,
                resultaat=SELF,
                afgesloten_op="2022-02-10",
                totaal_bedrag="170,50",
            ),
            case(
                4,
                1,
                JAN,
                "2022-01-28",
                loopmaand=FEB,
                resultaat=INFORMED,
                afgesloten_op="2022-02-01",
                totaal_bedrag="300",
            ),
            case(5, 2, JAN, "2022-01-28", totaal_bedrag="170,50"),
            case(6, 4, JAN, "2022-01-28", loopmaand=FEB, resultaat="belde Proef", afgesloten_op="2022-01-20"),
            case(7, 4, JAN, "2022-01-29", totaal_bedrag="200"),
        ],
        claims=[
            "d4;rood;200",
            "d4;wit;100",
            "d4;geel;90",
            "d5;rood;100",
            "d6;rood;100",
            "d6;wit;",
            "d7;rood;100",
            "d7;wit;100",
        ],
        attempts=[
            "d1;2022-01-05;Avond;Huisbezoek;j",
            "d1;2022-01-25;Middag;Telefoon;j",
            "d3;2022-01-20;Middag;Telefoon;n",
            "d99;2022-01-05;Avond;Huisbezoek;n",
        ],
        help=["d1;Humanitas;vrijwillig;2022-01-20;2022-02-20;j", "d1;Kwadraad;professioneel;2022-02-01;;n"],
    )


def deliver_march(small: Small) -> None:
    """Nothing but case registration: one case of 9102, of a period of its own."""
    case_of_b = case(1, 1, DEC, "2021-12-28", loopmaand=JAN, resultaat=NOBODY, afgesloten_op="2022-01-07")
    register(small, MAR, [case_of_b], B, claims=["d1;rood;"])


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[dict]:
    """The tables as January left them, as February did, as of March, and as of January when all of that is known."""
    small = Small(tmp_path_factory.mktemp("evaluated"))
    (small.config / "periods.csv").write_text(
        f"municipality_code,period,period_start,period_end\n{B},proef,2021-12-15,2022-01-14\n{B},leeg,2020-01-01,2020-12-31\n"
    )
    deliver_december(small)
    deliver_january(small)
    with platform(new_home(), LANDING=str(small.landing), CONFIG=str(small.config)) as here:
        stepping.run_months(DEC, JAN)
        in_time = tables(here)
        deliver_february(small)
        stepping.run_months(FEB)
        states = {"in time": in_time, FEB: tables(here), "findings": findings(here)}
        deliver_march(small)
        done = evaluation.evaluate(here)
        states[MAR] = tables(here)
        evaluation.evaluate(here, Month.parse(JAN))
        yield {**states, JAN: tables(here), "done": done}


def tables(here: Settings) -> dict[str, list[dict]]:
    """Every table of the evaluation, as BI reads it."""
    return {name: reading.rows(here, f"select * from mart.{name} as t order by t::text", "bi") for name in EVALUATED}


def findings(here: Settings) -> set[tuple]:
    return set(rows(here, "select dossier_id, finding from core.dossier_finding"))


def of(table: list[dict], *columns: str, **where: object) -> set[tuple]:
    """Some columns of the rows of 9101, or of those that are asked for."""
    where = {"municipality_code": A, **where}
    return {
        tuple(row[column] for column in columns)
        for row in table
        if all(row[column] == value for column, value in where.items())
    }


def test_nothing_of_a_later_folder_is_known(evaluated: dict) -> None:
    assert evaluated["in time"]["outcomes"]
    assert evaluated[JAN] == evaluated["in time"]
    assert evaluated[FEB] != evaluated["in time"]


def test_cases_per_month_and_number_of_signals_without_the_withdrawn_ones(evaluated: dict) -> None:
    columns = ("signal_month", "one_signal", "two_signals", "three_signals", "total")
    assert of(evaluated[JAN]["dossiers_by_month"], *columns) == {(IN_DECEMBER, 0, 3, 0, 3)}
    assert of(evaluated[FEB]["dossiers_by_month"], *columns) == {(IN_DECEMBER, 0, 3, 0, 3), (IN_JANUARY, 1, 2, 1, 4)}


def test_contact_is_told_by_the_outcome_and_of_open_cases_by_the_attempts(evaluated: dict) -> None:
    columns = ("walking_month", "contact", "no_contact", "total", "pct_contact")
    # January: d1 referred, d2 open and reached, d3 nobody.
    assert of(evaluated[JAN]["contact_by_walking_month"], *columns) == {(IN_JANUARY, 2, 1, 3, Decimal("66.7"))}
    # February: d4 informed; of d6 the outcome is on no list, and nobody was reached.
    assert of(evaluated[FEB]["contact_by_walking_month"], *columns) == {
        (IN_JANUARY, 2, 1, 3, Decimal("66.7")),
        (date(2022, 2, 1), 1, 1, 2, Decimal("50.0")),
    }


def test_outcomes_show_no_remark_that_is_on_no_list(evaluated: dict) -> None:
    third = Decimal("33.3")
    assert of(evaluated[FEB]["outcomes"], "outcome", "dossiers", "pct", period="2021") == {
        (BOTH, 1, third),
        (SELF, 1, third),
        (NOBODY, 1, third),
    }
    # d5 and d7 have no outcome.
    assert of(evaluated[FEB]["outcomes"], "outcome", "dossiers", "pct", period="2022") == {
        (INFORMED, 1, 25),
        (NOT_LISTED, 1, 25),
        (NOBODY, 2, 50),
    }
    assert "Proef" not in str(evaluated)


def test_arrears_by_outcome_are_the_registered_totals(evaluated: dict) -> None:
    columns = ("outcome", "n", "min_eur", "max_eur", "mean_eur")
    # d6 has no total and does not count.
    assert of(evaluated[FEB]["arrears_by_outcome"], *columns, period="2022") == {
        (INFORMED, 1, 300, 300, 300),
        ("geen contact /overig", 2, Decimal("170.5"), 200, Decimal("185.25")),
    }


def test_arrears_by_creditor_are_the_known_amounts(evaluated: dict) -> None:
    columns = ("creditor", "n", "min_eur", "max_eur", "mean_eur")
    # d6 does not know what wit asks.
    assert of(evaluated[FEB]["arrears_by_creditor"], *columns, period="2022") == {
        ("rood", 4, 100, 200, 125),
        ("wit", 2, 100, 100, 100),
        ("geel", 1, 90, 90, 90),
    }
    assert ("onbekend", 1, Decimal("70.5"), Decimal("70.5"), Decimal("70.5")) in of(
        evaluated[FEB]["arrears_by_creditor"], *columns, period="2021"
    )


def test_signals_of_creditors_beside_those_of_the_cases(evaluated: dict) -> None:
    columns = ("creditor", "vps_signals", "vps_pct", "ris_signals", "ris_pct")
    assert of(evaluated[FEB]["signals_by_creditor_source"], *columns, period="2021") == {
        ("rood", 3, 50, 3, 50),
        ("blauw", 3, 50, 2, Decimal("33.3")),
        ("onbekend", 0, 0, 1, Decimal("16.7")),
    }


def test_combinations_causes_compositions_and_problems_as_the_report_names_them(evaluated: dict) -> None:
    combinations = of(evaluated[FEB]["dossiers_by_combination"], "combination", "dossiers")
    assert combinations == {
        ("wonen en water", 2), ("wonen en onbekend", 1), ("wonen, zorg en zorg", 1), ("wonen en zorg", 2), ("wonen", 1),
    }  # fmt: skip
    known = evaluated[JAN]
    assert of(known["causes"], "causes", "dossiers") == {("aanpassingsschulden en overlevingsschulden", 1)}
    assert of(known["other_problems"], "problem", "dossiers") == {("fysieke problemen", 1), (NOT_LISTED, 1)}
    columns = ("outcome", "single", "single_with_children", "couple", "couple_with_children", "total")
    assert of(known["composition_by_outcome"], *columns) == {("verwezen", 0, 0, 1, 0, 1)}


def test_durations_leave_out_what_runs_backwards(evaluated: dict) -> None:
    table = evaluated[FEB]["durations"]
    third = Decimal("33.3")
    assert of(table, "bucket", "dossiers", "pct", period="2021") == {
        ("20 t/m 29", 1, third),
        ("30 t/m 39", 1, third),
        ("44 en meer", 1, third),
    }
    assert of(table, "bucket", "dossiers", "pct", period="2022") == {("2 t/m 9", 1, 100)}


def test_flyers_and_plans(evaluated: dict) -> None:
    flyers = ("flyer_left", "contact_after_flyer", "dossiers")
    assert of(evaluated[FEB]["flyers"], "period", *flyers) == {("2021", 1, 0, 3), ("2022", 0, 0, 4)}
    plans = of(evaluated[FEB]["plan_of_approach"], "period", "has_plan", "dossiers", "pct")
    assert plans == {
        ("2021", True, 2, Decimal("66.7")), ("2021", False, 1, Decimal("33.3")),
        ("2022", True, 1, 50), ("2022", False, 1, 50),
    }  # fmt: skip


def test_findings_tell_what_does_not_fit(evaluated: dict) -> None:
    assert evaluated["findings"] == {
        ("d1", "result_after_closure"), ("d1", "contact_after_closing"), ("d2", "creditor_unknown"),
        ("d3", "below_threshold"), ("d9", "no_match"), ("d9", "withdrawn"),
        ("d4", "other_creditor"), ("d4", "reapproached_in_cool_off"), ("d5", "loaded_twice"), ("d5", "no_match"),
        ("d6", "outcome_unknown"), ("d6", "dates_backwards"), ("d7", "loaded_twice"), ("d99", "without_dossier"),
    }  # fmt: skip


def test_the_audit_counts_what_the_checks_would_have_prevented(evaluated: dict) -> None:
    table = evaluated[FEB]["selection_audit"]
    prevented = of(table, "finding", "dossiers", "n", "pct", "is_small", signal_month=IN_JANUARY, is_prevented=True)
    assert ("loaded_twice", 2, 4, 50, True) in prevented
    # There was place for three.
    assert ("over_capacity", 1, 4, 25, True) in prevented
    assert ("withdrawn", 1) in of(table, "finding", "dossiers", signal_month=IN_DECEMBER, is_prevented=False)


def test_the_working_agreement_as_figures(evaluated: dict) -> None:
    columns = ("agreement", "n", "met", "pct", "target_pct", "is_small")
    assert of(evaluated[FEB]["working_agreement"], *columns, period="2021") == {
        ("contact", 3, 2, Decimal("66.7"), 70, True),
        # Only d3 was not reached by a visit; flyer and call came after it.
        ("two_visits", 1, 1, 100, None, True),
        ("flyer_after_visits", 1, 1, 100, None, True),
        ("phone_after_flyer", 1, 1, 100, None, True),
        # Thirty working days from 28 December 2021 end on 8 February 2022; d2 was closed on the 10th.
        ("closed_in_term", 3, 2, Decimal("66.7"), None, True),
        ("help_started", 1, 1, 100, None, True),
        # Of the two that help d1 one has not ended, and one of its agreements was not kept.
        ("help_finished", 1, 0, 0, None, True),
        ("agreement_kept", 1, 0, 0, None, True),
    }


def test_attempts_that_reached_somebody_and_households_that_came_back(evaluated: dict) -> None:
    reach = of(evaluated[FEB]["reach"], "dimension", "value", "attempts", "reached", period="2021")
    # d1 was visited and called, d2 visited, d3 visited twice and called; d99 is no case.
    assert reach == {
        ("dagdeel", "Avond", 4, 2), ("dagdeel", "Middag", 2, 1),
        ("soort", "Huisbezoek", 4, 2), ("soort", "Telefoon", 2, 1),
        ("poging", "1", 3, 2), ("poging", "2", 2, 1), ("poging", "3 of meer", 1, 0),
    }  # fmt: skip
    # d5 and d7 are cases that were loaded again.
    repeats = of(evaluated[FEB]["repeats"], "period", "households", "repeated", "pct_repeated", "heropaf")
    assert repeats == {("2021", 3, 0, 0, 0), ("2022", 3, 0, 0, 0)}


def test_help_beside_combinations_and_arrears(evaluated: dict) -> None:
    columns = ("combination", "dossiers", "contact", "accepted")
    # d1 and d3; d2 solves it itself, which is no help accepted.
    assert of(evaluated[FEB]["combinations"], *columns, period="2021") == {
        ("wonen en water", 2, 1, 1),
        ("wonen en onbekend", 1, 1, 0),
    }
    columns = ("referred", "referred_mean_eur", "refusing", "refusing_mean_eur", "welch_p", "is_small")
    assert of(evaluated[FEB]["referred_and_refusing"], *columns, period="2021") == {(1, 160, 0, None, None, True)}


def test_costs_and_benefits_follow_from_the_assumptions_and_the_cases(evaluated: dict) -> None:
    columns = ("scenario", "quantity", "amount_eur")
    known = evaluated[FEB]["cost_scenarios"]
    # A thousand inhabitants for a year at 2,63; of 2022 two months are known.
    assert of(known, *columns, period="2021", item="staff") == {
        (scenario, 1000, 2630) for scenario in ("laag", "midden", "hoog")
    }
    two_months = (Decimal("166.67"), Decimal("438.34"))
    assert of(known, *columns, period="2022", item="staff", scenario="midden") == {("midden", *two_months)}
    # Only d1 was referred: 0,02 of 5000, 0,05 of 7500, 0,10 of 10000.
    assert of(known, *columns, period="2021", item="eviction_landlord") == {
        ("laag", 1, 100), ("midden", 1, 375), ("hoog", 1, 1000),
    }  # fmt: skip
    assert of(known, *columns, period="2021", item="return_society") == {
        ("laag", 2630, Decimal("6469.8")), ("midden", 2630, Decimal("8784.2")), ("hoog", 2630, Decimal("11098.6")),
    }  # fmt: skip
    assert of(known, *columns, period="2021", item="stress", scenario="hoog") == {("hoog", 1, None)}


def test_of_every_share_that_is_assumed_the_source_says_so(evaluated: dict) -> None:
    assumed = of(evaluated[FEB]["cost_scenarios"], "item", "rate", "source")
    shares = {(item, source) for item, rate, source in assumed if rate not in (None, 1)}
    assert {item for item, _ in shares} == {"eviction_landlord", "reconnection"}
    assert all("aandeel: aanname" in source for _, source in shares)


def test_a_folder_with_cases_only_is_received_for_the_evaluation(evaluated: dict) -> None:
    done = evaluated["done"]
    assert (done.as_of, done.received, done.not_matched) == (Month.parse(MAR), [Month.parse(MAR)], [])
    assert "Evaluated as of 2022-03." in evaluation.told(done)


def test_one_case_and_an_empty_period_give_no_misleading_percentage(evaluated: dict) -> None:
    known = evaluated[MAR]
    columns = ("period", "dossiers", "walked", "closed", "signals", "is_small")
    assert of(known["evaluation_periods"], *columns, municipality_code=B) == {
        ("proef", 1, 1, 1, 1, True),
        ("leeg", 0, 0, 0, 0, True),
    }
    assert of(known["outcomes"], "period", "dossiers", "pct", municipality_code=B) == {("proef", 1, 100)}
    assert of(known["flyers"], "period", "flyer_left", "dossiers", municipality_code=B) == {
        ("proef", 0, 1),
        ("leeg", 0, 0),
    }
    assert of(known["arrears_by_creditor"], "n", municipality_code=B) == set()
    of_nobody = of(known["working_agreement"], "n", "met", "pct", "is_small", municipality_code=B, period="leeg")
    assert of_nobody == {(0, 0, None, True)}


def test_without_a_month_or_a_match_it_says_what_to_do(tmp_path: Path, new_home: Callable[[], Path]) -> None:
    small = Small(tmp_path)
    with platform(new_home(), LANDING=str(small.landing), CONFIG=str(small.config)) as here:
        with pytest.raises(UsageError, match="nothing to evaluate"):
            evaluation.evaluate(here)
        deliver_march(small)
        with pytest.raises(PlatformError, match="no month was matched yet"):
            evaluation.evaluate(here)


def test_a_configuration_without_periods_does_not_get_those_of_the_pilot(
    tmp_path: Path, new_home: Callable[[], Path]
) -> None:
    small = Small(tmp_path)
    deliver_december(small)
    deliver_january(small)
    with platform(new_home(), LANDING=str(small.landing), CONFIG=str(small.config)) as here:
        stepping.receive(DEC)
        stepping.decide(DEC)
        done = evaluation.evaluate(here)
    assert [(code, period, cases) for code, period, cases in done.periods if cases] == [(A, "2021", 3)]
    assert {code for code, _, _ in done.periods} == {A, B}
    # January was received for the evaluation, and its signals were never matched.
    assert done.not_matched == [Month.parse(JAN)]
    assert "Never matched: 2022-01." in evaluation.told(done)
