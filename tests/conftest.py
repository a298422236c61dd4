"""A platform of its own for a test: a home with a warehouse, settings in the environment, stopped at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vroegsignaal import settings, warehouse
from vroegsignaal.settings import Settings


@pytest.fixture(scope="session")
def new_home() -> Iterator[Callable[[], Path]]:
    """A function that gives an empty home.

    Not in pytest's own folder: only its owner may enter that, and a server started by root is somebody else.
    """
    with tempfile.TemporaryDirectory(prefix="vroegsignaal-homes-") as folder:
        Path(folder).chmod(0o755)
        yield lambda: Path(tempfile.mkdtemp(dir=folder), "home")


@contextmanager
def platform(home: Path, **variables: str) -> Iterator[Settings]:
    """The settings of a platform in `home`, whose warehouse is up; `variables` are its VROEGSIGNAAL_… settings."""
    home.parent.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "CONFIG", "LANDING", "OUT", "WAREHOUSE", "APPROVAL", "SMTP", "MAIL_FROM"):
            patch.delenv(f"VROEGSIGNAAL_{name}", raising=False)
        for name, value in {"HOME": str(home), "APPROVAL": "automatic", **variables}.items():
            patch.setenv(f"VROEGSIGNAAL_{name}", value)
        here = settings.load()
        try:
            warehouse.ensure_running(here)
            yield here
        finally:
            warehouse.server(here).stop()
