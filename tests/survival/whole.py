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

PARTS = ("scheduler", "a task", "api-server", "dag-processor", "the server") * 2
"""What is killed; each twice, at other moments."""
FIRST_SECONDS, LAST_SECONDS = 8.0, 45.0
"""Between the first processes of Airflow and the last steps of the second month, on a slow machine."""
DEADLINE_SECONDS = 420


@dataclass(frozen=True)
class Killed:
    """A part of the stack that is killed, so many seconds after the command was typed."""

    number: int
    kind: str
    seconds: float

    def __str__(self) -> str:
        return f"point {self.number}: {self.kind} is killed after {self.seconds:.1f} s"


def points(seed: int) -> list[Killed]:
    """The points of a seed, each drawn by itself."""
    return [
        Killed(number, part, Random(f"{seed}/whole/{number}").uniform(FIRST_SECONDS, LAST_SECONDS))
        for number, part in enumerate(PARTS, start=1)
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
    if point.kind == "dag-processor":
        # There is one only where Airflow is left running.
        home.type("up")
        _kill(home, point.kind)
        home.type("up")
    command = home.start("replay")
    with suppress(subprocess.TimeoutExpired):
        command.wait(point.seconds)
    if point.kind != "dag-processor":
        _kill(home, point.kind)
    try:
        command.wait(DEADLINE_SECONDS)
    finally:
        command.kill()


def _kill(home: Home, part: str) -> None:
    chosen = _WHICH.get(part, lambda words: part in words)
    found = [process for process in home.processes() if chosen(_words(process))]
    # A task is one process and not all; of a part all go.
    for process in found[-1:] if part == "a task" else found:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _words(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


_WHICH: dict[str, Callable[[str], bool]] = {
    "the server": lambda words: "postgres" in words.split(" ", 1)[0] or words.startswith("postgres"),
    "a task": lambda words: "dbt_process" in words or "task" in words,
}

if __name__ == "__main__":
    sys.exit(main())
