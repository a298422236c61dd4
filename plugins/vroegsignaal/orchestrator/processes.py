"""The processes of one home's Airflow: started, found again and ended, whoever started them and however that ended.

Every process inherits a variable that names its home, and so do the processes that it starts itself: tasks, which
Airflow puts in process groups of their own, and dbt. By that variable all of them are found, also when the command that
started them was killed. Nothing is guessed from process numbers or names.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from vroegsignaal.errors import PlatformError

MARK = "VROEGSIGNAAL_AIRFLOW_OF"
STOP_SECONDS = 4


class OrchestratorError(PlatformError):
    """Airflow itself could not do what was asked."""


class Processes:
    """The processes of the Airflow of one home."""

    def __init__(self, airflow_home: Path, logs: Path) -> None:
        self.logs = logs
        self._mark = str(airflow_home)
        self._started: dict[str, subprocess.Popen] = {}

    def start(self, name: str, words: list[str], variables: Mapping[str, str]) -> subprocess.Popen:
        """Start `airflow <words>` with these variables only, its output in `<name>.log`.

        It gets a session of its own, so that a Ctrl-C reaches the command, which then stops it in order.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "airflow", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**variables, MARK: self._mark},
                start_new_session=True,
            )
        self._started[name] = process
        return process

    def run(self, name: str, words: list[str], variables: Mapping[str, str]) -> None:
        """Run `airflow <words>` to its end; raises OrchestratorError when it fails."""
        process = self.start(name, words, variables)
        if process.wait():
            raise self._complaint(name)
        del self._started[name]

    def check(self) -> None:
        """Raise OrchestratorError when a process that should run has ended."""
        for name, process in self._started.items():
            if process.poll() is not None:
                raise self._complaint(name)

    def found(self) -> list[psutil.Process]:
        """All processes of this home that run now."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def end(self) -> int:
        """End every process of this home: each is asked once, and killed if it lingers; how many there were."""
        asked: set[psutil.Process] = set()
        deadline = time.monotonic() + STOP_SECONDS
        # More than once, because a process may have started another in between.
        while processes := self.found():
            late = time.monotonic() > deadline
            for process in processes:
                if late or process not in asked:
                    _signal(process, kill=late)
            asked.update(processes)
            psutil.wait_procs(processes, timeout=0.2)
        for process in self._started.values():
            process.wait()
        self._started.clear()
        return len(asked)

    def log(self, name: str) -> Path:
        """Where the output of a process is."""
        return self.logs / f"{name}.log"

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self._mark and process.pid != os.getpid()
        except (psutil.Error, OSError):
            return False

    def _complaint(self, name: str) -> OrchestratorError:
        lines = [line[:200] for line in self.log(name).read_text(errors="replace").strip().splitlines()[-5:]]
        return OrchestratorError(
            f"Airflow's {name} ended unexpectedly. Its log, {self.log(name)}, ends with:\n" + "\n".join(lines)
        )


def _signal(process: psutil.Process, kill: bool) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill() if kill else process.terminate()
