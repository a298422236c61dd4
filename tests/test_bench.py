"""The measurements themselves: what they are given is what they say, and their peer finds what the platform finds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from types import GeneratorType

import pytest
from conftest import forget_everything, platform, rows

import bench.__main__ as command
from bench import landing_area, match, memory, typed_tables
from bench.country import MOST_MUNICIPALITIES, Municipality, country
from bench.figures import Figure, exponent, table
from bench.peer import Peer
from vroegsignaal import door, intake, transform, warehouse
from vroegsignaal.months import Month

MONTH = match.MONTH


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.csv"))}


def reporters(town: Municipality, month: Month) -> dict[int, set[int]]:
    """Of each household, which creditors report it in a month."""
    found = defaultdict(set)
    for place in range(len(town.creditors)):
        for signal in town.signals_of(place, month):
            found[signal.household].add(place)
    return found


def test_a_country_is_the_same_for_the_same_seed_and_another_for_another(tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        landing_area.deliver(tmp_path / name, country(2_000, 3, seed), MONTH)
    first, again, other = (contents(tmp_path / name) for name in ("first", "again", "other"))
    assert first == again
    assert first.keys() == other.keys()
    assert not any(first[name] == other[name] for name in first if "signals" in name and "intrekking" not in name)


def test_signals_are_made_one_by_one_however_many_there_are() -> None:
    (town,) = country(10**12)
    signals = town.signals_of(0, MONTH)
    assert isinstance(signals, GeneratorType)
    assert len(list(islice(signals, 3))) == 3


@pytest.mark.parametrize(("signals", "municipalities"), [(1_000, 1), (1_000, 342), (75_000, 342), (1_000_000, 34)])
def test_all_signals_are_divided_over_municipalities_and_creditors(signals: int, municipalities: int) -> None:
    towns = country(signals, municipalities)
    assert len({town.code for town in towns}) == municipalities
    assert sum(town.signals for town in towns) == signals
    assert all(sum(town.numbers_of_signals) == town.signals for town in towns)


def test_municipalities_are_as_unequal_as_they_are() -> None:
    """Statistics Netherlands, 2024: 342 with 17.9 million inhabitants, half of them in the 60 largest or so."""
    inhabitants = [town.inhabitants for town in country(75_000, MOST_MUNICIPALITIES)]
    assert inhabitants == sorted(inhabitants, reverse=True)
    assert sum(inhabitants) == pytest.approx(17.9e6, rel=0.05)
    assert sum(inhabitants[:60]) == pytest.approx(sum(inhabitants) / 2, rel=0.15)
    with pytest.raises(ValueError, match="1 to 342"):
        country(1_000, 343)


def test_some_creditors_report_everywhere_and_some_in_one_place() -> None:
    towns = country(10_000, 20)
    in_how_many = defaultdict(int)
    for town in towns:
        assert {each.sector for each in town.creditors} == {"rent", "water", "energy", "health"}
        for each in town.creditors:
            in_how_many[each.sector, each.name] += 1
    for sector, numbers in {"health": {20}, "energy": {20}, "water": {2}, "rent": {1}}.items():
        assert {count for (of, _), count in in_how_many.items() if of == sector} == numbers


def test_few_households_are_reported_by_two_creditors_and_some_again_the_next_month() -> None:
    (town,) = country(20_000)
    before, now = reporters(town, MONTH.plus(-1)), reporters(town, MONTH)
    assert 0.01 < sum(len(found) > 1 for found in now.values()) / len(now) < 0.05
    again = sum(bool(found & before.get(household, set())) for household, found in now.items())
    assert 0.3 < again / len(now) < 0.7


def test_every_address_is_one_household() -> None:
    towns = country(5_000, 3)
    addresses = {(town.code, *town.address(number)) for town in towns for number in range(3_000)}
    assert len(addresses) == 9_000


def test_a_target_is_missed_above_its_limit_only() -> None:
    assert not Figure("a", "", 3.0, limit=3.0).is_missed
    assert Figure("a", "", 3.1, limit=3.0).is_missed
    assert not Figure("a", "", 3.0, peer="b", peer_value=2.0, limit=1.5).is_missed
    assert Figure("a", "", 3.1, peer="b", peer_value=2.0, limit=1.5).is_missed
    assert not Figure("a", "", 1e9).is_missed
    assert Figure("a", "", 0.0, failure="it broke").is_missed


def test_the_exponent_is_that_of_the_cost() -> None:
    sizes = (1_000, 20_000, 300_000)
    for power in (0.5, 1.0, 2.0):
        assert exponent({size: 3.5 * size**power for size in sizes}) == pytest.approx(power)


def test_a_measurement_that_breaks_is_a_row_of_the_table_and_a_miss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = Figure("good", "1 row", 1.0)
    monkeypatch.setattr(command, "MEASUREMENTS", ("good", "bad"))
    monkeypatch.setattr(
        command, "of_its_own_process", lambda name, _: [good if name == "good" else Figure(name, "", 0, failure="x")]
    )
    kept = tmp_path / "build" / "bench.json"
    assert command.main(["--to", str(kept)]) == 1
    assert command.main(["--only", "good", "--to", str(kept)]) == 0
    assert json.loads(kept.read_text()) == [asdict(good)]
    assert "| bad |  | **failed**: x |" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        command.main(["--only", "nothing"])


def test_a_process_that_fails_says_with_what_it_ended() -> None:
    (failed,) = command.of_its_own_process("nothing", quick=True)
    assert failed.is_missed
    assert failed.failure == "it ended with 2"


def test_memory_is_that_of_the_largest_process_also_below_this_one() -> None:
    import subprocess
    import sys

    with memory.watched() as peak:
        subprocess.run([sys.executable, "-c", "import time; x = bytearray(900 * 2**20); time.sleep(0.3)"], check=True)
    assert 900 < peak.mb < 1000
    assert "| 900 MB |" in table([Figure("a", "", 1.0, memory_mb=900.4)])


def test_the_peer_finds_the_matches_arrears_and_reasons_that_the_platform_finds(
    tmp_path: Path, new_home: Callable[[], Path]
) -> None:
    towns = country(3_000, 3)
    config = landing_area.configure(tmp_path / "config", towns)
    with platform(new_home(), CONFIG=str(config)) as here:
        typed_tables.fill(here, towns, MONTH)
        transform.derive(MONTH)
        peer = Peer(here, MONTH, tmp_path)
        peer.match_and_select()
        assert match.check_alike(here, peer) > 50
        found = {reason for (reason,) in rows(here, "select distinct coalesce(reason, role) from core.proposal")}
        assert found >= {"address_unknown", "in_debt_help", "open_dossier", "below_threshold", "selected", "reserve"}
        with warehouse.connect(here, "owner") as connection:
            connection.execute("update core.candidate set arrears_eur = arrears_eur + 1 where reason is null")
        with pytest.raises(ValueError, match="not alike"):
            match.check_alike(here, peer)

        # The tables are as intake and door would have left them.
        loaded = rows(here, _KEPT)
        forget_everything(here)
        monthly = tmp_path / "landing"
        for number in (-2, -1, 0):
            landing_area.deliver(monthly, towns, MONTH.plus(number))
        with platform(here.home, CONFIG=str(config), LANDING=str(monthly)):
            for number in (-2, -1, 0):
                intake.receive(MONTH.plus(number))
                door.judge(MONTH.plus(number))
        assert rows(here, _KEPT) == loaded


_KEPT = """
    select municipality_code, signal_month, creditor, signaal_id, klantnummer, bedrag, ontstaansdatum, signaaldatum,
        crisissignaal, count(*) over (partition by municipality_code, household_id)
    from quality.accepted_signals order by 1, 2, 3, 4
"""
