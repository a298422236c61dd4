"""Every printed cell beside what the pilot's files come to; and each that differs is one that no rows could give."""

import copy
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from pilot_files import Accepted, Place, csv_rows
from pilot_marts import Marts, marts

from pilot import compare
from pilot.derived import TABLES
from pilot.published import FOLDER, cells, misprints, number
from pilot.scope import CREDITORS, MONTHS, REGISTERED_MONTHS

FEBRUARY = "2019-02"
CAUSES_TOLD = "overlevingsschulden", "schulden door gedrag"


@pytest.fixture(scope="module")
def reckoned(landing: Path, accepted: list[Accepted], matches: dict[Place, str]) -> Marts:
    return marts(landing, accepted, matches)


def answers(rows: Marts) -> compare.Query:
    """A warehouse that holds these marts, and gives the columns that are asked for."""

    def query(statement: str) -> list[dict]:
        columns, mart = re.fullmatch(r"select (.+) from mart\.(\w+) where .+", statement).groups()
        return [{column: row[column] for column in columns.split(", ")} for row in rows[mart]]

    return query


def printed(table: str, column: str) -> dict[str, float]:
    return {row: number(value) for (row, c), value in cells(table).items() if c == column and row != "totaal"}


@pytest.fixture(scope="module")
def compared(reckoned: Marts) -> list[compare.Cell]:
    return compare.compare(answers(reckoned))


def test_every_printed_cell_is_compared(compared: list[compare.Cell]) -> None:
    files = {path.stem: csv_rows(path) for path in FOLDER.glob("*.csv")}
    assert set(TABLES) == set(files)
    assert all(set(row) == {"row", "column", "value", "follows", "note"} for rows in files.values() for row in rows)
    assert [cell[:3] for cell in compared] == [(table, *place) for table in TABLES for place in cells(table)]


def test_every_cell_is_equal_or_one_in_which_the_report_contradicts_itself(compared: list[compare.Cell]) -> None:
    assert [cell for cell in compared if cell.verdict == compare.DIFFERENT] == []
    odd = {cell[:3]: cell.why for cell in compared if cell.verdict == compare.CONTRADICTION}
    assert set(odd) == set(IMPOSSIBLE)
    assert all(odd.values())


def test_how_many_cells_of_each_table_are_equal(compared: list[compare.Cell]) -> None:
    cells_of = Counter(cell.table for cell in compared)
    equal = Counter(cell.table for cell in compared if cell.verdict == compare.EQUAL)
    less = {table: (equal[table], n) for table, n in cells_of.items() if equal[table] < n}
    assert less == {"table_2_01": (103, 104), "text_2_1": (2, 4), "table_2_08": (49, 52), "text_2_4": (10, 12)}


def test_tables_2_1_and_2_2_have_all_their_cells(compared: list[compare.Cell]) -> None:
    of_table = Counter(cell.table for cell in compared)
    assert (of_table["table_2_01"], of_table["table_2_02"]) == (13 * 8, 13 * 4)


# --- what the report rules out itself: no rows could give the printed cell beside the others


def july_adds_up_otherwise() -> bool:
    """The seven creditors' cells, and with the other months the printed 8.424, leave July one value."""
    table = cells("table_2_01")
    july = sum(number(table["2019-07", creditor]) for creditor in CREDITORS)
    others = sum(number(table[month, "totaal"]) for month in MONTHS if month != "2019-07")
    return july == number(table["totaal", "totaal"]) - others == 926


def november_has_most() -> bool:
    """No month reaches the 962 that the text names, once July has what its cells add up to."""
    table = cells("table_2_01")
    totals = [sum(number(table[month, creditor]) for creditor in CREDITORS) for month in MONTHS]
    return max(totals) == 952 == number(table["2018-11", "totaal"])


def august_has_341() -> bool:
    """Cells and total of table 2.1 agree, against the text."""
    table = cells("table_2_01")
    august = sum(number(table["2019-08", creditor]) for creditor in CREDITORS)
    return august == number(table["2019-08", "totaal"]) == 341


def contacts_left_for_february() -> tuple[float, float]:
    """(contact, no contact): what tables 2.3 and 2.7 leave when the other eleven months of table 2.8 hold.

    Every dossier that was spoken to was walked in one month, and of the 235 only February's second twenty were not.
    """
    outcomes = printed("table_2_07", "dossiers")
    spoken_to = sum(n for outcome, n in outcomes.items() if outcome != "geen contact / onbekend")
    contact, walked = printed("table_2_08", "contact"), printed("table_2_08", "total")
    assert sum(outcomes.values()) == sum(printed("table_2_03", "total").values()) == 235
    assert sum(walked.values()) == 235 - 20
    left = spoken_to - sum(n for month, n in contact.items() if month != FEBRUARY)
    return left, walked[FEBRUARY] - left


def february_has_three_contacts() -> bool:
    """And with them the total row of table 2.8 holds, which with the printed eight it does not."""
    contact, silent = printed("table_2_08", "contact"), printed("table_2_08", "no_contact")
    left, rest = contacts_left_for_february()
    total = number(cells("table_2_08")["totaal", "contact"]), number(cells("table_2_08")["totaal", "no_contact"])
    as_printed = sum(contact.values()), sum(silent.values())
    with_left = as_printed[0] - contact[FEBRUARY] + left, as_printed[1] - silent[FEBRUARY] + rest
    return as_printed == (108, 107) != total == with_left == (103, 112) and (left, rest) == (3, 17)


def february_has_another_percentage() -> bool:
    """Eight of twenty is not 55,0, and neither is what can hold; only eleven is, and twelve are printed as silent."""
    possible = [n for n in range(21) if abs(100 * n / 20 - number(cells("table_2_08")[FEBRUARY, "pct_contact"])) < 0.05]
    silent = number(cells("table_2_08")[FEBRUARY, "no_contact"])
    return possible == [11] and 11 not in (8, contacts_left_for_february()[0]) and silent != 20 - 11


def causes_are_swapped() -> bool:
    """Counted in table 2.11's own rows, which add up to its total."""
    table = printed("table_2_11", "dossiers")
    counted = [sum(n for causes, n in table.items() if cause in causes) for cause in CAUSES_TOLD]
    told = [number(cells("text_2_4")[cause, "dossiers"]) for cause in CAUSES_TOLD]
    return sum(table.values()) == 58 and counted == [18, 17] == told[::-1]


IMPOSSIBLE: dict[tuple[str, str, str], Callable[[], bool]] = {
    ("table_2_01", "2019-07", "totaal"): july_adds_up_otherwise,
    ("text_2_1", "maand met de meeste signalen", "signals"): november_has_most,
    ("text_2_1", "maand met de minste signalen", "signals"): august_has_341,
    ("table_2_08", FEBRUARY, "contact"): february_has_three_contacts,
    ("table_2_08", FEBRUARY, "no_contact"): february_has_three_contacts,
    ("table_2_08", FEBRUARY, "pct_contact"): february_has_another_percentage,
    ("text_2_4", "overlevingsschulden", "dossiers"): causes_are_swapped,
    ("text_2_4", "schulden door gedrag", "dossiers"): causes_are_swapped,
}
"""Cell that may differ -> the sum, over the report's own cells, that rules it out."""


@pytest.mark.parametrize("place", IMPOSSIBLE, ids=" ".join)
def test_a_cell_that_differs_is_impossible(place: tuple[str, str, str]) -> None:
    assert IMPOSSIBLE[place]()


def test_only_cells_that_are_shown_to_be_impossible_may_differ() -> None:
    assert {(table, *place) for table in TABLES for place in misprints(table)} == set(IMPOSSIBLE)


def test_the_total_of_table_2_6_counts_two_signals_of_nobody(reckoned: Marts) -> None:
    """The creditors' rows give 449 and 894: a contradiction that rows can meet, and do."""
    known = [row for row in reckoned["arrears_by_creditor"] if row["creditor"] != "onbekend"]
    table = cells("table_2_06")
    assert sum(row["n"] for row in known) == 449 == sum(number(table[c, "n"]) for c in CREDITORS)
    (unknown,) = [row for row in reckoned["arrears_by_creditor"] if row["creditor"] == "onbekend"]
    assert unknown["n"] == 2
    euros = sum(row["n"] * row["mean_eur"] for row in known)
    assert round(euros / 449) == 894
    assert round((euros + 2 * unknown["mean_eur"]) / 451) == 892


# --- the comparison itself


def test_a_misprint_excuses_no_other_difference(reckoned: Marts) -> None:
    rows = copy.deepcopy(reckoned)
    next(row for row in rows["signals_by_month_creditor"] if str(row["signal_month"]) == "2019-07-01")["signals"] += 1
    next(row for row in rows["contact_by_walking_month"] if str(row["walking_month"]) == "2019-02-01")["contact"] += 1
    different = {cell[:3] for cell in compare.compare(answers(rows)) if cell.verdict == compare.DIFFERENT}
    assert {("table_2_01", "2019-07", "totaal"), ("table_2_08", FEBRUARY, "contact")} <= different


def test_any_other_row_is_seen(reckoned: Marts) -> None:
    """Whatever a mart counts is compared somewhere: two more of it make a difference."""
    for mart, rows in reckoned.items():
        for place, row in enumerate(rows):
            changed = copy.deepcopy(reckoned)
            for column in row:
                # What flyers are counted of, no table prints; of two shares only the percentage.
                if column in ("dossiers", "n", "total", "flyer_left", "signals", "ris_signals", "pct") and not (
                    mart in ("flyers", "durations", "plan_of_approach") and column == "dossiers"
                ):
                    changed[mart][place][column] += 2
            verdicts = Counter(cell.verdict for cell in compare.compare(answers(changed)))
            assert verdicts[compare.DIFFERENT], (mart, row)


def test_months_without_signals_change_nothing(reckoned: Marts, compared: list[compare.Cell]) -> None:
    rows = copy.deepcopy(reckoned)
    zero = {"same_month": 0, "three_months": 0, "total": 0, "pct_three_months": None}
    rows["matches_by_month"] += [{"signal_month": f"{month}-01", **zero} for month in REGISTERED_MONTHS[-2:]]
    assert compare.compare(answers(rows)) == compared


def test_a_label_may_join_its_parts_in_another_way(reckoned: Marts, compared: list[compare.Cell]) -> None:
    rows = copy.deepcopy(reckoned)
    for row in rows["causes"]:
        row["causes"] = ", ".join(reversed(re.split(" en |, ", row["causes"])))
    assert compare.compare(answers(rows)) == compared


def test_empty_marts_are_compared_too() -> None:
    found = compare.compare(lambda _: [])
    assert all(cell.derived == 0 for cell in found)
    assert compare.format_comparison(found)


def test_the_summary_has_a_line_per_table_and_one_per_cell_that_differs(compared: list[compare.Cell]) -> None:
    lines = compare.format_comparison(compared).splitlines()
    assert len(lines) == len(TABLES) + len(IMPOSSIBLE) + 1
    assert "table_2_05: 28 of 28 cells equal" in lines
    assert (
        "  2019-02, contact: printed 8, derived 3 (report contradicts itself: cannot hold: table 2.7 leaves 103"
        " contacts, the other eleven months hold 100)"
    ) in lines
    assert lines[-1] == "All: 455 of 463 cells equal, 8 in which the report contradicts itself, 0 different"


def test_asked_for_every_cell_is_told(compared: list[compare.Cell]) -> None:
    lines = compare.format_comparison(compared, every_cell=True).splitlines()
    assert len(lines) == len(TABLES) + len(compared) + 1
    assert "  verwezen, mean_eur: printed 2.359, derived 2359 (equal)" in lines


def test_of_a_cell_that_others_contradict_and_rows_can_meet_that_is_told_too(compared: list[compare.Cell]) -> None:
    """The totals of tables 2.6 and 2.8: the report contradicts itself there, and yet they hold."""
    told = {cell[:3] for cell in compared if cell.verdict == compare.EQUAL and cell.why}
    assert {("table_2_06", "totaal", "n"), ("table_2_06", "totaal", "mean_eur")} <= told
    assert {("table_2_08", "totaal", column) for column in ("contact", "no_contact", "pct_contact")} <= told
