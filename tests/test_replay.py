"""The pilot through Airflow's scheduler, as a person types it: killed on the way, started again, and once more."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import opened
from ddas_form import faults
from typing_home import Home

from pilot.published import cells, number
from pilot.scope import CREDITORS, MONTHS, REGISTERED_MONTHS

pytestmark = pytest.mark.long

ALL_CELLS = "All: 455 of 463 cells equal, 8 in which the report contradicts itself, 0 different"


@pytest.fixture(scope="module")
def pilot(new_home: Callable[[], Path]) -> Iterator[tuple[Home, subprocess.CompletedProcess]]:
    """The pilot, killed in its third month and started again; with what the second start printed."""
    home = Home(new_home())
    first = home.start("run")
    deadline = time.monotonic() + 300
    while home.approved() < 2:
        assert first.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.5)
    home.kill(first)
    again = home.type("run")
    yield home, again
    home.type("down")


def test_the_replay_ends_well_and_stops_what_it_started(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, done = pilot
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert home.processes() == []


def test_table_2_1_in_all_its_cells(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, _ = pilot
    rows = home.rows("select signal_month, creditor, signals from mart.signals_by_month_creditor")
    derived = {(row["signal_month"][:7], row["creditor"]): int(row["signals"]) for row in rows}
    printed = {place: number(value) for place, value in cells("table_2_01").items()}
    wanted = {(month, creditor): printed[month, creditor] for month in MONTHS for creditor in CREDITORS}
    assert len(wanted) == 84
    assert derived == {place: signals for place, signals in wanted.items() if signals}
    assert sum(derived.values()) == 8424


def test_table_2_2_in_all_its_cells(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, _ = pilot
    rows = home.rows("select signal_month, same_month, three_months, total from mart.matches_by_month")
    derived = {
        (row["signal_month"][:7], column): int(row[column]) for row in rows for column in ("same_month", "three_months")
    }
    printed = cells("table_2_02")
    wanted = {
        (month, column): number(printed[month, column]) for month in MONTHS for column in ("same_month", "three_months")
    }
    assert len(wanted) == 24
    assert {place: matches for place, matches in derived.items() if place[0] in MONTHS} == wanted
    # The months after it, in which no creditor delivered, have no matches.
    assert {matches for (month, _), matches in derived.items() if month not in MONTHS} <= {0}
    assert sum(int(row["total"]) for row in rows) == 572


def test_it_tells_month_by_month_whom_the_platform_would_have_chosen(
    pilot: tuple[Home, subprocess.CompletedProcess],
) -> None:
    home, done = pilot
    told = re.findall(
        r"^(\d{4}-\d{2}): (\d+) matches, (\d+) selected and (\d+) in reserve"
        r" \(then: (\d+) cases\); not selected: (.*)$",
        done.stdout,
        re.MULTILINE,
    )
    assert [month for month, *_ in told] == list(MONTHS)
    matches, cases = cells("table_2_02"), cells("table_2_03")
    for month, found, selected, reserve, then, others in told:
        reasons = {reason: int(count) for count, reason in re.findall(r"(\d+) ([a-z_]+)", others)}
        assert int(found) == number(matches[month, "total"])
        assert int(then) == number(cases.get((month, "total"), "0"))
        assert int(found) == int(selected) + int(reserve) + sum(reasons.values())
        places = 25 if month >= "2019-06" else 20
        assert int(selected) <= places
        # Nobody is left out for want of a place while there was one.
        assert "over_capacity" not in reasons or (int(selected), int(reserve)) == (places, 5)
    chosen = home.rows(
        "select to_char(signal_month, 'YYYY-MM') as month, sum(households) as households from mart.selection_by_month"
        " where role = 'selected' group by 1 order by 1"
    )
    assert {row["month"]: row["households"] for row in chosen} == {month: n for month, _, n, *_ in told if n != "0"}


def test_the_summary_tells_months_steps_and_where_the_results_are(
    pilot: tuple[Home, subprocess.CompletedProcess],
) -> None:
    home, done = pilot
    for month in REGISTERED_MONTHS:
        assert f"\n {month} " in done.stdout
    for step in ("receive", "judge", "alert", "derive", "approve", "publish", "hand_out"):
        assert f": {step} " in done.stdout
    assert "8424" in done.stdout
    assert str(home.folder / "out") in done.stdout
    assert "table_2_01: 103 of 104 cells equal" in done.stdout
    assert "table_2_02: 52 of 52 cells equal" in done.stdout
    assert done.stdout.rstrip().endswith(ALL_CELLS)


def test_every_published_cell_is_told_when_asked(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, _ = pilot
    done = home.type("pilot", "--compare")
    assert done.returncode == 0, done.stderr
    by_cell, of_a_claim = done.stdout.split("\n\n")
    lines = by_cell.splitlines()
    assert lines[-1] == ALL_CELLS
    assert of_a_claim.startswith("The claim beside table 2.9")
    assert len(lines) == 17 + 463 + 1  # a line per table, figure and text, one per cell, and the sum
    odd = [line for line in lines if "contradicts itself:" in line]
    assert len(odd) == 8
    assert any(line.startswith("  2019-02, contact: printed 8, derived 3 ") for line in odd)


def test_every_month_has_its_walking_list(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, _ = pilot
    counted = home.rows(
        "select signal_month, role, sum(households) as households from mart.selection_by_month"
        " where role <> 'not_selected' group by signal_month, role"
    )
    wanted = {(row["signal_month"][:7], row["role"]): int(row["households"]) for row in counted}
    names = {"geselecteerd": "selected", "reserve": "reserve"}
    found: dict[tuple[str, str], int] = {}
    for month in MONTHS:
        folder = home.folder / "out" / "0637" / month
        assert (folder / "looplijst.xlsx").stat().st_size > 0
        with (folder / "looplijst.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                place = month, names[row["rol"]]
                found[place] = found.get(place, 0) + 1
    assert found == wanted
    assert sum(households for (_, role), households in found.items() if role == "selected") > 200


def test_the_report_of_the_pilot_says_what_the_evaluation_printed(
    pilot: tuple[Home, subprocess.CompletedProcess],
) -> None:
    home, _ = pilot
    folder = home.folder / "out" / "0637"
    for month in REGISTERED_MONTHS:
        assert (folder / month / "evaluatie.pdf").stat().st_size > 0
    page = folder / REGISTERED_MONTHS[-1] / "evaluatie.html"
    with opened(page) as seen:
        assert [url for url in seen.requests if not url.startswith("data:")] == [page.as_uri()]
        assert (seen.errors, seen.violations()) == ([], [])
        figures = dict(
            zip(
                seen.page.locator(".figures dt").all_inner_texts(),
                seen.page.locator(".figures .value").all_inner_texts(),
                strict=True,
            )
        )
    assert figures["signalen"] == cells("table_2_01")["totaal", "totaal"]
    assert figures["matches"] == cells("table_2_02")["totaal", "total"]
    assert figures["zaken"] == cells("table_2_03")["totaal", "total"]
    assert figures["contact"] == cells("table_2_08")["totaal", "pct_contact"] + "%"
    assert figures["gemiddelde achterstand"] == "€ " + cells("table_2_09")["totaal", "mean_eur"]


def test_every_signal_of_the_pilot_is_told_of_and_its_last_status_is_the_one_it_has(
    pilot: tuple[Home, subprocess.CompletedProcess],
) -> None:
    home, _ = pilot
    counted = home.rows(
        "select signal_month, creditor, sum(signals) as signals from mart.feedback_by_month group by 1, 2"
    )
    accepted = home.rows("select signal_month, creditor, signals from mart.signals_by_month_creditor")
    assert {tuple(row.values()) for row in counted} == {tuple(row.values()) for row in accepted}
    by_status = {
        (row["creditor"], row["status"]): int(row["signals"])
        for row in home.rows(
            "select creditor, status, sum(signals) as signals from mart.feedback_by_month group by 1, 2"
        )
    }
    assert sum(by_status.values()) == 8424
    last: dict[tuple[str, str, str], str] = {}
    told, corrections, asked = 0, 0, 0
    for month in REGISTERED_MONTHS:
        for path in sorted((home.folder / "out" / "0637" / month / "terugkoppeling").glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file, delimiter=";"):
                    key = path.stem, row["signaalmaand"], row["signaal_id"]
                    corrections += row["correctie"] == "j"
                    asked += {"pauzeer": 1, "hervat": -1, "": 0}[row["incasso"]]
                    told += 1
                    assert row["resultaat"] == row["status"] or not row["status"].startswith("Niet opgepakt")
                    last[key] = row["status"]
    assert len(last) == 8424
    found: dict[tuple[str, str], int] = {}
    for (creditor, _, _), status in last.items():
        found[creditor, status] = found.get((creditor, status), 0) + 1
    assert found == by_status
    # A case that was closed with a referral asks for a pause, and nobody tells of the help: it ends with its term.
    assert asked >= 0
    assert told > 8424
    assert corrections < 100
    assert "Nog niet opgepakt" not in {status for _, status in by_status}


def test_every_signal_and_case_is_delivered_to_statistics_netherlands_once(
    pilot: tuple[Home, subprocess.CompletedProcess],
) -> None:
    home, _ = pilot
    signals, cases, numbers = Counter(), Counter(), []
    for month in REGISTERED_MONTHS:
        document = json.loads((home.folder / "out" / "0637" / month / "ddas.json").read_text(encoding="utf-8"))
        assert faults(document) == []
        (delivery,) = document["leveringen"]
        numbers += [each["ID"] for each in delivery["vroegsignalen"]]
        signals.update((month, each["signaalpartner"]["type"]) for each in delivery["vroegsignalen"])
        cases.update({month: len(delivery["vroegsignaalzaken"])})
        # A case has a signal of the month of its match, but for January's cases that were loaded once more.
        without = sum("vroegsignalen" not in zaak for zaak in delivery["vroegsignaalzaken"])
        assert without == 0 or month == "2019-02", month
    assert len(numbers) == len(set(numbers)) == 8424
    partners = {"rent": "Huur", "water": "Water", "energy": "Energie", "health": "Zorg"}
    accepted = home.rows(
        "select to_char(signal_month, 'YYYY-MM') as month, sector, sum(signals) as signals"
        " from mart.signals_by_month_creditor group by 1, 2"
    )
    assert signals == Counter({(row["month"], partners[row["sector"]]): int(row["signals"]) for row in accepted})
    matched = home.rows("select to_char(signal_month, 'YYYY-MM') as month, total from mart.dossiers_by_month")
    assert +cases == Counter({row["month"]: int(row["total"]) for row in matched})
    assert cases.total() == 235


def test_nothing_delivered_vanished(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, _ = pilot
    drops = home.rows("select * from mart.drops where status <> 'missing'")
    # Table 2.1 has 71 cells with a number, each of its months has two registers, and an export of cases is four files.
    assert len(drops) == 71 + 2 * len(MONTHS) + 4 * len(REGISTERED_MONTHS)
    delivered: dict[tuple[str, str], int] = {}
    for path in (home.folder / "landing" / "0637").glob("*/*/*.csv"):
        with path.open(encoding="utf-8") as file:
            lines = sum(1 for _ in file) - 1
        month, feed = path.parts[-3:-1]
        place = month, f"{feed} {path.stem if feed == 'signals' else ''}"
        delivered[place] = delivered.get(place, 0) + lines
    read: dict[tuple[str, str], int] = {}
    for row in drops:
        place = row["signal_month"][:7], f"{row['feed']} {row['creditor']}"
        read[place] = read.get(place, 0) + int(row["rows_read"])
        taken = sum(int(row[column]) for column in ("rows_accepted", "rows_quarantined", "rows_rejected"))
        assert int(row["rows_read"]) == taken
    assert read == delivered


def test_a_month_run_once_more_changes_nothing_and_says_so(pilot: tuple[Home, subprocess.CompletedProcess]) -> None:
    home, _ = pilot
    done = home.type("month", "2019-08")
    assert done.returncode == 0, done.stderr
    assert "No row of core or mart changed." in done.stdout
