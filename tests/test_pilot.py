"""The pilot's drops against the printed tables, by a matcher and rules that share no code with the rest."""

import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

from pilot_files import DOUBLE_RULES, REFUSING_RULES, Accepted, Judged, Place, Row, address, csv_rows, eleven

from pilot import plan
from pilot.published import cells, number
from pilot.scope import CREDITORS, MONTHS

# --- the drops


def test_two_processes_with_other_hash_seeds_write_the_same_bytes(landing: Path, tmp_path: Path) -> None:
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-m", "pilot", "--to", tmp_path / seed],
            check=True,
            cwd=Path(__file__).parent.parent,
            env=os.environ | {"PYTHONHASHSEED": seed},
        )
        written = {p.relative_to(landing): p.read_bytes() for p in landing.rglob("*.csv")}
        assert written == {
            p.relative_to(tmp_path / seed / "0637"): p.read_bytes() for p in (tmp_path / seed).rglob("*.csv")
        }


def test_accepted_rows_are_the_cells_of_table_2_1(accepted: list[Accepted]) -> None:
    counts = Counter((month, creditor) for month, creditor, _ in accepted)
    printed = cells("table_2_01")
    assert {(m, c): counts[m, c] for m in MONTHS for c in CREDITORS} == {
        (m, c): number(printed[m, c]) for m in MONTHS for c in CREDITORS
    }
    assert counts.total() == 8424
    assert sum(counts["2019-07", c] for c in CREDITORS) == 926


def test_matches_of_accepted_rows_are_the_cells_of_table_2_2(matches: dict[Place, str]) -> None:
    counts = Counter((month, criterion) for (month, _), criterion in matches.items())
    printed = cells("table_2_02")
    expected = {(m, k): number(printed[m, k]) for m in MONTHS for k in ("same_month", "three_months")}
    assert {place: counts[place] for place in expected} == expected
    assert counts.total() == 572


def test_there_is_a_delivery_exactly_where_the_report_prints_a_number(landing: Path) -> None:
    delivered = {(path.parts[-3], path.stem) for path in landing.glob("*/signals/*.csv")}
    assert delivered == {(m, c) for m in MONTHS for c in CREDITORS if cells("table_2_01")[m, c] != "-"}


def test_every_refusing_rule_finds_rows_and_they_are_a_small_part(judged_rows: list[Judged]) -> None:
    refused = [rules for _, _, _, rules in judged_rows if rules]
    assert set().union(*refused) == REFUSING_RULES
    assert 150 <= len(refused) <= 250


def test_refused_rows_would_have_changed_no_match(judged_rows: list[Judged], accepted: list[Accepted]) -> None:
    homes = {address(row) for _, _, row in accepted}
    for _, _, row, rules in judged_rows:
        assert not rules or rules & DOUBLE_RULES or address(row) not in homes


def test_the_wrong_report_follows_a_plausible_one_of_the_same_customer(judged_rows: list[Judged]) -> None:
    (wrong,) = [(m, c, row) for m, c, row, _ in judged_rows if row["bedrag"] == "17693"]
    same = [
        row["bedrag"]
        for m, c, row, rules in judged_rows
        if (m, c) == wrong[:2] and not rules and row["klantnummer"] == wrong[2]["klantnummer"]
    ]
    assert same == ["176,93"]


def test_dunea_reports_222_three_times_but_never_the_same_file(landing: Path, accepted: list[Accepted]) -> None:
    months = ("2019-06", "2019-07", "2019-08")
    assert [sum((m, c) == (month, "dunea") for m, c, _ in accepted) for month in months] == [222] * 3
    assert len({(landing / month / "signals" / "dunea.csv").read_bytes() for month in months}) == 3


def test_no_row_can_be_of_someone_real(landing: Path) -> None:
    for path in landing.rglob("*.csv"):
        for row in csv_rows(path):
            assert not row.get("bsn") or row["bsn"].startswith("9999") or "signals" in path.parts
            if re.fullmatch(r"\d{4} ?[A-Za-z]{2}", row.get("postcode", "")):
                assert "Q" in row["postcode"][-2:].upper()
            assert not row.get("telefoonnummer") or row["telefoonnummer"].startswith("06-0000")


def test_accepted_citizen_service_numbers_are_valid_and_of_the_test_range(accepted: list[Accepted]) -> None:
    numbers = {row["bsn"] for _, _, row in accepted if row["bsn"]}
    assert numbers
    assert all(bsn.startswith("9999") and eleven(bsn) for bsn in numbers)


def test_creditors_write_a_matched_address_in_different_ways(
    accepted: list[Accepted], matches: dict[Place, str]
) -> None:
    written = defaultdict(set)
    for _, _, row in accepted:
        written[address(row)].add((row["huisletter"], row["huisnummertoevoeging"]))
    assert sum(len(written[home]) > 1 for home in {home for _, home in matches}) >= 20


def test_only_the_solver_and_what_compares_read_the_printed_tables() -> None:
    pilot = Path(plan.__file__).parent.parent
    readers = {p.relative_to(pilot).parts[0] for p in pilot.rglob("*.py") if "pilot.published" in p.read_text("utf-8")}
    assert readers == {"claims.py", "compare.py", "choice.py", "solve"}


# --- the registers


def register(landing: Path, month: str, name: str) -> list[Row]:
    return csv_rows(landing / month / name)


def test_residents_are_unique_valid_and_change_a_little_each_month(landing: Path) -> None:
    before = None
    for month in MONTHS:
        residents = register(landing, month, "brp/personen.csv")
        numbers = {row["bsn"] for row in residents}
        assert len(numbers) == len(residents)
        assert all(eleven(bsn) for bsn in numbers)
        now = {tuple(row.values()) for row in residents}
        assert before is None or 0 < len(now ^ before) < 60
        before = now


def test_matched_households_are_nearly_all_but_not_all_to_be_visited(landing: Path, matches: dict[Place, str]) -> None:
    reasons = Counter()
    for month in MONTHS:
        living = defaultdict(list)
        for row in register(landing, month, "brp/personen.csv"):
            living[address(row)].append(row["opschorting"])
        helped = {
            address(row)
            for row in register(landing, month, "shv/trajecten.csv")
            if not row["einddatum"] or row["einddatum"] >= f"{month}-25"
        }
        for home in (home for matched, home in matches if matched == month):
            reasons["absent"] += home not in living
            reasons["gone"] += home in living and all(living[home])
            reasons["helped"] += home in helped
    assert all(8 <= reasons[reason] <= 40 for reason in ("absent", "gone", "helped"))
