"""docker-compose.distributed.yml, as far as it can be judged without Docker and without Citus.

It fits docker-compose.yml, and nobody but a node gets into a node without a password.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import jsonschema
import psycopg
import pytest
from composed import ROOT, composed, distributed, one_shot, services, settings_of

from vroegsignaal.embedded import find_binaries, free_port

NAME = "docker-compose.distributed.yml"
ALONE, TOGETHER, ONE_SERVER = composed(NAME), distributed(), services()
SERVICES = TOGETHER["services"]
NODES = {"postgres", "warehouse-1", "warehouse-2"}


def test_the_file_alone_and_together_with_the_other_is_as_the_specification_of_compose_says() -> None:
    text = (files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json").read_text()
    for each in (ALONE, TOGETHER):
        jsonschema.Draft202012Validator(json.loads(text)).validate(
            {name: value for name, value in each.items() if not name.startswith("x-")}
        )


def test_what_the_other_file_says_still_holds() -> None:
    for name, service in ONE_SERVER.items():
        if name not in ALONE["services"]:
            assert SERVICES[name] == service
    changed = {name for name in ONE_SERVER if SERVICES[name] != ONE_SERVER[name]}
    assert changed == {"postgres", "init", "worker"}
    # Superset and Airflow have their databases where they had them.
    volumes = SERVICES["postgres"]["volumes"]
    assert "./docker/init-databases:/docker-entrypoint-initdb.d/init-databases.sh:ro" in volumes
    assert set(ONE_SERVER["postgres"]["secrets"]) < set(SERVICES["postgres"]["secrets"])
    assert SERVICES["postgres"]["command"] == ONE_SERVER["postgres"]["command"]
    assert SERVICES["postgres"]["healthcheck"] == SERVICES["warehouse-1"]["healthcheck"]


def test_there_are_a_coordinator_two_workers_of_the_warehouse_and_more_than_one_of_celery() -> None:
    images = {name: SERVICES[name]["image"] for name in NODES | {"nodes"}}
    assert len(set(images.values())) == 1
    assert all(re.fullmatch(r"citusdata/citus:\d+\.\d+\.\d+", image) for image in images.values())
    # One that PostgreSQL of its own version made is not read by that of another.
    data = [volume for name in NODES for volume in SERVICES[name]["volumes"] if volume.endswith(":/var/lib/postgresql")]
    assert len(set(data)) == len(NODES)
    assert not set(data) & set(ONE_SERVER["postgres"]["volumes"])
    assert SERVICES["worker"]["deploy"]["replicas"] > 1
    assert "container_name" not in SERVICES["worker"]


def test_nothing_more_can_be_reached_and_nodes_speak_on_a_network_of_their_own() -> None:
    opened = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert opened == {name: service["ports"] for name, service in ONE_SERVER.items() if "ports" in service}
    on_it = {name for name, service in SERVICES.items() if "nodes" in service["networks"]}
    assert on_it == NODES | {"nodes"}
    assert {name for name in on_it if len(SERVICES[name]["networks"]) > 1} == {"postgres"}
    network = TOGETHER["networks"]["nodes"]
    assert network["internal"] is True
    (pool,) = network["ipam"]["config"]
    assert f"NODE_NETWORK:-{pool['subnet']}" in script("node")


def test_the_platform_begins_when_the_nodes_know_each_other() -> None:
    assert SERVICES["init"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "nodes": {"condition": "service_completed_successfully"},
    }
    assert set(SERVICES["nodes"]["depends_on"]) == NODES
    assert {how["condition"] for how in SERVICES["nodes"]["depends_on"].values()} == {"service_healthy"}
    assert one_shot(SERVICES["nodes"])
    # The image's own health check waits for a server.
    assert SERVICES["nodes"]["healthcheck"] == {"disable": True}
    named = set(SERVICES["nodes"]["command"][1:])
    assert named == NODES - {"postgres"}
    assert SERVICES["postgres"]["networks"]["nodes"]["aliases"] == ["coordinator"]
    assert "${COORDINATOR:-coordinator}" in script("register-nodes")


def test_every_script_and_secret_is_there_and_no_setting_is_new() -> None:
    for service in ALONE["services"].values():
        for volume in service.get("volumes", []):
            if volume.startswith("./"):
                path = ROOT / volume.split(":")[0]
                assert path.stat().st_mode & 0o111, path
    for name in NODES | {"nodes"}:
        assert {"nodes_certificate", "nodes_key"} <= set(SERVICES[name]["secrets"])
    assert not any("warehouse_password" in SERVICES[name]["secrets"] for name in NODES - {"postgres"})
    assert not settings_of((ROOT / NAME).read_text())
    for name, volume in TOGETHER["volumes"].items():
        assert volume is None, name
    used = {each for service in SERVICES.values() for each in service.get("secrets", [])}
    assert used == set(TOGETHER["secrets"])


def script(name: str) -> str:
    return (ROOT / "docker" / name).read_text()


# --- who gets into a node


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secrets that docker/make-secrets makes."""
    folder = tmp_path_factory.mktemp("nodes")
    shutil.copytree(ROOT / "docker", folder / "docker")
    subprocess.run([folder / "docker" / "make-secrets"], check=True, capture_output=True)
    return folder / "secrets"


def test_the_certificate_of_the_nodes_names_each_of_them(made: Path) -> None:
    told = subprocess.run(
        ["openssl", "x509", "-noout", "-subject", "-ext", "subjectAltName", "-in", made / "nodes_certificate"],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert set(re.findall(r"DNS:([\w-]+)", told)) == {"nodes", "coordinator", *NODES - {"postgres"}}
    assert re.search(r"CN ?= ?nodes$", told, re.MULTILINE)
    assert "nodes nodes all" in script("node")


@contextmanager
def node(folder: Path, secrets: Path, network: str) -> Iterator[dict]:
    """A PostgreSQL that docker/node started, without Citus; how to connect with it as the role `all`."""
    binaries = find_binaries()
    # Not as root, which PostgreSQL refuses to be.
    who = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}
    # Nobody gets into pytest's own folders but their owner.
    folder.parent.chmod(0o755)
    folder.mkdir(mode=0o755)
    for place in (folder / "data", folder / "node", folder / "own"):
        place.mkdir()
        if who:
            shutil.chown(place, who["user"], who["group"])
    kept = shutil.copytree(secrets, folder / "secrets")
    kept.chmod(0o755)
    server = folder / "server"
    server.write_text(f'#!/bin/sh\nshift\nexec {binaries / "postgres"} -D {folder / "data"} "$@"\n')
    server.chmod(0o755)
    made = [binaries / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust"]
    subprocess.run(made, check=True, capture_output=True, **who)
    port = free_port()
    words = ["postgres", "-c", f"port={port}", "-c", f"unix_socket_directories={folder / 'own'}"]
    running = subprocess.Popen(
        [ROOT / "docker" / "node", *words, "-c", "shared_preload_libraries="],
        env={
            "PATH": os.environ["PATH"],
            "SECRETS": str(kept),
            "NODE_HOME": str(folder / "node"),
            "NODE_NETWORK": network,
            "SERVER": str(server),
        },
        stderr=subprocess.PIPE,
        **who,
    )
    try:
        wait_for(folder / "own", port)
        with psycopg.connect(host=str(folder / "own"), port=port, user="postgres", dbname="postgres") as connection:
            connection.execute("create role \"all\" login password 'secret'")
        yield {"host": "coordinator", "hostaddr": "127.0.0.1", "port": port, "user": "all", "dbname": "postgres"}
    finally:
        running.terminate()
        running.wait(20)


def wait_for(socket: Path, port: int) -> None:
    for _ in range(100):
        try:
            psycopg.connect(host=str(socket), port=port, user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the node did not start")


def test_a_node_is_entered_by_the_certificate_from_its_network_and_by_password_from_elsewhere(
    made: Path, tmp_path: Path, new_home: Callable[[], Path]
) -> None:
    key = shutil.copy(made / "nodes_key", tmp_path / "key")
    Path(key).chmod(0o600)
    certificate = str(made / "nodes_certificate")
    shown = {"sslmode": "verify-full", "sslrootcert": certificate, "sslcert": certificate, "sslkey": str(key)}
    without = {"sslmode": "verify-full", "sslrootcert": certificate, "password": "secret"}
    plain = {"sslmode": "disable", "password": "secret"}
    with node(new_home(), made, "127.0.0.1/32") as there:
        psycopg.connect(**there, **shown).close()
        for wrong in (without, plain):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(**there, **wrong)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(**{**there, "host": "elsewhere"}, **shown)
    with node(new_home(), made, "172.30.219.0/24") as there:
        psycopg.connect(**there, **plain).close()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(**there, **shown)
