"""Random landing areas with every kind of fault: the platform holds what an independent reading of the contract has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import stepping
from conftest import platform
from oracle.compare_tables import differences
from oracle.contract_oracle import RULES, Address, Decision, Derived, check_selection, derive, limits
from oracle.random_landing import write

from vroegsignaal import reading
from vroegsignaal.settings import Settings

FEEDS = {"signals.intrekking": "withdrawals"}
"""Feeds that the oracle calls otherwise."""


@dataclass
class Replayed:
    """A random landing area: what the platform made of it, and what the oracle says."""

    here: Settings
    months: list[str]
    municipalities: list[str]
    expected: Derived
    decisions: dict[tuple[str, str], dict[Address, Decision]]


@pytest.fixture(scope="module", params=(1, 2), ids="seed {}".format)
def replayed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]
) -> Iterator[Replayed]:
    folder = tmp_path_factory.mktemp("random")
    landing, config = folder / "landing", folder / "config"
    setting = write(landing, config, request.param)
    with platform(new_home(), LANDING=str(landing), CONFIG=str(config)) as here:
        stepping.run_months(*setting.months)
        decisions = decided(here)
        selected = {key: {a for a, d in by_home.items() if d.role == "selected"} for key, by_home in decisions.items()}
        expected = renamed(derive(landing, config, setting.months, selected))
        yield Replayed(here, list(setting.months), list(setting.municipalities), expected, decisions)


def renamed(derived: Derived) -> Derived:
    for row in [*derived.drops, *derived.findings]:
        row["feed"] = FEEDS.get(row["feed"], row["feed"])
    return derived


def address(key: str) -> Address:
    postcode, number, suffix = key.split(" ")
    return Address(postcode, int(number), suffix)


def decided(here: Settings) -> dict[tuple[str, str], dict[Address, Decision]]:
    """(municipality, month) -> address -> what was approved."""
    rows = reading.rows(
        here,
        "select municipality_code, to_char(signal_month, 'YYYY-MM') as month, address_key, role, reason"
        " from decision.selection inner join vault.household using (municipality_code, household_id)",
        "owner",
    )
    found: dict[tuple[str, str], dict[Address, Decision]] = {}
    for row in rows:
        by_home = found.setdefault((row["municipality_code"], row["month"]), {})
        by_home[address(row["address_key"])] = Decision(row["role"], row["reason"])
    return found


def mart(replayed: Replayed, table: str) -> list[dict]:
    return reading.rows(replayed.here, f"select * from mart.{table}", "bi")


def test_drops(replayed: Replayed) -> None:
    assert differences(replayed.expected.drops, mart(replayed, "drops")) == []


def test_findings_of_the_contracts_rules(replayed: Replayed) -> None:
    found = [row for row in mart(replayed, "findings") if row["rule"] in RULES]
    assert differences(replayed.expected.findings, found) == []


def test_further_rules_are_information_only(replayed: Replayed) -> None:
    further = [row for row in mart(replayed, "findings") if row["rule"] not in RULES]
    assert {row["severity"] for row in further} == {"info"}


def test_signals(replayed: Replayed) -> None:
    expected = replayed.expected.signals_by_month_creditor
    assert differences(expected, mart(replayed, "signals_by_month_creditor")) == []


def test_matches_by_month(replayed: Replayed) -> None:
    expected = replayed.expected.matches_by_month
    assert differences(expected, mart(replayed, "matches_by_month"), count="total") == []


def test_every_match_with_its_creditors_arrears_and_reason(replayed: Replayed) -> None:
    found = reading.rows(
        replayed.here,
        "select municipality_code, to_char(signal_month, 'YYYY-MM') as month, address_key, criterion, creditors,"
        " sectors, arrears_eur, case when reason <> 'over_capacity' then reason end as reason, district"
        " from casework.selection inner join vault.household using (municipality_code, household_id)",
        "owner",
    )
    expected = [
        {
            "municipality_code": match.municipality,
            "month": match.month,
            "address_key": " ".join(map(str, match.address)),
            "criterion": match.criterion,
            "creditors": ", ".join(sorted(match.creditors)),
            "sectors": ", ".join(sorted(match.sectors)),
            "arrears_eur": match.arrears,
            "reason": match.reason,
            "district": match.district,
        }
        for match in replayed.expected.matches
    ]
    # Where people of several districts are registered at one address, either will do.
    assert differences(expected, found) == []


def test_the_selection_has_the_properties_that_were_agreed(replayed: Replayed) -> None:
    wrong = {}
    for municipality in replayed.municipalities:
        for month in replayed.months:
            matches = replayed.expected.matches_of(municipality, month)
            capacity, reserve = limits(replayed.here.config, municipality, month)
            decisions = replayed.decisions.get((municipality, month), {})
            wrong[municipality, month] = check_selection(matches, decisions, capacity, reserve)
    assert {key: said for key, said in wrong.items() if said} == {}


def test_selection_by_month_counts_what_was_decided(replayed: Replayed) -> None:
    counted = sum(row["households"] for row in mart(replayed, "selection_by_month"))
    assert counted == len(replayed.expected.matches)
