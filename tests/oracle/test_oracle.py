"""The oracle on small examples worked out by hand, so that it can be trusted where the platform differs from it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from .contract_oracle import limits
from .contract_values import join_suffix, parse_amount, parse_date, parse_postcode, passes_eleven_test, shift_month
from .small_landing import (
    APR,
    BRP_COLUMNS,
    DEC,
    FEB,
    JAN,
    MAR,
    NOV,
    SIGNAL_COLUMNS,
    A,
    B,
    Small,
    found,
    home,
    ledger,
    match_all,
    on_rows,
    reasons,
    signal,
)


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """Give an empty landing area with a configuration."""
    return Small(tmp_path)


# Values


def test_the_eleven_test_pads_eight_digits_and_refuses_zeros() -> None:
    # 999900006: 81+72+63+54+0+0+0+0-6 = 264 = 24 x 11. 00000012: padded, 2x1 - 2 = 0.
    assert passes_eleven_test("999900006")
    assert passes_eleven_test("00000012")
    assert not passes_eleven_test("999900007")
    assert not passes_eleven_test("000000000")
    assert not passes_eleven_test("9999000060")
    assert not passes_eleven_test("99990000X")


def test_dates_have_two_forms_and_exist() -> None:
    assert parse_date("2022-02-28") == parse_date("28-02-2022") == date(2022, 2, 28)
    assert [parse_date(text) for text in ("2022-02-29", "1-2-2022", "20220201", "2022/02/01", "")] == [None] * 5


def test_amounts_have_a_decimal_comma_only() -> None:
    assert parse_amount("-0012,50") == Decimal("-12.50")
    assert [parse_amount(text) for text in ("1.234,56", "12.50", "12,", ",5", "€ 1", "")] == [None] * 6


def test_spellings_of_one_address_are_one_address() -> None:
    assert {join_suffix(*parts) for parts in (("a", ""), ("", "A"), ("", "-a"), (" ", "a."))} == {"A"}
    assert parse_postcode(" 1234 qq") == "1234QQ"
    assert [parse_postcode(text) for text in ("0123QQ", "1234", "1234Q1", "12345")] == [None] * 4


def test_months_are_counted_over_the_turn_of_the_year() -> None:
    assert [shift_month("2022-01", step) for step in (-1, -13, 0, 12)] == ["2021-12", "2020-12", "2022-01", "2023-01"]


# The door: drops


def test_rows_are_read_whatever_the_lawful_spelling_of_the_file(small: Small) -> None:
    # With BOM, CRLF, header in capitals, other order, an extra column, quoted ; and line break, blank lines: two rows.
    text = (
        "\ufeffBedrag; SIGNAAL_ID ;klantnummer;achternaam;huisnummer;postcode;ontstaansdatum;signaaldatum;x\r\n"
        '"100,5";a;1;"Proef; of\r\nbewoner";1; 1234 qq ;2022-01-01;10-01-2022;"zegt ""x"""\r\n'
        "\r\n"
        " 50 ;b;2;Proef;2;1234QQ;2022-01-01;2022-01-10;\r\n\r\n"
    )
    small.put(JAN, "signals/rood.csv", text)
    derived = small.derive(JAN)
    assert ledger(derived, ["rood"]) == [("rood", 1, "accepted", 2, 2, 0, 0)]
    assert derived.findings == []


@pytest.mark.parametrize(
    ("data", "rules", "rows"),
    [
        (b"", {"columns_missing", "empty_drop"}, 0),
        (SIGNAL_COLUMNS.encode(), {"empty_drop"}, 0),
        (b"signaal_id;bedrag\na;1\nb;2\n", {"columns_missing"}, 2),
        (f"{SIGNAL_COLUMNS}\n{signal(JAN, 1)}\n{signal(JAN, 2)};x\n".encode(), {"unreadable"}, 2),
        (f"{SIGNAL_COLUMNS}\n{signal(JAN, 1)}\nx\n".encode(), {"unreadable"}, 2),
        (f"{SIGNAL_COLUMNS}\n{signal(JAN, 1, achternaam='Böhm')}\n".encode("cp1252"), {"unreadable"}, 0),
        (f"{SIGNAL_COLUMNS}\n{signal(JAN, 1, achternaam='Pr#oef')}\n".encode().replace(b"#", b"\0"), {"unreadable"}, 1),
    ],
)
def test_a_bad_file_is_rejected_as_a_whole(small: Small, data: bytes, rules: set[str], rows: int) -> None:
    small.put(JAN, "signals/rood.csv", data)
    derived = small.derive(JAN)
    assert ledger(derived, ["rood"]) == [("rood", 1, "rejected", rows, 0, 0, rows)]
    assert found(derived) == {("rood", rule): 1 for rule in rules}
    assert derived.row_findings == derived.signals_by_month_creditor == []


def test_the_agreement_must_hold_on_the_25th(small: Small) -> None:
    # blauw until and groen from 25 February; geel is registered without an agreement; paars is not registered.
    for month in (JAN, FEB, MAR):
        for creditor in ("blauw", "groen", "geel", "paars"):
            small.signals(month, creditor, signal(month, 1))
    derived = small.derive(JAN, FEB, MAR)
    rejected = {(row["creditor"], row["signal_month"].month) for row in derived.drops if row["status"] == "rejected"}
    assert rejected == {("blauw", 3), ("groen", 1), *((c, m) for c in ("geel", "paars") for m in (1, 2, 3))}
    assert {row["rule"] for row in derived.findings} == {"unknown_creditor"}
    missing = {(row["creditor"], row["signal_month"].month) for row in derived.drops if row["status"] == "missing"}
    assert missing == {
        ("rood", 1),
        ("rood", 2),
        ("rood", 3),
        ("wit", 1),
        ("wit", 2),
        ("wit", 3),
    }  # not for B: no folder


def test_the_highest_delivery_that_is_not_rejected_stands(small: Small) -> None:
    small.signals(JAN, "rood", signal(JAN, 1, "0"), signal(JAN, 2))
    small.put(JAN, "signals/rood.2.csv", "signaal_id\na\n")
    small.signals(JAN, "rood.3", signal(JAN, 3))
    small.signals(JAN, "rood.10", signal(JAN, 4), "x")
    small.signals(JAN, "wit", signal(JAN, 1))
    small.signals(JAN, "wit.2", signal(JAN, 1))  # the same bytes: the same drop
    derived = small.derive(JAN)
    assert ledger(derived, ["rood", "wit"]) == [
        ("rood", 1, "superseded", 2, 1, 1, 0),
        ("rood", 2, "superseded", 1, 0, 0, 1),
        ("rood", 3, "accepted", 1, 1, 0, 0),
        ("rood", 10, "rejected", 2, 0, 0, 2),
        ("wit", 1, "accepted", 1, 1, 0, 0),
    ]
    assert found(derived) == {("rood", "unreadable"): 1}
    assert [row["signals"] for row in derived.signals_by_month_creditor] == [1, 1]


def test_the_same_bytes_in_another_month_are_stale(small: Small) -> None:
    for month in (JAN, FEB):
        small.signals(month, "rood", signal(JAN, 1))
        small.residents(month, "1")
    derived = small.derive(JAN, FEB)
    # In February the row is processed as usual: dated 10 January, it lies outside the month.
    assert found(derived) == {("rood", "stale"): 1, ("rood", "signal_outside_month"): 1, ("brp", "stale"): 1}
    assert found(small.derive(JAN)) == {}


# The door: rows


def test_each_rule_on_its_own_row(small: Small) -> None:
    rows = {
        signal(JAN, 1): set(),
        signal(JAN, 2, ""): {"value_missing"},
        signal(JAN, 3, ontstaansdatum="2022-00-01"): {"date_invalid"},
        signal(JAN, 4, postcode="123QQ"): {"postcode_invalid"},
        signal(JAN, 100000): {"house_number_invalid"},
        signal(JAN, 99999): set(),
        signal(JAN, 7, bsn="999900007"): {"bsn_invalid"},
        signal(JAN, 8, "1.000"): {"amount_invalid"},
        signal(JAN, 9, "0"): {"amount_not_positive", "below_threshold"},
        signal(JAN, 10, "17000"): set(),
        signal(JAN, 11, "17000,01"): {"amount_implausible"},
        signal(JAN, 12, "49,99"): {"below_threshold"},
        signal(JAN, 13, "50"): set(),
        # From 2 October up to 10 January are 29 + 30 + 31 + 10 = 100 days.
        signal(JAN, 14, ontstaansdatum="02-10-2021"): set(),
        signal(JAN, 15, ontstaansdatum="01-10-2021"): {"arrears_too_old"},
        signal(JAN, 16, signaaldatum="2021-12-25", ontstaansdatum="2021-12-01"): {"signal_outside_month"},
        signal(JAN, 17, signaaldatum="2021-12-26", ontstaansdatum="2021-12-26"): set(),
        signal(JAN, 18, signaaldatum="25-01-2022"): set(),
        signal(JAN, 19, signaaldatum="26-01-2022"): {"signal_outside_month"},
        signal(JAN, 20, ontstaansdatum="2022-01-11"): {"arrears_after_signal"},
        signal(JAN, 21, "x", postcode="", signaaldatum="1-1"): {"value_missing", "amount_invalid", "date_invalid"},
    }
    small.signals(JAN, "rood", *rows)
    derived = small.derive(JAN)
    expected = {number: rules for number, rules in enumerate(rows.values(), start=1) if rules}
    assert on_rows(derived) == expected
    # Accepted: the seven without a rule and the one that is only under the threshold.
    assert ledger(derived, ["rood"]) == [("rood", 1, "accepted", 21, 8, 13, 0)]


def test_rows_are_compared_with_earlier_ones(small: Small) -> None:
    small.signals(
        JAN,
        "rood",
        signal(JAN, 1, "0"),
        signal(JAN, 1, signaal_id="b", huisnummertoevoeging="-"),  # that row was not accepted, yet this is a duplicate
        signal(JAN, 1, signaal_id="c", klantnummer="x"),  # and no accepted row stood at the address before
        signal(JAN, 1, signaal_id="d", klantnummer="y"),  # but now one does
        signal(JAN, 2, signaal_id="s1"),  # the id stood on the first row
        signal(JAN, 1, signaal_id="e", huisletter="a"),  # another address
        signal(JAN, 3, postcode="", signaal_id="f"),
        signal(JAN, 3, postcode="", signaal_id="g"),  # no address: nothing to compare
    )
    assert on_rows(small.derive(JAN)) == {
        1: {"amount_not_positive", "below_threshold"},
        2: {"duplicate_household"},
        4: {"household_reported_twice"},
        5: {"duplicate_signal_id"},
        7: {"value_missing"},
        8: {"value_missing"},
    }


def test_policy_in_force_on_the_25th_and_for_the_sector(small: Small) -> None:
    # health 80; others 50, and 60 from 1 February; water at most 1000. Capacity 3 from 25 January, 4 from 26 February.
    small.signals(JAN, "wit", signal(JAN, 1, "79,99"), signal(JAN, 2, "80"))
    small.signals(FEB, "wit", signal(FEB, 1, "79"))
    small.signals(FEB, "rood", signal(FEB, 1, "59"), signal(FEB, 2, "60"))
    small.signals(FEB, "blauw", signal(FEB, 1, "1000"), signal(FEB, 2, "1000,01"))
    derived = small.derive(JAN, FEB)
    assert {(row["creditor"], row["signal_month"].month, row["row"], row["rule"]) for row in derived.row_findings} == {
        ("wit", 1, 1, "below_threshold"),
        ("wit", 2, 1, "below_threshold"),
        ("rood", 2, 1, "below_threshold"),
        ("blauw", 2, 2, "amount_implausible"),
    }
    assert [limits(small.config, A, month)[0] for month in (DEC, JAN, FEB, MAR)] == [2, 3, 3, 4]
    assert limits(small.config, B, JAN) == (0, 0)


def test_registers_are_judged_by_the_rules_on_their_own_columns(small: Small) -> None:
    small.put(
        JAN,
        "brp/personen.csv",
        f"{BRP_COLUMNS};geboortedatum\n"
        "999900006;Proef;1;1234QQ;W;;01-01-1970\n;Proef;1;1234QQ;W;;\n999900007;;x;1234;W;;1970-00-00\n",
    )
    small.put(JAN, "shv/trajecten.csv", "traject_id;postcode;huisnummer;startdatum;einddatum\n")
    derived = small.derive(JAN)
    assert on_rows(derived) == {
        2: {"value_missing"},
        3: {"value_missing", "bsn_invalid", "house_number_invalid", "postcode_invalid", "date_invalid"},
    }
    assert ledger(derived, [None]) == [(None, 1, "accepted", 3, 1, 2, 0), (None, 1, "accepted", 0, 0, 0, 0)]


# Matching


def criteria(small: Small, *months: str, municipality: str = A) -> dict[tuple, str]:
    """Return {(month, house number): criterion} of a municipality's matches."""
    derived = small.derive(*months)
    return {(m.month, m.address.number): m.criterion for m in derived.matches if m.municipality == municipality}


def test_both_criteria_over_the_turn_of_the_year(small: Small) -> None:
    small.signals(NOV, "rood", signal(NOV, 1), signal(NOV, 2), signal(NOV, 3))
    small.signals(DEC, "rood", signal(DEC, 3))
    small.signals(JAN, "rood", signal(JAN, 4), signal(JAN, 3))
    small.signals(JAN, "blauw", signal(JAN, 1), signal(JAN, 4))
    small.signals(FEB, "blauw", signal(FEB, 2), signal(FEB, 3), signal(FEB, 4))
    # 1: rood two months before; 2: rood three months before is too long ago; 3: rood alone until February, then rood in
    # December and January; 4: both in January, and in February blauw is new with rood of January.
    assert criteria(small, NOV, DEC, JAN, FEB, MAR) == {
        (JAN, 1): "three_months",
        (JAN, 4): "same_month",
        (FEB, 3): "three_months",
        (FEB, 4): "three_months",
    }
    # January: 1 of 2 by three months; February: 2 of 2. March has no new signal, hence no match.
    table = small.derive(NOV, DEC, JAN, FEB, MAR).matches_by_month
    rows = [(row["same_month"], row["three_months"], row["total"], row["pct_three_months"]) for row in table]
    assert rows == [(1, 1, 2, Decimal("50.0")), (0, 2, 2, Decimal("100.0"))]


def test_what_does_not_match(small: Small) -> None:
    # 1: two customers of one creditor; 2: another house letter; 3: another municipality; 4: quarantined; 5: under the
    # threshold, which does match; 6: superseded.
    small.signals(JAN, "rood", signal(JAN, 6))
    rows = [signal(JAN, 1, klantnummer="x", signaal_id="x"), *(signal(JAN, n) for n in (1, 2, 3, 4, 5))]
    small.signals(JAN, "rood.2", *rows)
    small.signals(
        JAN, "blauw", signal(JAN, 2, huisletter="b"), signal(JAN, 4, "-1"), signal(JAN, 5, "1"), signal(JAN, 6)
    )
    small.signals(JAN, "blauw", signal(JAN, 3), municipality=B)
    assert criteria(small, JAN) == {(JAN, 5): "same_month"}
    assert criteria(small, JAN, municipality=B) == {}


def test_withdrawn_signals_leave_the_matching_from_the_month_in_which_that_is_known(small: Small) -> None:
    for creditor in ("rood", "blauw"):
        small.signals(JAN, creditor, *(signal(JAN, n) for n in (1, 2, 3)))
    small.put(JAN, "signals/rood.intrekking.csv", "signaal_id;reden;datum\ns1;betaald;2022-01-20\ns2;;2022-01-20\n")
    small.put(FEB, "signals/rood.intrekking.csv", "signaal_id;reden;datum\ns3;onterecht;01-02-2022\n")
    small.signals(FEB, "blauw", *(signal(FEB, n, signaal_id=f"f{n}") for n in (1, 2, 3)))
    # January: 1 is withdrawn; the row about 2 lacks its reason. February: 3 is withdrawn as well, after it had matched.
    assert criteria(small, JAN, FEB) == {
        (JAN, 2): "same_month",
        (JAN, 3): "same_month",
        (FEB, 2): "three_months",
    }
    derived = small.derive(JAN, FEB)
    assert [row["signals"] for row in derived.signals_by_month_creditor] == [3, 3, 3]
    assert [row["rows_quarantined"] for row in derived.drops if row["feed"] == "signals.intrekking"] == [1, 0]


def test_creditors_sectors_and_arrears_of_a_match(small: Small) -> None:
    small.signals(DEC, "rood", signal(DEC, 1, "500"))
    small.signals(DEC, "wit", signal(DEC, 1, "200,10"), signal(DEC, 1, "30", klantnummer="x", signaal_id="x"))
    small.signals(JAN, "rood", signal(JAN, 1, "600,25"))
    small.signals(JAN, "blauw", signal(JAN, 1, "10"))
    match = small.derive(DEC, JAN).matches_of(A, JAN)[0]
    assert match.criterion == "same_month"
    assert match.creditors == {"rood", "wit", "blauw"}
    assert match.sectors == {"rent", "health", "water"}
    # rood's latest month is January: 600,25; wit's December: 200,10 + 30; blauw 10.
    assert match.arrears == Decimal("840.35")


# Why a match is not selectable


def test_the_first_reason_that_applies(small: Small) -> None:
    match_all(small, JAN, range(1, 8), low=6)
    small.residents(JAN, "2/overleden", "3", "3/emigratie", "4", "5", "6", "7")
    small.debt_help(JAN, "2;2021-01-01;", "4;2021-01-01;", "5;2021-01-01;2022-01-24")
    selected = {(A, DEC): {home(1), home(4), home(5), home(6)}, (B, DEC): {home(7)}}
    assert reasons(small, JAN, selected=selected) == {
        1: "address_unknown",
        2: "moved_or_deceased",
        3: None,
        4: "in_debt_help",
        5: "approached_recently",
        6: "approached_recently",
        7: None,
    }
    assert reasons(small, JAN)[6] == "below_threshold"


def test_debt_help_runs_on_the_25th_from_its_first_up_to_its_last_day(small: Small) -> None:
    match_all(small, JAN, range(1, 5))
    small.residents(JAN, "1", "2", "3", "4")
    small.debt_help(JAN, "1;2022-01-25;", "2;2022-01-26;", "3;2021-01-01;25-01-2022", "4;2021-01-01;2022-01-24")
    assert reasons(small, JAN) == {1: "in_debt_help", 2: None, 3: "in_debt_help", 4: None}


def test_three_months_of_rest_after_a_selection(small: Small) -> None:
    months = (NOV, DEC, JAN, FEB, MAR, APR)
    for month in months[:4]:
        match_all(small, month, range(1, 2))
    small.residents(NOV, "1")
    outcome = {month: reasons(small, month, *months[:4], selected={(A, NOV): {home(1)}}) for month in months[:4]}
    # Selected in November: out for December, January and February. In November itself nothing is known of it yet.
    assert [outcome[month][1] for month in months[:4]] == [None] + ["approached_recently"] * 3
    small.signals(MAR, "rood", signal(MAR, 1))  # blauw's agreement has ended, its signals of January and February count
    assert reasons(small, MAR, *months[:4], selected={(A, NOV): {home(1)}}) == {1: None}


def test_the_latest_register_that_was_not_rejected_holds(small: Small) -> None:
    for month in (DEC, JAN, FEB):
        match_all(small, month, range(1, 3))
    small.residents(DEC, "1")
    small.put(JAN, "brp/personen.csv", BRP_COLUMNS)  # empty, so rejected
    small.residents(FEB, "2")
    assert reasons(small, DEC) == {1: None, 2: "address_unknown"}
    assert reasons(small, JAN, DEC) == {1: None, 2: "address_unknown"}
    assert reasons(small, FEB, DEC, JAN) == {1: "address_unknown", 2: None}


def test_the_threshold_counts_a_creditors_customer_numbers_together_and_its_latest_month_only(small: Small) -> None:
    small.signals(DEC, "blauw", signal(DEC, 2, "90"))
    small.signals(JAN, "rood", *(signal(JAN, n) for n in (1, 2, 3)))
    small.signals(
        JAN,
        "blauw",
        signal(JAN, 1, "25"),
        signal(JAN, 1, "25", klantnummer="x", signaal_id="x"),
        signal(JAN, 2, "49,99"),
        signal(JAN, 3, "50"),
    )
    small.residents(JAN, "1", "2", "3")
    # 1: 25 + 25 is the threshold; 2: the 90 of December is not blauw's latest amount; 3: exactly the threshold.
    assert reasons(small, JAN, DEC) == {1: None, 2: "below_threshold", 3: None}
