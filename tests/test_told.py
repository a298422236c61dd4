"""What the platform tells of itself, in its log and elsewhere: steps, counts and states, and never a value."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from conftest import places
from oracle.small_landing import JAN, Small, signal
from typing_home import Home

from vroegsignaal import logs, orchestrator
from vroegsignaal.errors import UsageError
from vroegsignaal.months import Month
from vroegsignaal.orchestrator.environment import told_elsewhere

NAME, CUSTOMER, BSN = "Kanarievogel", "klant-4711", "999990019"


@pytest.fixture(params=["json", ""])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("VROEGSIGNAAL_LOG", request.param)
    return request.param


def test_a_step_is_told_with_its_month_its_counts_and_its_end(form: str, caplog: pytest.LogCaptureFixture) -> None:
    @logs.step("sow")
    def sow(month: Month, day: date | None = None) -> dict[str, int]:
        if day:
            raise ValueError(NAME)
        return {"seeds": 3, "signals": month.number}

    with caplog.at_level(logging.INFO, "vroegsignaal"):
        sow(Month(2022, 1))
        with pytest.raises(ValueError, match=NAME):
            sow(Month(2022, 1), date(2022, 1, 25))
    done, failed = caplog.messages
    assert NAME not in failed
    if form == "json":
        assert {"event": "sow done", "level": "info", "month": "2022-01", "n_seeds": 3}.items() <= json.loads(
            done
        ).items()
        assert {"event": "sow failed", "level": "error", "error": "ValueError"}.items() <= json.loads(failed).items()
    else:
        assert done.startswith("sow done month=2022-01 n_seeds=3 n_signals=1 seconds=")
        assert failed.startswith("sow failed month=2022-01 date=2022-01-25 error=ValueError")


@pytest.mark.parametrize("fact", ["J. de Vries", "a\nb", "1234 AB", "x" * 61, ["a"], {"a": 1}])
def test_what_could_be_a_value_does_not_get_into_the_log(fact: object) -> None:
    with pytest.raises(TypeError, match="does not belong in a log"):
        logs.tell("sow", fact=fact)


def test_lineage_is_off_unless_a_setting_says_where_to(tmp_path: Path) -> None:
    plain = orchestrator.environment(orchestrator.Place(tmp_path, tmp_path, "postgresql+psycopg2://x:y@127.0.0.1/z"))
    assert plain["AIRFLOW__OPENLINEAGE__DISABLED"] == "True"
    assert told_elsewhere({}) == {}
    there = told_elsewhere({"VROEGSIGNAAL_LINEAGE": "https://lineage.example.org"})
    assert there["AIRFLOW__OPENLINEAGE__DISABLED"] == "False"
    assert there["AIRFLOW__OPENLINEAGE__DISABLE_SOURCE_CODE"] == "True"
    assert json.loads(there["AIRFLOW__OPENLINEAGE__TRANSPORT"])["url"] == "https://lineage.example.org"
    for wrong in ("lineage", "file://events", "ftp://x"):
        with pytest.raises(UsageError, match="VROEGSIGNAAL_LINEAGE"):
            told_elsewhere({"VROEGSIGNAAL_LINEAGE": wrong})


@pytest.mark.long
def test_a_real_month_tells_of_its_tasks_and_of_nobody_in_it(new_home: Callable[[], Path], tmp_path: Path) -> None:
    small = Small(tmp_path)
    for creditor in ("rood", "blauw"):
        small.signals(
            JAN, creditor, signal(JAN, 1, achternaam=NAME, klantnummer=CUSTOMER, bsn=BSN), signal(JAN, 2, "x")
        )
    small.residents(JAN, "1", "2")
    events = tmp_path / "events.jsonl"
    variables = {f"VROEGSIGNAAL_{name}": value for name, value in places(small).items()}
    home = Home(new_home(), **variables, VROEGSIGNAAL_LINEAGE=f"file://{events}", VROEGSIGNAAL_LOG="json")
    try:
        done = home.type("month", JAN)
        assert done.returncode == 0, done.stderr
    finally:
        home.type("down")
    text = events.read_text()
    told = [json.loads(line) for line in text.splitlines()]
    ended = {event["job"]["name"] for event in told if event["eventType"] == "COMPLETE"}
    steps = {
        "receive_drops": ("receive", "judge", "alert"),
        "match_month": ("derive", "approve", "publish", "hand_out"),
    }
    assert {f"{flow}.{task}" for flow, tasks in steps.items() for task in tasks} <= ended
    assert {event["job"]["namespace"] for event in told} == {"vroegsignaal"}
    logged = "".join(path.read_text(errors="replace") for path in (home.folder / "airflow" / "logs").rglob("*.log"))
    assert "judge done" in logged
    for value in (NAME, CUSTOMER, BSN, "1234QQ"):
        assert value not in text
        assert value not in logged
