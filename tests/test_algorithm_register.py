"""The entry for the algorithm register says what code and configuration say."""

from __future__ import annotations

import csv

from vroegsignaal import algorithm_register, approval, contract, settings


def test_the_page_is_what_code_and_configuration_say() -> None:
    assert algorithm_register.PAGE.read_text(encoding="utf-8") == algorithm_register.page(), "run `make docs`"


def test_every_value_of_the_policy_stands_on_it() -> None:
    seed = settings.load().default_config / "policy_parameters.csv"
    with seed.open(encoding="utf-8", newline="") as file:
        parameters = list(csv.DictReader(file))
    assert parameters
    text = algorithm_register.page()
    assert all(f"| `{row['parameter']}` | {row['default_value']} | " in text for row in parameters)


def test_every_reason_and_every_column_of_a_person_stands_on_it() -> None:
    text = " ".join(algorithm_register.page().split())
    assert all(reason in text for name, reason in approval.REASONS_IN_WORDS.items() if name != "over_capacity")
    assert all(column.name in text for feed in contract.feeds().values() for column in feed.columns)
