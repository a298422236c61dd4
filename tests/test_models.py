"""The unit tests that stand beside the dbt models, on an empty warehouse of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from conftest import platform

from vroegsignaal import transform
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

MONTH = Month.parse("2018-09")
"""Any month will do: each unit test fixes its own."""


@pytest.fixture(scope="module")
def empty_warehouse(new_home: Callable[[], Path]) -> Iterator[Settings]:
    """A running warehouse with every relation of the models, and without a row."""
    with platform(new_home()) as here:
        transform.derive(MONTH)
        transform.publish(MONTH)
        yield here


def unit_tests_written(here: Settings) -> list[str]:
    files = [yaml.safe_load(file.read_text()) for file in (here.dbt_project / "models").rglob("*.yml")]
    return [test["name"] for file in files for test in file.get("unit_tests", [])]


def test_every_unit_test_of_the_models_passes(empty_warehouse: Settings) -> None:
    written = unit_tests_written(empty_warehouse)
    assert written

    # Raises an error that names those that fail.
    counts = transform.run_dbt(empty_warehouse, MONTH, "unit", "test", "--select", "test_type:unit")

    # dbt answers "nothing to do" with success.
    assert counts == {"pass": len(written)}
