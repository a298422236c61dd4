"""The stage on which points are tried: one server, the states between the steps, and how to get back to one of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import preloaded
import psutil
import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from oracle.small_landing import Small
from psycopg import sql

from vroegsignaal import settings, warehouse
from vroegsignaal.embedded import free_port
from vroegsignaal.outbox.files import LEFT_OVER_SECONDS
from vroegsignaal.settings import Settings

from . import town
from .child import Order, run

STEPS = ("receive", "judge", "alert", "derive", "approve", "publish", "hand_out")
CHAIN = [(step, month) for month in town.MONTHS for step in STEPS]
DEADLINE_SECONDS = 240
"""What lasts longer waits for ever."""
MB = 1 << 20
DISK = 1200 * MB
SCHEMAS = ("config", "raw", "quality", "vault", "core", "decision", "casework", "mart")

Rows = dict[str, Counter]
"""Table -> row, as text and without moments -> how often."""


class Stuck(Exception):
    """A step that did not end, or left a lock behind."""


@dataclass
class State:
    """The world between two steps."""

    rows: Rows
    files: dict[str, str]
    mails: Counter
    """(address, Message-ID) of the mails that arrived so far."""


@dataclass
class Postbox:
    """A mail server that takes everything."""

    received: list[tuple[str, str]] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.received += [(address, message["Message-ID"]) for address in envelope.rcpt_tos]
        return "250 OK"


@dataclass
class Stage:
    """One platform, whose steps are run in processes of their own; what was recorded of an undisturbed run."""

    folder: Path
    here: Settings
    variables: dict[str, str]
    box: Postbox
    disk_is_ours: bool
    """Whether the folder is a file system of its own, which can be full without harm to others."""
    started: list[ForkServerProcess] = field(default_factory=list)
    keep: Path | None = None
    """Where what was handed out is kept of a point that went wrong, beside that of the undisturbed run."""
    states: list[State] = field(default_factory=list)
    """Before each step of the chain, and after the last."""
    seconds: list[float] = field(default_factory=list)
    events: list[int] = field(default_factory=list)

    # -- the undisturbed run

    def record(self, steps: int | None = None) -> None:
        """Run the chain undisturbed and keep every state in it."""
        warehouse.ensure_running(self.here)
        for place, (step, month) in enumerate(CHAIN[:steps]):
            self._keep(place)
            counted = self.folder / "events"
            begun = time.monotonic()
            self.finish(self.start(step, month, events=str(counted)))
            self.seconds.append(time.monotonic() - begun)
            self.events.append(int(counted.read_text()))
            if (step, month) == ("hand_out", town.MONTHS[0]):
                town.hand_back(self.here.out, Path(self.here.landing))
        self._keep(len(self.seconds))
        if self.keep:
            shutil.copytree(self.folder / "kept", self.keep / "undisturbed", dirs_exist_ok=True)

    def _keep(self, place: int) -> None:
        self.states.append(self.look())
        self._statement("create database {} template {} strategy file_copy", f"state_{place}", warehouse.DATABASE)
        for name in ("out", "landing"):
            if (self.folder / name).exists():
                shutil.copytree(self.folder / name, self.folder / "kept" / str(place) / name)

    def go_back(self, place: int) -> None:
        """Make the world as it was before a step of the chain."""
        warehouse.server(self.here).ensure_running()
        self._statement("drop database if exists {} with (force)", warehouse.DATABASE)
        self._statement("create database {} template {} strategy file_copy", warehouse.DATABASE, f"state_{place}")
        self._statement("revoke connect on database {} from public", warehouse.DATABASE)
        for role in warehouse.ROLES:
            self._statement("grant connect on database {} to {}", warehouse.DATABASE, role)
        for name in ("out", "landing"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            kept = self.folder / "kept" / str(place) / name
            if kept.exists():
                shutil.copytree(kept, self.folder / name)
        self.box.received = list(self.states[place].mails.elements())

    def _statement(self, statement: str, *names: str) -> None:
        with psycopg.connect(warehouse.server(self.here).uri("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    # -- steps

    def start(self, step: str, month: str, **more: object) -> ForkServerProcess:
        """Start a step in a process (and a session) of its own."""
        context = get_context("forkserver")
        order = Order(step, month, self.variables, str(self.folder / "steps.log"), **more)
        process = context.Process(target=run, args=(order,))
        process.start()
        self.started = [one for one in self.started if one.is_alive()] + [process]
        return process

    def wait(self, process: ForkServerProcess) -> int:
        """How a step ended; raises Stuck when it does not."""
        process.join(DEADLINE_SECONDS)
        if process.exitcode is None:
            end_group(process)
            raise Stuck(f"a step did not end in {DEADLINE_SECONDS} seconds")
        return process.exitcode

    def finish(self, process: ForkServerProcess) -> None:
        """Wait for a step that has to end well."""
        if self.wait(process):
            said = (self.folder / "steps.log").read_text(errors="replace").strip().splitlines()[-4:]
            raise AssertionError("an undisturbed step failed: " + " / ".join(said))

    def run_step(self, place: int) -> None:
        """Run a step of the chain to its end, undisturbed."""
        self.finish(self.start(*CHAIN[place]))

    # -- what there is

    def look(self) -> State:
        """The world as it is now."""
        return look(self.here, self.box)

    def check_nothing_is_held(self) -> None:
        """Raise Stuck when a lock or an open transaction is left by who is gone."""
        deadline = time.monotonic() + 30
        while held := self._held():
            if time.monotonic() > deadline:
                raise Stuck(f"still held after half a minute: {held}")
            time.sleep(0.1)

    def _held(self) -> list[tuple]:
        with warehouse.connect(self.here, "owner") as connection:
            return warehouse.fetch(connection, _HELD)

    def let_time_pass(self) -> None:
        """What is half written was begun long ago: who comes back to a broken run comes later."""
        long_ago = time.time() - 2 * LEFT_OVER_SECONDS
        for path in self.here.out.rglob(".*.new"):
            os.utime(path, (long_ago, long_ago))

    # -- the server and the disk

    def kill_server(self) -> None:
        """End the server as a power cut does: all its processes at once."""
        data = self._data()
        number = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        with suppress(psutil.NoSuchProcess):
            server = psutil.Process(number)
            if str(data) in " ".join(server.cmdline()):
                for process in [server, *server.children(recursive=True)]:
                    with suppress(psutil.NoSuchProcess):
                        process.kill()

    def _data(self) -> Path:
        remembered = json.loads((self.here.home / "postgres" / "server.json").read_text())
        return Path(remembered.get("data") or self.here.home / "postgres" / "data")

    def cut_connections(self) -> int:
        """End every connection to the warehouse; how many there were."""
        with psycopg.connect(warehouse.server(self.here).uri("postgres"), autocommit=True) as connection:
            query = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = %s"
            return connection.execute(query, [warehouse.DATABASE]).fetchone()[0]

    @contextmanager
    def full_disk(self, left: int) -> Iterator[None]:
        """No room on the disk but for so many bytes."""
        filler = self.folder / "filler"
        try:
            with filler.open("wb") as file:
                # The server writes meanwhile: what was free may be no longer. If that is nothing, the disk is full.
                for _ in range(100):
                    size = shutil.disk_usage(self.folder).free - left
                    with suppress(OSError):
                        os.posix_fallocate(file.fileno(), 0, max(size, 1))
                        break
            yield
        finally:
            filler.unlink(missing_ok=True)


_TABLES = """
    select
        schema.nspname, relation.relname,
        array(
            select attname::text
            from pg_attribute
            where attrelid = relation.oid and (atttypid = 'timestamptz'::regtype or attname = 'written_at')
        )
    from pg_class as relation
    inner join pg_namespace as schema on relation.relnamespace = schema.oid
    where schema.nspname = any(%s) and relation.relkind in ('r', 'v')
    order by 1, 2
"""
_HELD = """
    select activity.application_name, activity.state, lock.locktype, lock.mode
    from pg_stat_activity as activity
    inner join pg_locks as lock using (pid)
    where
        activity.pid <> pg_backend_pid() and activity.datname = current_database()
        and activity.backend_type = 'client backend' and lock.locktype <> 'virtualxid'
"""


def look(here: Settings, box: Postbox) -> State:
    """What is in every table, what was handed out, and which mails arrived."""
    return State(_rows(here), _files(here), Counter(box.received))


def _rows(here: Settings) -> Rows:
    """Every row of every table, without the moments at which things were done; and which views there are."""
    with warehouse.connect(here, "owner") as connection:
        return {
            f"{schema}.{table}": Counter(
                row
                for (row,) in warehouse.fetch(
                    connection,
                    sql.SQL("select (to_jsonb(t) - %s::text[])::text from {}.{} as t").format(
                        sql.Identifier(schema), sql.Identifier(table)
                    ),
                    [moments],
                )
            )
            for schema, table, moments in warehouse.fetch(connection, _TABLES, [list(SCHEMAS)])
        }


def _files(here: Settings) -> dict[str, str]:
    """Every file that was handed out, by its name: its bytes, but for the moment of an approval."""
    return {str(path.relative_to(here.out)): _contents(path) for path in sorted(here.out.rglob("*")) if path.is_file()}


def _contents(path: Path) -> str:
    from hashlib import sha256

    data = path.read_bytes()
    if path.name == "manifest.json":
        told = json.loads(data)
        (told["vastgesteld"] or {}).pop("op", None)
        data = json.dumps(told).encode()
    return sha256(data).hexdigest()


def leave(number: int, _: object) -> None:
    """Let who is asked to end leave its blocks, so that the server and the file system go too."""
    raise SystemExit(128 + number)


def end_group(process: ForkServerProcess) -> None:
    """Kill a step with everything that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, 9)
    with suppress(ProcessLookupError):
        os.kill(process.pid, 9)
    process.join()


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage that is taken down at the end; on a file system of its own where one can be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="vroegsignaal-survival-"))
    folder.chmod(0o755)
    mounted = os.geteuid() == 0 and _call("mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "none", str(folder))
    preloaded.ensure_running()
    try:
        with mail_server() as (box, address), platform_of(variables_of(folder, town.build(folder), address)) as here:
            there = Stage(folder, here, here.environment(), box, mounted)
            try:
                yield there
            finally:
                # Who is asked to end in the middle of a step takes it along.
                for process in there.started:
                    end_group(process)
    finally:
        if mounted:
            _call("umount", "--lazy", str(folder))
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def mail_server() -> Iterator[tuple[Postbox, str]]:
    """A mail server on loopback, and its address."""
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield box, f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def variables_of(folder: Path, small: Small, smtp: str) -> dict[str, str]:
    """The settings of a platform in a folder."""
    return {
        "VROEGSIGNAAL_HOME": str(folder / "home"),
        "VROEGSIGNAAL_LANDING": str(small.landing),
        "VROEGSIGNAAL_CONFIG": str(small.config),
        "VROEGSIGNAAL_OUT": str(folder / "out"),
        "VROEGSIGNAAL_APPROVAL": "automatic",
        "VROEGSIGNAAL_SMTP": smtp,
    }


@contextmanager
def platform_of(variables: dict[str, str]) -> Iterator[Settings]:
    """The settings with these variables and no others; the server of the home is stopped at the end."""
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("VROEGSIGNAAL_")}
    os.environ.update(variables)
    here = settings.load()
    try:
        yield here
    finally:
        warehouse.server(here).stop()
        for name in variables:
            os.environ.pop(name, None)
        os.environ.update(before)


def _call(*words: str) -> bool:
    try:
        return subprocess.run(words, check=False, capture_output=True).returncode == 0
    except OSError:
        return False
