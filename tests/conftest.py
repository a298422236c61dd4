"""A platform of its own for a test: a home with a warehouse, settings in the environment, stopped at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vroegsignaal import settings, warehouse
from vroegsignaal.settings import Settings


@contextmanager
def platform(home: Path, **variables: str) -> Iterator[Settings]:
    """The settings of a platform in `home`, whose warehouse is up; `variables` are its VROEGSIGNAAL_… settings."""
    names = ("HOME", "CONFIG", "LANDING", "OUT", "WAREHOUSE", "APPROVAL")
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.delenv(f"VROEGSIGNAAL_{name}", raising=False)
        for name, value in {"HOME": str(home), "APPROVAL": "automatic", **variables}.items():
            patch.setenv(f"VROEGSIGNAAL_{name}", value)
        here = settings.load()
        try:
            warehouse.ensure_running(here)
            yield here
        finally:
            warehouse.server(here).stop()
