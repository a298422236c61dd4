"""Airflow's login where it is served to others: users of its own, no password that anybody could guess."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from composed import composed, services
from conftest import platform

from vroegsignaal import orchestrator, replay, warehouse
from vroegsignaal.embedded import free_port, is_free
from vroegsignaal.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 180
PASSWORD, OTHER = "correct horse battery staple", "another password than the first"


def variables(here: Settings) -> dict[str, str]:
    """The settings of docker-compose.yml for who may log in, on the metadata of a home."""
    given = services()["api-server"]["environment"]
    place = orchestrator.Place(here.home, ROOT, warehouse.metadata_uri(here))
    of_compose = {name: value for name, value in given.items() if name.startswith("AIRFLOW__CORE__AUTH")}
    return os.environ | orchestrator.environment(place) | of_compose


def airflow(here: Settings, *command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *command], env=variables(here), cwd=ROOT, capture_output=True, text=True, check=False
    )


@contextmanager
def api_server(here: Settings) -> Iterator[int]:
    """The API server alone; its port."""
    port = free_port()
    words = [sys.executable, "-m", "airflow", "api-server", "--port", str(port)]
    with subprocess.Popen(
        words, env=variables(here), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while is_free(port):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.2)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def logs_in(port: int, password: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"username": "admin", "password": password})
    connection.request("POST", "/auth/token", body, {"Content-Type": "application/json"})
    return connection.getresponse().status


@pytest.mark.long
def test_the_first_user_has_a_hashed_password_from_a_file_and_keeps_the_one_it_chose(
    new_home: Callable[[], Path], tmp_path: Path
) -> None:
    file = tmp_path / "admin_password"
    with platform(new_home()) as here:
        warehouse.ensure_metadata(here)
        migrated = airflow(here, "-m", "airflow", "db", "migrate")
        assert migrated.returncode == 0, migrated.stderr
        file.write_text("short")
        assert "fewer than 16 signs" in airflow(here, "docker/first-admin", str(file)).stderr
        file.write_text(f"{PASSWORD}\n")
        for _ in range(2):
            made = airflow(here, "docker/first-admin", str(file))
            assert made.returncode == 0, made.stderr
            assert PASSWORD not in made.stdout + made.stderr
            file.write_text(OTHER)
        place = orchestrator.Place(here.home, ROOT, warehouse.metadata_uri(here))
        with api_server(here) as port:
            assert logs_in(port, PASSWORD) == http.client.CREATED
            assert logs_in(port, OTHER) == http.client.UNAUTHORIZED
        with psycopg.connect(place.database) as connection:
            users = connection.execute("select username, password from ab_user").fetchall()
    (user,) = users
    assert user[0] == "admin"
    assert re.match(r"(scrypt|pbkdf2):", user[1])
    from werkzeug.security import check_password_hash

    assert check_password_hash(user[1], PASSWORD)


def test_compose_serves_with_users_of_their_own_and_this_machine_with_its_own_login(tmp_path: Path) -> None:
    for name, service in services().items():
        given = service.get("environment", {})
        if service["image"].startswith("vroegsignaal:"):
            assert given["AIRFLOW__CORE__AUTH_MANAGER"].endswith(".FabAuthManager"), name
        assert not [variable for variable in given if "SIMPLE_AUTH" in variable], name
    # Whatever the surroundings say, the Airflow of a home has its own login, on loopback.
    local = orchestrator.environment(orchestrator.Place(tmp_path, ROOT, "postgresql+psycopg2://x:y@127.0.0.1/z"))
    assert local["AIRFLOW__CORE__AUTH_MANAGER"].endswith(".SimpleAuthManager")
    assert local["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "False"
    assert local["AIRFLOW__API__HOST"] == "127.0.0.1"


def test_no_password_stands_in_compose_or_is_the_same_in_two_homes(tmp_path: Path) -> None:
    for name, service in services().items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY", variable):
                assert variable.endswith(("_FILE", "TLS_KEY")), f"{name}: {variable} should be a file"
                assert str(value).startswith("/run/secrets/")
    # Every secret is a file that the repository does not have.
    assert all(secret["file"].startswith("./secrets/") for secret in composed()["secrets"].values())
    ignored = (ROOT / ".gitignore").read_text().split()
    assert any(line.strip("/") == "secrets" for line in ignored)
    assert any(line.strip("/") == "secrets" for line in (ROOT / ".dockerignore").read_text().split())
    made = []
    for home in (tmp_path / "a", tmp_path / "b"):
        place = orchestrator.Place(home, ROOT, "postgresql+psycopg2://x:y@127.0.0.1/z")
        place.ensure_keys()
        made.append({place.password(), *(str(value) for name, value in place.memory().items() if name != "port")})
        assert place.login_file.stat().st_mode & 0o077 == 0
    assert not made[0] & made[1]


@pytest.mark.long
def test_every_address_of_the_api_asks_for_a_login(new_home: Callable[[], Path]) -> None:
    """Also what a plug-in would add: nothing of ours may answer to who did not log in."""
    open_on_purpose = {"/api/v2/monitor/health", "/api/v2/version", "/api/v2/auth/login", "/api/v2/auth/logout"}
    with platform(new_home()) as here:
        warehouse.ensure_metadata(here)
        with replay.airflow(here) as running:
            port = running.place.memory()["port"]

            def ask(path: str) -> tuple[int, bytes]:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("GET", path)
                response = connection.getresponse()
                return response.status, response.read()

            paths = json.loads(ask("/openapi.json")[1])["paths"]
            asked = [path for path, ways in paths.items() if "get" in ways and path not in open_on_purpose]
            assert len(asked) > 50
            answered = {path: ask(path.replace("{", "").replace("}", ""))[0] for path in asked}
    open_ones = {path: status for path, status in answered.items() if status < 300}
    assert not open_ones
