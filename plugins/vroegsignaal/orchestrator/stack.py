"""Airflow as one thing to start and stop: API server, scheduler and, when it is left running, the reader of flows."""

from __future__ import annotations

import fcntl
import importlib.metadata
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from vroegsignaal import shares
from vroegsignaal.embedded import free_port, is_free
from vroegsignaal.months import Month
from vroegsignaal.orchestrator.api import Api
from vroegsignaal.orchestrator.environment import USER, Place, environment, told_elsewhere
from vroegsignaal.orchestrator.metadata import Metadata
from vroegsignaal.orchestrator.processes import OrchestratorError, Processes
from vroegsignaal.orchestrator.runs import FLOWS, Progress, RunResult, Runs

START_SECONDS = 120
_OWN_VARIABLES = "VROEGSIGNAAL_"


@dataclass(frozen=True)
class Status:
    """Whether Airflow is up, and where a person finds it."""

    running: bool
    url: str | None = None
    user: str | None = None
    password_file: Path | None = None


class Airflow:
    """The Airflow of one home: as a context it runs as long as the block, `detached` it runs until `stop()`.

    A detached Airflow of the same home makes way for the block and comes back after it, at the same address.
    `variables` are settings for the tasks, added to the VROEGSIGNAAL_… variables of this process.
    """

    def __init__(self, place: Place, variables: Mapping[str, str] | None = None, detached: bool = False) -> None:
        self.place = place
        self._settings = {name: value for name, value in os.environ.items() if name.startswith(_OWN_VARIABLES)}
        self._settings |= variables or {}
        self._detached = detached
        self._processes = Processes(place.airflow_home, place.logs)
        self._api = Api(place)
        self._lock: Any = None
        self._made_way: dict[str, str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start Airflow and wait until it works, or raise OrchestratorError.

        What a killed Airflow of this home left behind, processes and unfinished runs, is ended first.
        """
        self._take_lock()
        _end_on_signals()
        try:
            if not self._is_up_already():
                self._start()
        except BaseException:
            self.stop()
            raise
        if self._detached:
            self._release_lock()

    def stop(self) -> None:
        """End every process of this home's Airflow, whoever started it."""
        self._take_lock()
        with _undisturbed():
            self._processes.end()
            self._restore_switches()
            self._release_lock()
        if self._detached:
            self.place.remember(detached=None)
        elif self._made_way is not None:
            came_back = Airflow(self.place, detached=True)
            came_back._settings, self._made_way = self._made_way, None
            came_back.start()

    def status(self) -> Status:
        """Whether this home's Airflow is up."""
        if not self._processes.found():
            return Status(running=False)
        return Status(True, self.place.url, USER, self.place.login_file)

    def run_months(self, months: list[Month], progress: Progress) -> RunResult:
        """Run months through the flows, in the order given; see `Runs.run`."""
        with closing(Metadata(self.place.database)) as metadata:
            return Runs(self.place, metadata, self._processes).run(months, progress)

    # -- starting

    def _is_up_already(self) -> bool:
        """Whether a detached Airflow with these settings works, so that there is nothing to do."""
        remembered = self.place.memory().get("detached")
        return self._detached and remembered == self._settings and self._parts() <= self._api.healthy_parts()

    def _start(self) -> None:
        if not self._detached and self._processes.found():
            self._made_way = self.place.memory().get("detached")
        self._processes.end()
        self._choose_port()
        variables = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_VARIABLES)}
        variables |= environment(self.place) | told_elsewhere(self._settings) | self._settings
        self._prepare(variables)
        self._processes.start("api-server", ["api-server"], variables)
        # Without its log server, which would listen on every interface: the logs are on this machine.
        self._processes.start("scheduler", ["scheduler", "--skip-serve-logs"], variables)
        if self._detached:
            self._processes.start("dag-processor", ["dag-processor"], variables)
            self.place.remember(detached=self._settings)
        self._wait_until_healthy()

    def _choose_port(self) -> None:
        """Keep the port of before, so that an open page of the user interface stays valid, unless it was taken."""
        self.place.ensure_keys()
        if not is_free(self.place.memory()["port"]):
            self.place.remember(port=free_port())

    def _prepare(self, variables: Mapping[str, str]) -> None:
        """Bring the metadata up to date: its tables, the flows, and what a killed Airflow left unfinished."""
        with closing(Metadata(self.place.database)) as metadata:
            flows = _fingerprint(self.place.root)
            if self.place.memory().get("prepared") != [flows, metadata.revision()]:
                self._processes.run("db-migrate", ["db", "migrate"], variables)
                self._processes.run("dags-reserialize", ["dags", "reserialize"], variables)
                self.place.remember(prepared=[flows, metadata.revision()])
            metadata.abandon_unfinished()
            metadata.ensure_pool(shares.POOL, len(shares.numbers()))
            if self._detached:
                return
            # Only the months that were asked for are to run: nothing by the clock, nothing on arrival.
            self.place.remember(switched_off=self.place.memory().get("switched_off", metadata.switched_off()))
            metadata.switch_on(FLOWS)
            metadata.hold_schedule()

    def _restore_switches(self) -> None:
        """Switch off the flows again that were off; left to the next start when the database is gone."""
        switched_off = self.place.memory().get("switched_off")
        if switched_off is None:
            return
        try:
            with closing(Metadata(self.place.database)) as metadata:
                metadata.switch_off(switched_off)
        except OrchestratorError:
            return
        self.place.remember(switched_off=None)

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._parts() <= self._api.healthy_parts():
            self._processes.check()
            if time.monotonic() > deadline:
                raise OrchestratorError(
                    f"Airflow did not come up in {START_SECONDS} seconds. Its logs are in {self.place.logs}."
                )
            time.sleep(0.1)

    def _parts(self) -> set[str]:
        return {"metadatabase", "scheduler"} | ({"dag_processor"} if self._detached else set())

    # -- one command at a time

    def _take_lock(self) -> None:
        if self._lock:
            return
        self.place.airflow_home.mkdir(parents=True, exist_ok=True)
        lock = (self.place.airflow_home / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise OrchestratorError(
                f"another command is using Airflow in {self.place.home}: wait until it is done, "
                "or give this one a VROEGSIGNAAL_HOME of its own."
            ) from None
        self._lock = lock

    def _release_lock(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None


def _fingerprint(root: Path) -> str:
    """Tells apart what the flows were read from: Airflow's version, the files that define them, and their setting."""
    files = [*sorted((root / "dags").glob("*.py")), root / "plugins" / "vroegsignaal" / "flows.py"]
    given = [importlib.metadata.version("apache-airflow"), str(root), str(shares.numbers())]
    told = [*given, *(file.read_text() for file in files)]
    return sha256("\0".join(told).encode()).hexdigest()


def _end_on_signals() -> None:
    """Let a command that is asked to end leave its blocks in order, so that Airflow is stopped, as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        return

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignore signals to end for as long as the block ends Airflow: a second Ctrl-C would leave half of it running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
