"""The assets as Superset takes them: one zip file, with the place of the warehouse filled in and no password."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import yaml

from vroegsignaal.errors import UsageError

FOLDER = Path(__file__).parent
KINDS = ("databases", "datasets", "charts", "dashboards")
DATABASE = "databases/vroegsignaal.yaml"
DRIVER = "postgresql+psycopg2"
MASK = "XXXXXXXXXX"
"""What Superset writes in the place of a password."""
ROOT = "vroegsignaal"


def assets() -> dict[str, dict]:
    """What the files hold, by their paths in the bundle."""
    paths = sorted(path for kind in KINDS for path in (FOLDER / kind).rglob("*.yaml"))
    return {str(path.relative_to(FOLDER)): yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths}


def split_password(warehouse: str) -> tuple[str, str]:
    """The warehouse's URI as Superset keeps it, and its password; raises UsageError, which repeats neither."""
    try:
        parts = urlsplit(warehouse)
        password = parts.password
    except ValueError:
        parts, password = SplitResult("", "", "", "", ""), None
    if parts.scheme not in ("postgresql", "postgres", DRIVER) or not parts.username or not password:
        raise UsageError(
            "that is not the complete URI of the warehouse: write it as postgresql://bi:password@host:port/database, "
            "as `vroegsignaal uri` prints it."
        )
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(scheme=DRIVER, netloc=f"{parts.username}:{MASK}@{place}").geturl(), unquote(password)


def bundle(warehouse: str, kind: str = "assets") -> bytes:
    """The zip file; `warehouse` is a URI without its password, `kind` what Superset is told that it holds.

    Its interface for scripts takes `assets` and replaces what is there; its pages take `Dashboard`.
    """
    metadata = {"version": "1.0.0", "type": kind, "timestamp": "2026-01-01T00:00:00+00:00"}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for path, content in {"metadata.yaml": metadata, **assets()}.items():
            told = content | {"sqlalchemy_uri": warehouse} if path == DATABASE else content
            file.writestr(f"{ROOT}/{path}", yaml.safe_dump(told, allow_unicode=True, sort_keys=False))
    return written.getvalue()
