"""Whether months run in Celery's workers, as on a server: `make check-celery`, which takes some ten minutes.

It starts what docker-compose.yml starts, without containers, on 127.0.0.1: each process by its own command and health
check, with the variables of its service and no other secrets than its own. Then months are run, and on the way a worker
is asked to end, one is killed, and the queue is lost. Exit codes: 0 all is well, 1 it is not.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from signal import SIGTERM

import psutil
import psycopg
from composed import ROOT, environment, health_command, services
from conftest import places
from oracle.small_landing import APR, FEB, JAN, MAR, A, Small, signal
from psycopg import sql

from vroegsignaal.embedded import HOST, EmbeddedServer, find_binaries, free_port
from vroegsignaal.months import Month
from vroegsignaal.orchestrator.metadata import Metadata
from vroegsignaal.orchestrator.runs import FLOWS, RECEIVE

START_SECONDS = 240
MONTH_SECONDS = 420
TASKS = {"receive", "judge", "alert", "derive", "approve", "publish", "hand_out"}
AIRFLOW, DASHBOARDS = "localhost", "dashboards.localhost"
"""What the sites are called: as docker-compose.yml calls them where nobody says otherwise."""
KEPT = ("PATH", "LANG", "PG_BINDIR", "PYTHONPATH")
# Sooner than on a server, so that nobody has to wait for it here.
HASTE = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
    # A flow that is read again also gets its runs by the clock.
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "86400",
}


class ByProxy(http.client.HTTPSConnection):
    """A connection with a site by way of the proxy of this machine, whatever its name leads to."""

    def connect(self) -> None:
        """Connect, and look at the certificate."""
        self.sock = self._context.wrap_socket(socket.create_connection((HOST, self.port)), server_hostname=self.host)


class Stack:
    """The services of docker-compose.yml as processes of this machine; `superset` is the `bin` of its environment."""

    def __init__(self, folder: Path, small: Small, superset: Path) -> None:
        self.folder, self.superset = folder, superset
        self.ports = {name: free_port() for name in ("postgres", "redis", "8080", "8974", "8088", "8081", "80", "443")}
        self.started: dict[str, subprocess.Popen] = {}
        self.places = {f"VROEGSIGNAAL_{name}": value for name, value in places(small).items()}

    # -- what a service is given

    def variables(self, name: str) -> dict[str, str]:
        """What a service is given, and where things are here."""
        given = environment(services()[name], AIRFLOW_SITE=f"{AIRFLOW}:{self.ports['443']}")
        given = {variable: self.here(value, name) for variable, value in given.items()}
        given |= {variable: value for variable, value in self.places.items() if variable in given}
        kept = {variable: os.environ[variable] for variable in KEPT if variable in os.environ}
        programs = Path(sys.executable).parent
        if "SUPERSET_HOME" in given:
            programs = self.superset
            kept.pop("PYTHONPATH", None)
        return kept | given | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "NO_PROXY": HOST,
            "SECRETS": str(self.secrets(name)),
            "DATABASE_SERVER": f"{HOST}:{self.ports['postgres']}",
            "QUEUE_SERVER": f"{HOST}:{self.ports['redis']}",
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(self.ports["8080"]),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.ports["8974"]),
            "VROEGSIGNAAL_APPROVAL": "automatic",
            **HASTE,
        }  # fmt: skip

    def here(self, said: str, name: str) -> str:
        """What docker-compose.yml says, in the words of this machine."""
        words = {
            "/opt/vroegsignaal": str(ROOT),
            "/opt/superset": str(ROOT),
            "/var/lib/vroegsignaal": str(self.folder / "home"),
            "/var/lib/superset": str(self.folder / "superset"),
            "/run/secrets": str(self.secrets(name)),
            "redis-cli": f"redis-cli -p {self.ports['redis']}",
        }
        for port in ("8080", "8974", "8088", "8081"):
            there = f"{HOST}:{self.ports[port]}"
            words |= {f"{host}:{port}": there for host in (HOST, "0.0.0.0", "api-server", "superset")}  # noqa: S104
        for there, replaced in words.items():
            said = said.replace(there, replaced)
        return said

    def secrets(self, name: str) -> Path:
        """A folder with the secrets that a service is given, and no other."""
        folder = self.folder / "run" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            for secret in services()[name].get("secrets", []):
                (folder / secret).symlink_to(self.folder / "secrets" / secret)
        return folder

    # -- processes

    def words(self, name: str) -> list[str]:
        """The command of a service, with what its image begins it with."""
        if name == "redis":
            return ["docker/redis", "--bind", HOST, "--port", str(self.ports["redis"])]
        if name == "proxy":
            return ["caddy", "run", "--adapter", "caddyfile", "--config", str(self.folder / "Caddyfile")]
        begun = "docker/superset" if name.startswith("superset") else "docker/entrypoint"
        return [begun, *(self.here(word, name) for word in services()[name]["command"])]

    def start(self, name: str) -> subprocess.Popen:
        """Start a service and wait until its own health check is content."""
        with (self.folder / f"{name}.log").open("a") as output:
            self.started[name] = subprocess.Popen(
                self.words(name),
                env=self.variables(name),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        words = [self.here(word, name) for word in health_command(services()[name])]
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run(words, env=self.variables(name), cwd=ROOT, capture_output=True, check=False).returncode:
            assert self.started[name].poll() is None, f"{name} ended: see {self.folder / name}.log"
            assert time.monotonic() < deadline, f"{name} is not healthy: see {self.folder / name}.log"
            time.sleep(1)
        return self.started[name]

    def run(self, name: str) -> None:
        """Run a service that ends."""
        with (self.folder / f"{name}.log").open("a") as output:
            done = subprocess.run(
                self.words(name), env=self.variables(name), cwd=ROOT, stdout=output, stderr=output, check=False
            )
        assert done.returncode == 0, f"{name} failed: see {self.folder / name}.log"

    def kill(self, name: str) -> None:
        """Kill a service with all that it started, as the end of a container does."""
        process = self.started.pop(name)
        tree = family(process)
        for each in tree:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait()
        psutil.wait_procs(tree, timeout=10)

    def end(self) -> None:
        """End everything that was started."""
        for name in reversed(list(self.started)):
            with suppress(psutil.NoSuchProcess):
                self.kill(name)

    # -- the database

    def login(self, database: str) -> dict[str, str]:
        """How the owner of a database logs in."""
        secret = {"vroegsignaal": "warehouse_password", "airflow": "airflow_password", "postgres": "postgres_password"}
        password = (self.folder / "secrets" / secret[database]).read_text()
        place = {"host": HOST, "port": self.ports["postgres"], "dbname": database}
        return place | {"user": database, "password": password}

    def connect(self, database: str) -> psycopg.Connection:
        """A connection with a database as its owner."""
        return psycopg.connect(**self.login(database), autocommit=True)

    def tasks(self, month: str) -> dict[str, tuple[str | None, int]]:
        """The tasks of a month: state and attempt."""
        with self.connect("airflow") as connection:
            found = connection.execute(
                "select task.task_id, task.state, task.try_number from task_instance as task"
                " inner join dag_run as run on run.dag_id = task.dag_id and run.run_id = task.run_id"
                " where run.partition_key = %s",
                [Month.parse(month).partition_key],
            ).fetchall()
        return {task: (state, attempt) for task, state, attempt in found}

    # -- the pages, by way of the proxy

    def ask(self, site: str, path: str, body: dict | None = None, token: str | None = None) -> tuple[int, dict]:
        """The status and the answer of a site by way of the proxy, whose certificate is checked."""
        context = ssl.create_default_context(cafile=self.folder / "secrets" / "tls_certificate")
        connection = ByProxy(site, self.ports["443"], context=context, timeout=120)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text.startswith(b"{") else {}

    def token(self, site: str, path: str, secret: str, **more: str) -> str:
        """A token of the user admin, who has the password of a secret."""
        login = {"username": "admin", "password": (self.folder / "secrets" / secret).read_text(), **more}
        return self.ask(site, path, login)[1]["access_token"]

    def queue(self, month: str) -> None:
        """Have a month received and matched."""
        key = Month.parse(month).partition_key
        run = {"dag_run_id": f"check__{month}", "partition_key": key, "logical_date": None, "conf": {}}
        token = self.token(AIRFLOW, "/auth/token", "admin_password")
        status, _ = self.ask(AIRFLOW, f"/api/v2/dags/{RECEIVE}/dagRuns", run, token)
        assert status == http.client.OK, status

    def wait_until(self, what: Callable[[], bool], said: str, seconds: float = MONTH_SECONDS) -> float:
        """Wait for something; how many seconds it took."""
        begun = time.monotonic()
        while not what():
            assert time.monotonic() - begun < seconds, f"not within {seconds:.0f} seconds: {said}"
            for name, process in self.started.items():
                assert process.poll() is None, f"{name} ended: see {self.folder / name}.log"
            time.sleep(0.1)
        return time.monotonic() - begun

    def wait_for_end(self, month: str) -> float:
        """Wait until all tasks of a month are done; how many seconds it took."""
        return self.wait_until(
            lambda: {task for task, (state, _) in self.tasks(month).items() if state == "success"} == TASKS,
            f"{month} is done",
        )

    def wait_for_running(self, month: str, task: str) -> None:
        """Wait until a task of a month runs."""
        self.wait_until(lambda: self.tasks(month).get(task, ("", 0))[0] == "running", f"{task} of {month} runs")


def family(process: subprocess.Popen) -> list[psutil.Process]:
    """A process and all that it started."""
    return [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]


@contextmanager
def stack(folder: Path, small: Small, superset: Path) -> Iterator[Stack]:
    """Everything up, in the order of docker-compose.yml, and ended after the block."""
    there = Stack(folder, small, superset)
    shutil.copytree(ROOT / "docker", folder / "docker")
    subprocess.run([folder / "docker" / "make-secrets"], check=True, stdout=subprocess.DEVNULL)
    _configure_proxy(there)
    with ExitStack() as ends:
        ends.enter_context(_postgres(there))
        ends.callback(there.end)
        there.start("redis")
        there.run("init")
        for name in ("api-server", "scheduler", "dag-processor", "triggerer", "worker"):
            there.start(name)
        (folder / "superset").mkdir()
        there.run("superset-init")
        there.start("superset")
        there.run("dashboards")
        there.start("proxy")
        metadata = Metadata(psycopg.conninfo.make_conninfo(**there.login("airflow")))
        ends.callback(metadata.close)
        # The matching flow is on by itself.
        there.wait_until(lambda: RECEIVE in metadata.switched_off(), "the flows are read")
        metadata.switch_on(FLOWS)
        metadata.hold_schedule()
        yield there


@contextmanager
def _postgres(there: Stack) -> Iterator[None]:
    """A server with the superuser and the databases of the container's."""
    server = EmbeddedServer(there.folder / "server")
    server.ensure_running()
    there.ports["postgres"] = psycopg.conninfo.conninfo_to_dict(server.uri("postgres"))["port"]
    login = there.login("postgres")
    with psycopg.connect(server.uri("postgres"), autocommit=True) as connection:
        made = sql.SQL("create role postgres superuser login password {}").format(sql.Literal(login["password"]))
        connection.execute(made)
    with there.connect("postgres") as connection:
        # The owner of the warehouse has this name, and is no superuser.
        connection.execute("alter role vroegsignaal rename to first")
    given = {"PGHOST": HOST, "PGPORT": str(login["port"]), "PGPASSWORD": login["password"]}
    given["PATH"] = f"{find_binaries()}:{os.environ['PATH']}"
    try:
        # Twice: the second time there is nothing to do.
        for _ in range(2):
            subprocess.run([ROOT / "docker" / "init-databases"], env=there.variables("postgres") | given, check=True)
        yield
    finally:
        server._pg_ctl("stop", "-m", "immediate")


def _configure_proxy(there: Stack) -> None:
    """The proxy's own file, for ports of this machine."""
    ports = f"http_port {there.ports['80']}\n\thttps_port {there.ports['443']}\n\tdefault_bind {HOST}"
    text = there.here((ROOT / "docker" / "Caddyfile").read_text(), "proxy")
    file = there.folder / "Caddyfile"
    file.write_text(text.replace("\tadmin off\n", f"\tadmin off\n\t{ports}\n"))
    words = ["caddy", "validate", "--adapter", "caddyfile", "--config", file]
    # With an address for mail certificates are asked for elsewhere; that can only be judged by its form.
    given = there.variables("proxy") | {"PROXY_TLS": "beheer@example.nl"}
    subprocess.run(words, env=given, check=True, capture_output=True)


def town(folder: Path) -> Small:
    """Months in which two households match."""
    small = Small(folder)
    for month in (JAN, FEB, MAR, APR):
        for creditor in ("rood", "wit"):
            small.signals(month, creditor, signal(month, 1), signal(month, 2))
        small.residents(month, "1", "2")
    return small


def main(superset: Path) -> int:
    """Look at all; each finding on a line."""
    folder = Path(tempfile.mkdtemp(prefix="vroegsignaal-celery-"))
    folder.chmod(0o755)
    well = False
    try:
        with stack(folder, town(folder), superset.absolute()) as there:
            for look in LOOKS:
                print(f"{look.__name__.replace('_', ' ')}: {look(there)}", flush=True)
        well = True
    except AssertionError as missed:
        print(f"Not well: {missed}. The logs are in {folder}.")
    if well:
        shutil.rmtree(folder)
    return 0 if well else 1


def runs_in_workers(there: Stack) -> str:
    """A month runs to its end, each step in a worker of Celery."""
    there.queue(JAN)
    seconds = there.wait_for_end(JAN)
    count = "select count(*) from celery_taskmeta where status = 'SUCCESS'"
    with there.connect("airflow") as connection:
        # Celery tells of a step a moment after Airflow.
        there.wait_until(lambda: connection.execute(count).fetchone() == (len(TASKS),), "all steps are Celery's", 30)
    with there.connect("vroegsignaal") as connection:
        matches = connection.execute("select total from mart.matches_by_month where municipality_code = %s", [A])
        assert matches.fetchall() == [(2,)]
    return f"{len(TASKS)} steps in {seconds:.0f} s"


def ends_in_order(there: Stack) -> str:
    """A worker that is asked to end finishes its step, and leaves the next one to another."""
    there.queue(FEB)
    there.wait_for_running(FEB, "judge")
    worker, begun = there.started.pop("worker"), time.monotonic()
    worker.send_signal(SIGTERM)
    code = worker.wait(timeout=MONTH_SECONDS)
    seconds = time.monotonic() - begun
    assert code == 0, f"the worker ended with {code}"
    assert there.tasks(FEB)["judge"] == ("success", 1), there.tasks(FEB)
    waiting = {task for task, (state, _) in there.tasks(FEB).items() if state in ("queued", "scheduled", None)}
    assert waiting, there.tasks(FEB)
    there.start("worker")
    there.wait_for_end(FEB)
    again = {task for task, (_, attempt) in there.tasks(FEB).items() if attempt != 1 and task not in waiting}
    assert not again, f"run again: {again}"
    return f"it ended {seconds:.0f} s after it was asked, its step done in one attempt"


def comes_back_after_a_kill(there: Stack) -> str:
    """The step of a worker that is killed is run again, and the month comes to the same."""
    there.queue(MAR)
    there.wait_for_running(MAR, "derive")
    there.kill("worker")
    begun = time.monotonic()
    there.start("worker")
    there.wait_for_end(MAR)
    assert there.tasks(MAR)["derive"][1] == 2, there.tasks(MAR)
    with there.connect("vroegsignaal") as connection:
        found = connection.execute("select distinct total from mart.matches_by_month where municipality_code = %s", [A])
        assert found.fetchall() == [(2,)]
    return f"its step was run again, and the month was done after {time.monotonic() - begun:.0f} s"


def survives_a_lost_queue(there: Stack) -> str:
    """A step that was in the queue when Redis ended is put in again."""
    worker = there.started.pop("worker")
    worker.send_signal(SIGTERM)
    worker.wait(timeout=MONTH_SECONDS)
    there.queue(APR)
    there.wait_until(lambda: there.tasks(APR).get("receive", ("", 0))[0] == "queued", "receive is queued")
    there.kill("redis")
    there.start("redis")
    begun = time.monotonic()
    there.start("worker")
    there.wait_for_end(APR)
    return f"the month was done after {time.monotonic() - begun:.0f} s"


def shows_the_months(there: Stack) -> str:
    """The dashboards are there, and draw from the warehouse what was matched."""
    token = there.token(DASHBOARDS, "/api/v1/security/login", "superset_admin_password", provider="db")
    _, boards = there.ask(DASHBOARDS, "/api/v1/dashboard/", token=token)
    _, tables = there.ask(DASHBOARDS, "/api/v1/dataset/?q=(page_size:100)", token=token)
    (table,) = [each for each in tables["result"] if each["table_name"] == "Matches"]
    asked = {
        "datasource": {"id": table["id"], "type": "table"},
        "queries": [{"columns": [], "metrics": ["total_households"]}],
    }
    login = there.ask(DASHBOARDS, f"/api/v1/database/{table['database']['id']}/connection", token=token)[1]["result"]
    assert login["sqlalchemy_uri"].startswith("postgresql+psycopg2://bi:XXXX"), login["sqlalchemy_uri"]
    status, answer = there.ask(DASHBOARDS, "/api/v1/chart/data", asked, token)
    assert status == http.client.OK, answer
    (row,) = answer["result"][0]["data"]
    assert list(row.values()) == [2 * 4], row
    return f"{boards['count']} dashboards, with the matches of four months"


def takes_commands(there: Stack) -> str:
    """What is typed in the container of a worker is done: a month by hand; and monitoring sees the server's Airflow."""

    def typed(*words: str) -> str:
        command = ["docker/entrypoint", "vroegsignaal", *words]
        done = subprocess.run(
            command, env=there.variables("worker"), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    typed("month", APR)
    told = json.loads(typed("status", "--format", "json"))
    assert (told["warehouse"], told["airflow"], told["airflow_parts_down"]) == ("up", "up", []), told
    return "a month by hand, and the state of the server"


def shows_no_more(there: Stack) -> str:
    """What the workers ask of the API server is not to be had by way of the proxy, and pages want a login."""
    wanted = {
        (AIRFLOW, "/execution/health"): {http.client.NOT_FOUND},
        (AIRFLOW, "/api/v2/dags"): {http.client.UNAUTHORIZED},
        (DASHBOARDS, "/superset/welcome/"): {http.client.FOUND},
    }
    for (site, path), statuses in wanted.items():
        assert there.ask(site, path)[0] in statuses, f"{site}{path}: {there.ask(site, path)}"
    listening = {
        connection.laddr.ip
        for process in there.started.values()
        for each in family(process)
        for connection in each.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {HOST}, listening
    return "only 127.0.0.1 listens, and what is for the workers is closed"


LOOKS = (
    runs_in_workers,
    ends_in_order,
    comes_back_after_a_kill,
    survives_a_lost_queue,
    shows_the_months,
    takes_commands,
    shows_no_more,
)

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
