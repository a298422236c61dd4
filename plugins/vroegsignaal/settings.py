"""The settings: environment variables, read when they are needed and never at import."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Where everything is. Paths are absolute; `landing` and `out` may also be URLs that fsspec reads."""

    root: Path
    home: Path
    config: Path
    landing: str
    out: Path
    warehouse: str | None
    approval: str
    smtp: str | None = field(default=None, repr=False)
    """Where mail goes, with the password of the mail server; without it, mails are written to `out`."""
    mail_from: str | None = None

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
        }
        return variables | {name: value for name, value in optional.items() if value}

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


def load() -> Settings:
    """The settings of this process, from its environment variables (see the README for each)."""
    home = _folder("VROEGSIGNAAL_HOME", ROOT / ".vroegsignaal")
    landing = os.environ.get("VROEGSIGNAAL_LANDING") or str(home / "landing")
    return Settings(
        root=ROOT,
        home=home,
        config=_folder("VROEGSIGNAAL_CONFIG", ROOT / "dbt_project" / "seeds"),
        landing=landing_area(landing),
        out=_folder("VROEGSIGNAAL_OUT", home / "out"),
        warehouse=os.environ.get("VROEGSIGNAAL_WAREHOUSE") or None,
        approval=os.environ.get("VROEGSIGNAAL_APPROVAL") or "person",
        smtp=os.environ.get("VROEGSIGNAAL_SMTP") or None,
        mail_from=os.environ.get("VROEGSIGNAAL_MAIL_FROM") or None,
    )
