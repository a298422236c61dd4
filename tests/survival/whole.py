"""Points of the whole stack: `python -m survival.whole --seed 1`, or one of them: `--only 3`.

Two months are run through Airflow; one of its parts, a task or the server is killed on the way. Then the same command
is typed again, as a person would.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil
import stepping
from typing_home import Home

from vroegsignaal import warehouse

from . import town
from .stage import Postbox, State, leave, look, mail_server, platform_of, variables_of
from .trial import Outcome, compare, sum_up, tell

WORKER = "airflow worker -- "
PARTS: dict[str, Callable[[str], bool]] = {
    "the scheduler": lambda title: "airflow scheduler" in title,
    # A worker looks after one task at a time, which is a process of its own.
    "a worker": lambda title: title.startswith(f"{WORKER}LocalExecutor") and "<idle>" not in title,
    "a task": lambda title: title.startswith(WORKER) and "LocalExecutor" not in title,
    "the API server": lambda title: "airflow api-server" in title or "airflow api_server" in title,
    "the reader of flows": lambda title: "airflow dag-processor" in title,
    "the server": lambda title: "postgres" in title.split(" ", 1)[0],
}
"""What is killed -> whether a process is that, by its title."""
TURNS = (*PARTS, "the scheduler", "a worker", "a task", "the server")
FIRST_SECONDS, LAST_SECONDS = 0.0, 40.0
"""Counted from the first task on: two months take about a minute then."""
DEADLINE_SECONDS = 600


@dataclass(frozen=True)
class Killed:
    """A part of the stack that is killed, so many seconds after the first task began."""

    number: int
    kind: str
    seconds: float

    def __str__(self) -> str:
        return f"point {self.number}: {self.kind}, {self.seconds:.1f} s after the first task began"


def points(seed: int) -> list[Killed]:
    """The points of a seed, each drawn by itself."""
    return [
        Killed(number, part, Random(f"{seed}/whole/{number}").uniform(FIRST_SECONDS, LAST_SECONDS))
        for number, part in enumerate(TURNS, start=1)
    ]


def main() -> int:
    """Try points and print what became of them; 1 when anything was lost, doubled or left waiting."""
    parser = argparse.ArgumentParser(prog="python -m survival.whole", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, action="append", help="a point by its number; may be repeated")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, leave)
    begun = time.monotonic()
    with _place() as (folder, box):
        wanted = _undisturbed(folder / "undisturbed", box)
    outcomes = []
    for point in points(asked.seed):
        if not asked.only or point.number in asked.only:
            outcomes.append(_attempt(point, wanted))
            tell(outcomes[-1])
    sum_up(outcomes, time.monotonic() - begun)
    return 0 if outcomes and all(outcome.is_well for outcome in outcomes) else 1


@contextmanager
def _place() -> Iterator[tuple[Path, tuple[Postbox, str]]]:
    folder = Path(tempfile.mkdtemp(prefix="vroegsignaal-survival-"))
    folder.chmod(0o755)
    try:
        with mail_server() as server:
            yield folder, server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _undisturbed(folder: Path, server: tuple[Postbox, str]) -> State:
    box, address = server
    variables = variables_of(folder, town.build(folder), address)
    folder.chmod(0o755)
    with platform_of(variables) as here:
        warehouse.ensure_running(here)
        for month in town.MONTHS:
            stepping.receive(month)
            stepping.decide(month)
            stepping.publish(month)
        return look(here, box)


def _attempt(point: Killed, wanted: State) -> Outcome:
    outcome, begun = Outcome(point), time.monotonic()
    with _place() as (folder, (box, address)):
        variables = variables_of(folder, town.build(folder), address)
        home = Home(folder / "home", **variables)
        try:
            _disturb(home, point)
            done = subprocess.run(
                home.words("replay"), env=home.variables, capture_output=True, text=True, timeout=DEADLINE_SECONDS,
                check=False,
            )  # fmt: skip
            if done.returncode:
                outcome.told.append(f"the second start failed: {done.stderr.strip()[-300:]}")
            home.type("down")
            with platform_of(variables) as here:
                warehouse.ensure_running(here)
                compare(look(here, box), wanted, outcome)
        except AssertionError as missed:
            outcome.told.append(str(missed))
        except subprocess.TimeoutExpired:
            outcome.waiting += 1
            outcome.told.append(f"a command did not end in {DEADLINE_SECONDS} seconds")
        finally:
            for process in home.processes():
                with suppress(psutil.NoSuchProcess):
                    process.kill()
    outcome.seconds = time.monotonic() - begun
    return outcome


def _disturb(home: Home, point: Killed) -> None:
    """Kill a part on the way; the command then ends, well or not, within its time."""
    if point.kind == "the reader of flows":
        # There is one only where Airflow is left running, and it has no part in a replay.
        home.type("up")
        _kill(home, point.kind, lambda: True)
        home.type("up")
    command = home.start("replay")
    try:
        if point.kind != "the reader of flows":
            _wait_for(home, "a task", lambda: command.poll() is None)
            with suppress(subprocess.TimeoutExpired):
                command.wait(point.seconds)
            _kill(home, point.kind, lambda: command.poll() is None)
        command.wait(DEADLINE_SECONDS)
    finally:
        command.kill()


def _kill(home: Home, part: str, goes_on: Callable[[], bool]) -> None:
    """Kill all processes of a part; of workers and tasks one."""
    found = _wait_for(home, part, goes_on)
    for process in found[:1] if part in ("a worker", "a task") else found:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _wait_for(home: Home, part: str, goes_on: Callable[[], bool]) -> list[psutil.Process]:
    """The processes that are a part, as soon as there are any; AssertionError when there will be none."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while goes_on() and time.monotonic() < deadline:
        if found := [process for process in home.processes() if PARTS[part](_title(process))]:
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing was killed: there was no process that is {part}")


def _title(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


if __name__ == "__main__":
    sys.exit(main())
