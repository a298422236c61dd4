"""A proposed selection put to a person: what is shown, what an answer does, and that it is done once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import psycopg
import pytest
import stepping
from asking import answer_in_airflow, answered
from conftest import places, platform, rows
from oracle.small_landing import DEC, JAN, A, Small, signal

from vroegsignaal import approval, decision, transform, warehouse
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

MONTH, DAY = Month.parse(JAN), date(2022, 1, 26)
CHOSEN = "select (regexp_match(address_key, ' ([0-9]+)'))[1]::int, role, rank from {} inner join vault.household"
CHOSEN += " using (municipality_code, household_id) where rank is not null order by rank"
PLAIN = [(5, "selected", 1), (4, "selected", 2), (3, "selected", 3), (2, "reserve", 4), (1, "reserve", 5)]
EXCHANGED = [(5, "selected", 1), (1, "selected", 2), (3, "selected", 3), (2, "reserve", 4), (4, "reserve", 5)]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[tuple[Small, Settings]]:
    """January: five households, with three places and two in reserve; and one below the threshold."""
    small = Small(tmp_path_factory.mktemp("town"))
    with (small.config / "policy.csv").open("a") as policy:
        policy.write("9101,2020-01-01,reserve_size,,2\n")
    for creditor in ("rood", "blauw"):
        small.signals(JAN, creditor, *(signal(JAN, n, f"{n}00") for n in range(1, 6)), signal(JAN, 6, "10"))
    small.residents(JAN, "1", "2", "3", "4", "5", "6")
    with platform(new_home(), **places(small), APPROVAL="person") as here:
        stepping.receive(JAN)
        stepping.decide(JAN)
        yield small, here


@pytest.fixture
def here(town: tuple[Small, Settings]) -> Settings:
    """Nothing was decided yet."""
    with warehouse.connect(town[1], "owner") as connection:
        connection.execute("truncate decision.approval, decision.selection, decision.exchange, decision.rejection")
    return town[1]


def asked() -> list[dict]:
    return approval.questions(MONTH, DAY)


def test_the_question_shows_numbers_reasons_and_the_term_but_no_household(here: Settings) -> None:
    (question,) = asked()
    assert question["subject"] == "Aa, januari 2022: selectie vaststellen (uiterlijk 28 januari 2022)"
    assert "| geselecteerd | 3 |\n| reserve | 2 |\n| niet geselecteerd: onder de drempel | 1 |" in question["body"]
    assert set(question["row"]) == {"municipality", "month", "fingerprint"}
    for value in ("Proef", "1234QQ", "500", "999900006"):
        assert value not in str(question)
    (late,) = approval.questions(MONTH, date(2022, 2, 1))
    assert "de termijn liep af op 28 januari 2022" in late["subject"]
    assert approval.questions(MONTH.plus(1), DAY) == []
    assert rows(here, "select * from decision.approval") == []


def test_what_a_person_approves_is_recorded_by_name_and_not_asked_again(here: Settings) -> None:
    (question,) = asked()
    assert "is approved" in approval.record(question["row"], answered(approval.APPROVE))
    assert rows(here, "select approved_by, automatic from decision.approval") == [("vries", False)]
    assert rows(here, CHOSEN.format("decision.selection")) == PLAIN
    assert asked() == []
    assert decision.approve(MONTH) == {"approved_now": 0, "approved_before": 1, "waiting": 0, "stopped": 0}


def test_an_exchange_swaps_two_households_in_what_is_approved(here: Settings) -> None:
    (question,) = asked()
    approval.record(question["row"], answered(approval.APPROVE, reden=approval.REASONS[2], ruilen="2 > 5"))
    assert rows(here, CHOSEN.format("decision.selection")) == EXCHANGED
    assert rows(here, "select reason, exchanged_by from decision.exchange") == [(approval.REASONS[2], "vries")]
    # Derived anew it is no difference: the exchange belongs to the proposal.
    transform.derive(MONTH)
    stepping.publish_marts(JAN, ())
    assert rows(here, CHOSEN.format("casework.selection")) == EXCHANGED
    assert rows(here, "select * from casework.difference") == []


@pytest.mark.parametrize("written", ["2>3", "4>5", "2>9", "2>5, 2>4", "2>5, 3>5", "2>5>4", "twee>5"])
def test_an_exchange_that_makes_no_sense_approves_nothing(here: Settings, written: str) -> None:
    (question,) = asked()
    assert approval.record(question["row"], answered(approval.APPROVE, ruilen=written)).startswith("Not recorded")
    assert rows(here, "select 1 from decision.approval union all select 1 from decision.exchange") == []
    assert asked() == [question]


def test_a_rejected_proposal_is_asked_about_again_when_it_has_become_another(here: Settings) -> None:
    (question,) = asked()
    approval.record(question["row"], answered(approval.REJECT, reden=approval.REASONS[3]))
    assert rows(here, "select rejected_by, reason from decision.rejection") == [("vries", approval.REASONS[3])]
    assert asked() == []
    with warehouse.connect(here, "owner") as connection:
        connection.execute("update core.proposal set rank = 6 - rank where rank is not null")
    try:
        (other,) = asked()
        assert other["row"]["fingerprint"] != question["row"]["fingerprint"]
        # An answer to what was shown before says nothing of what is proposed now.
        assert "has changed" in approval.record(question["row"], answered(approval.APPROVE))
        assert rows(here, "select * from decision.approval") == []
    finally:
        with warehouse.connect(here, "owner") as connection:
            connection.execute("update core.proposal set rank = 6 - rank where rank is not null")


def test_nothing_is_decided_later_by_nobody_or_for_a_reason_of_ones_own(here: Settings) -> None:
    (question,) = asked()
    assert "asked again" in approval.record(question["row"], answered(approval.LATER))
    assert "asked again" in approval.record(question["row"], answered(approval.APPROVE, by=None))
    with pytest.raises(UsageError):
        approval.record(question["row"], answered(approval.APPROVE, reden="mevrouw Jansen belde"))
    assert rows(here, "select * from decision.approval") == []


def test_two_approvals_at_the_same_time_yield_one(here: Settings) -> None:
    (question,) = asked()
    with ThreadPoolExecutor(4) as several:
        told = list(
            several.map(lambda name: approval.record(question["row"], answered(approval.APPROVE, name)), "abcd")
        )
    assert sorted("is approved" in said for said in told) == [False, False, False, True]
    assert rows(here, "select count(*) from decision.approval") == [(1,)]
    assert rows(here, CHOSEN.format("decision.selection")) == PLAIN


def test_a_second_answer_to_the_same_question_leaves_no_trace(here: Settings) -> None:
    (question,) = asked()
    approval.record(question["row"], answered(approval.APPROVE, "a"))
    exchanged = answered(approval.APPROVE, "b", reden=approval.REASONS[2], ruilen="1>4")
    for answer in (exchanged, answered(approval.REJECT, "b", reden=approval.REASONS[3])):
        assert approval.record(question["row"], answer) == f"The selection of {JAN} for {A} was approved before."
    assert rows(here, "select count(*) from decision.exchange") == [(0,)]
    assert rows(here, "select count(*) from decision.rejection") == [(0,)]


@pytest.mark.parametrize(
    "answer", [answered(approval.REJECT), answered(approval.APPROVE, ruilen="1>4")], ids=["rejected", "exchanged"]
)
def test_agreement_is_no_reason_to_reject_or_to_exchange(here: Settings, answer: dict) -> None:
    (question,) = asked()
    assert "choose a reason" in approval.record(question["row"], answer)
    assert rows(here, "select count(*) from decision.approval") == [(0,)]


def test_a_rejected_proposal_is_asked_about_again_when_anything_about_it_changed(here: Settings) -> None:
    (question,) = asked()
    approval.record(question["row"], answered(approval.REJECT, reden=approval.REASONS[5]))
    assert asked() == []
    with warehouse.connect(here, "owner") as connection:
        connection.execute("update core.proposal set channel = 'phone' where channel = 'home_visit' and rank = 3")
    try:
        (again,) = asked()
        assert "| geselecteerd: bellen | 1 |" in again["body"]
        # Nobody has a number; so nobody takes the place of who is called.
        refused = approval.record(again["row"], answered(approval.APPROVE, reden=approval.REASONS[2], ruilen="3>4"))
        assert "no telephone number is known" in refused
        assert "has changed" in approval.record(question["row"], answered(approval.APPROVE))
        assert rows(here, "select count(*) from decision.approval") == [(0,)]
    finally:
        with warehouse.connect(here, "owner") as connection:
            connection.execute("update core.proposal set channel = 'home_visit' where channel = 'phone'")


def test_proposals_of_a_version_before_are_told_and_not_asked_about(here: Settings) -> None:
    with warehouse.connect(here, "owner") as connection:
        connection.execute("alter view core.adjusted_proposal rename column doubt to doubt_of_later")
    try:
        with pytest.raises(PlatformError, match="derived by an earlier version: run match_month"):
            asked()
    finally:
        with warehouse.connect(here, "owner") as connection:
            connection.execute("alter view core.adjusted_proposal rename column doubt_of_later to doubt")


def test_two_months_that_wait_never_choose_a_household_twice(
    tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]
) -> None:
    small = Small(tmp_path_factory.mktemp("two"))
    for month in (DEC, JAN):
        for creditor in ("rood", "blauw"):
            small.signals(month, creditor, signal(month, 1), signal(month, 2))
    small.residents(DEC, "1", "2")
    with platform(new_home(), **places(small), APPROVAL="person") as here:
        for month in (DEC, JAN):
            stepping.receive(month)
            stepping.decide(month)
        (december,), (january,) = (approval.questions(Month.parse(month), DAY) for month in (DEC, JAN))
        assert "is approved" in approval.record(december["row"], answered(approval.APPROVE))
        assert "selected in an earlier month" in approval.record(january["row"], answered(approval.APPROVE))
        transform.derive(MONTH)
        (again,) = approval.questions(MONTH, DAY)
        assert "is approved" in approval.record(again["row"], answered(approval.APPROVE))
        assert rows(
            here, "select signal_month::text, count(*) from decision.selection where role = 'selected' group by 1"
        ) == [(f"{DEC}-01", 2)]


@pytest.mark.parametrize("table", ["approval", "selection", "exchange", "rejection"])
def test_no_role_of_the_platform_changes_or_removes_what_was_decided(here: Settings, table: str) -> None:
    for role in ("loader", "transformer", "caseworker", "bi"):
        for statement in (
            f"delete from decision.{table}",
            f"truncate decision.{table}",
            f"update decision.{table} set municipality_code = municipality_code",
        ):
            with warehouse.open_connection(here, role) as connection, pytest.raises(psycopg.Error) as refused:
                connection.execute(statement)
            assert refused.type is psycopg.errors.InsufficientPrivilege


@pytest.mark.long
def test_a_person_approves_in_airflow_and_the_walking_list_is_handed_out(here: Settings) -> None:
    walking_list = here.out / A / JAN / "looplijst.csv"
    assert not walking_list.exists()
    given = {"chosen_options": [approval.APPROVE], "params_input": {"reden": approval.REASONS[3], "ruilen": "2>5"}}
    answer_in_airflow(here, "approve_selection", "decide_on.ask", JAN, [given])
    assert rows(here, "select approved_by, automatic from decision.approval") == [("admin", False)]
    assert rows(here, CHOSEN.format("decision.selection")) == EXCHANGED
    assert len(walking_list.read_text(encoding="utf-8").splitlines()) == 1 + 5
