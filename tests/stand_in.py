"""A warehouse that is taken for one on many machines: see stand_in.sql."""

from __future__ import annotations

from pathlib import Path

from vroegsignaal import warehouse
from vroegsignaal.settings import Settings


def pretend(here: Settings) -> None:
    """Have a warehouse that is up ask for its tables to be spread from now on."""
    with warehouse.connect(here, "owner") as connection:
        connection.execute(Path(__file__).with_suffix(".sql").read_bytes())
    warehouse.prepare(here)
