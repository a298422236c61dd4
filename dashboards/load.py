"""Load the dashboards into a Superset, wherever it runs: `python -m dashboards.load --superset https://… --user …`.

What is there already is replaced. Passwords come from files or the environment, and never stand on the command line.
"""

from __future__ import annotations

import json
import os
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import requests
import typer

from dashboards.bundle import DATABASE, bundle, split_password
from vroegsignaal.errors import PlatformError, UsageError

ANSWER_SECONDS = 120


def load(superset: str, user: str, password: str, warehouse: str) -> None:
    """Load all dashboards; `warehouse` is the URI by which Superset reads it. Raises PlatformError when it refuses."""
    uri, secret = split_password(warehouse)
    with requests.Session() as session:
        # This machine is never spoken to by way of a proxy.
        session.trust_env = not _is_this_machine(superset)
        token = _ask(session, superset, "security/login", json=_login(user, password))["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        session.headers["X-CSRFToken"] = _ask(session, superset, "security/csrf_token/")["result"]
        if superset.startswith("http://"):
            # Behind a proxy with TLS the cookie is for https only; whoever loads past the proxy chose to go without.
            for cookie in session.cookies:
                cookie.secure = False
        session.headers["Referer"] = superset
        _ask(
            session,
            superset,
            "assets/import/",
            files={"bundle": ("vroegsignaal.zip", bundle(uri), "application/zip")},
            data={"passwords": json.dumps({DATABASE: secret})},
        )


def _login(user: str, password: str) -> dict:
    return {"username": user, "password": password, "provider": "db", "refresh": False}


def _ask(session: requests.Session, superset: str, path: str, **given: object) -> dict:
    """What the interface answers; raises PlatformError, which repeats nothing of what was sent."""
    address = f"{superset.rstrip('/')}/api/v1/{path}"
    try:
        answer = session.request("POST" if given else "GET", address, timeout=ANSWER_SECONDS, **given)  # type: ignore[arg-type]
    except requests.RequestException as error:
        raise PlatformError(f"Superset does not answer at {superset} ({type(error).__name__}).") from None
    if answer.status_code == requests.codes.unauthorized:
        raise PlatformError("Superset refuses the login: check the user and the password.")
    if not answer.ok:
        raise PlatformError(f"Superset refused {path} with status {answer.status_code}: {_complaint(answer)}")
    return answer.json()


def _complaint(answer: requests.Response) -> str:
    """What Superset says is wrong: names of assets and of their fields."""
    try:
        told = answer.json()
    except ValueError:
        return answer.reason
    return json.dumps(told.get("errors", told.get("message", told)), ensure_ascii=False)[:2000]


def _is_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _given(name: str, file: Path | None, what: str) -> str:
    """A secret from its file, or from the environment."""
    held = file.read_text(encoding="utf-8").strip() if file else os.environ.get(name, "")
    if not held:
        raise UsageError(f"{what} is missing: name its file, or set {name}.")
    return held


def _warehouse(file: Path | None) -> str:
    """The URI that was given, else that of role `bi` in the warehouse of VROEGSIGNAAL_HOME."""
    if file or os.environ.get("DASHBOARDS_WAREHOUSE"):
        return _given("DASHBOARDS_WAREHOUSE", file, "the warehouse's URI")
    from vroegsignaal import settings, warehouse

    here = settings.load()
    warehouse.ensure_running(here)
    return warehouse.uri(here, "bi")


def command(
    superset: Annotated[str, typer.Option(help="Address of Superset, such as https://bi.example.org.")] = "",
    user: Annotated[str, typer.Option(help="A user with the role Admin.")] = "admin",
    password_file: Annotated[Path | None, typer.Option(help="File with its password; else SUPERSET_PASSWORD.")] = None,
    warehouse_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the URI by which Superset reads the warehouse; else DASHBOARDS_WAREHOUSE, else"
            " role bi of VROEGSIGNAAL_HOME."
        ),
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Only write the zip file, to import it in Superset's pages.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Allow http to another machine, on a closed network.")] = False,
) -> None:
    """Load the dashboards into a Superset; what is there already is replaced."""
    if to is not None:
        uri, _ = split_password(_warehouse(warehouse_file))
        to.write_bytes(bundle(uri, "Dashboard"))
        typer.echo(f"Written: {to.absolute()}. Superset asks for the password of role bi when it is imported.")
        return
    if urlsplit(superset).scheme not in ("http", "https"):
        raise UsageError("say where Superset is: --superset https://…, or --to FILE to write the zip file.")
    if superset.startswith("http://") and not plain and not _is_this_machine(superset):
        raise UsageError("passwords would go over the network without encryption: use https, or --plain on purpose.")
    password = _given("SUPERSET_PASSWORD", password_file, "the password of Superset's user")
    load(superset, user, password, _warehouse(warehouse_file))
    typer.echo(f"Loaded into {superset}.")


def main() -> None:
    """Run the command; what a person can put right is said without a traceback."""
    try:
        typer.run(command)
    except (PlatformError, OSError) as error:
        typer.echo(f"dashboards: {error}", err=True)
        sys.exit(getattr(error, "exit_code", 1))


if __name__ == "__main__":
    main()
