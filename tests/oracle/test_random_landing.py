"""Random landing areas hold every fault and every reason, and what the oracle derives of them hangs together."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from .contract_oracle import REASONS, RULES, Decision, Derived, Match, check_selection, derive, limits
from .random_config import Setting
from .random_landing import write

SEEDS = range(6)


def choose(matches: list[Match], capacity: int, reserve: int) -> dict:
    """Select as a platform might: draw until the properties hold, in districts by turns."""
    rng, candidates = Random(1), [match for match in matches if match.reason is None]
    sizes = Counter(match.district for match in candidates)
    for _ in range(3000):
        turn: Counter = Counter()
        ranked = []
        for match in rng.sample(candidates, len(candidates)):
            turn[match.district] += 1
            ranked.append(((turn[match.district] - rng.random()) / sizes[match.district], match.address))
        order = [address for _, address in sorted(ranked)]
        decisions = {match.address: Decision("not_selected", match.reason or "over_capacity") for match in matches}
        decisions |= dict.fromkeys(order[:capacity], Decision("selected"))
        decisions |= dict.fromkeys(order[capacity : capacity + reserve], Decision("reserve"))
        if not check_selection(matches, decisions, capacity, reserve):
            return decisions
    raise AssertionError("no selection has the properties")


def replay(landing: Path, config: Path, setting: Setting) -> Derived:
    """Derive month after month, each with what was selected before."""
    selected: dict = {}
    for month in setting.months:
        derived = derive(landing, config, setting.months, selected)
        for municipality in setting.municipalities:
            capacity, reserve = limits(config, municipality, month)
            decisions = choose(derived.matches_of(municipality, month), capacity, reserve)
            selected[municipality, month] = {a for a, decision in decisions.items() if decision.role == "selected"}
    return derive(landing, config, setting.months, selected)


@pytest.fixture(scope="module", params=SEEDS)
def random_months(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Setting, Derived]:
    """Give a random landing area's setting and what the oracle derives when its months are replayed."""
    folder = tmp_path_factory.mktemp("random")
    setting = write(folder / "landing", folder / "config", request.param)
    return setting, replay(folder / "landing", folder / "config", setting)


def test_every_rule_status_and_reason_occurs(random_months: tuple[Setting, Derived]) -> None:
    setting, derived = random_months
    assert {row["rule"] for row in derived.findings} == RULES
    assert {row["status"] for row in derived.drops} == {"accepted", "superseded", "rejected", "missing"}
    assert {match.criterion for match in derived.matches} == {"same_month", "three_months"}
    assert {match.reason for match in derived.matches} == set(REASONS) - {"over_capacity"} | {None}
    for municipality in setting.municipalities:
        assert all(derived.matches_of(municipality, month) for month in setting.months)


def test_every_rule_on_case_registration_occurs(random_months: tuple[Setting, Derived]) -> None:
    _, derived = random_months
    rows = [row for row in derived.findings if row["feed"] == "ris"]
    assert {row["rule"] for row in rows if row["severity"] == "critical"} == {"unreadable", "columns_missing"}
    assert {row["rule"] for row in rows if row["severity"] == "warning"} == {
        "value_missing",
        "date_invalid",
        "postcode_invalid",
        "house_number_invalid",
        "amount_invalid",
    }
    assert {row["rule"] for row in rows if row["severity"] == "info"} == {"stale"}
    assert {row["status"] for row in derived.drops if row["feed"] == "ris"} == {"accepted", "superseded", "rejected"}


@pytest.mark.parametrize("seed", SEEDS)
def test_dossiers_alone_keep_households_from_selection(tmp_path: Path, seed: int) -> None:
    setting = write(tmp_path / "landing", tmp_path / "config", seed)
    derived = derive(tmp_path / "landing", tmp_path / "config", setting.months)
    for municipality in setting.municipalities:
        reasons = {match.reason for match in derived.matches if match.municipality == municipality}
        assert {"open_dossier", "approached_recently", None} <= reasons


def test_nothing_vanishes(random_months: tuple[Setting, Derived]) -> None:
    _, derived = random_months
    for row in derived.drops:
        assert row["rows_read"] == row["rows_accepted"] + row["rows_quarantined"] + row["rows_rejected"]
    accepted = sum(
        row["rows_accepted"] for row in derived.drops if (row["feed"], row["status"]) == ("signals", "accepted")
    )
    assert accepted == sum(row["signals"] for row in derived.signals_by_month_creditor) > 0


def test_later_months_change_nothing_in_earlier_ones(tmp_path: Path) -> None:
    setting = write(tmp_path / "landing", tmp_path / "config", 1, months=4)
    early = derive(tmp_path / "landing", tmp_path / "config", setting.months[:2])
    late = derive(tmp_path / "landing", tmp_path / "config", setting.months)
    for month in setting.months[:2]:
        for municipality in setting.municipalities:
            assert early.matches_of(municipality, month) == late.matches_of(municipality, month)
    assert all(row in late.drops for row in early.drops)
    assert all(row in late.findings for row in early.findings)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    def fingerprint(seed: int, name: str) -> str:
        write(tmp_path / name, tmp_path / name / "config", seed)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        data = b"".join(str(path.relative_to(tmp_path / name)).encode() + path.read_bytes() for path in files)
        return hashlib.sha256(data).hexdigest()

    assert fingerprint(3, "once") == fingerprint(3, "twice") != fingerprint(4, "other")


def test_too_small_a_landing_area_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too few"):
        write(tmp_path / "landing", tmp_path / "config", 1, months=3, municipalities=1, creditors=4)
