"""Airflow's settings, as environment variables, and what one home remembers of its Airflow."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vroegsignaal import dbt_process
from vroegsignaal.embedded import free_port, write_private
from vroegsignaal.errors import UsageError

HOST = "127.0.0.1"
USER = "admin"


@dataclass(frozen=True)
class Place:
    """Where an Airflow lives: state under `home`, flows and library under `root`, metadata in a PostgreSQL database."""

    home: Path
    root: Path
    airflow_uri: str
    """Such as `postgresql+psycopg2://user:password@127.0.0.1:5432/airflow`."""

    @property
    def airflow_home(self) -> Path:
        """Airflow's own folder."""
        return self.home / "airflow"

    @property
    def logs(self) -> Path:
        """Airflow's logs: of its processes as `<name>.log`, of tasks in a folder per flow."""
        return self.airflow_home / "logs"

    @property
    def database(self) -> str:
        """The metadata's connection string, without SQLAlchemy's name of a driver."""
        scheme, rest = self.airflow_uri.split("://", 1)
        return f"{scheme.split('+')[0]}://{rest}"

    @property
    def url(self) -> str:
        """Where the user interface and the API are."""
        return f"http://{HOST}:{self.memory()['port']}"

    @property
    def login_file(self) -> Path:
        """The file with the password of the user interface."""
        return self.airflow_home / "login.json"

    def memory(self) -> dict[str, Any]:
        """What this home remembers of its Airflow: keys, port, and what was prepared."""
        remembered = self.airflow_home / "memory.json"
        return json.loads(remembered.read_text()) if remembered.exists() else {}

    def remember(self, **facts: object) -> None:
        """Add to the memory; a fact that is None is forgotten."""
        kept = {name: fact for name, fact in (self.memory() | facts).items() if fact is not None}
        write_private(self.airflow_home / "memory.json", json.dumps(kept))

    def ensure_keys(self) -> None:
        """Make the keys of an empty home; one's login and what is encrypted survive restarts."""
        if "fernet_key" not in self.memory():
            self.remember(
                fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                jwt_secret=secrets.token_urlsafe(48),
                secret_key=secrets.token_urlsafe(48),
                port=free_port(),
            )
        if not self.login_file.exists():
            write_private(self.login_file, json.dumps({USER: secrets.token_urlsafe(12)}))

    def password(self) -> str:
        """The password of the user `admin`."""
        return json.loads(self.login_file.read_text())[USER]


def environment(place: Place) -> dict[str, str]:
    """The variables with which every process of Airflow is started."""
    place.ensure_keys()
    memory = place.memory()
    return {
        "AIRFLOW_HOME": str(place.airflow_home),
        **_variables("core", _core(place, memory)),
        **_variables("database", {"sql_alchemy_conn": place.airflow_uri, "load_default_connections": False}),
        **_variables("api", _api(place, memory)),
        **_variables("api_auth", {"jwt_secret": memory["jwt_secret"]}),
        **_variables("scheduler", _SCHEDULER),
        **_variables("workers", _WORKERS),
        **_variables("dag_processor", _DAG_PROCESSOR),
        **_variables("logging", _logging(place)),
        **_variables("openlineage", {"disabled": True}),
        # No telemetry, of Airflow or of what it loads.
        **_variables("usage_data_collection", {"enabled": False}),
        "GX_ANALYTICS_ENABLED": "False",
        "SCARF_ANALYTICS": "false",
        "SCARF_NO_ANALYTICS": "true",
        "DO_NOT_TRACK": "1",
        # Tasks speak to the API server on this machine: never by way of a proxy.
        "NO_PROXY": HOST,
        "no_proxy": HOST,
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
        # Airflow renames its processes; without this the new name would overwrite the variables by which we find them.
        "SPT_NOENV": "1",
    }


def told_elsewhere(settings: Mapping[str, str]) -> dict[str, str]:
    """The variables with which Airflow tells of its runs elsewhere, and how it writes its logs, as the settings say.

    `VROEGSIGNAAL_LINEAGE`: a file (`file:///…`), or the address of a server that takes OpenLineage's events. They hold
    names of flows, tasks and states; never the source of a task, nor what it was given. `VROEGSIGNAAL_LOG`: `json`.
    """
    variables = _variables("logging", {"json_logs": True}) if settings.get("VROEGSIGNAAL_LOG") == "json" else {}
    address = settings.get("VROEGSIGNAAL_LINEAGE")
    if not address:
        return variables
    scheme, _, rest = address.partition("://")
    if scheme == "file" and rest.startswith("/"):
        transport = {"type": "file", "log_file_path": rest, "append": True}
    elif scheme in ("http", "https") and rest:
        transport = {"type": "http", "url": address}
    else:
        raise UsageError("VROEGSIGNAAL_LINEAGE is no address: write it as file:///folder/events.jsonl or https://host.")
    lineage = {
        "disabled": False,
        "transport": json.dumps(transport),
        "namespace": "vroegsignaal",
        "disable_source_code": True,
        "include_full_task_info": False,
    }
    return variables | _variables("openlineage", lineage)


# What every task needs, and what takes seconds to import: read once, by the process that the workers are forked from.
_PRELOADED = (
    "airflow.dag_processing.dagbag",
    "airflow.executors.local_executor",
    "airflow.providers.standard.decorators.python",
    "airflow.sdk.definitions.connection",
    "airflow.sdk.definitions.decorators",
    "airflow.sdk.execution_time.task_runner",
    "great_expectations.expectations",
    *dbt_process.MODULES,
    # Our own library takes a twentieth of a second, but each of the seven steps of a month would load it.
    "vroegsignaal.decision",
    "vroegsignaal.door",
    "vroegsignaal.intake",
    "vroegsignaal.outbox",
    "vroegsignaal.transform",
)
_SCHEDULER = {
    # How soon a scheduler that has nothing to do looks again: the wait between two steps of a month.
    "scheduler_idle_sleep_time": 0.2,
    "mp_start_method": "forkserver",
    "mp_forkserver_preload": ",".join(_PRELOADED),
}
_WORKERS = {
    # A worker that misses the end of its task looks again after so many seconds; by default 5, which adds up.
    "min_heartbeat_interval": 1,
}
_DAG_PROCESSOR = {
    # A flow's file is read again when it changed, which is looked at every so many seconds, and not otherwise.
    "min_file_process_interval": 24 * 3600,
    "refresh_interval": 30,
    "bundle_refresh_check_interval": 15,
    "parsing_processes": 1,
}


def _core(place: Place, memory: dict[str, Any]) -> dict[str, object]:
    return {
        "dags_folder": place.root / "dags",
        "plugins_folder": place.root / "plugins",
        "load_examples": False,
        "executor": "LocalExecutor",
        # One month is received while another is matched; a third, because a worker is not free at once after its task.
        "parallelism": 3,
        "fernet_key": memory["fernet_key"],
        "execution_api_server_url": f"{place.url}/execution/",
        # Whatever the surroundings say: this login is for one machine, and its file is what we log in with ourselves.
        "auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "simple_auth_manager_all_admins": False,
        "simple_auth_manager_users": f"{USER}:admin",
        "simple_auth_manager_passwords_file": place.login_file,
        # The default asks the network for the machine's full name, which takes seconds where nobody answers.
        "hostname_callable": "socket.gethostname",
    }


def _api(place: Place, memory: dict[str, Any]) -> dict[str, object]:
    return {
        "host": HOST,
        "port": memory["port"],
        "base_url": place.url,
        "workers": 1,
        "secret_key": memory["secret_key"],
    }


def _logging(place: Place) -> dict[str, object]:
    return {"base_log_folder": place.logs, "colored_console_log": False, "uvicorn_logging_level": "WARNING"}


def _variables(section: str, options: dict[str, object]) -> dict[str, str]:
    return {f"AIRFLOW__{section.upper()}__{name.upper()}": str(value) for name, value in options.items()}
