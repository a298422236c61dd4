"""The settings: environment variables, read when they are needed and never at import."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from vroegsignaal.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Where everything is. Paths are absolute; `landing` and `out` may also be URLs that fsspec reads."""

    root: Path
    home: Path
    config: Path
    landing: str = field(repr=False)
    out: Path
    warehouse: str | None = field(repr=False)
    approval: str
    smtp: str | None = field(default=None, repr=False)
    """Where mail goes, with the password of the mail server; without it, mails are written to `out`."""
    mail_from: str | None = None
    operator: str | None = None
    """The address of who runs the installation, who is told when a month is late."""
    lineage: str | None = None
    """Where Airflow tells of its runs, as events of OpenLineage: a file, or the address of a server."""
    log: str = "text"
    shares: int = 1
    """In how many shares the municipalities of a month are derived."""
    files: dict[str, str] = field(default_factory=dict)
    """Of each setting that was given by its `…_FILE`: the file. Another process is told of the file, not the secret."""

    def environment(self) -> dict[str, str]:
        """These settings as the environment variables of another process, whatever its folder."""
        variables = {
            "VROEGSIGNAAL_HOME": str(self.home),
            "VROEGSIGNAAL_CONFIG": str(self.config),
            "VROEGSIGNAAL_LANDING": self.landing,
            "VROEGSIGNAAL_OUT": str(self.out),
            "VROEGSIGNAAL_APPROVAL": self.approval,
        }
        optional = {
            "VROEGSIGNAAL_WAREHOUSE": self.warehouse,
            "VROEGSIGNAAL_SMTP": self.smtp,
            "VROEGSIGNAAL_MAIL_FROM": self.mail_from,
            "VROEGSIGNAAL_OPERATOR": self.operator,
            "VROEGSIGNAAL_LINEAGE": self.lineage,
            "VROEGSIGNAAL_LOG": self.log,
            "VROEGSIGNAAL_SHARES": str(self.shares),
        }
        variables |= {name: value for name, value in optional.items() if value}
        # An empty one takes back what the surroundings say: a secret and its file do not go together.
        variables |= dict.fromkeys(self.files, "")
        return variables | {f"{name}_FILE": self.files.get(name, "") for name in SECRET}

    @property
    def dbt_project(self) -> Path:
        """The folder of the dbt project."""
        return self.root / "dbt_project"

    @property
    def default_config(self) -> Path:
        """The seeds of the dbt project: the configuration where a folder of one's own leaves a file out."""
        return self.dbt_project / "seeds"

    @property
    def contracts(self) -> Path:
        """The folder of the feed contracts."""
        return self.root / "expectations"


def _folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable) or default).expanduser().absolute()


def landing_area(given: str) -> str:
    """A landing area as it is given: an absolute folder, or a URL that is not of a file on this machine."""
    given = given.removeprefix("file://")
    return given if "://" in given else str(Path(given).expanduser().absolute())


def without_password(address: str) -> str:
    """A folder or an address as it may be shown: without the password that may stand in it."""
    try:
        parts = urlsplit(address)
        password = parts.password
    except ValueError:
        return "(an address that cannot be read)"
    return address.replace(f":{password}@", ":…@", 1) if password else address


SECRET = ("VROEGSIGNAAL_WAREHOUSE", "VROEGSIGNAAL_SMTP", "VROEGSIGNAAL_LANDING")
"""The settings that hold a password, or may: each may also be given as the name of a file, in `…_FILE`."""


def _secret(variable: str) -> str | None:
    """The value of a setting, or what its file holds; raises UsageError, which repeats neither."""
    value, file = os.environ.get(variable), os.environ.get(f"{variable}_FILE")
    if not file:
        return value or None
    if value:
        raise UsageError(f"{variable} and {variable}_FILE are both set: unset one of them.")
    try:
        held = Path(file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{variable}_FILE names a file that cannot be read ({type(error).__name__}): {file}."
        ) from None
    if not held:
        raise UsageError(f"{variable}_FILE names a file that is empty: {file}.")
    return held


def _files() -> dict[str, str]:
    named = {variable: os.environ.get(f"{variable}_FILE") for variable in SECRET}
    return {variable: str(Path(file).expanduser().absolute()) for variable, file in named.items() if file}


def load() -> Settings:
    """The settings of this process, from its environment variables (see the README for each)."""
    home = _folder("VROEGSIGNAAL_HOME", ROOT / ".vroegsignaal")
    landing = _secret("VROEGSIGNAAL_LANDING") or str(home / "landing")
    return Settings(
        root=ROOT,
        home=home,
        config=_folder("VROEGSIGNAAL_CONFIG", ROOT / "dbt_project" / "seeds"),
        landing=landing_area(landing),
        out=_folder("VROEGSIGNAAL_OUT", home / "out"),
        warehouse=_secret("VROEGSIGNAAL_WAREHOUSE"),
        approval=os.environ.get("VROEGSIGNAAL_APPROVAL") or "person",
        smtp=_secret("VROEGSIGNAAL_SMTP"),
        mail_from=os.environ.get("VROEGSIGNAAL_MAIL_FROM") or None,
        operator=os.environ.get("VROEGSIGNAAL_OPERATOR") or None,
        lineage=os.environ.get("VROEGSIGNAAL_LINEAGE") or None,
        log=os.environ.get("VROEGSIGNAAL_LOG") or "text",
        shares=share_count(),
        files=_files(),
    )


def share_count() -> int:
    """The setting VROEGSIGNAAL_SHARES; raises UsageError when that is no number of shares."""
    given = os.environ.get("VROEGSIGNAAL_SHARES") or "1"
    if not given.isdecimal() or not 1 <= int(given) <= 100:
        raise UsageError(f"VROEGSIGNAAL_SHARES is '{given}': give a whole number from 1 to 100.")
    return int(given)
