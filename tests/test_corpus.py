"""A month of broken deliveries: each ends in a finding or a rejection that says why, or is accepted as a whole."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import platform
from corpus import MONTH, MUNICIPALITY, SECRET, Case, write

from vroegsignaal import door, landing, outbox, reading
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings
from vroegsignaal.shown import printable

SEED = 20190925
MEGABYTE = 1_000_000
# A process of its own, so that its memory is what the intake takes.
RECEIVE = r"""
import json, re, resource, sys
from pathlib import Path
from vroegsignaal import intake
from vroegsignaal.months import Month
counts = intake.receive(Month.parse(sys.argv[1]))
# Its own, and that of the largest process that it started. Its own not as getrusage tells it: that counts what the
# process was before it became this program, a copy of the tests.
own = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
peaks = [own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
print(json.dumps([counts, peaks]))
"""


@dataclass
class Received:
    """The corpus, once it was received, judged and handed out."""

    here: Settings
    cases: list[Case]
    peaks_bytes: list[int]
    again: dict[str, int]
    drops: dict[str, list[dict]]
    findings: dict[int, list[dict]]
    unrecognised: list[str]
    notices: dict[str, list[dict[str, str]]]

    def rules(self, case: Case) -> set[str]:
        """The rules found on the drops of a case."""
        return {found["rule"] for drop in self.of(case) for found in self.findings.get(drop["drop_id"], [])}

    def of(self, case: Case) -> list[dict]:
        """The drops of a case."""
        return self.drops.get(f"{MUNICIPALITY}/{MONTH}/{case.file}", [])

    def told(self, case: Case) -> list[dict[str, str]]:
        """What the sender of a case reads about the file."""
        return self.notices.get(f"{MUNICIPALITY}/{MONTH}/{case.file}", [])


def receive_in_a_process() -> tuple[dict[str, int], list[int]]:
    """How many files were new, and the most memory that it and the processes it starts took, in bytes."""
    process = subprocess.run(
        [sys.executable, "-c", RECEIVE, MONTH],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert SECRET not in process.stdout + process.stderr
    counts, kilobytes = json.loads(process.stdout)
    return counts, [peak * 1024 for peak in kilobytes]


def grouped(rows: list[dict], key: str) -> dict:
    groups: dict = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def handed_out(here: Settings) -> list[dict[str, str]]:
    found = []
    for path in here.out.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            found += csv.DictReader(file, delimiter=";")
    return found


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Received]:
    folder = tmp_path_factory.mktemp("corpus")
    cases = write(folder / "landing", folder / "config", SEED)
    variables = {name: str(folder / name.lower()) for name in ("LANDING", "CONFIG", "OUT")}
    with platform(new_home(), **variables) as here:
        _, peaks = receive_in_a_process()
        again, _ = receive_in_a_process()
        month = Month.parse(MONTH)
        door.judge(month)
        outbox.hand_out(month)
        yield Received(
            here=here,
            cases=cases,
            peaks_bytes=peaks,
            again=again,
            drops=grouped(reading.rows(here, "select * from raw.drop_ledger", "owner"), "file"),
            findings=grouped(reading.rows(here, "select * from quality.finding", "owner"), "drop_id"),
            unrecognised=landing.unrecognised(here, month),
            notices=grouped(handed_out(here), "bestand"),
        )


def test_the_corpus_is_large_and_the_same_for_a_seed(received: Received, tmp_path: Path) -> None:
    assert len(received.cases) >= 150
    assert len({case.file for case in received.cases}) == len(received.cases)
    again = write(tmp_path / "landing", tmp_path / "config", SEED)
    assert again == received.cases
    for case in again:
        path = tmp_path / "landing" / MUNICIPALITY / MONTH / case.file
        if path.is_file():
            first = Path(received.here.landing, MUNICIPALITY, MONTH, case.file)
            assert path.read_bytes() == first.read_bytes(), case.name


def test_every_file_is_in_the_ledger_or_named_as_unrecognised(received: Received) -> None:
    lost = []
    for case in received.cases:
        named = printable(landing.shown_name(f"{MUNICIPALITY}/{MONTH}/{case.file}")) in received.unrecognised
        if named == bool(received.of(case)) or named != (case.expect == "unrecognised"):
            lost.append(case.name)
    assert lost == []
    assert all(name.isprintable() for name in received.unrecognised)


def test_each_delivery_ends_as_it_should(received: Received) -> None:
    wrong = {}
    for case in received.cases:
        rules = received.rules(case)
        if case.expect == "accepted":
            counts = [
                (drop["rows_read"], drop["rows_quarantined"] + drop["rows_rejected"]) for drop in received.of(case)
            ]
            if any(read == 0 or bad for read, bad in counts):
                wrong[case.name] = rules
        elif case.expect not in ("", "unrecognised") and case.expect not in rules:
            wrong[case.name] = rules
    assert wrong == {}


def test_nothing_vanishes(received: Received) -> None:
    for drops in received.drops.values():
        for drop in drops:
            parts = ("rows_accepted", "rows_quarantined", "rows_rejected")
            assert drop["status"] in ("accepted", "superseded", "rejected"), drop["file"]
            assert drop["rows_read"] == sum(drop[part] for part in parts), drop["file"]
    kept = reading.rows(
        received.here,
        " union all ".join(
            f"select file, rows_read, (select count(*) from raw.{feed} as row where row.drop_id = drop.drop_id) as kept"
            f" from raw.drop_ledger as drop where feed = '{feed}' and unreadable is null"
            for feed in ("signals", "withdrawals", "brp", "shv", "ris_dossiers")
        ),
        "owner",
    )
    assert [row["file"] for row in kept if row["rows_read"] != row["kept"]] == []


def test_a_rejection_says_why_where_and_what_to_do(received: Received) -> None:
    wrong = {}
    for case in received.cases:
        rejected = [drop for drop in received.of(case) if drop["status"] == "rejected"]
        told = [row for row in received.told(case) if row["ernst"] == "geweigerd"]
        said = " ".join(row["melding"] for row in told)
        complete = bool(told) and all(row["wat_te_doen"] for row in told)
        if rejected and (not complete or case.says not in said or (case.line and "regel" not in said)):
            wrong[case.name] = said
    assert wrong == {}


def test_no_message_name_or_folder_holds_a_value(received: Received) -> None:
    assert SECRET not in json.dumps(received.drops, default=str)
    assert SECRET not in json.dumps(list(received.notices.values()))
    assert not [path for path in received.here.out.rglob("*") if SECRET.lower() in path.name.lower()]


def test_nothing_is_written_outside_the_folder_for_results(received: Received) -> None:
    root = Path(received.here.landing).parent
    assert sorted(path.name for path in root.iterdir()) == ["buiten", "config", "landing", "out"]
    written = {path.relative_to(received.here.out).parts[:2] for path in received.here.out.rglob("*.csv")}
    assert written == {(MUNICIPALITY, MONTH)}


def test_no_formula_reaches_a_file_for_people(received: Received) -> None:
    cells = [value for rows in received.notices.values() for row in rows for value in row.values() if value]
    assert any(value.startswith("'=") for value in cells)
    assert [value for value in cells if value[0] in "=+-@\t\r"] == []


def test_memory_is_bounded(received: Received) -> None:
    assert max(received.peaks_bytes) < 500 * MEGABYTE


def test_receiving_again_changes_nothing(received: Received) -> None:
    assert received.again["new"] == 0
