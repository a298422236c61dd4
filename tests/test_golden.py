"""Golden deliveries: good and bad files of every feed, each with the rules that were written beside it by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stepping
import yaml
from conftest import platform

from vroegsignaal import contract, reading

GOLDEN = Path(__file__).parent / "golden"
LANDING = GOLDEN / "landing"
MONTHS = ("2021-11", "2021-12", "2022-01")

ELSEWHERE = {
    "case_at_other_address": "test_walked.py::test_a_row_that_moved_to_another_address_is_told_and_its_number_holds",
    "duplicate_delivery": "test_intake.py::test_the_same_bytes_under_another_name_are_told_and_not_taken_again",
    "late": "test_rules.py::test_what_arrives_after_the_approval_is_late",
    "duplicate_household_missing": (
        "test_delivery.py::test_the_second_of_two_faulty_rows_tells_that_the_household_is_now_missing"
    ),
}
"""What no single file can show, and the test that shows it."""

Findings = dict[str, dict[str, list[str]]]
"""File -> line, or `drop` -> rules, in the order of the alphabet."""


def deliveries() -> list[str]:
    return sorted(str(file.relative_to(LANDING)) for file in LANDING.rglob("*.csv"))


def expected(name: str) -> dict[str, list[str]]:
    written = yaml.safe_load((LANDING / name).with_suffix(".expected.yml").read_text())
    return {str(line): sorted(rules) for line, rules in written.items()}


@pytest.fixture(scope="module")
def found(new_home: Callable[[], Path]) -> Iterator[Findings]:
    with platform(new_home(), LANDING=str(LANDING), CONFIG=str(GOLDEN / "config")) as here:
        for month in MONTHS:
            stepping.receive(month)
        rows = reading.rows(
            here,
            "select distinct file, coalesce(line_no::text, 'drop') as line, rule from quality.finding"
            " inner join raw.drop_ledger using (drop_id) order by rule",
            "owner",
        )
        findings: Findings = {name: {} for name in deliveries()}
        for row in rows:
            findings[row["file"]].setdefault(row["line"], []).append(row["rule"])
        yield findings


@pytest.mark.parametrize("name", deliveries())
def test_a_golden_delivery_gives_exactly_the_rules_written_beside_it(found: Findings, name: str) -> None:
    assert found[name] == expected(name)


def test_every_feed_has_a_good_delivery_and_one_with_faults() -> None:
    for feed in contract.feeds().values():
        of_feed = [name for name in deliveries() if feed.pattern.fullmatch(name.split("/", 2)[2])]
        assert {bool(expected(name)) for name in of_feed} == {True, False}, feed.name


def test_every_rule_is_shown_by_a_golden_delivery_or_by_a_named_test() -> None:
    shown = {rule for name in deliveries() for rules in expected(name).values() for rule in rules}
    assert shown | set(ELSEWHERE) == set(contract.wordings())
    assert not shown & set(ELSEWHERE)
    for place in ELSEWHERE.values():
        file, name = place.split("::")
        assert re.search(rf"^def {name}\(", (Path(__file__).parent / file).read_text(), re.MULTILINE), place
