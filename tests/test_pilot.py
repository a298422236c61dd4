"""The pilot's drops and plan against the printed tables, by a matcher and rules that share no code with it."""

import csv
import datetime as dt
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from pilot import compare, plan
from pilot.generate import write_landing
from pilot.published import cells, misprints, number
from pilot.scope import CREDITORS, MONTHS, SECTORS

Row = dict[str, str]
Address = tuple[str, str, str]
Judged = tuple[str, str, Row, set[str]]  # month, creditor, row, rules broken
Accepted = tuple[str, str, Row]  # month, creditor, row
Place = tuple[str, Address]  # month, address

DOUBLE_RULES = {"duplicate_signal_id", "duplicate_household"}
REFUSING_RULES = DOUBLE_RULES | {
    "value_missing", "date_invalid", "postcode_invalid", "house_number_invalid", "bsn_invalid", "amount_invalid",
    "amount_not_positive", "amount_implausible", "arrears_too_old", "signal_outside_month", "arrears_after_signal",
}  # fmt: skip
REQUIRED = (
    "signaal_id", "klantnummer", "achternaam", "huisnummer", "postcode", "bedrag", "ontstaansdatum", "signaaldatum",
)  # fmt: skip


# --- what the contract says of a row, straightforwardly


def day(text: str) -> dt.date | None:
    for pattern in ("%Y-%m-%d", "%d-%m-%Y"):
        try:
            if re.fullmatch(r"[\d-]{10}", text):
                return dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007
        except ValueError:
            pass
    return None


def euros(text: str) -> float | None:
    return float(text.replace(",", ".")) if re.fullmatch(r"-?\d+(,\d+)?", text) else None


def eleven(text: str) -> bool:
    return (
        len(text) == 9
        and text.isdigit()
        and sum((9 - i if i < 8 else -1) * int(d) for i, d in enumerate(text)) % 11 == 0
    )


def address(row: Row) -> Address:
    suffix = re.sub(r"[^A-Z0-9]", "", (row["huisletter"] + row["huisnummertoevoeging"]).upper())
    return row["postcode"].upper().replace(" ", ""), row["huisnummer"].lstrip("0"), suffix


def value_rules(row: Row) -> Iterator[str]:
    """Rules about a single value."""
    yield from ("value_missing" for column in REQUIRED if not row[column])
    if any(row[c] and not day(row[c]) for c in ("ontstaansdatum", "signaaldatum", "geboortedatum")):
        yield "date_invalid"
    if row["postcode"] and not re.fullmatch(r"[1-9]\d{3}[A-Z]{2}", address(row)[0]):
        yield "postcode_invalid"
    if row["huisnummer"] and not re.fullmatch(r"[1-9]\d{0,4}", row["huisnummer"]):
        yield "house_number_invalid"
    if row["bsn"] and not eleven(row["bsn"]):
        yield "bsn_invalid"


def amount_rules(row: Row) -> Iterator[str]:
    amount = euros(row["bedrag"])
    if row["bedrag"] and amount is None:
        yield "amount_invalid"
    elif row["bedrag"] and amount <= 0:
        yield "amount_not_positive"
    elif row["bedrag"] and amount > 17_000:
        yield "amount_implausible"


def period_rules(row: Row, month: str) -> Iterator[str]:
    since, signalled = day(row["ontstaansdatum"]), day(row["signaaldatum"])
    until = dt.date.fromisoformat(f"{month}-25")
    start = (until.replace(day=1) - dt.timedelta(days=1)).replace(day=26)
    if signalled and not start <= signalled <= until:
        yield "signal_outside_month"
    if since and signalled and (signalled - since).days > 100:
        yield "arrears_too_old"
    if since and signalled and since > signalled:
        yield "arrears_after_signal"


def judged(path: Path, month: str) -> Iterator[tuple[Row, set[str]]]:
    """The rows of a delivery with the refusing rules that each breaks."""
    ids, households = set(), set()
    for row in csv.DictReader(path.open(encoding="utf-8", newline=""), delimiter=";"):
        rules = {*value_rules(row), *amount_rules(row), *period_rules(row, month)}
        household = (*address(row), row["klantnummer"])
        rules |= {"duplicate_signal_id"} if row["signaal_id"] in ids else set()
        rules |= {"duplicate_household"} if household in households else set()
        ids.add(row["signaal_id"])
        households.add(household)
        yield row, rules


@pytest.fixture(scope="session")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("landing")
    write_landing(to)
    return to / "0637"


@pytest.fixture(scope="session")
def rows(landing: Path) -> list[Judged]:
    """(month, creditor, row, rules broken) of every row of every delivery."""
    return [
        (path.parts[-3], path.stem, row, rules)
        for path in sorted(landing.glob("*/signals/*.csv"))
        for row, rules in judged(path, path.parts[-3])
    ]


@pytest.fixture(scope="session")
def accepted(rows: list[Judged]) -> list[Accepted]:
    return [(month, creditor, row) for month, creditor, row, rules in rows if not rules]


@pytest.fixture(scope="session")
def matches(accepted: list[Accepted]) -> dict[Place, str]:
    """(month, address) -> criterion, over the accepted rows."""
    reported = defaultdict(lambda: [set() for _ in range(len(MONTHS) + 2)])
    for month, creditor, row in accepted:
        reported[address(row)][MONTHS.index(month) + 2].add(creditor)
    found = {}
    for home, by_month in reported.items():
        for m, month in enumerate(MONTHS, start=2):
            if len(by_month[m]) >= 2:
                found[month, home] = "same_month"
            elif by_month[m] and by_month[m] | by_month[m - 1] | by_month[m - 2] > by_month[m]:
                found[month, home] = "three_months"
    return found


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


def test_every_refusing_rule_finds_rows_and_they_are_a_small_part(rows: list[Judged]) -> None:
    refused = [rules for _, _, _, rules in rows if rules]
    assert set().union(*refused) == REFUSING_RULES
    assert 150 <= len(refused) <= 250


def test_refused_rows_would_have_changed_no_match(rows: list[Judged], accepted: list[Accepted]) -> None:
    homes = {address(row) for _, _, row in accepted}
    for _, _, row, rules in rows:
        assert not rules or rules & DOUBLE_RULES or address(row) not in homes


def test_the_wrong_report_follows_a_plausible_one_of_the_same_customer(rows: list[Judged]) -> None:
    (wrong,) = [(m, c, row) for m, c, row, _ in rows if row["bedrag"] == "17693"]
    same = [
        row["bedrag"]
        for m, c, row, rules in rows
        if (m, c) == wrong[:2] and not rules and row["klantnummer"] == wrong[2]["klantnummer"]
    ]
    assert same == ["176,93"]


def test_dunea_reports_222_three_times_but_never_the_same_file(landing: Path, accepted: list[Accepted]) -> None:
    months = ("2019-06", "2019-07", "2019-08")
    assert [sum((m, c) == (month, "dunea") for m, c, _ in accepted) for month in months] == [222] * 3
    assert len({(landing / month / "signals" / "dunea.csv").read_bytes() for month in months}) == 3


def test_no_row_can_be_of_someone_real(landing: Path) -> None:
    for path in landing.rglob("*.csv"):
        for row in csv.DictReader(path.open(encoding="utf-8", newline=""), delimiter=";"):
            assert not row["bsn"] or row["bsn"].startswith("9999") or "signals" in path.parts
            if re.fullmatch(r"\d{4} ?[A-Za-z]{2}", row["postcode"]):
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


def test_only_the_solver_and_the_comparisons_read_the_printed_tables() -> None:
    pilot = Path(plan.__file__).parent.parent
    readers = {p.relative_to(pilot).parts[0] for p in pilot.rglob("*.py") if "pilot.published" in p.read_text("utf-8")}
    assert readers == {"choice.py", "compare.py", "solve"}


# --- the registers


def register(landing: Path, month: str, name: str) -> list[Row]:
    path = landing / month / name
    return list(csv.DictReader(path.open(encoding="utf-8", newline=""), delimiter=";"))


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


# --- the plan, under the tables that the RIS will have to meet


@pytest.fixture(scope="module")
def dossiers() -> list[Row]:
    """The dossiers that count: those withdrawn have no outcome."""
    return [row for row in plan.read("dossiers") if row["outcome"]]


@pytest.fixture(scope="module")
def dossier_signals(dossiers: list[Row]) -> dict[str, list[Row]]:
    kept = {row["dossier"] for row in dossiers}
    found = defaultdict(list)
    for row in plan.read("dossier_signals"):
        if row["dossier"] in kept:
            found[row["dossier"]].append(row)
    return found


def printed_column(table: str, column: str) -> dict[str, float]:
    return {row: number(value) for (row, c), value in cells(table).items() if c == column and row != "totaal"}


def test_the_plan_meets_table_2_3(dossiers: list[Row], dossier_signals: dict[str, list[Row]]) -> None:
    counts = Counter((d["match_month"], len(dossier_signals[d["dossier"]])) for d in dossiers)
    for size, column in ((1, "one_signal"), (2, "two_signals"), (3, "three_signals")):
        assert {month: counts[month, size] for month in MONTHS} == printed_column("table_2_03", column)


def test_the_plan_meets_table_2_4(dossier_signals: dict[str, list[Row]]) -> None:
    counts = Counter(row["creditor"] or "onbekend" for rows in dossier_signals.values() for row in rows)
    assert counts == printed_column("table_2_04", "ris_signals")


def test_the_plan_meets_table_2_5(dossier_signals: dict[str, list[Row]]) -> None:
    def combination(label: str) -> tuple[str, ...]:
        return tuple(sorted(re.split(r", | en ", label)))

    counts = Counter(
        tuple(sorted(SECTORS.get(row["creditor"], "onbekend") for row in rows)) for rows in dossier_signals.values()
    )
    assert counts == {combination(row): n for row, n in printed_column("table_2_05", "dossiers").items()}


def assert_range(values: list[int], table: str, row: str) -> None:
    printed = cells(table)
    n, low, high, mean = (number(printed[row, column]) for column in ("n", "min_eur", "max_eur", "mean_eur"))
    assert (len(values), min(values), max(values)) == (n, low, high)
    assert abs(sum(values) / n - mean) < 0.5


def test_the_plan_meets_table_2_6(dossier_signals: dict[str, list[Row]]) -> None:
    known = [
        (row["creditor"], int(row["amount"])) for rows in dossier_signals.values() for row in rows if row["amount"]
    ]
    for creditor in CREDITORS:
        assert_range([amount for c, amount in known if c == creditor], "table_2_06", creditor)
    assert_range([amount for _, amount in known], "table_2_06", "totaal")


def test_the_plan_meets_table_2_7(dossiers: list[Row]) -> None:
    assert Counter(row["outcome"] for row in dossiers) == printed_column("table_2_07", "dossiers")


def test_the_plan_meets_table_2_8_but_for_february(dossiers: list[Row]) -> None:
    contacts = Counter(d["walking_month"] for d in dossiers if d["outcome"] != "geen contact / onbekend")
    walked = Counter(d["walking_month"] for d in dossiers if d["walking_month"])
    expected = printed_column("table_2_08", "contact")
    expected["2019-02"] = number(misprints("table_2_08")["2019-02", "contact"].follows)
    assert contacts == expected
    assert walked == printed_column("table_2_08", "total")
    assert walked.total() == 215


def test_the_plan_meets_table_2_9(dossiers: list[Row]) -> None:
    names = {
        "klant wil niet geholpen worden": "wil niet geholpen worden",
        "klant wil het zelf oplossen": "wil het zelf oplossen",
        "informatie en advies gegeven": "informatie en advies gegeven",
    }
    totals = defaultdict(list)
    for d in dossiers:
        rest = "verwezen" if d["outcome"].startswith("verwezen") else "geen contact /overig"
        totals[names.get(d["outcome"], rest)].append(int(d["total"]))
    for row, values in totals.items():
        assert_range(values, "table_2_09", row)
    assert_range([total for values in totals.values() for total in values], "table_2_09", "totaal")


def test_a_dossier_total_is_what_is_known_and_what_is_missing(
    dossiers: list[Row], dossier_signals: dict[str, list[Row]]
) -> None:
    for d in dossiers:
        amounts = [row["amount"] for row in dossier_signals[d["dossier"]]]
        known = sum(int(amount) for amount in amounts if amount)
        assert known < int(d["total"]) if "" in amounts else known == int(d["total"])


def test_every_dossier_rests_on_a_match_of_its_month(dossiers: list[Row]) -> None:
    signals = defaultdict(list)
    for row in plan.read("signals"):
        signals[row["household"]].append((row["creditor"], MONTHS.index(row["month"])))
    seen = set()
    for d in dossiers:
        again = (d["household"]) in seen and d["match_month"] == "2019-02" and not d["walking_month"]
        month = MONTHS.index(d["match_month"]) - again
        reported = {creditor for creditor, m in signals[d["household"]] if month - 2 <= m <= month}
        assert len(reported) >= 2
        assert any(m == month for _, m in signals[d["household"]])
        seen.add(d["household"])


def test_what_the_ris_shows_of_a_dossier_is_what_the_creditor_reported(
    dossiers: list[Row], dossier_signals: dict[str, list[Row]]
) -> None:
    reported = {
        (row["household"], row["creditor"], amount)
        for row in plan.read("signals")
        for amount in (int(float(row["amount"])), int(row["wrong_amount"] or 0))
    }
    for d in dossiers:
        for row in dossier_signals[d["dossier"]]:
            if row["creditor"] and row["amount"]:
                assert (d["household"], row["creditor"], int(row["amount"])) in reported


# --- the comparison


def answers(signals: list[dict], matches: list[dict]) -> compare.Query:
    return lambda sql: signals if "signals_by_month_creditor" in sql else matches


def mart_rows(accepted: list[Accepted], matches: dict[Place, str]) -> tuple[list[dict], list[dict]]:
    counts = Counter((month, creditor) for month, creditor, _ in accepted)
    kinds = Counter((month, kind) for (month, _), kind in matches.items())
    signals = [
        {"signal_month": dt.date.fromisoformat(f"{m}-01"), "creditor": c, "signals": n} for (m, c), n in counts.items()
    ]
    found = []
    for month in MONTHS:
        same, three = kinds[month, "same_month"], kinds[month, "three_months"]
        found.append({
            "signal_month": dt.date.fromisoformat(f"{month}-01"),
            "same_month": same,
            "three_months": three,
            "total": same + three,
            "pct_three_months": round(100 * three / (same + three), 1),
        })  # fmt: skip
    return signals, found


def test_the_comparison_finds_every_cell_equal_but_the_misprint_of_july(
    accepted: list[Accepted], matches: dict[Place, str]
) -> None:
    compared = compare.compare(answers(*mart_rows(accepted, matches)))
    assert len(compared) == 13 * 8 + 13 * 4
    (odd,) = [cell for cell in compared if cell.verdict != compare.EQUAL]
    assert odd[:6] == ("table_2_01", "2019-07", "totaal", "962", 926, compare.CONTRADICTION)
    assert "926" in odd.why
    assert "103 of 104 cells equal" in compare.format_comparison(compared)


def test_the_comparison_does_not_excuse_another_difference_at_a_misprint(
    accepted: list[Accepted], matches: dict[Place, str]
) -> None:
    signals, found = mart_rows(accepted, matches)
    july = next(row for row in signals if str(row["signal_month"]) == "2019-07-01")
    july["signals"] += 1
    different = {cell[1:3] for cell in compare.compare(answers(signals, found)) if cell.verdict == compare.DIFFERENT}
    assert ("2019-07", "totaal") in different
