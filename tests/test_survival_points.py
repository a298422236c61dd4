"""A sample of what `make survive` tries, on the steps that are quick; and what such points have brought to light."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from conftest import Delivery, rows
from oracle.small_landing import JAN, signal
from survival import town
from survival.points import FULL, KINDS, TO_THE_END, Point, points
from survival.stage import CHAIN, Stage, State, stage
from survival.trial import Outcome, attempt, compare

from vroegsignaal import dbt_process, door, intake, transform, warehouse
from vroegsignaal.errors import PlatformError
from vroegsignaal.intake import ledger
from vroegsignaal.intake.faults import StillChanging
from vroegsignaal.landing import DeliveredFile
from vroegsignaal.months import Month
from vroegsignaal.outbox.files import LEFT_OVER_SECONDS, replaced

QUICK = ("receive", "judge", "alert")
MONTH = Month.parse(JAN)


def sample() -> list[Point]:
    """The first point of each kind in a quick step of the first month."""
    first: dict[str, Point] = {}
    for point in points(1):
        step, month = CHAIN[point.place]
        if step in QUICK and month == town.MONTHS[0] and point.kind not in ("a file is replaced", "done again later"):
            first.setdefault(point.kind, point)
    return list(first.values())


@pytest.fixture(scope="module")
def recorded() -> Iterator[Stage]:
    """The quick steps of the first month, undisturbed."""
    with stage() as there:
        there.record(len(QUICK))
        yield there


@pytest.mark.parametrize("point", sample(), ids=str)
def test_whatever_goes_wrong_the_next_attempt_makes_of_it_what_it_would_have_been(
    recorded: Stage, point: Point
) -> None:
    if point.kind == FULL and not recorded.disk_is_ours:
        pytest.skip("no file system of its own can be mounted here")
    outcome = attempt(recorded, point)
    assert outcome.told == []
    assert outcome.is_well


def test_a_state_that_differs_is_told(recorded: Stage) -> None:
    recorded.go_back(len(QUICK))
    with warehouse.connect(recorded.here, "owner") as connection:
        connection.execute("delete from quality.mail where recipient = 'municipality'")
    recorded.box.received.append(("somebody@else.example", "<another@mail>"))
    (recorded.here.out / ".looplijst.csv.1.new").parent.mkdir(exist_ok=True)
    (recorded.here.out / ".looplijst.csv.1.new").touch()
    outcome = Outcome(sample()[0])
    compare(recorded.look(), recorded.states[len(QUICK)], outcome)
    assert (outcome.lost, outcome.doubled) == (2, 2)
    assert not outcome.is_well


def test_a_mail_that_was_sent_again_is_told_unless_it_was_in_hand_when_its_step_was_cut_off() -> None:
    once, twice, thrice = (State({}, {}, Counter({("somebody@else.example", "<a@mail>"): n})) for n in (1, 2, 3))
    for kind, found, doubled in (
        ("killed at an event", twice, 0),
        ("killed at an event", thrice, 2),
        ("twice at once", twice, 1),
    ):
        outcome = Outcome(replace(sample()[0], kind=kind))
        compare(found, once, outcome)
        assert (outcome.doubled, outcome.is_well) == (doubled, not doubled)


def test_points_are_the_same_for_a_seed_and_there_are_190() -> None:
    assert points(1) == points(1) != points(2)
    assert len(points(1)) == 190
    assert {point.kind for point in points(1)} == set(KINDS)
    assert sum(point.number % TO_THE_END == 0 for point in points(1)) == 19


# -- what they brought to light


def test_dbt_ends_with_the_step_that_started_it() -> None:
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "vroegsignaal.dbt_process", "--version"]
    dbt = subprocess.Popen(command, stdin=reading, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    os.close(reading)
    assert dbt.wait(60) == -9


STEP = """
import importlib, os, sys, time
from pathlib import Path
from vroegsignaal import dbt_process

if "forked" in sys.argv:
    [importlib.import_module(name) for name in dbt_process.MODULES]
if "lasting" in sys.argv:
    def lasting(words):
        dbt_process.prepare()
        Path("dbt").write_text(str(os.getpid()))
        time.sleep(60)
    dbt_process.main = lasting
done = dbt_process.run(["--version"], os.environ | {"DBT_LOG_PATH": os.getcwd()}, Path.cwd())
print(os.getpid(), done.returncode, done.stdout)
"""


@pytest.mark.parametrize("way", ["started", "forked"])
def test_dbt_goes_on_while_its_step_does(way: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", STEP, way]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (line, *_), printed = done.stdout.splitlines(), done.stdout
    assert line.split()[1] == "0"
    assert "Core" in printed
    # The fork ended where dbt did, and did not go on as a second step.
    assert printed.count("Core") == 1


def test_a_fork_of_a_step_ends_with_it_too(tmp_path: Path) -> None:
    step = subprocess.Popen([sys.executable, "-c", STEP, "forked", "lasting"], cwd=tmp_path, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (tmp_path / "dbt").exists() or not (tmp_path / "dbt").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    fork = psutil.Process(int((tmp_path / "dbt").read_text()))
    assert fork.ppid() == step.pid
    step.kill()
    # Nor does it hold what the step's own caller reads until it ends.
    step.communicate(timeout=10)
    psutil.wait_procs([fork], timeout=10)
    assert not fork.is_running() or fork.status() == psutil.STATUS_ZOMBIE


@pytest.mark.usefixtures("delivery")
def test_dbt_that_is_killed_is_told_of_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_process, "run", lambda words, *_: subprocess.CompletedProcess(words, -9, ""))
    with pytest.raises(PlatformError, match=r"It was killed \(SIGKILL\).*no memory left"):
        transform.derive(MONTH)


def test_a_month_is_derived_when_nobody_else_makes_models(delivery: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    _, here = delivery
    begun = threading.Event()
    monkeypatch.setattr(transform, "run_dbt", lambda *_args, **_more: begun.set() or {})
    with transform.publishing(here):
        deriving = threading.Thread(target=transform.derive, args=(MONTH,))
        deriving.start()
        assert not begun.wait(1)
    deriving.join(30)
    assert begun.is_set()
    assert rows(here, "select count(*) from decision.derived") == [(1,)]


def test_what_a_killed_run_was_writing_goes_when_nobody_can_be_writing_it(tmp_path: Path) -> None:
    old, young = tmp_path / ".looplijst.xlsx.17.new", tmp_path / ".looplijst.csv.18.new"
    for left_over in (old, young):
        left_over.touch()
    long_ago = time.time() - LEFT_OVER_SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    with replaced(tmp_path / "manifest.json") as fresh:
        fresh.write_text("{}")
    assert {path.name for path in tmp_path.iterdir()} == {young.name, "manifest.json"}


def replace_between_fingerprint_and_rows(monkeypatch: pytest.MonkeyPatch, text: str, times: int) -> list[int]:
    """Have a file replaced so many times after its fingerprint was taken; the list grows with each."""
    taken, replacements = ledger.fingerprint, []

    def fingerprint(file: DeliveredFile) -> str:
        told = taken(file)
        if len(replacements) < times:
            replacements.append(1)
            Path(str(file.path)).write_text(text + "\n" * len(replacements))
        return told

    monkeypatch.setattr(ledger, "fingerprint", fingerprint)
    return replacements


def test_of_a_file_that_is_replaced_while_it_is_read_fingerprint_and_rows_are_of_one_version(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1), signal(JAN, 2))
    whole = (small.landing / "9101" / JAN / "signals" / "rood.csv").read_text()
    small.signals(JAN, "rood", signal(JAN, 1))
    replace_between_fingerprint_and_rows(monkeypatch, whole, 1)
    assert intake.receive(MONTH) == {"new": 1, "known": 0}
    door.judge(MONTH)
    path = small.landing / "9101" / JAN / "signals" / "rood.csv"
    file = DeliveredFile(path, "9101", MONTH, "signals", "rood", 1)
    assert rows(here, "select sha256, rows_read, rows_accepted from raw.drop_ledger") == [
        (ledger.fingerprint(file), 2, 2)
    ]


def test_a_file_that_never_stays_the_same_is_left_for_a_later_attempt(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1))
    text = (small.landing / "9101" / JAN / "signals" / "rood.csv").read_text()
    replacements = replace_between_fingerprint_and_rows(monkeypatch, text, 100)
    with pytest.raises(StillChanging, match=r"9101/2022-01/signals/rood\.csv"):
        intake.receive(MONTH)
    assert len(replacements) == intake.READ_ATTEMPTS
    assert rows(here, "select count(*) from raw.drop_ledger") == [(0,)]
    assert rows(here, "select count(*) from raw.file_seen") == [(0,)]
