"""The evaluation of cases, from a small landing area worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import stepping
from conftest import platform
from evaluating import (
    BOTH,
    INFORMED,
    NOBODY,
    SELF,
    deliver_december,
    deliver_february,
    deliver_january,
    deliver_march,
    findings,
    of,
    tables,
)
from oracle.small_landing import DEC, FEB, JAN, MAR, A, B, Small

from vroegsignaal import evaluation
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import Month

NOT_LISTED = "niet in de codelijst"
IN_DECEMBER, IN_JANUARY = date(2021, 12, 1), date(2022, 1, 1)


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


def test_contact_is_told_of_visited_of_all_of_attempted_and_of_ended_cases(evaluated: dict) -> None:
    columns = ("rate", "contact", "n", "pct")
    assert of(evaluated[FEB]["contact_rates"], *columns, period="2021") == {
        (rate, 2, 3, Decimal("66.7")) for rate in ("of_walked", "of_all", "of_attempted", "of_ended")
    }
    # d5 and d7 are open and were not visited; nobody tried to reach anybody.
    assert of(evaluated[FEB]["contact_rates"], *columns, period="2022") == {
        ("of_walked", 1, 2, 50), ("of_all", 1, 4, 25), ("of_attempted", 0, 0, None), ("of_ended", 1, 2, 50),
    }  # fmt: skip


def test_how_soon_against_the_terms_of_policy_and_law(evaluated: dict) -> None:
    columns = ("step", "term", "n", "median_days", "p90_days", "judged", "in_term")
    # All were visited on 5 January; d3 was not reached, and four weeks after 25 December are over.
    assert of(evaluated[FEB]["throughput"], *columns, period="2021") == {
        ("first_attempt", "policy_approach", 3, 8, 8, 0, 0),
        ("first_attempt", "statutory", 3, 8, 8, 3, 3),
        ("first_contact", "policy_approach", 2, 8, 8, 0, 0),
        ("first_contact", "statutory", 2, 8, 8, 3, 2),
        # After 23, 33 and 44 days, and the last of these two days late.
        ("closing", "policy_closing", 3, 33, Decimal("41.8"), 3, 2),
    }
    # d6 was closed before it was made; the term of d5 and d7 runs.
    closed = of(evaluated[FEB]["throughput"], *columns[2:], period="2022", step="closing")
    assert closed == {(1, 4, 4, 1, 1)}


def test_the_national_indicators_stand_above_what_they_are_of(evaluated: dict) -> None:
    columns = ("indicator", "dimension", "numerator", "denominator", "figure")
    of_2021 = of(evaluated[FEB]["indicators"], *columns, period="2021")
    # Six signals about three households, in one month, of 1000 inhabitants; all of them became a case.
    assert of_2021 >= {
        ("signals_per_1000", "totaal", 6, 1000, 6), ("signals_per_1000", "wonen", 3, 1000, 3),
        ("sector_share", "water", 3, 6, 50), ("signals_to_case", "totaal", 6, 6, 100),
        ("signals_without_case", "geen match", 0, 0, None), ("cases_per_1000", "totaal", 3, 1000, 3),
        ("households_by_kind", "meervoudig", 3, 3, 100), ("households_by_kind", "opeenvolgend", 0, 3, 0),
        ("contact", "totaal", 2, 3, Decimal("66.7")), ("help_of_contacts", "totaal", 1, 2, 50),
        ("national_outcome", "Vervolghulp en/of verwijzing financieel", 1, 3, Decimal("33.3")),
        # d1 was visited (and called after it was closed), d2 visited, d3 visited twice and called.
        ("contact_by_channel", "minstens een huisbezoek", 2, 3, Decimal("66.7")),
        ("contact_by_channel", "minstens een telefoontje", 0, 1, 0), ("contact_by_attempts", "3 pogingen", 0, 1, 0),
        ("brp_mismatch", "twijfel over de persoon", 0, 3, 0), ("deliveries", "ontvangen", 2, 3, Decimal("66.7")),
    }  # fmt: skip
    # February had no signals. House 1 was reported in December too, by rood. Of the cases d5 and d7 are open.
    assert of(evaluated[FEB]["indicators"], *columns, period="2022") >= {
        ("signals_per_1000", "totaal", 4, 1000, 4), ("households_by_kind", "opeenvolgend", 1, 2, 50),
        ("repeated_signals", "totaal", 1, 4, 25), ("national_outcome", "nog geen eindresultaat", 2, 4, 50),
        ("national_outcome", "niet in de codelijst", 1, 4, 25), ("deliveries", "ontvangen", 2, 7, Decimal("28.6")),
    }  # fmt: skip


def test_every_indicator_has_its_rows_also_in_an_empty_period(evaluated: dict) -> None:
    table = evaluated[MAR]["indicators"]
    empty = of(table, "indicator", "dimension", "numerator", "figure", "low_pct", municipality_code=B, period="leeg")
    assert {row[:2] for row in empty} == of(table, "indicator", "dimension", period="2021")
    assert {row[2:] for row in empty} == {(0, None, None)}
    # The newest year, and no look at the period.
    beside = of(table, "benchmark", "benchmark_year", period="2021", indicator="contact")
    assert beside == {(20, 2023)}


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
        (scenario, Decimal("83.33"), Decimal("219.16")) for scenario in ("laag", "midden", "hoog")
    }
    two_months = (Decimal("166.67"), Decimal("438.34"))
    assert of(known, *columns, period="2022", item="staff", scenario="midden") == {("midden", *two_months)}
    # Only d1 was referred: 0,02 of 5000, 0,05 of 7500, 0,10 of 10000.
    assert of(known, *columns, period="2021", item="eviction_landlord") == {
        ("laag", 1, 100), ("midden", 1, 375), ("hoog", 1, 1000),
    }  # fmt: skip
    spent = Decimal("219.16")
    assert of(known, *columns, period="2021", item="return_society") == {
        ("laag", spent, Decimal("539.13")), ("midden", spent, Decimal("731.99")), ("hoog", spent, Decimal("924.86")),
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
