"""Whether a month is late, who hears of it, and what `vroegsignaal status` says; the day is always given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
import stepping
from aiosmtpd.controller import Controller
from asking import answered
from conftest import forget_everything, places, platform
from oracle.small_landing import JAN, A, Small, signal
from test_alerts import GEMEENTE, Postbox, small_town
from test_cli import typed

from vroegsignaal import approval, erasing, health, lateness, outbox
from vroegsignaal.embedded import free_port
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

MONTH = Month.parse(JAN)
OPERATOR = "beheer@example.org"


@pytest.fixture
def town(tmp_path: Path, server_home: Path) -> Iterator[tuple[Small, Settings]]:
    """One municipality, with agreements since long ago, whose proposals wait for a person."""
    small = small_town(tmp_path)
    with platform(server_home, **places(small), APPROVAL="person") as here:
        forget_everything(here)
        stepping.receive(JAN)
        forget_everything(here)
        yield small, here


def deliver(small: Small) -> None:
    for creditor in ("rood", "blauw"):
        small.signals(JAN, creditor, signal(JAN, 1), signal(JAN, 2, "x"))
    small.residents(JAN, "1", "2")


def late(day: date) -> tuple[str | None, date | None, int]:
    (found,) = lateness.progress(day)
    return found.stage, found.term, found.months_late


def january(day: int) -> date:
    return date(2022, 1, day)


# The 25th of January 2022 is a Tuesday. By default a month is to be matched a working day later, and decided on after
# three: on Friday the 28th.


def test_a_month_is_late_when_it_is_not_there_matched_or_decided_on_in_time(town: tuple[Small, Settings]) -> None:
    small, _ = town
    assert lateness.due(january(25)) == Month(2021, 12)
    assert lateness.due(january(26)) == MONTH
    assert late(january(26)) == ("received", january(25), 1)
    deliver(small)
    stepping.receive(JAN)
    assert late(january(26)) == (None, None, 0)
    assert late(january(27)) == ("matched", january(26), 1)
    stepping.decide(JAN)
    assert late(january(28)) == (None, None, 0)
    assert late(january(31)) == ("approved", january(28), 1)
    (waiting,) = approval.waiting(MONTH)
    approval.record({"municipality": A, "month": JAN, "fingerprint": waiting.fingerprint}, answered(approval.APPROVE))
    assert late(january(31)) == (None, None, 0)
    # Two months on nothing came any more: February and March.
    assert late(date(2022, 3, 26)) == ("received", date(2022, 3, 25), 2)


def test_a_term_of_the_policy_holds_and_nobody_waits_for_who_has_no_agreement(town: tuple[Small, Settings]) -> None:
    small, _ = town
    policy = small.config / "policy.csv"
    policy.write_text(policy.read_text() + f"{A},2020-01-01,match_term_working_days,,2\n")
    deliver(small)
    stepping.receive(JAN)
    assert late(january(27)) == (None, None, 0)
    assert late(january(28)) == ("matched", january(27), 1)
    (small.config / "agreements.csv").write_text(
        f"municipality_code,creditor,valid_from,valid_to\n{A},rood,2020-01-01,2021-12-31\n"
    )
    stepping.receive(JAN)
    assert late(january(28)) == (None, None, 0)


def test_without_a_register_of_residents_a_month_is_not_matched(town: tuple[Small, Settings]) -> None:
    small, _ = town
    small.signals(JAN, "rood", signal(JAN, 1))
    stepping.receive(JAN)
    stepping.decide(JAN)
    assert late(january(27)) == ("matched", january(26), 1)


@pytest.fixture
def mailing(
    town: tuple[Small, Settings], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Small, Callable[[], dict[str, EmailMessage]]]]:
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    monkeypatch.setenv("VROEGSIGNAAL_SMTP", f"smtp://127.0.0.1:{controller.port}")
    monkeypatch.setenv("VROEGSIGNAAL_OPERATOR", OPERATOR)
    yield town[0], box.take
    controller.stop()


def test_municipality_and_operator_hear_once_a_day_that_a_month_is_late(
    mailing: tuple[Small, Callable[[], dict[str, EmailMessage]]],
) -> None:
    small, take = mailing
    told = {}
    for day in (25, 26, 26, 27):
        outbox.tell_late(january(day))
        told.setdefault(day, []).append(take())
    assert [[len(mails) for mails in each] for each in told.values()] == [[2], [2, 0], [2]]
    # On the 25th itself its own month is not late yet: the one before is, which never came.
    assert "december 2021" in told[25][0][OPERATOR]["Subject"]
    first = told[26][0]
    assert set(first) == {GEMEENTE, OPERATOR}
    assert first[OPERATOR]["Subject"] == "Vroegsignalering januari 2022, gemeente Aa: te laat"
    text = first[OPERATOR].get_body(("plain",)).get_content()
    assert "is nog niets ontvangen" in text
    assert "De termijn liep af op 25 januari 2022" in text
    deliver(small)
    stepping.receive(JAN)
    take()
    outbox.tell_late(january(26))
    assert take() == {}
    outbox.tell_late(january(27))
    assert "is er nog geen match" in take()[GEMEENTE].get_body(("plain",)).get_content()


def test_without_a_mail_server_it_is_written_and_goes_away_when_the_month_is_there(
    town: tuple[Small, Settings],
) -> None:
    small, here = town
    file = here.out / A / JAN / "mail" / "te-laat.eml"
    assert outbox.tell_late(january(26)) == {"written": 1}
    assert file.exists()
    outbox.alert(MONTH)
    deliver(small)
    stepping.receive(JAN)
    assert file.exists()
    assert outbox.tell_late(january(26)) == {"written": 0}
    assert not file.exists()


def test_health_tells_how_far_who_waits_and_what_is_late_without_a_value(town: tuple[Small, Settings]) -> None:
    small, here = town
    deliver(small)
    stepping.receive(JAN)
    stepping.decide(JAN)
    found = health.look(here, january(31))
    (aa,) = found.municipalities
    assert (aa.received, aa.matched, aa.approved) == (JAN, JAN, None)
    assert aa.waiting == [health.Waiting(JAN, january(25), january(28))]
    # Of each creditor the row with "x" for an amount.
    assert aa.held_rows == 2
    assert aa.mails_refused == 0
    assert aa.late == health.Late(JAN, "approved", january(28), 1)
    assert found.warehouse == "up"
    assert found.airflow == "down"
    assert found.complaints == ["Airflow is down", f"{A}: {JAN} should be approved since 2022-01-28 (1 late)"]
    # In time nothing of the month is complained about.
    assert health.look(here, january(28)).complaints == ["Airflow is down"]
    assert "Proef" not in json.dumps(found.as_json(), default=str)


def test_health_tells_what_is_past_its_term_and_was_not_erased(town: tuple[Small, Settings]) -> None:
    small, here = town
    deliver(small)
    stepping.receive(JAN)
    # A signal that matched nothing is kept half a year.
    assert health.look(here, date(2022, 6, 1)).past_their_term == []
    late = date(2024, 1, 1)
    held = health.look(here, late)
    assert held.past_their_term == [A]
    assert f"{A}: what is past its term was not erased" in held.complaints
    erasing.purge(here, late - health.ERASED_WITHIN, "nacht")
    assert health.look(here, late).past_their_term == []


def test_a_flow_that_everything_waits_for_is_complained_about_where_airflow_runs_and_it_does_not() -> None:
    off = ["approve_selection", "erase_expired", "watch_landing"]
    told = health.Health("up", airflow="up", flows_switched_off=off).complaints
    assert told == ["watch_landing is switched off in Airflow", "erase_expired is switched off in Airflow"]
    assert health.Health("up", flows_switched_off=off).complaints == ["Airflow is down"]


def test_status_exits_with_1_for_monitoring_only_and_tells_machines_the_same(new_home: Callable[[], Path]) -> None:
    folder = new_home()
    with platform(folder):
        plain, checked = typed(folder, "status"), typed(folder, "status", "--check")
        told = typed(folder, "status", "--check", "--format", "json")
    assert plain.returncode == 0
    assert checked.returncode == 1
    assert "Not healthy:\n- Airflow is down" in checked.stdout
    assert told.returncode == 1
    found = json.loads(told.stdout)
    assert found["healthy"] is False
    assert found["complaints"] == ["Airflow is down"]
    assert found["warehouse"] == "up"
    unreachable = typed(
        folder, "status", "--check", "--format", "json", VROEGSIGNAAL_WAREHOUSE="postgresql://me:geheim@127.0.0.1:1/db"
    )
    assert json.loads(unreachable.stdout)["warehouse"] == "unreachable"
    assert unreachable.returncode == 1
    assert typed(folder, "status", "--format", "xml").returncode == 2
