"""docker-compose.yml, as far as it can be judged without Docker: what it names is there, and it opens one door only.

That months run through it, by the same commands and variables, is what `make check-celery` shows.
"""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from composed import ROOT, composed, distributed, environment, health_command, one_shot, services, settings_of

SERVICES = services()
FILE = (ROOT / "docker-compose.yml").read_text()
PLATFORM, SUPERSET = "vroegsignaal", "vroegsignaal-dashboards"
LOCKS = {PLATFORM: "requirements-server.lock", SUPERSET: "requirements-dashboards.lock"}
ENTRYPOINTS = {PLATFORM: "docker/entrypoint", SUPERSET: "docker/superset"}
# What images of others hold, of which no file of ours tells: as their documentation says.
PROGRAMS = {
    "caddy": {"caddy", "wget"},
    "postgres": {"postgres", "pg_isready"},
    "redis": {"redis-server", "redis-cli", "sh", "cat", "grep"},
    "axllent/mailpit": {"/mailpit"},
    # Of Debian and of Python's image.
    PLATFORM: {"bash", "python"},
    SUPERSET: {"bash", "python"},
}
VARIABLES = {
    "postgres": {"POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS"},
    "axllent/mailpit": {"MP_SMTP_TLS_CERT", "MP_SMTP_TLS_KEY", "MP_SMTP_REQUIRE_STARTTLS", "MP_DISABLE_VERSION_CHECK"},
}
QUIET = {"SCARF_ANALYTICS", "DO_NOT_TRACK"}
"""Asked of whatever reads them: no telemetry."""
ENTERS_THE_WAREHOUSE = {"init", "worker", "dashboards"}


def image_of(name: str) -> str:
    return SERVICES[name]["image"].rpartition(":")[0]


def of_image(*images: str) -> dict[str, dict]:
    return {name: service for name, service in SERVICES.items() if image_of(name) in images}


def locked(lock: str) -> set[str]:
    lines = (ROOT / lock).read_text().splitlines()
    return {line.partition("==")[0].partition("[")[0] for line in lines if "==" in line}


# --- the file


def schema() -> dict:
    return json.loads((files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json").read_text())


def test_the_file_is_as_the_specification_of_compose_says() -> None:
    jsonschema.Draft202012Validator(schema()).validate(composed())


@pytest.mark.parametrize("wrong", [{"healtcheck": {}}, {"ports": "80"}, {"secrets": [["nested"]]}, {"restart": True}])
def test_a_file_that_is_not_would_be_seen(wrong: dict) -> None:
    changed = deepcopy(composed())
    changed["services"]["worker"] |= wrong
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(changed)


def test_everything_that_is_asked_for_is_there() -> None:
    wanted = {"postgres", "redis", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}
    assert wanted | {"superset", "mailpit", "proxy"} <= set(SERVICES)
    assert [name for name, service in SERVICES.items() if service.get("profiles")] == ["mailpit"]
    for kind in ("networks", "secrets"):
        used = {each for service in SERVICES.values() for each in service.get(kind, [])}
        assert used == set(composed()[kind])
    volumes = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {volume for volume in volumes if volume.isalpha()} == set(composed()["volumes"])


def test_every_image_is_pinned_and_those_of_ours_have_the_version_of_the_project() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?", service["image"]), name
        assert ("build" in service) == (image_of(name) in LOCKS)
        if "build" in service:
            assert service["image"].endswith(f":{version}")
    for name in dockerfiles().values():
        assert re.findall(r"^FROM (.+)$", name, re.MULTILINE) == ["python:3.11-slim-bookworm"]


def test_every_step_that_ends_is_waited_for_and_every_other_service_has_a_health_check() -> None:
    waited = {
        other
        for service in SERVICES.values()
        for other, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    assert {name for name, service in SERVICES.items() if one_shot(service)} == waited
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) == (name not in waited), name
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] == "service_healthy" or other in waited


# --- who reaches what


def test_only_the_proxy_can_be_reached_from_elsewhere() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.pop("proxy") == ["80:80", "443:443"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports), published
    assert not any("network_mode" in service for service in SERVICES.values())


def test_the_networks_keep_the_proxy_from_the_data_and_the_data_from_elsewhere() -> None:
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}
    closed = {name for name, options in composed()["networks"].items() if (options or {}).get("internal")}
    assert closed == {"front", "back"}
    reached = {name for name, joined in networks.items() if joined & networks["proxy"] and name != "proxy"}
    assert reached == {"api-server", "superset"}
    # What is published on 127.0.0.1 needs a network that is not closed; that one leads nowhere.
    assert "false" in composed()["networks"]["local"]["driver_opts"].values()
    assert {name for name, joined in networks.items() if "local" in joined} == {"postgres", "mailpit"}
    assert {name for name, joined in networks.items() if "out" in joined} == {"scheduler", "worker"}
    assert {name for name, joined in networks.items() if "edge" in joined} == {"proxy"}


def test_only_what_runs_steps_enters_the_warehouse_and_the_files() -> None:
    given = {name for name, service in SERVICES.items() if "warehouse_password" in service.get("secrets", [])}
    assert given == ENTERS_THE_WAREHOUSE | {"postgres"}
    for place in ("/srv/landing", "/srv/out", "home:/var/lib/vroegsignaal"):
        assert {
            name for name, service in SERVICES.items() if any(place in volume for volume in service.get("volumes", []))
        } == ENTERS_THE_WAREHOUSE


def test_superset_reads_the_warehouse_as_bi_and_holds_no_other_login() -> None:
    assert set(SERVICES["superset"]["secrets"]) == {"superset_password", "superset_secret_key"}
    # The loader takes the login of `bi` unless it is told of another one.
    assert not any("warehouse" in word for word in SERVICES["dashboards"]["command"])
    assert not any(name.startswith("DASHBOARDS_") for name in SERVICES["dashboards"]["environment"])
    assert 'warehouse.uri(here, "bi")' in (ROOT / "dashboards" / "load.py").read_text()


# --- secrets


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with secrets that docker/make-secrets makes."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "docker", folder / "docker")
    subprocess.run([folder / "docker" / "make-secrets"], check=True, capture_output=True)
    return folder / "secrets"


def test_every_secret_is_a_file_that_is_made_and_is_made_once(made: Path) -> None:
    declared = {name: secret["file"] for name, secret in distributed()["secrets"].items()}
    assert declared == {path.name: f"./secrets/{path.name}" for path in made.iterdir()}
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    assert len(set(before.values())) == len(before)
    assert {name for name, held in before.items() if not held} == {"smtp"}
    (made / "smtp").write_text("smtp://mail.example.org")
    again = subprocess.run([made.parent / "docker" / "make-secrets"], check=True, capture_output=True, text=True)
    assert again.stdout == ""
    assert {path.name: path.read_bytes() for path in made.iterdir() if path.name != "smtp"} == {
        name: held for name, held in before.items() if name != "smtp"
    }
    assert made.stat().st_mode & 0o077 == 0


def test_every_secret_is_read_by_the_service_that_has_it_and_no_other_is_asked_for() -> None:
    for name, service in SERVICES.items():
        read = set(secrets_read(service))
        assert read == set(service.get("secrets", [])), name


def secrets_read(service: dict) -> Iterator[str]:
    """The secrets that a service reads: by its scripts, or as a file that its settings name."""
    said = json.dumps({**service, "environment": environment(service), "secrets": []})
    yield from re.findall(r"/run/secrets/(\w+)", said)
    image = service["image"].rpartition(":")[0]
    scripts = [volume.split(":")[0] for volume in service.get("volumes", []) if volume.startswith("./docker/")]
    scripts += [word for word in service.get("command", []) if word.startswith("docker/")]
    scripts += [ENTRYPOINTS[image]] if image in ENTRYPOINTS else []
    for script in scripts:
        text = (ROOT / script).read_text()
        asked = re.findall(r"\$\(secret (\w+)\)|/run/secrets\}/(\w+)|=(\w+_password)\b(?=[ )])", text)
        asked += re.findall(r'-s "\$secrets/(\w+)"', text)
        for found in asked:
            one = found if isinstance(found, str) else "".join(found)
            # Asked for only where it is given.
            if one not in ("warehouse_password", "smtp", "mail_certificate") or one in service["secrets"]:
                yield one


def entered(tmp_path: Path, made: Path, *secrets: str) -> subprocess.CompletedProcess:
    """What docker/entrypoint makes of these secrets, told by the settings."""
    for name in secrets:
        shutil.copy(made / name, tmp_path / name)
    told = "from vroegsignaal import settings; here = settings.load(); print(here.warehouse, here.smtp)"
    return subprocess.run(
        [ROOT / "docker" / "entrypoint", sys.executable, "-c", told],
        env={"PATH": "/usr/bin:/bin", "SECRETS": str(tmp_path), "PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )


KEYS = ("airflow_password", "redis_password", "fernet_key", "jwt_secret", "api_secret_key")


def test_a_process_has_the_warehouse_and_the_mail_server_of_its_secrets(made: Path, tmp_path: Path) -> None:
    (made / "smtp").write_text("smtps://mail.example.org\n")
    done = entered(tmp_path, made, *KEYS, "warehouse_password", "smtp")
    password = (made / "warehouse_password").read_text()
    warehouse = f"postgresql://vroegsignaal:{password}@postgres:5432/vroegsignaal?sslmode=disable"
    assert done.stdout.split() == [warehouse, "smtps://mail.example.org"], done.stderr
    (tmp_path / "smtp").write_text("")
    assert entered(tmp_path, made).stdout.split()[1] == "None"


def test_a_process_without_the_warehouse_makes_none_of_its_own(made: Path, tmp_path: Path) -> None:
    done = entered(tmp_path, made, *KEYS)
    assert "VROEGSIGNAAL_WAREHOUSE_FILE names a file that cannot be read" in done.stderr
    (tmp_path / "jwt_secret").unlink()
    missing = entered(tmp_path, made)
    assert missing.returncode == 1
    assert "The secret 'jwt_secret' is missing" in missing.stderr


def test_the_mail_catcher_is_known_by_its_certificate_beside_all_that_the_system_knows(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*KEYS, "mail_certificate"):
        shutil.copy(made / name, tmp_path / name)
    file = subprocess.run(
        [ROOT / "docker" / "entrypoint", "sh", "-c", "echo $SSL_CERT_FILE"],
        env={"PATH": "/usr/bin:/bin", "SECRETS": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    monkeypatch.setenv("SSL_CERT_FILE", file)
    # As mails are sent.
    client = ssl.create_default_context()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made / "mail_certificate", made / "mail_key")
    assert shake_hands(client, server, "mailpit")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client, server, "mail.example.org")
    known = Path(file).read_text()
    assert known.startswith(Path("/etc/ssl/certs/ca-certificates.crt").read_text())
    # The catcher is told of the same one.
    assert SERVICES["mailpit"]["environment"]["MP_SMTP_TLS_CERT"] == "/run/secrets/mail_certificate"


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, host: str) -> bool:
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ours.version() is not None


# --- what is started


def dockerfiles() -> dict[str, str]:
    """Image -> the text of its Dockerfile."""
    builds = {image_of(name): service["build"] for name, service in SERVICES.items() if "build" in service}
    names = {image: build if build == "." else build["dockerfile"] for image, build in builds.items()}
    return {image: (ROOT / name.replace(".", "Dockerfile", name == ".")).read_text() for image, name in names.items()}


def test_each_image_of_ours_is_made_of_its_lock_and_starts_by_its_entrypoint() -> None:
    assert set(dockerfiles()) == set(LOCKS)
    for image, text in dockerfiles().items():
        assert f"-r {LOCKS[image]}" in text
        assert f'ENTRYPOINT ["{ENTRYPOINTS[image]}"]' in text
        # Not as root.
        assert re.search(r"^USER \w+$", text, re.MULTILINE)
        for source in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
            assert all((ROOT / path).exists() for path in source.split())
    # What a server runs beside is added to what runs everywhere, and changes none of it.
    here, server = ((ROOT / name).read_text() for name in ("requirements.lock", LOCKS[PLATFORM]))
    assert set(here.splitlines()) < set(server.splitlines())


def test_every_script_that_is_started_is_there_and_is_in_its_image() -> None:
    copied = dockerfiles()[SUPERSET]
    for name, service in SERVICES.items():
        words = [*service.get("command", []), *service.get("healthcheck", {}).get("test", [])]
        mounted = [volume.split(":")[0][2:] for volume in service.get("volumes", []) if volume.startswith("./docker/")]
        for word in (each for each in [*words, *mounted] if each.startswith("docker/") and each != "docker/Caddyfile"):
            assert (ROOT / word).stat().st_mode & 0o111, word
            assert image_of(name) != SUPERSET or word in copied
    assert {path.name for path in (ROOT / "docker").iterdir()} == {
        *("Caddyfile", "entrypoint", "first-admin", "init", "init-databases", "make-secrets", "redis"),
        *("superset", "superset-init", "superset.Dockerfile"),
        # Of docker-compose.distributed.yml.
        *("init-node", "node", "register-nodes"),
    }
    by_scripts = re.findall(r"python (docker/[\w-]+|dashboards/\w+\.py)", script("init") + script("superset-init"))
    assert len(by_scripts) == 2
    assert all((ROOT / word).exists() for word in by_scripts)


def script(name: str) -> str:
    return (ROOT / "docker" / name).read_text()


@pytest.fixture(scope="module")
def airflow_parser() -> object:
    """Airflow's commands with those of Celery, in a process that has them."""

    def parses(words: list[str]) -> bool:
        told = "import sys; from airflow.cli.cli_parser import get_parser; get_parser().parse_args(sys.argv[1:])"
        done = subprocess.run(
            [sys.executable, "-c", told, *words],
            env={"PATH": "/usr/bin:/bin", "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor", "AIRFLOW_HOME": "/nowhere"},
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    return parses


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each service of ours with a command that it runs: its own, and that of its health check."""
    for name, service in of_image(PLATFORM, SUPERSET).items():
        yield name, service["command"]
        if "healthcheck" in service:
            words = health_command(service)
            words = words[1:] if words[0] == "docker/entrypoint" else words
            yield name, words[2].split() if words[:2] == ["bash", "-c"] else words


def test_every_command_of_ours_exists_in_the_lock_of_its_image(airflow_parser: object) -> None:
    installed = {entry.name: entry.dist.name for entry in entry_points(group="console_scripts")}
    # Superset is not installed beside the tests.
    installed["gunicorn"] = "gunicorn"
    seen = set()
    for name, words in commands():
        program, *rest = words
        seen.add(program)
        if program.startswith("docker/") or program in PROGRAMS[image_of(name)]:
            continue
        lock = locked(LOCKS[image_of(name)])
        assert installed[program] in lock | {"apache-airflow-core"}, f"{name}: {program}"
        if program == "airflow":
            assert airflow_parser(rest), f"{name}: {words}"
    assert seen == {"airflow", "celery", "docker/init", "docker/superset-init", "gunicorn", "python"}
    assert {"apache-airflow-providers-celery", "celery", "redis"} <= locked(LOCKS[PLATFORM])
    assert not {"apache-airflow-providers-celery", "celery", "redis"} & locked("requirements.lock")


@pytest.mark.parametrize("wrong", [["celery", "workers"], ["scheduler", "--skip-logs"], ["triggerer", "--port", "1"]])
def test_a_command_that_airflow_does_not_have_would_be_seen(airflow_parser: object, wrong: list[str]) -> None:
    assert not airflow_parser(wrong)


def test_the_executor_and_what_the_health_check_of_a_worker_names_can_be_imported() -> None:
    (words,) = [words for name, words in commands() if words[0] == "celery"]
    place = words[words.index("--app") + 1]
    module, _, name = place.rpartition(".")
    executor = SERVICES["worker"]["environment"]["AIRFLOW__CORE__EXECUTOR"]
    told = f"import {module} as there; print(there.{name}.main, there.{executor})"
    done = subprocess.run(
        [sys.executable, "-c", told],
        env={"PATH": "/usr/bin:/bin", "AIRFLOW_HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{executor}'>" in done.stdout, done.stderr


def test_the_dashboards_are_loaded_by_a_command_that_can_be_typed() -> None:
    import typer

    from dashboards import load

    program, m, module, *given = SERVICES["dashboards"]["command"]
    assert (program, m, module) == ("python", "-m", load.__name__)
    app = typer.Typer()
    app.command()(load.command)
    told = typer.main.get_command(app).make_context("load", list(given)).params
    host, port = told["superset"].removeprefix("http://").split(":")
    assert f"--bind=0.0.0.0:{port}" in SERVICES[host]["command"]
    assert told["plain"]


def test_superset_is_served_as_on_one_machine() -> None:
    ours = set(re.findall(r'"(--[\w-]+)"', (ROOT / "dashboards" / "serve.py").read_text()))
    given = {word.partition("=")[0] for word in SERVICES["superset"]["command"] if word.startswith("--")}
    assert given - {"--worker-tmp-dir"} <= ours
    assert "superset.app:create_app()" in SERVICES["superset"]["command"]


def test_every_health_check_is_by_a_program_of_its_image() -> None:
    for name, service in SERVICES.items():
        if "healthcheck" not in service:
            continue
        words = health_command(service)
        programs = {words[0]}
        if words[:2] == ["sh", "-c"]:
            # What follows an assignment, an opening parenthesis or a bar.
            programs |= set(re.findall(r'(?:" |\$\(|\| )([\w-]+)', words[2]))
            assert len(programs) > 2
        known = PROGRAMS[image_of(name)] | {ENTRYPOINTS.get(image_of(name))}
        assert programs <= known, name
        times = service["healthcheck"]
        assert int(times["timeout"].rstrip("s")) < int(times["interval"].rstrip("s"))


def test_a_worker_has_the_time_to_finish_what_it_began() -> None:
    assert SERVICES["worker"]["stop_grace_period"] == "30m"
    # A signal to end reaches the worker itself, and not the processes in which its steps run.
    assert SERVICES["worker"]["init"] is True
    assert script("entrypoint").rstrip().endswith('exec "$@"')


# --- variables


@pytest.fixture(scope="module")
def airflow_options() -> set[str]:
    """Every option of Airflow and its providers, as the variable that sets it."""
    from airflow.configuration import conf
    from airflow.providers_manager import ProvidersManager

    options = {(section, name) for section, held in conf.configuration_description.items() for name in held["options"]}
    manager = ProvidersManager()
    manager.initialize_providers_configuration()
    for _, held in manager.provider_configs:
        options |= {(section, name) for section, described in held.items() for name in described["options"]}
    return {f"AIRFLOW__{section}__{name}".upper() for section, name in options}


def test_every_variable_is_one_that_is_read(airflow_options: set[str]) -> None:
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            assert is_read(variable, image_of(name), airflow_options), f"{name}: {variable}"
    for variable in re.findall(r"\b(AIRFLOW__\w+?)=", script("entrypoint")):
        assert variable in airflow_options, variable
    for variable in re.findall(r"\b(VROEGSIGNAAL_\w+?)(?:_FILE)?=", script("entrypoint")):
        assert is_read(variable, PLATFORM, set()), variable


def is_read(variable: str, image: str, airflow_options: set[str]) -> bool:
    if variable in VARIABLES.get(image, set()):
        return True
    if image == "caddy":
        return f"{{${variable}}}" in script("Caddyfile")
    if variable in QUIET:
        return image in (PLATFORM, SUPERSET)
    if image == SUPERSET:
        # The second is where Superset looks for the first.
        return variable in superset_variables() | {"SUPERSET_CONFIG_PATH"}
    if variable.startswith("VROEGSIGNAAL_"):
        return f'"{variable}"' in (ROOT / "plugins" / "vroegsignaal" / "settings.py").read_text()
    if variable == "FORWARDED_ALLOW_IPS":
        import uvicorn.config

        return variable in Path(uvicorn.config.__file__).read_text()
    return variable in airflow_options | {"AIRFLOW_HOME"}


def superset_variables() -> set[str]:
    """What the settings of Superset read; a secret may also be given as a file."""
    text = (ROOT / "dashboards" / "superset_config.py").read_text()
    secret = set(re.findall(r'_secret\("(\w+)"\)', text))
    return secret | {f"{name}_FILE" for name in secret} | set(re.findall(r'os\.environ(?:\.get\(|\[)"(\w+)"', text))


@pytest.mark.parametrize(
    ("variable", "image"),
    [
        ("AIRFLOW__CELERY__WORKER_CONCURENCY", PLATFORM),
        ("AIRFLOW__CORE__WORKER_CONCURRENCY", PLATFORM),
        ("VROEGSIGNAAL_LANDINGS", PLATFORM),
        ("SUPERSET_BEHIND_PROXY", SUPERSET),
        ("TLS", "caddy"),
        ("MP_SMTP_TLS", "axllent/mailpit"),
    ],
)
def test_a_variable_that_nobody_reads_would_be_seen(airflow_options: set[str], variable: str, image: str) -> None:
    assert not is_read(variable, image, airflow_options)


def test_the_settings_of_the_file_are_told_in_its_head_or_in_the_readme() -> None:
    head = FILE.partition("\nname:")[0]
    readme = (ROOT / "README.md").read_text()
    for setting in settings_of(FILE):
        assert setting in head or f"`{setting}`" in readme, setting
    assert {"AIRFLOW_SITE", "DASHBOARDS_SITE", "PROXY_TLS"} <= settings_of(FILE)


# --- the proxy


def test_the_proxy_leads_to_what_listens_and_keeps_what_is_for_the_workers() -> None:
    text = script("Caddyfile")
    upstreams = dict(re.findall(r"reverse_proxy ([\w-]+):(\d+)", text))
    assert upstreams == {"api-server": "8080", "superset": "8088"}
    execution = SERVICES["worker"]["environment"]["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"]
    assert execution == "http://api-server:8080/execution/"
    assert re.search(r"respond /execution/\* 404\n\treverse_proxy api-server", text)
    assert text.count("import page") == len(upstreams)
    assert "--proxy-headers" in SERVICES["api-server"]["command"]
    assert SERVICES["superset"]["environment"]["SUPERSET_BEHIND_TLS"] == "true"
    given = environment(SERVICES["proxy"], AIRFLOW_SITE="a.example.nl")
    assert environment(SERVICES["worker"], AIRFLOW_SITE="a.example.nl")["AIRFLOW__API__BASE_URL"] == (
        f"https://{given['AIRFLOW_SITE']}"
    )
    assert given["PROXY_TLS"].split() == ["/run/secrets/tls_certificate", "/run/secrets/tls_key"]
