"""A delivered file, from the landing area to what its sender reads: lines kept, faults told, doubles known."""

from __future__ import annotations

import psycopg
import pytest
import stepping
from conftest import Delivery, notices, rows
from oracle.small_landing import DEC, FEB, JAN, SIGNAL_COLUMNS, A, signal

from vroegsignaal import console, door, intake, outbox, replay, warehouse
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month

# -- into raw


def test_every_row_keeps_its_drop_and_its_line(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1), signal(JAN, 2), signal(JAN, 3))
    # A quoted line break and a blank line: the next record starts on line 5.
    broken = signal(JAN, 4).replace("Proef", '"Pro\nef"')
    small.put(JAN, "signals/wit.csv", f"{SIGNAL_COLUMNS}\n{broken}\n\n{signal(JAN, 5)}\n")
    stepping.receive(JAN)
    found = rows(
        here,
        "select creditor, line_no, signaal_id from raw.signals join raw.drop_ledger using (drop_id) order by 1, 2",
    )
    assert found == [("rood", 2, "s1"), ("rood", 3, "s2"), ("rood", 4, "s3"), ("wit", 2, "s4"), ("wit", 5, "s5")]
    assert rows(here, "select creditor, rows_read, rows_accepted from raw.drop_ledger order by 1") == [
        ("rood", 3, 3),
        ("wit", 2, 2),
    ]


def test_the_same_drop_twice_changes_nothing(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1), signal(JAN, 1, signaal_id="x"))
    stepping.receive(JAN)
    before = [rows(here, f"select * from {table}") for table in ("raw.drop_ledger", "raw.signals", "vault.household")]
    small.signals(JAN, "rood.2", signal(JAN, 1), signal(JAN, 1, signaal_id="x"))
    assert intake.receive(Month.parse(JAN)) == {"new": 0, "known": 2}
    door.judge(Month.parse(JAN))
    assert before == [
        rows(here, f"select * from {table}") for table in ("raw.drop_ledger", "raw.signals", "vault.household")
    ]


def test_a_correction_supersedes_as_a_whole_and_what_it_replaced_stays_in_the_ledger(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1), signal(JAN, 2))
    stepping.receive(JAN)
    small.signals(JAN, "rood.2", signal(JAN, 1))
    stepping.receive(JAN)
    assert rows(here, "select delivery, status, rows_read from raw.drop_ledger order by 1") == [
        (1, "superseded", 2),
        (2, "accepted", 1),
    ]


def test_a_correction_that_is_rejected_leaves_the_earlier_delivery_in_force(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1))
    small.put(JAN, "signals/rood.2.csv", "signaal_id\n1\n")
    stepping.receive(JAN)
    assert rows(here, "select delivery, status, rows_rejected from raw.drop_ledger order by 1") == [
        (1, "accepted", 0),
        (2, "rejected", 1),
    ]


def test_households_are_numbered_in_file_and_line_order_and_keep_their_number(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(DEC, "wit", signal(DEC, 9), signal(DEC, 8, "0"), signal(DEC, 7))
    small.signals(DEC, "rood", signal(DEC, 5), signal(DEC, 9, huisletter=" "))
    small.residents(DEC, "1")
    small.signals(JAN, "rood", signal(JAN, 4), signal(JAN, 7))
    for _ in range(2):
        stepping.receive(DEC)
        stepping.receive(JAN)
        numbered = rows(here, "select household_id, split_part(address_key, ' ', 2) from vault.household order by 1")
        # rood before wit; 8 was quarantined; then the register of residents; then what is new in January.
        assert numbered == [(1, "5"), (2, "9"), (3, "7"), (4, "1"), (5, "4")]


def test_a_sender_has_its_own_dialect_and_names_by_configuration_alone(delivery: Delivery) -> None:
    small, here = delivery
    (small.config / "dialects.csv").write_text(
        'creditor,encoding,delimiter,decimal_separator,thousands_separator\nrood,windows-1252,",",.,\n'
    )
    (small.config / "column_aliases.csv").write_text("creditor,alias,column\nrood,Openstaand,bedrag\n")
    text = f"{SIGNAL_COLUMNS}\n{signal(JAN, 1, '1200.50', achternaam='Noël')}\n".replace(";", ",")
    small.put(JAN, "signals/rood.csv", text.replace("bedrag", "OPENSTAAND").encode("cp1252"))
    stepping.receive(JAN)
    assert rows(here, "select bedrag::text, achternaam from quality.accepted_signals") == [("1200.50", "Noël")]


def test_the_planner_knows_what_was_accepted_when_matching_begins(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", *(signal(JAN, number, signaal_id=f"s{number}") for number in range(1, 8)))
    small.residents(JAN, "1", "2", "3")
    stepping.receive(JAN)
    guessed = "select relname, reltuples::int from pg_class where relname in ('accepted_signals', 'accepted_brp')"
    assert dict(rows(here, guessed)) == {"accepted_signals": 7, "accepted_brp": 3}


# -- what was wrong


def test_a_creditor_reads_its_own_rows_with_line_column_rule_and_what_to_do(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1, "-5"), signal(JAN, 2), signal(JAN, 3, postcode="99"))
    small.signals(JAN, "wit", signal(JAN, 4, "x"))
    small.put(JAN, "signals/blauw.csv", f"{SIGNAL_COLUMNS}\n{signal(JAN, 1)}\ns2;te weinig\n")
    stepping.receive(JAN)
    outbox.hand_out(Month.parse(JAN))
    rood = [{k: row[k] for k in ("bestand", "regel", "signaal_id", "klantnummer", "kolom", "regel_naam", "ernst")}
            for row in notices(here, "meldingen/rood.csv")]  # fmt: skip
    common = {"bestand": f"{A}/{JAN}/signals/rood.csv", "signaal_id": "s1", "klantnummer": "k1", "kolom": "bedrag"}
    assert rood == [
        common | {"regel": "2", "regel_naam": "amount_not_positive", "ernst": "aangehouden"},
        common | {"regel": "2", "regel_naam": "below_threshold", "ernst": "ter informatie"},
        common | {"regel": "4", "signaal_id": "s3", "klantnummer": "k3", "kolom": "postcode",
                  "regel_naam": "postcode_invalid", "ernst": "aangehouden"},
    ]  # fmt: skip
    assert all(row["wat_te_doen"] for row in notices(here, "meldingen/rood.csv"))
    (unreadable,) = notices(here, "meldingen/blauw.csv")
    assert unreadable["regel_naam"] == "unreadable"
    assert "regel 3: 2 velden, de kop heeft er 11" in unreadable["melding"]
    assert [row["regel_naam"] for row in notices(here, "meldingen/wit.csv")] == ["amount_invalid"]


def test_the_second_of_two_faulty_rows_tells_that_the_household_is_now_missing(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1, "0"), signal(JAN, 1, signaal_id="b"))
    small.signals(JAN, "wit", signal(JAN, 1), signal(JAN, 1, signaal_id="b"))
    stepping.receive(JAN)
    outbox.hand_out(Month.parse(JAN))

    def told(creditor: str) -> list[str]:
        found = notices(here, f"meldingen/{creditor}.csv")
        return [row["melding"] for row in found if row["regel_naam"] == "duplicate_household"]

    assert "Het huishouden ontbreekt nu." in told("rood")[0]
    assert "ontbreekt" not in told("wit")[0]


def test_the_municipality_reads_of_its_own_registers_without_a_value_of_a_person(delivery: Delivery) -> None:
    small, here = delivery
    small.residents(JAN, "1", "0")
    small.put(JAN, "shv/trajecten.csv", "traject_id;postcode\nt1;1234QQ\n")
    stepping.receive(JAN)
    outbox.hand_out(Month.parse(JAN))
    found = [
        (row["bestand"], row["regel"], row["kolom"], row["regel_naam"]) for row in notices(here, "bevindingen.csv")
    ]
    assert found == [
        (f"{A}/{JAN}/brp/personen.csv", "3", "huisnummer", "house_number_invalid"),
        (f"{A}/{JAN}/shv/trajecten.csv", "", "", "columns_missing"),
    ]
    text = (here.out / A / JAN / "bevindingen.csv").read_text()
    assert "huisnummer, startdatum" in text
    assert "999900006" not in text


def test_a_notice_goes_away_when_the_correction_leaves_nothing_to_say(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1, "x"))
    stepping.receive(JAN)
    outbox.hand_out(Month.parse(JAN))
    assert (here.out / A / JAN / "meldingen" / "rood.csv").exists()
    small.signals(JAN, "rood.2", signal(JAN, 1))
    stepping.receive(JAN)
    outbox.hand_out(Month.parse(JAN))
    assert not (here.out / A / JAN / "meldingen" / "rood.csv").exists()


def test_a_drop_whose_rows_do_not_add_up_cannot_be_written(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1), signal(JAN, 2))
    stepping.receive(JAN)
    with warehouse.open_connection(here, "loader") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("update raw.drop_ledger set rows_accepted = 1")


def test_two_municipalities_with_the_same_address_are_two_households(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(FEB, "rood", signal(FEB, 1))
    small.signals(FEB, "rood", signal(FEB, 1), municipality="9102")
    stepping.receive(FEB)
    assert len(rows(here, "select distinct household_id from quality.accepted_signals")) == 2


# -- nobody's values in logs or messages


def test_a_file_that_lies_in_no_feed_is_left_alone_and_named(delivery: Delivery) -> None:
    from vroegsignaal import landing

    small, here = delivery
    small.put(JAN, "signals/rood.xls", b"x")
    small.put(JAN, "notitie.txt", b"x")
    small.put(JAN, "brp/oud.csv", b"x")
    assert landing.unrecognised(here, Month.parse(JAN)) == [
        f"{A}/{JAN}/brp/oud.csv",
        f"{A}/{JAN}/notitie.txt",
        f"{A}/{JAN}/signals/rood.xls",
    ]
    stepping.receive(JAN)
    assert rows(here, "select * from raw.drop_ledger") == []


BENCHMARKS = "indicator,dimension,year,figure,source\n"
DIALECTS = "creditor,encoding,delimiter,decimal_separator,thousands_separator\n"
TOLD = "list,code,told_as,why\nstatus,"
POLICY = "municipality_code,valid_from,parameter,sector,value\n"


def cost_item(told: list[str], **changes: str) -> tuple[str, str, list[str]]:
    """A file with one item of which some columns are changed, and what is then told."""
    item = {
        "item": "huis", "side": "baten", "bearer": "verhuurder", "label": "huis", "basis": "accepted",
        "rate_low": "0.02", "rate_mid": "0.05", "rate_high": "0.1",
        "unit_eur_low": "100", "unit_eur_mid": "200", "unit_eur_high": "300", "source": "aanname",
    }  # fmt: skip
    lines = (",".join(item), ",".join((item | changes).values()))
    return "cost_items.csv", "\n".join(lines), ["cost_items.csv, line 2", *told]


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("creditors.csv", "creditor,name\nrood,Rood\n", ["creditors.csv", "line 1", "sector, contact_email"]),
        ("creditors.csv", "creditor,name,sector,contact_email\nrood,Rood,huur,\n", ["creditors.csv", "rood", "'huur'"]),
        (
            "policy.csv",
            "municipality_code,valid_from,parameter,sector,value\n9101,2020-01-01,capacity,,veel\n",
            ["policy.csv", "line 2", "column value", "'veel'"],
        ),
        (
            "policy.csv",
            "municipality_code,valid_from,parameter,sector,value\n9101,2020-01-01,capaciteit,,3\n",
            ["policy.csv", "'capaciteit'"],
        ),
        (
            "agreements.csv",
            "municipality_code,creditor,valid_from,valid_to\n9101,rood,01-01-2020,\n",
            ["agreements.csv", "line 2", "column valid_from", "'01-01-2020'"],
        ),
        (
            "agreements.csv",
            "municipality_code,creditor,valid_from,valid_to\n9101,rood,2020-02-31,\n",
            ["agreements.csv", "line 2", "column valid_from", "'2020-02-31'"],
        ),
        (
            "agreements.csv",
            "municipality_code,creditor,valid_from,valid_to\n9101,rood,2020-02-01,2019-12-31\n",
            ["agreements.csv, line 2", "valid_to (2019-12-31) lies before valid_from"],
        ),
        (
            "periods.csv",
            "municipality_code,period,period_start,period_end\n9101,proef,2020-02-01,2019-12-31\n",
            ["periods.csv, line 2", "period_end (2019-12-31) lies before period_start"],
        ),
        ("policy.csv", f"{POLICY}9101,2020-01-01,capacity,,-3\n", ["policy.csv, line 2", "capacity is 0 or more"]),
        ("policy.csv", f"{POLICY}9101,2020-01-01,capacity,,2.5\n", ["policy.csv, line 2", "a whole number"]),
        ("policy.csv", f"{POLICY}9101,2020-01-01,window_months,,0\n", ["policy.csv, line 2", "is 1 or more"]),
        (
            "column_aliases.csv",
            "creditor,alias,column\nrood,saldo,bedragen\n",
            ["column_aliases.csv, line 2", "'bedragen' is no column of a feed"],
        ),
        (
            "creditors.csv",
            'creditor,name,sector,contact_email\nrood,"Rood,rent,\n',
            ["creditors.csv, line 2", "quotation marks do not match"],
        ),
        ("benchmarks.csv", f"{BENCHMARKS}contact,totaal,2023,veel,Divosa\n", ["benchmarks.csv, line 2", "'veel'"]),
        (
            "benchmarks.csv",
            f"{BENCHMARKS}contact,totaal,23,20,Divosa\n",
            ["benchmarks.csv, line 2", "'23' is not a year"],
        ),
        (
            "benchmarks.csv",
            f"{BENCHMARKS}bereik,totaal,2023,20,Divosa\n",
            ["benchmarks.csv, line 2", "'bereik' is none"],
        ),
        ("benchmarks.csv", f"{BENCHMARKS}contact,totaal,2023,-1,Divosa\n", ["benchmarks.csv, line 2", "0 or more"]),
        (
            "benchmarks.csv",
            f"{BENCHMARKS}contact,totaal,2023,20,Divosa\ncontact,totaal,2023,21,Divosa\n",
            ["benchmarks.csv, line 3", "a second row"],
        ),
        (
            "feedback_codes.csv",
            f"{TOLD}Niet opgepakt: andere reden,Opgepakt,x\nstatus,Opgepakt,Opgepakt,x\n",
            ["feedback_codes.csv, line 2", "told as it is, never why"],
        ),
        ("feedback_codes.csv", f"{TOLD}Opgepakt,Elders,x\n", ["feedback_codes.csv, line 2", "'Elders' is no code"]),
        (
            "feedback_codes.csv",
            f"{TOLD}A,B,x\nstatus,B,C,x\nstatus,C,C,x\n",
            ["feedback_codes.csv, line 2", "'B' is no code that is told as it is"],
        ),
        ("feedback_codes.csv", "list,code,told_as,why\nreden,A,A,x\n", ["feedback_codes.csv, line 2", "'reden'"]),
        ("feedback_codes.csv", f"{TOLD}Opgepakt,Opgepakt,\n", ["feedback_codes.csv, line 2", "column why"]),
        (
            "signal_statuses.csv",
            "reason,status,outcome,loss\nopen,x,,\n",
            ["signal_statuses.csv", "picked_up, in_debt"],
        ),
        ("creditors.csv", "creditor,name\0", ["creditors.csv, line 1", "a null byte"]),
        cost_item(["column side", "'winst' is none of kosten, baten, verhouding"], side="winst"),
        cost_item(["column basis", "'zaken' is none of inhabitants_year, dossiers"], basis="zaken"),
        cost_item(["column basis", "'costs' is none of inhabitants_year"], basis="costs"),
        cost_item(["column basis", "'accepted' is none of costs"], side="verhouding"),
        cost_item(["column rate_mid", "'5%' is not a number"], rate_mid="5%"),
        cost_item(["column rate_high", "1.1 is not from 0 to 1"], rate_high="1.1"),
        cost_item(["column rate_low", "-0.1 is not from 0 to 1"], rate_low="-0.1"),
        cost_item(["column unit_eur_low", "-1 is not 0 or more"], unit_eur_low="-1"),
        cost_item(["column rate_mid", "0.01 is less than rate_low, which is 0.02"], rate_mid="0.01"),
        cost_item(["column unit_eur_high", "1 is less than unit_eur_mid, which is 200"], unit_eur_high="1"),
        cost_item(["column unit_eur_mid", "all six numbers"], unit_eur_mid=""),
        cost_item(["column source", "a value is required"], source=""),
    ],
)
def test_configuration_that_cannot_be_used_is_named_by_file_line_and_column(
    delivery: Delivery, file: str, text: str, told: list[str]
) -> None:
    small, _ = delivery
    (small.config / file).write_text(text)
    with pytest.raises(PlatformError) as raised:
        intake.receive(Month.parse(JAN))
    for part in told:
        assert part in str(raised.value)


def test_a_folder_in_the_place_of_a_configuration_file_is_named(delivery: Delivery) -> None:
    small, _ = delivery
    (small.config / "creditors.csv").unlink()
    (small.config / "creditors.csv").mkdir()
    with pytest.raises(PlatformError, match=r"creditors\.csv cannot be read"):
        intake.receive(Month.parse(JAN))


def test_what_may_be_a_slip_of_the_pen_is_remarked(delivery: Delivery) -> None:
    small, here = delivery
    for name, row in {
        "agreements": f"{A},zwart,2020-01-01,",
        "policy": "0001,2020-01-01,capacity,,5",
        "dialects": "roood,utf-8,;,.,",
        "benchmarks": "contact,total,2023,20,Divosa",
    }.items():
        path = small.config / f"{name}.csv"
        before = path.read_text() if path.exists() else {"dialects": DIALECTS, "benchmarks": BENCHMARKS}[name]
        path.write_text(f"{before.rstrip()}\n{row}\n")
    small.put(JAN, "signals/rood.csv", "kapot\nrij\n")
    small.put(JAN, "signals/wat.txt", "")
    small.put(JAN, "signals/rood.csv", SIGNAL_COLUMNS, municipality="0002")
    small.put("2022-1", "signals/rood.csv", SIGNAL_COLUMNS)
    stepping.run_months(JAN, marts=("drops", "findings", "matches_by_month"))
    months = [Month.parse(JAN), Month.parse(FEB)]
    told = "\n".join([*replay.remarks_on_deliveries(here, months), *console.remarks_on_files(here, months)])
    for remark in (
        f"Rejected: {A}/{JAN}/signals/rood.csv (rood): columns_missing: ",
        f"Missing: wit ({A}), {JAN}",
        "Municipality 0002 delivered, but is not in municipalities.csv",
        "'total' is no label",
        "creditor 'zwart' is not in creditors.csv",
        "municipality 0001 is not in municipalities.csv",
        "'roood' is no creditor, portal or register (brp, ris, shv)",
        f"Not read, because it belongs to no feed: {A}/{JAN}/signals/wat.txt",
        f"Nothing was delivered for {FEB}",
        f"Not looked at: {A}/2022-1 is no folder",
    ):
        assert remark in told
