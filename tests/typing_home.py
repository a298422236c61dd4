"""A home in which commands are typed, watched and killed."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from vroegsignaal import warehouse
from vroegsignaal.embedded import EmbeddedServer
from vroegsignaal.orchestrator.processes import MARK

COMMAND = Path(sys.executable).with_name("vroegsignaal")


class Home:
    """A home in which commands are typed."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.server = EmbeddedServer(folder)
        plain = {name: value for name, value in os.environ.items() if not name.startswith("VROEGSIGNAAL_")}
        self.variables = plain | {"VROEGSIGNAAL_HOME": str(folder)} | variables

    def start(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen(
            [COMMAND, *words], env=self.variables, stdout=subprocess.DEVNULL, start_new_session=True
        )

    def words(self, *words: str) -> list[str]:
        """A command as it is typed."""
        return [str(COMMAND), *words]

    def type(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([COMMAND, *words], env=self.variables, capture_output=True, text=True, check=False)

    def rows(self, statement: str, role: str = "bi") -> list[dict[str, str]]:
        done = self.type("query", statement, "--role", role, "--format", "csv")
        assert done.returncode == 0, done.stderr
        return list(csv.DictReader(io.StringIO(done.stdout)))

    def approved(self) -> int:
        """How many months were approved so far; 0 while there is nothing to ask."""
        with suppress(psycopg.Error, KeyError), psycopg.connect(self.server.uri(warehouse.DATABASE)) as connection:
            return connection.execute("select count(distinct signal_month) from decision.approval").fetchone()[0]
        return 0

    def processes(self) -> list[psutil.Process]:
        """Every process of this home: Airflow's, its tasks', and the server's."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                data = str(self.server.folder)
                if process.environ().get(MARK) == str(self.folder / "airflow") or data in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def kill(self, command: subprocess.Popen) -> None:
        """End everything as a power cut does."""
        command.send_signal(signal.SIGKILL)
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        command.wait()
