"""Case registration in the oracle, on small examples worked out by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from .contract_values import parse_month
from .contract_workdays import easter, holidays, is_working_day, last_day_of_term
from .small_landing import (
    APR,
    DEC,
    DOSSIER_COLUMNS,
    FEB,
    JAN,
    MAR,
    NOV,
    A,
    B,
    Small,
    dossier,
    found,
    home,
    match_all,
    on_rows,
    reasons,
    signal,
)

# A month so long before January 2022 that its cool-off is over, and a day on which the closing term has not passed.
LONG_AGO, RECENTLY = "2021-08", "2022-01-10"
OPEN, APPROACHED = "open_dossier", "approached_recently"


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """Give an empty landing area with a configuration."""
    return Small(tmp_path)


@pytest.fixture
def matched(small: Small) -> Small:
    """Give a landing area in which the house numbers 1 to 9 match in January 2022, and people live there."""
    match_all(small, JAN, range(1, 10))
    small.residents(JAN, *map(str, range(1, 10)))
    return small


def kept(small: Small, month: str, *months: str) -> dict[int, str]:
    """Return {house number: reason} of a month's matches that are not selectable."""
    return {number: reason for number, reason in reasons(small, month, *months).items() if reason}


# Working days


def test_easter_moves() -> None:
    days = ["2008-03-23", "2019-04-21", "2022-04-17", "2024-03-31", "2025-04-20", "2038-04-25"]
    assert [easter(int(day[:4])).isoformat() for day in days] == days


def test_holidays_of_two_years() -> None:
    # 2025: Easter on 20 April, 27 April a Sunday. 2022: Easter on 17 April, 27 April a Wednesday.
    assert {f"{day:%m-%d}" for day in holidays(2025)} == {
        "01-01",
        "04-18",
        "04-21",
        "04-26",
        "05-05",
        "05-29",
        "06-09",
        "12-25",
        "12-26",
    }
    assert {f"{day:%m-%d}" for day in holidays(2022)} == {
        "01-01",
        "04-15",
        "04-18",
        "04-27",
        "05-05",
        "05-26",
        "06-06",
        "12-25",
        "12-26",
    }
    assert is_working_day(date(2025, 4, 28))
    assert not is_working_day(date(2025, 4, 27))


def test_terms_are_counted_after_their_first_day() -> None:
    # After 25 December 2018 come the 27th, the 28th and, after a weekend, the 31st.
    assert last_day_of_term(date(2018, 12, 25), 3) == date(2018, 12, 31)
    # After 7 April 2022: 8 April (1), 11-14 (5), 19-22 (9), 25, 26, 28, 29 (13), 2-4 and 6 May (17), 9-13 (22),
    # 16-20 (27), 23, 24, 25 May (30).
    assert last_day_of_term(date(2022, 4, 7), 30) == date(2022, 5, 25)
    assert last_day_of_term(date(2022, 4, 7), 0) == date(2022, 4, 7)


# The door


def test_months_are_written_as_such_or_as_a_day() -> None:
    assert {parse_month(text) for text in ("2022-02", "2022-02-28", "01-02-2022")} == {"2022-02"}
    wrong = ("2022-13", "2022-00", "2022-2", "02-2022", "202202", "2022-02-29", "2022-02-", "februari", "")
    assert {parse_month(text) for text in wrong} == {None}


def test_each_rule_on_its_own_dossier(small: Small) -> None:
    columns = (
        "dossier_id;aangemaakt_op;matchmaand;postcode;huisnummer;loopmaand;ingetrokken_op;afgesloten_op;flyer_op;"
        "totaal_bedrag;contact_na_flyer;bsn"
    )
    rows: dict[str, set[str]] = {
        "a;2022-01-10;2021-12;1234 qq;1;2022-01;10-01-2022;;;17000,01;misschien;1": set(),
        "b;10-01-2022;01-12-2021;1234QQ;99999;2022-01-01;;;;0;;": set(),
        ";2022-01-10;2021-12;1234QQ;1;;;;;;;": {"value_missing"},
        "d;;2021-12;1234QQ;1;;;;;;;": {"value_missing"},
        "e;2022-01-10;;1234QQ;1;;;;;;;": {"value_missing"},
        "f;2022-01-10;2021-12;;;;;;;;;": {"value_missing"},
        "g;2022-01;2021-12;1234QQ;1;;;;;;;": {"date_invalid"},
        "h;2022-01-10;2021-13;1234QQ;1;;;;;;;": {"date_invalid"},
        "i;2022-01-10;2021-12;1234QQ;1;januari;;;;;;": {"date_invalid"},
        "j;2022-01-10;2021-12;1234QQ;1;;2022-01;;;;;": {"date_invalid"},
        "k;2022-01-10;2021-12;1234QQ;1;;;2022-02-30;;;;": {"date_invalid"},
        "l;2022-01-10;2021-12;1234QQ;1;;;;x;;;": {"date_invalid"},
        "m;2022-01-10;2021-12;0234QQ;1;;;;;;;": {"postcode_invalid"},
        "n;2022-01-10;2021-12;1234QQ;0;;;;;;;": {"house_number_invalid"},
        "o;2022-01-10;2021-12;1234QQ;1;;;;;1.000;;": {"amount_invalid"},
        "p;;x;1;1a;x;;;;x;;": {
            "value_missing",
            "date_invalid",
            "postcode_invalid",
            "house_number_invalid",
            "amount_invalid",
        },
    }
    small.put(JAN, "ris/dossiers.csv", "\n".join([columns, *rows]))
    expected = {number: rules for number, rules in enumerate(rows.values(), start=1) if rules}
    assert on_rows(small.derive(JAN)) == expected


def test_each_rule_on_the_rows_about_dossiers(small: Small) -> None:
    small.put(
        JAN, "ris/dossier_signalen.csv", "dossier_id;crediteur;bedrag\na;;\n;rood;1\nb;paars;1.000\nc;rood;-1,5\n"
    )
    assert on_rows(small.derive(JAN)) == {2: {"value_missing"}, 3: {"amount_invalid"}}
    small.put(
        FEB,
        "ris/contactpogingen.csv",
        "dossier_id;datum;bereikt;dagdeel\na;2022-01-10;ja;Nacht\na;;j;\na;2022-01;j;\na;10-01-2022;;\n",
    )
    assert on_rows(small.derive(FEB)) == {2: {"value_missing"}, 3: {"date_invalid"}, 4: {"value_missing"}}
    small.put(
        MAR,
        "ris/hulptrajecten.csv",
        "dossier_id;organisatie;gestart_op;afgerond_op\na;Hulp;;\na;;;\na;Hulp;1-1-2022;\na;Hulp;;morgen\n",
    )
    assert on_rows(small.derive(MAR)) == {2: {"value_missing"}, 3: {"date_invalid"}, 4: {"date_invalid"}}


def ris_drops(small: Small, *months: str) -> list[tuple]:
    """Return (month, delivery, status, read, accepted, quarantined, rejected) of case registration, in order."""
    names = ("delivery", "status", "rows_read", "rows_accepted", "rows_quarantined", "rows_rejected")
    drops = [row for row in small.derive(*months).drops if row["feed"] == "ris"]
    assert {row["creditor"] for row in drops} <= {None}
    return sorted((row["signal_month"].month, *(row[name] for name in names)) for row in drops)


def test_the_four_files_are_four_drops_of_one_feed(small: Small) -> None:
    small.dossiers(JAN, dossier(1, DEC, RECENTLY), dossier("x", DEC, RECENTLY), dossier(3, DEC, ""))
    small.put(JAN, "ris/dossier_signalen.csv", "dossier_id\n\n")
    small.put(JAN, "ris/contactpogingen.csv", "dossier_id;datum\na;x\nb;x\n")
    small.put(JAN, "ris/hulptrajecten.csv", "dossier_id;organisatie\n;x\n;\n")
    small.put(JAN, "ris/looplijst.csv", "a;b\n")
    # A file without rows is accepted; contactpogingen lacks its column bereikt.
    assert ris_drops(small, JAN) == [
        (1, 1, "accepted", 0, 0, 0, 0),
        (1, 1, "accepted", 2, 0, 2, 0),
        (1, 1, "accepted", 3, 1, 2, 0),
        (1, 1, "rejected", 2, 0, 0, 2),
    ]
    # value_missing: one dossier and two rows about help.
    assert found(small.derive(JAN)) == {
        ("ris", "value_missing"): 3,
        ("ris", "house_number_invalid"): 1,
        ("ris", "columns_missing"): 1,
    }
    feeds = {row["feed"] for row in small.derive(JAN).row_findings}
    assert feeds == {"ris.dossiers", "ris.hulptrajecten"}


def test_bad_files_and_the_same_bytes_in_another_month(small: Small) -> None:
    small.put(JAN, "ris/dossiers.csv", b"")
    small.put(JAN, "ris/hulptrajecten.csv", "dossier_id;organisatie\na\n")
    small.put(JAN, "ris/contactpogingen.csv", "dossier_id;datum;bereikt\na;b;c;d\n")
    assert found(small.derive(JAN)) == {("ris", "columns_missing"): 1, ("ris", "unreadable"): 2}
    for month in (FEB, MAR):
        small.dossiers(month, dossier(1, DEC, "x"))
    assert found(small.derive(FEB)) == {("ris", "date_invalid"): 1}
    assert found(small.derive(FEB, MAR))["ris", "stale"] == 1
    assert ris_drops(small, FEB, MAR) == [(2, 1, "accepted", 1, 0, 1, 0), (3, 1, "accepted", 1, 0, 1, 0)]


def test_a_corrected_delivery_of_dossiers_supersedes_the_lower_ones_as_a_whole(matched: Small) -> None:
    matched.dossiers(JAN, dossier(1, LONG_AGO, RECENTLY), dossier(2, LONG_AGO, RECENTLY), dossier(3, "", ""))
    matched.dossiers(JAN, dossier(2, LONG_AGO, RECENTLY), file="dossiers.2")
    matched.dossiers(JAN, dossier(3, LONG_AGO, RECENTLY), "x", file="dossiers.10")
    matched.put(JAN, "ris/hulptrajecten.csv", "dossier_id;organisatie\n")
    assert kept(matched, JAN) == {2: OPEN}
    assert ris_drops(matched, JAN) == [
        (1, 1, "accepted", 0, 0, 0, 0),
        (1, 1, "superseded", 3, 2, 1, 0),
        (1, 2, "accepted", 1, 1, 0, 0),
        (1, 10, "rejected", 2, 0, 0, 2),
    ]


# Open dossiers


def test_a_dossier_is_open_on_the_25th(matched: Small) -> None:
    matched.dossiers(
        JAN,
        dossier(1, LONG_AGO, RECENTLY),
        dossier(2, LONG_AGO, "25-01-2022"),
        dossier(3, LONG_AGO, "2022-01-26"),
        dossier(4, LONG_AGO, RECENTLY, afgesloten_op="2022-01-25"),
        dossier(5, LONG_AGO, RECENTLY, afgesloten_op="26-01-2022"),
        dossier(6, LONG_AGO, RECENTLY, ingetrokken_op="25-01-2022"),
        dossier(7, LONG_AGO, RECENTLY, ingetrokken_op="2022-01-26"),
        dossier(8, "08-2021", RECENTLY),
        dossier(9, LONG_AGO, RECENTLY, ingetrokken_op="nee"),
    )
    # 3 is not there yet; 4 and 6 end on the day itself; 8 and 9 are quarantined.
    assert kept(matched, JAN) == {1: OPEN, 2: OPEN, 5: OPEN, 7: OPEN}


def test_the_closing_term_is_thirty_working_days(matched: Small) -> None:
    # After 14 December: 15-17 (3), 20-24 (8), 27-31 (13), 3-7 January (18), 10-14 (23), 17-21 (28), 24, 25 (30).
    # Christmas and New Year's Day lie in weekends.
    matched.dossiers(JAN, dossier(1, LONG_AGO, "2021-12-14"), dossier(2, LONG_AGO, "2021-12-13"))
    assert kept(matched, JAN) == {1: OPEN}


@pytest.mark.parametrize(("since", "still_open"), [("2022-01-25", {1}), ("2022-01-26", {1, 2, 3})])
def test_the_closing_term_is_that_of_the_25th(matched: Small, since: str, still_open: set[int]) -> None:
    with (matched.config / "policy.csv").open("a", encoding="utf-8") as file:
        file.write(f"9101,{since},closing_working_days,,5\n9102,2020-01-01,closing_working_days,,1\n")
    # After Tuesday 18 January: 19, 20, 21, 24, 25 (5). After the 17th it ends on the 24th.
    rows = [dossier(n, LONG_AGO, f"2022-01-{day}") for n, day in ((1, 18), (2, 17), (3, 10))]
    matched.dossiers(JAN, *rows)
    assert kept(matched, JAN) == dict.fromkeys(still_open, OPEN)


def test_a_dossier_of_the_month_itself_or_a_later_one_does_not_keep_from_selection(matched: Small) -> None:
    matched.dossiers(
        JAN,
        dossier(1, JAN, RECENTLY),
        dossier(2, FEB, RECENTLY),
        dossier(3, DEC, RECENTLY),
        dossier(4, "31-12-2021", RECENTLY),
    )
    matched.signals(FEB, "rood", *(signal(FEB, n) for n in range(1, 6)))
    assert kept(matched, JAN) == {3: OPEN, 4: OPEN}
    # In February the dossier of January is open too: 30 working days after 10 January, a Monday, is 21 February,
    # six weeks later, and that is before the 25th. So all that is left is that they were approached.
    assert kept(matched, FEB, JAN) == {1: APPROACHED, 3: APPROACHED, 4: APPROACHED}


# Approached


def test_three_months_of_rest_after_the_month_of_a_dossier(matched: Small) -> None:
    closed = {"afgesloten_op": "2021-12-24"}
    matched.dossiers(
        JAN,
        dossier(1, "2021-09", "2021-09-25", **closed),
        dossier(2, "2021-10", "2021-10-25", **closed),
        dossier(3, DEC, "2021-12-20", **closed),
        dossier(4, DEC, "2021-12-20", ingetrokken_op="2021-12-24"),
        dossier(5, DEC, "2022-01-26"),
        dossier(6, "2021-10", "2021-10-25"),
        dossier(7, "2021-09", "2021-09-25"),
        dossier(8, DEC, ""),
    )
    # Out for October, November and December; closed, withdrawn, not yet created or past the term, it was approached.
    assert kept(matched, JAN) == dict.fromkeys((2, 3, 4, 5, 6), APPROACHED)


def test_the_length_of_the_rest_is_policy(matched: Small) -> None:
    with (matched.config / "policy.csv").open("a", encoding="utf-8") as file:
        file.write("9101,2022-01-25,cool_off_months,,1\n")
    matched.dossiers(JAN, dossier(1, NOV, "2021-11-01"), dossier(2, DEC, "2021-12-01"))
    # After 1 November and 1 December 2021 thirty working days have passed by 14 December and 12 January.
    assert kept(matched, JAN) == {2: APPROACHED}


def test_own_selections_and_dossiers_both_count(matched: Small) -> None:
    matched.dossiers(JAN, dossier(1, DEC, "2021-12-01"))
    found_reasons = reasons(matched, JAN, selected={(A, NOV): {home(2)}, (B, DEC): {home(3)}})
    assert [found_reasons[number] for number in (1, 2, 3)] == [APPROACHED, APPROACHED, None]


# The newest version


def test_the_newest_version_of_a_dossier_holds(matched: Small) -> None:
    matched.dossiers(DEC, *(dossier(n, LONG_AGO, "2021-12-20") for n in range(1, 8)))
    ended = {"afgesloten_op": "2022-01-20"}
    matched.dossiers(
        JAN,
        dossier(1, LONG_AGO, "2021-12-20", **ended),
        dossier(2, LONG_AGO, "2021-12-20", ingetrokken_op="2022-01-20"),
        dossier(3, DEC, "2021-12-20", **ended),
        dossier(4, LONG_AGO, "2021-12-20", huisnummer="8"),
        dossier(5, LONG_AGO, "2021-12-20", matchmaand="x", **ended),
        dossier(6, LONG_AGO, "2021-12-20", dossier_id="another", **ended),
    )
    # 1 closed, 2 withdrawn, 3 closed but of December now, 4 moved to 8. The row about 5 is quarantined, the one about 6
    # is about another dossier, and 7 is not named any more: the versions of December hold.
    assert kept(matched, JAN, DEC) == {3: APPROACHED, 5: OPEN, 6: OPEN, 7: OPEN, 8: OPEN}


def test_a_rejected_file_says_nothing_about_dossiers(matched: Small) -> None:
    matched.dossiers(DEC, dossier(1, LONG_AGO, "2021-12-20"))
    matched.dossiers(
        JAN, dossier(1, LONG_AGO, "2021-12-20", afgesloten_op="2022-01-20"), dossier(2, LONG_AGO, "") + ";"
    )
    assert kept(matched, JAN, DEC) == {1: OPEN}


def test_the_later_row_of_a_file_holds(matched: Small) -> None:
    ended = {"afgesloten_op": "2022-01-20"}
    matched.dossiers(
        JAN,
        dossier(1, LONG_AGO, RECENTLY),
        dossier(2, LONG_AGO, RECENTLY, **ended),
        dossier(3, LONG_AGO, RECENTLY),
        dossier(1, LONG_AGO, RECENTLY, **ended),
        dossier(2, LONG_AGO, RECENTLY),
        dossier(3, LONG_AGO, "", **ended),
    )
    assert kept(matched, JAN) == {2: OPEN, 3: OPEN}


def test_later_folders_are_not_known_yet(matched: Small) -> None:
    matched.dossiers(DEC, dossier(1, LONG_AGO, "2021-12-20"))
    matched.dossiers(
        FEB,
        dossier(1, LONG_AGO, "2021-12-20", afgesloten_op="2022-01-10"),
        dossier(2, LONG_AGO, "2022-01-20"),
    )
    matched.signals(FEB, "rood", signal(FEB, 1), signal(FEB, 2))
    months = (DEC, JAN, FEB)
    all_at_once = matched.derive(*months)
    assert {m.address.number: m.reason for m in all_at_once.matches_of(A, JAN) if m.reason} == {1: OPEN}
    # 30 working days after 20 January end on 3 March: 7 to the end of the month, 20 in February, 3 in March.
    assert {m.address.number: m.reason for m in all_at_once.matches_of(A, FEB)} == {1: None, 2: OPEN}


def test_dossiers_of_another_municipality_and_another_address_do_not_count(matched: Small) -> None:
    matched.dossiers(JAN, dossier(1, LONG_AGO, RECENTLY), municipality=B)
    rows = [
        dossier(2, LONG_AGO, RECENTLY) + ";a",
        dossier(3, LONG_AGO, RECENTLY, postcode="1234QX") + ";",
        dossier(4, LONG_AGO, RECENTLY, postcode="1234 qq") + ";-",
    ]
    matched.put(JAN, "ris/dossiers.csv", "\n".join([f"{DOSSIER_COLUMNS};huisletter", *rows]))
    assert kept(matched, JAN) == {4: OPEN}


def test_an_open_dossier_comes_after_debt_help_and_before_the_cool_off(small: Small) -> None:
    match_all(small, JAN, range(1, 6), low=5)
    small.residents(JAN, "2/overleden", "3", "4", "5")
    small.debt_help(JAN, "3;2021-01-01;")
    small.dossiers(JAN, *(dossier(n, DEC, RECENTLY) for n in range(1, 6)))
    assert reasons(small, JAN) == {1: "address_unknown", 2: "moved_or_deceased", 3: "in_debt_help", 4: OPEN, 5: OPEN}


def test_a_household_is_selectable_again_after_all_that(matched: Small) -> None:
    matched.dossiers(JAN, dossier(1, DEC, RECENTLY))
    for month in (FEB, MAR, APR):
        matched.signals(month, "rood", signal(month, 1))
        matched.signals(month, "wit", signal(month, 1))
    months = (DEC, JAN, FEB, MAR, APR)
    derived = matched.derive(*months)
    of_one = [m.reason for month in months[1:] for m in derived.matches_of(A, month) if m.address == home(1)]
    # Approached in December: out for January (when it is open), February and March.
    assert of_one == [OPEN, APPROACHED, APPROACHED, None]
