"""The pilot's plan under the printed tables that the case registration has to meet."""

import re
from collections import Counter, defaultdict

import pytest
from pilot_files import Row

from pilot import plan
from pilot.published import cells, misprints, number
from pilot.scope import CREDITORS, MONTHS, SECTORS


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
