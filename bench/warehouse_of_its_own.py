"""What each measurement runs in: a folder of its own, with a warehouse that goes when it is done."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vroegsignaal import settings, warehouse
from vroegsignaal.settings import Settings

_KEPT = ("raw", "quality", "vault", "core", "decision")


@contextmanager
def folder_of_its_own() -> Iterator[Path]:
    """An empty folder that a server of another user may enter."""
    with tempfile.TemporaryDirectory(prefix="vroegsignaal-bench-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def warehouse_in(folder: Path, **places: Path | str) -> Iterator[Settings]:
    """The settings of a home in the folder, whose warehouse is up; `places` are further VROEGSIGNAAL_… settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name, place in {"HOME": folder / "home", **places}.items():
            patch.setenv(f"VROEGSIGNAAL_{name}", str(place))
        here = settings.load()
        try:
            warehouse.ensure_running(here)
            yield here
        finally:
            warehouse.server(here).stop()


def forget(here: Settings) -> None:
    """Empty every table that outlives a month, the derived ones included."""
    with warehouse.connect(here, "owner") as connection:
        tables = warehouse.fetch(
            connection,
            "select format('%%I.%%I', schemaname, tablename) from pg_tables where schemaname = any(%s)",
            [[*_KEPT]],
        )
        connection.execute(f"truncate {', '.join(name for (name,) in tables)} cascade")
