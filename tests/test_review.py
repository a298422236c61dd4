"""Held amounts put to a person in Airflow: the question, the answer, and what it does to ledger and match."""

from __future__ import annotations

from decimal import Decimal

import pytest
import stepping
from asking import answer_in_airflow, answered
from conftest import Delivery, rows
from oracle.small_landing import JAN, A, Small, signal

from vroegsignaal import door, release, review
from vroegsignaal.months import Month

MONTH = Month.parse(JAN)
RELEASES = "select line_no, amount_eur, reason, released_by, kept from quality.release order by line_no"


def deliver(small: Small) -> None:
    """Lines 2 to 4 of rood are held for their amount alone; 5 and 6 are not, or for more than that."""
    small.signals(
        JAN,
        "rood",
        signal(JAN, 1, "17693"),
        signal(JAN, 2, "17693"),
        signal(JAN, 3, "20000"),
        signal(JAN, 4, "veel"),
        signal(JAN, 5, "17693", postcode="99"),
        signal(JAN, 6),
    )
    small.signals(JAN, "wit", signal(JAN, 1), signal(JAN, 2), signal(JAN, 3))
    small.residents(JAN, "1", "2", "3")


def test_only_rows_that_are_held_for_their_amount_are_asked_about_and_no_value_is_named(delivery: Delivery) -> None:
    small, _ = delivery
    deliver(small)
    stepping.receive(JAN)
    asked = review.questions(MONTH)
    assert [question["row"]["line"] for question in asked] == [2, 3, 4]
    for value in ("17693", "20000", "Proef", "1234AB"):
        assert value not in str(asked)
    assert "hoger dan aannemelijk" in asked[0]["body"]


def test_an_answer_is_recorded_and_not_asked_again(delivery: Delivery) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(JAN)
    first, second, third = (question["row"] for question in review.questions(MONTH))
    review.record(first, answered(review.HUNDREDTH, reden=review.REASONS[0]))
    review.record(second, answered(review.KEEP, reden=review.REASONS[3]))
    review.record(third, answered(review.LATER))
    review.record(third, answered(review.AS_DELIVERED, by=None))
    assert rows(here, RELEASES) == [
        (2, Decimal("176.93"), review.REASONS[0], "vries", False),
        (3, None, review.REASONS[3], "vries", True),
    ]
    assert [question["row"]["line"] for question in review.questions(MONTH)] == [4]
    door.judge(MONTH)
    assert rows(here, "select line_no, bedrag from quality.accepted_signals where creditor = 'rood' order by 1") == [
        (2, Decimal("176.93")),
        (7, Decimal(100)),
    ]
    # A person may think otherwise later: what was said last counts.
    wanted = release.Wanted(A, MONTH, "rood", line=2)
    release.keep(wanted, "vries", "toch niet")
    release.release(release.Wanted(A, MONTH, "rood", line=3), "vries", "toch wel")
    door.judge(MONTH)
    lines = rows(here, "select line_no from quality.accepted_signals where creditor = 'rood' order by 1")
    assert lines == [(3,), (7,)]


def test_an_answer_to_a_row_that_was_replaced_meanwhile_does_nothing(delivery: Delivery) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(JAN)
    row = review.questions(MONTH)[0]["row"]
    # Another household stands on the line now, and is held as well.
    small.signals(JAN, "rood.2", signal(JAN, 5, "18000"), signal(JAN, 1, "176,93"))
    stepping.receive(JAN)
    assert review.record(row, answered(review.HUNDREDTH, reden=review.REASONS[0])).startswith("Not recorded")
    assert rows(here, RELEASES) == []


@pytest.mark.long
def test_a_person_answers_in_airflow_and_the_month_is_matched_again(delivery: Delivery) -> None:
    small, here = delivery
    deliver(small)
    stepping.run_months(JAN, marts=())
    assert rows(here, "select count(*) from core.match") == [(0,)]
    options = (review.HUNDREDTH, review.KEEP, review.AS_DELIVERED)
    answers = [{"chosen_options": [option], "params_input": {"reden": review.REASONS[2]}} for option in options]
    answer_in_airflow(here, "review_held", "review_row.ask", JAN, answers)
    assert rows(here, RELEASES) == [
        (2, Decimal("176.93"), review.REASONS[2], "admin", False),
        (3, None, review.REASONS[2], "admin", True),
        (4, None, review.REASONS[2], "admin", False),
    ]
    # Approved is final: what the answers change is listed.
    assert rows(here, "select count(*) from decision.selection") == [(0,)]
    assert rows(here, "select difference, derived_arrears_eur from casework.difference order by 2") == [
        ("new_match", Decimal("276.93")),
        ("new_match", Decimal(20100)),
    ]
