"""Serve the dashboards on this machine, from the warehouse of VROEGSIGNAAL_HOME, until Ctrl-C: `make dashboards`."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import requests
import typer

from dashboards.bundle import FOLDER, assets
from dashboards.load import load
from vroegsignaal import replay, settings, warehouse
from vroegsignaal.embedded import HOST, free_port, is_free, write_private
from vroegsignaal.errors import PlatformError
from vroegsignaal.settings import Settings

USER = "admin"
PORT = 8088
START_SECONDS = 180


@dataclass(frozen=True)
class Served:
    """Where the dashboards are, and the login."""

    address: str
    user: str
    password: str
    process: subprocess.Popen

    def pages(self) -> dict[str, str]:
        """Title of each dashboard -> its address."""
        found = [content for path, content in assets().items() if path.startswith("dashboards/")]
        return {each["dashboard_title"]: f"{self.address}/superset/dashboard/{each['slug']}/" for each in found}


class Superset:
    """The Superset of one home: its state, its keys and its processes. `programs` is the `bin` of its environment."""

    def __init__(self, here: Settings, programs: Path) -> None:
        self.here, self.programs = here, programs.absolute()
        self.folder = here.home / "superset"

    @contextmanager
    def served(self) -> Iterator[Served]:
        """Superset, prepared, with the dashboards loaded; stopped at the end."""
        if not (self.programs / "gunicorn").exists():
            raise PlatformError(f"Superset is not installed in {self.programs.parent}: run `make dashboards`.")
        memory = self._memory()
        self._prepare(memory)
        port = PORT if is_free(PORT) else free_port()
        process = self._start(port)
        served = Served(f"http://{HOST}:{port}", USER, memory["password"], process)
        try:
            self._wait(served)
            load(served.address, USER, memory["password"], warehouse.uri(self.here, "bi"))
            yield served
        finally:
            process.terminate()
            process.wait()

    def variables(self) -> dict[str, str]:
        """The environment of its processes: nothing of ours but what it needs, and no telemetry."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE") if name in os.environ}
        return kept | {
            "HOME": str(self.folder),
            "SUPERSET_HOME": str(self.folder),
            "SUPERSET_CONFIG_PATH": str(FOLDER / "superset_config.py"),
            "SUPERSET_SECRET_KEY_FILE": str(self.folder / "secret_key"),
            "FLASK_APP": "superset.app:create_app()",
            "SCARF_ANALYTICS": "false",
            "DO_NOT_TRACK": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def _memory(self) -> dict[str, str]:
        """The password, made at the first start beside the key that signs and encrypts."""
        remembered = self.folder / "login.json"
        if not remembered.exists():
            write_private(self.folder / "secret_key", secrets.token_urlsafe(48))
            write_private(remembered, json.dumps({"username": USER, "password": secrets.token_urlsafe(15)}))
        # Superset's own database, made by its processes, holds the warehouse's password (encrypted) and its users.
        self.folder.chmod(0o700)
        return json.loads(remembered.read_text())

    def _prepare(self, login: dict[str, str]) -> None:
        """Bring its database up to date, unless the lock and the script are as they were then."""
        made_of = [FOLDER / "superset_prepare.py", self.here.root / "requirements-dashboards.lock"]
        fingerprint = sha256(b"".join(path.read_bytes() for path in made_of)).hexdigest()
        done = self.folder / "prepared"
        if done.exists() and done.read_text() == fingerprint:
            return
        words = [str(self.programs / "python"), str(FOLDER / "superset_prepare.py")]
        with self._log("prepare").open("w") as output:
            ended = subprocess.run(
                words,
                input=json.dumps(login),
                text=True,
                stdout=output,
                stderr=output,
                env=self.variables(),
                check=False,
            )
        if ended.returncode:
            raise PlatformError(f"Superset could not be prepared: see {self._log('prepare')}.")
        done.write_text(fingerprint)

    def _start(self, port: int) -> subprocess.Popen:
        words = ["--bind", f"{HOST}:{port}", "--workers", "1", "--threads", "8"]
        words += ["--timeout", "120", "--graceful-timeout", "2", "--no-control-socket"]
        with self._log("server").open("w") as output:
            # In a session of its own, so that a Ctrl-C reaches this command, which then stops it in order.
            return subprocess.Popen(
                [str(self.programs / "gunicorn"), *words, "superset.app:create_app()"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.variables(),
                cwd=self.folder,
                start_new_session=True,
            )

    def _wait(self, served: Served) -> None:
        deadline = time.monotonic() + START_SECONDS
        with requests.Session() as session:
            session.trust_env = False
            while time.monotonic() < deadline:
                if served.process.poll() is not None:
                    raise PlatformError(f"Superset ended unexpectedly: see {self._log('server')}.")
                try:
                    if session.get(f"{served.address}/health", timeout=5).ok:
                        return
                except requests.RequestException:
                    time.sleep(0.5)
        raise PlatformError(f"Superset does not answer: see {self._log('server')}.")

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def command(programs: Path) -> None:
    """Serve until Ctrl-C, or until the process is asked to end."""
    here = settings.load()
    with replay.warehouse_running(here):
        _check_marts(here)
        typer.echo("Starting Superset (the first time takes a minute or two).")
        with Superset(here, programs).served() as served:
            typer.echo(f"The dashboards are at {served.address}, user {served.user}, password {served.password}")
            for title, address in served.pages().items():
                typer.echo(f"  {title:<45} {address}")
            typer.echo("Ctrl-C stops them.")
            served.process.wait()
    raise PlatformError("Superset ended by itself: see superset/server.log in VROEGSIGNAAL_HOME.")


def _check_marts(here: Settings) -> None:
    with warehouse.connect(here, "bi") as connection:
        if not warehouse.is_there(connection, "mart.drops"):
            raise PlatformError("the warehouse holds no tables yet: run a month first, or `make run` for the pilot.")


def main() -> None:
    """Run the command; what a person can put right is said without a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        command(Path(sys.argv[1]) if len(sys.argv) > 1 else settings.ROOT / ".venv-superset" / "bin")
    except KeyboardInterrupt:
        typer.echo("Stopped.")
    except PlatformError as error:
        typer.echo(f"dashboards: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
