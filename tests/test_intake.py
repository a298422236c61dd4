"""Files in every lawful form: dialects, workbooks, portals; and the same bytes once more."""

from __future__ import annotations

import os
import time
from datetime import date, datetime
from pathlib import Path

import pytest
import stepping
from conftest import Delivery, notices, rows
from corpus.workbooks import workbook
from oracle.small_landing import FEB, JAN, SIGNAL_COLUMNS, A, B, Small, signal

from vroegsignaal import door, intake, landing, outbox, release, replay, warehouse
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.outbox.files import write_csv
from vroegsignaal.settings import Settings

DIALECTS = "creditor,encoding,delimiter,decimal_separator,thousands_separator,format\n"
COLUMNS = SIGNAL_COLUMNS.split(";")


def configure(small: Small, *dialects: str, **files: str) -> None:
    (small.config / "dialects.csv").write_text(DIALECTS + "".join(f"{row}\n" for row in dialects), encoding="utf-8")
    for name, text in files.items():
        (small.config / f"{name}.csv").write_text(text, encoding="utf-8")


def cells(month: str, number: int, **changes: object) -> list[object]:
    """A signal as a spreadsheet holds it."""
    values = dict(zip(COLUMNS, signal(month, number).split(";"), strict=True))
    typed = {"huisnummer": float(number), "bedrag": 1234.5, "ontstaansdatum": date.fromisoformat(f"{month}-01")}
    return list((values | typed | changes).values())


def drops(delivery: Delivery) -> list[tuple]:
    return rows(
        delivery[1], "select creditor, delivery, status, rows_read, rows_accepted from raw.drop_ledger order by drop_id"
    )


def found(delivery: Delivery, rule: str) -> list[tuple]:
    return rows(
        delivery[1],
        "select creditor, file from quality.finding join raw.drop_ledger using (drop_id)"
        f" where rule = '{rule}' order by 1, 2",
    )


# -- dialects


@pytest.mark.parametrize(
    ("dialect", "amount", "encoding", "delimiter"),
    [
        ('utf-8,;,",",', "1234,50", "utf-8", ";"),
        ('utf-8,;,",",', "1234,50", "utf-8-sig", ";"),
        ('windows-1252,;,",",.', "1.234,50", "cp1252", ";"),
        ('utf-8,",",.,', "1234.50", "utf-8-sig", ","),
        ('utf-8,tab,",",', "1234,5", "utf-8", "\t"),
        (r'utf-8,\t,.,",",csv', "1,234.50", "utf-8", "\t"),
        ("iso-8859-15,|,.,',csv", "1'234.50", "iso-8859-15", "|"),
    ],
)
def test_a_dialect_is_a_row_of_configuration(
    delivery: Delivery, dialect: str, amount: str, encoding: str, delimiter: str
) -> None:
    small, here = delivery
    # Rows without the last field, or a file without the last column, are of before there were formats.
    header = DIALECTS if dialect.endswith("csv") else DIALECTS.replace(",format", "")
    (small.config / "dialects.csv").write_text(f"{header}rood,{dialect}\n")
    values = dict(zip(COLUMNS, signal(JAN, 1, "BEDRAG", achternaam="Noël\nvan").split(";"), strict=True))
    fields = [
        f'"{amount}"' if value == "BEDRAG" else f'"{value}"' if "\n" in value else value for value in values.values()
    ]
    text = f"{delimiter.join(COLUMNS)}\r\n{delimiter.join(fields)}\r\n"
    small.put(JAN, "signals/rood.csv", text.encode(encoding))
    stepping.receive(JAN)
    accepted = rows(here, "select bedrag::float, achternaam, line_no from quality.accepted_signals")
    assert accepted == [(1234.5, "Noël\nvan", 2)]


def test_the_municipalitys_own_registers_have_dialects_and_aliases_by_the_name_of_their_folder(
    delivery: Delivery,
) -> None:
    small, here = delivery
    configure(small, 'shv,windows-1252,",",.,,csv', column_aliases="creditor,alias,column\nshv,Nummer,traject_id\n")
    small.put(
        JAN, "shv/trajecten.csv", "Nummer,postcode,huisnummer,startdatum\né1,1234QQ,5,2022-01-01\n".encode("cp1252")
    )
    stepping.receive(JAN)
    assert rows(here, "select traject_id from quality.accepted_shv") == [("é1",)]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ('rood,utf-8,;;,",",,csv', "column delimiter: ';;'"),
        ('rood,utf-8,a,",",,csv', "column delimiter: 'a'"),
        ("rood,utf-8,;,.,.,csv", "columns decimal_separator, thousands_separator"),
        ('rood,utf-9,;,",",,csv', "column encoding: 'utf-9'"),
        ('rood,hex,;,",",,csv', "column encoding: 'hex'"),
        ("rood,utf-8,;,x,,csv", "column decimal_separator: 'x'"),
        ('rood,utf-8,;,",",,xls', "column format: 'xls'"),
    ],
)
def test_a_dialect_that_makes_no_sense_is_refused_by_file_line_and_column(
    delivery: Delivery, row: str, column: str
) -> None:
    small, _ = delivery
    configure(small, 'wit,utf-8,;,",",,csv', row)
    with pytest.raises(PlatformError) as raised:
        intake.receive(Month.parse(JAN))
    assert "dialects.csv, line 3" in str(raised.value)
    assert column in str(raised.value)


def test_a_decimal_comma_goes_with_commas_between_fields_within_quotation_marks(delivery: Delivery) -> None:
    small, here = delivery
    configure(small, 'rood,utf-8,",",",",.,csv')
    rows_ = [SIGNAL_COLUMNS, signal(JAN, 1, '"1.234,50"')]
    small.put(JAN, "signals/rood.csv", "\n".join(rows_).replace(";", ","))
    stepping.receive(JAN)
    assert rows(here, "select bedrag::text from quality.accepted_signals") == [("1234.50",)]


def test_a_portal_by_the_name_of_a_creditor_is_refused(delivery: Delivery) -> None:
    small, _ = delivery
    configure(small, portals="portal,creditor_column\nrood,crediteur\n")
    with pytest.raises(PlatformError, match="portal rood"):
        intake.receive(Month.parse(JAN))


def test_another_dialect_than_declared_is_told_and_read_once_it_is_declared(delivery: Delivery) -> None:
    small, _ = delivery
    text = f"{SIGNAL_COLUMNS}\n{signal(JAN, 1)}\n".replace(";", ",")
    small.put(JAN, "signals/rood.csv", text)
    small.put(JAN, "signals/wit.csv", text.replace("Proef", "Noël").encode("cp1252"))
    stepping.receive(JAN)
    outbox.hand_out(Month.parse(JAN))
    (rood,) = notices(delivery[1], "meldingen/rood.csv")
    assert "het bestand lijkt kommagescheiden" in rood["melding"]
    (wit,) = notices(delivery[1], "meldingen/wit.csv")
    assert "het bestand lijkt Windows-1252 en kommagescheiden" in wit["melding"]
    configure(small, 'rood,utf-8,",",.,,csv', 'wit,windows-1252,",",.,,csv')
    stepping.receive(JAN)
    assert drops(delivery) == [("rood", 1, "accepted", 1, 1), ("wit", 1, "accepted", 1, 1)]


# -- workbooks


def test_a_workbook_is_read_as_its_sender_sees_it(delivery: Delivery) -> None:
    small, here = delivery
    configure(small, 'rood,utf-8,;,",",.,xlsx')
    header = [*COLUMNS, "crisissignaal"]
    data = workbook(
        [
            header,
            [*cells(JAN, 1, bsn=999900006.0, signaaldatum=datetime(2022, 1, 10, 13, 5)), True],  # noqa: DTZ001
            [],
            [*cells(JAN, 2, bedrag="1.234,56", klantnummer=12345678901.0), False],
            [*cells(JAN, 3, bedrag=0.1 + 0.2, achternaam="=1+1"), "j"],
        ],
        first_row=2,
        first_column=1,
    )
    small.put(JAN, "signals/rood.xlsx", data)
    stepping.receive(JAN)
    taken = rows(
        here,
        "select line_no, klantnummer, bsn, huisnummer, bedrag, ontstaansdatum, signaaldatum, crisissignaal, achternaam"
        " from raw.signals order by line_no",
    )
    assert taken == [
        (4, "k1", "999900006", "1", "1234,5", "2022-01-01", "2022-01-10", "j", "Proef"),
        (6, "12345678901", "", "2", "1.234,56", "2022-01-01", "2022-01-10", "n", "Proef"),
        (7, "k3", "", "3", "0,3", "2022-01-01", "2022-01-10", "j", "=1+1"),
    ]
    assert drops(delivery) == [("rood", 1, "accepted", 3, 3)]


def test_the_name_and_the_content_of_a_file_must_be_what_was_agreed(delivery: Delivery) -> None:
    small, _ = delivery
    configure(small, 'wit,utf-8,;,",",,xlsx')
    small.put(JAN, "signals/rood.xlsx", workbook([COLUMNS, cells(JAN, 1)]))
    small.put(JAN, "signals/wit.csv", f"{SIGNAL_COLUMNS}\n{signal(JAN, 1)}\n")
    small.put(JAN, "signals/blauw.csv", workbook([COLUMNS, cells(JAN, 2)]))
    small.put(JAN, "brp/personen.XLSX", f"{SIGNAL_COLUMNS}\n")
    stepping.receive(JAN)
    told = dict(rows(delivery[1], "select coalesce(creditor, feed), unreadable from raw.drop_ledger"))
    assert "het bestand is XLSX, afgesproken is CSV" in told["rood"]
    assert "het bestand is CSV, afgesproken is XLSX" in told["wit"]
    assert "het bestand lijkt XLSX" in told["blauw"]
    assert "afgesproken is CSV" in told["brp"]


def test_the_same_bytes_under_a_name_that_tells_their_form_are_read(delivery: Delivery) -> None:
    small, _ = delivery
    text = f"{SIGNAL_COLUMNS}\n{signal(JAN, 1)}\n"
    small.put(JAN, "signals/rood.xlsx", text)
    stepping.receive(JAN)
    small.put(JAN, "signals/rood.2.csv", text)
    for _ in range(2):
        stepping.receive(JAN)
        assert drops(delivery) == [("rood", 2, "accepted", 1, 1)]


def test_a_file_that_an_older_version_received_is_known_by_its_bytes_whatever_their_number(delivery: Delivery) -> None:
    small, here = delivery
    first, other = (f"{SIGNAL_COLUMNS}\n{signal(JAN, number)}\n" for number in (1, 2))
    assert len(first) == len(other)
    small.put(JAN, "signals/rood.csv", first)
    stepping.receive(JAN)
    assert rows(here, "select size from raw.drop_ledger") == [(len(first.encode()),)]
    with warehouse.connect(here, "owner") as connection:
        connection.execute("update raw.drop_ledger set size = null")
    small.put(JAN, "signals/rood.2.csv", first)
    # As many bytes, and others.
    small.put(JAN, "signals/rood.3.csv", other)
    stepping.receive(JAN)
    assert drops(delivery) == [("rood", 1, "superseded", 1, 1), ("rood", 3, "accepted", 1, 1)]


# -- portals


PORTAL = [*COLUMNS, "Crediteur"]


def portal_text(*named: tuple[str, str]) -> str:
    return "\n".join([";".join(PORTAL), *(f"{row};{creditor}" for row, creditor in named)]) + "\n"


def test_a_portal_delivers_for_each_creditor_as_if_it_had_done_so_itself(delivery: Delivery) -> None:
    small, here = delivery
    # By code or name, in any spelling; two creditors on one address match as ever.
    small.put(
        JAN,
        "signals/portaal.csv",
        portal_text((signal(JAN, 1), " ROOD "), (signal(JAN, 1), "Wit"), (signal(JAN, 2), "rood")),
    )
    stepping.receive(JAN)
    assert drops(delivery) == [("rood", 1, "accepted", 2, 2), ("wit", 1, "accepted", 1, 1)]
    assert rows(here, "select creditor, line_no from quality.accepted_signals order by 1, 2") == [
        ("rood", 2),
        ("rood", 4),
        ("wit", 3),
    ]
    assert len(rows(here, "select distinct sha256, file, portal from raw.drop_ledger")) == 1
    assert intake.receive(Month.parse(JAN)) == {"new": 0, "known": 1}
    small.put(JAN, "signals/portaal.2.csv", portal_text((signal(JAN, 3), "Rood")))
    stepping.receive(JAN)
    assert drops(delivery)[0] == ("rood", 1, "superseded", 2, 2)
    assert drops(delivery)[2] == ("rood", 2, "accepted", 1, 1)


NOTICES_TO_NOBODY = "meldingen/onbekend.csv"
NO_CREDITORS = ("Onbekende_BV", "", "../../x", "wit!", "portaal", "kanariestein", "999901771", "0687654321", "Jansen")


def test_what_a_portal_names_that_is_no_creditor_is_rejected_as_of_nobody_and_told_by_line(delivery: Delivery) -> None:
    small, here = delivery
    # A column that shifted: what stands in the place of the creditor is the name or the number of a customer.
    named = [(signal(JAN, n), name) for n, name in enumerate(("rood", *NO_CREDITORS, "geel"), 1)]
    for town in (A, B):
        small.put(JAN, "signals/portaal.csv", portal_text(*named), municipality=town)
    stepping.receive(JAN)
    outbox.hand_out(Month.parse(JAN))
    kept = rows(here, "select municipality_code, creditor, status, rows_read, rows_accepted from raw.drop_ledger")
    assert sorted(row[1:] for row in kept if row[0] == A) == [
        # In the register, but without an agreement.
        ("geel", "rejected", 1, 0),
        ("onbekend", "rejected", len(NO_CREDITORS), 0),
        ("rood", "accepted", 1, 1),
    ]
    assert sorted(row[1] for row in kept if row[0] == B) == ["geel", "onbekend", "rood"]
    assert len(rows(here, "select 1 from raw.signals")) == 2 * len(named)
    (told,) = notices(here, NOTICES_TO_NOBODY)
    assert (told["bestand"], told["regel_naam"]) == (f"{A}/{JAN}/signals/portaal.csv", "unknown_creditor")
    assert told["melding"].endswith("(regel 3, 4, 5, 6, 7, 8, 9, 10, 11)")
    assert not names_of_persons(here)


def test_a_file_that_may_be_called_after_a_person_is_of_nobody_and_shown_without_the_number(delivery: Delivery) -> None:
    small, here = delivery
    with (small.config / "creditors.csv").open("a") as register:
        register.write("kvk27364553,Kavee,rent,\n")
    for name in ("999901771", "06-8765-4321", "kvk27364553", "onbekende_bv", "rood"):
        small.put(JAN, f"signals/{name}.csv", f"{SIGNAL_COLUMNS}\n{signal(JAN, len(name))}\n")
    # The same bytes under the number of another: as with any sender, one drop.
    small.put(JAN, "signals/999903123.csv", f"{SIGNAL_COLUMNS}\n{signal(JAN, 9)}\n")
    small.put(JAN, "signals/Jansen 999901771.pdf", "geen signalen")
    for _again in range(2):
        stepping.receive(JAN)
        assert sorted(drops(delivery)) == [
            ("kvk27364553", 1, "rejected", 1, 0),
            ("onbekend", 1, "rejected", 1, 0),
            ("onbekend", 1, "rejected", 1, 0),
            ("onbekende_bv", 1, "rejected", 1, 0),
            ("rood", 1, "accepted", 1, 1),
        ]
    assert len(rows(here, "select 1 from raw.redelivery")) == 1
    outbox.hand_out(Month.parse(JAN))
    assert {(told["bestand"].rpartition("/")[2], told["regel_naam"]) for told in notices(here, NOTICES_TO_NOBODY)} == {
        ("##-####-####.csv", "unknown_creditor"),
        ("#########.csv", "unknown_creditor"),
        ("#########.csv", "duplicate_delivery"),
    }
    assert notices(here, "meldingen/kvk27364553.csv")[0]["bestand"].endswith("/kvk27364553.csv")
    remarks = replay.remarks_on_deliveries(here, [Month.parse(JAN)])
    assert f"Rejected: {A}/{JAN}/signals/#########.csv (onbekend): unknown_creditor" in remarks
    unread = landing.unrecognised(here, Month.parse(JAN))
    assert unread == [f"{A}/{JAN}/signals/Jansen #########.pdf"]
    assert not names_of_persons(here, *remarks)


def names_of_persons(here: Settings, *said: str) -> set[str]:
    """What of the names and numbers above stands in what was handed out, or in the name of it."""
    files = [path for path in here.out.rglob("*") if path.is_file()]
    text = "\n".join([*said, *map(str, files), *(path.read_text(encoding="utf-8", errors="replace") for path in files)])
    return {word for word in ("anariestein", "999901771", "0687654321", "8765", "999903123", "ansen") if word in text}


def test_a_portal_may_have_its_own_name_dialect_and_columns(delivery: Delivery) -> None:
    small, _ = delivery
    configure(
        small,
        'samen,utf-8,;,",",,xlsx',
        portals="portal,creditor_column\nsamen,Partij\n",
        column_aliases="creditor,alias,column\nsamen,Openstaand,bedrag\n",
    )
    header = [name.replace("bedrag", "openstaand") for name in COLUMNS] + ["PARTIJ"]
    small.put(JAN, "signals/samen.xlsx", workbook([header, [*cells(JAN, 1), "wit"], [*cells(JAN, 2), "rood"]]))
    # It is no portal here.
    small.put(JAN, "signals/portaal.csv", portal_text((signal(JAN, 1), "wit")))
    stepping.receive(JAN)
    assert sorted(drops(delivery)) == [
        ("portaal", 1, "rejected", 1, 0),
        ("rood", 1, "accepted", 1, 1),
        ("wit", 1, "accepted", 1, 1),
    ]
    assert found(delivery, "extra_columns") == [("portaal", f"{A}/{JAN}/signals/portaal.csv")]


def test_a_portal_file_that_names_nobody_is_rejected_and_read_when_that_is_put_right(delivery: Delivery) -> None:
    small, here = delivery
    text = portal_text((signal(JAN, 1), "rood"), (signal(JAN, 2), "wit")).replace("Crediteur", "Partij")
    small.put(JAN, "signals/portaal.csv", text)
    stepping.receive(JAN)
    assert drops(delivery) == [("portaal", 1, "rejected", 2, 0)]
    assert {rule for (rule,) in rows(here, "select rule from quality.finding")} == {"columns_missing"}
    configure(small, column_aliases="creditor,alias,column\nportaal,partij,crediteur\n")
    stepping.receive(JAN)
    assert drops(delivery) == [("rood", 1, "accepted", 1, 1), ("wit", 1, "accepted", 1, 1)]


@pytest.mark.parametrize("creditor", ["blauw", "wit"], ids=["creditor_first", "portal_first"])
def test_the_bytes_of_a_portal_that_a_creditor_sends_as_well_are_one_drop(delivery: Delivery, creditor: str) -> None:
    small, _ = delivery
    text = portal_text((signal(JAN, 1), creditor))
    small.put(JAN, "signals/portaal.csv", text)
    small.put(JAN, f"signals/{creditor}.csv", text)
    for _ in range(2):
        stepping.receive(JAN)
        assert drops(delivery) == [(creditor, 1, "accepted", 1, 1)]
    assert intake.receive(Month.parse(JAN)) == {"new": 0, "known": 2}
    assert len(found(delivery, "duplicate_delivery")) == 1


# -- once more


def test_the_same_bytes_under_another_name_are_told_and_not_taken_again(delivery: Delivery) -> None:
    small, _ = delivery
    small.signals(JAN, "rood", signal(JAN, 1))
    stepping.receive(JAN)
    assert found(delivery, "duplicate_delivery") == []
    small.signals(JAN, "rood.2", signal(JAN, 1))
    for _ in range(2):
        stepping.receive(JAN)
        assert found(delivery, "duplicate_delivery") == [("rood", f"{A}/{JAN}/signals/rood.csv")]
    assert drops(delivery) == [("rood", 1, "accepted", 1, 1)]


def news() -> list[str]:
    return [str(month) for month in intake.months_with_news()]


def age(file: Path, seconds: int) -> None:
    """As if it was written so long ago."""
    os.utime(file, (time.time() - seconds,) * 2)


def test_the_same_bytes_under_another_name_are_news_once(delivery: Delivery) -> None:
    small, _ = delivery
    small.signals(JAN, "rood", signal(JAN, 1))
    stepping.receive(JAN)
    small.signals(JAN, "rood.2", signal(JAN, 1))
    for name in ("rood", "rood.2"):
        age(small.landing / A / JAN / "signals" / f"{name}.csv", 3600)
    assert news() == [JAN]
    stepping.receive(JAN)
    assert news() == []


def test_a_corrected_file_is_news_even_if_it_was_written_before_the_first_was_received(delivery: Delivery) -> None:
    small, _ = delivery
    file = small.landing / A / JAN / "signals" / "rood.csv"
    small.signals(JAN, "rood", signal(JAN, 1))
    age(file, 3600)
    stepping.receive(JAN)
    assert news() == []
    small.signals(JAN, "rood", signal(JAN, 1), signal(JAN, 2))
    age(file, 3600 + 5)
    assert news() == [JAN]


def test_a_month_of_which_a_drop_was_never_judged_is_news(delivery: Delivery) -> None:
    small, _ = delivery
    small.signals(JAN, "rood", signal(JAN, 1))
    age(small.landing / A / JAN / "signals" / "rood.csv", 3600)
    intake.receive(Month.parse(JAN))
    assert news() == [JAN]
    door.judge(Month.parse(JAN))
    assert news() == []


def test_a_file_that_is_being_written_waits_for_the_next_look(delivery: Delivery) -> None:
    small, _ = delivery
    for creditor, seconds in (("rood", 3600), ("wit", 5)):
        small.signals(JAN, creditor, signal(JAN, 1))
        age(small.landing / A / JAN / "signals" / f"{creditor}.csv", seconds)
    intake.receive(Month.parse(JAN), settled_only=True)
    assert [drop[0] for drop in drops(delivery)] == ["rood"]
    intake.receive(Month.parse(JAN))
    assert [drop[0] for drop in drops(delivery)] == ["rood", "wit"]


# -- what senders may not reach


def test_a_link_is_followed_within_its_folder_only(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(FEB, "wit", signal(FEB, 1))
    small.signals(JAN, "rood", signal(JAN, 1))
    folder = small.landing / A / JAN / "signals"
    (folder / "wit.csv").symlink_to(small.landing / A / FEB / "signals" / "wit.csv")
    (folder / "blauw.csv").symlink_to(folder / "rood.csv")
    assert landing.unrecognised(here, Month.parse(JAN)) == [f"{A}/{JAN}/signals/wit.csv"]
    stepping.receive(JAN)
    assert [drop[0] for drop in drops(delivery)] == ["blauw", "rood"]


def test_no_cell_that_is_handed_out_is_a_formula(tmp_path: Path) -> None:
    given = ["=1+1", "+31 6", "-a", "@x", "\tx", "\r=x", "-5,00", "+31612345678", "-1", "1.234,50", "a=b", "", None, -5]
    write_csv(tmp_path / "x.csv", ["a"], [given])
    written = (tmp_path / "x.csv").read_text(encoding="utf-8")
    assert written == ("a\n'=1+1;'+31 6;'-a;'@x;'\tx;\"'\n=x\";-5,00;+31612345678;-1;1.234,50;a=b;;;-5\n")


def test_few_and_short_names_of_columns_are_kept(delivery: Delivery) -> None:
    small, here = delivery
    extra = [f"kolom{n}" for n in range(30)] + ["x" * 500, "\x1b[31mrood"]
    header = ";".join([*extra[-2:], SIGNAL_COLUMNS, *extra[:-2]])
    small.put(JAN, "signals/rood.csv", f"{header}\n;;{signal(JAN, 1)}{';' * 30}\n")
    stepping.receive(JAN)
    ((names,),) = rows(here, "select extra_columns from raw.drop_ledger")
    assert names[:3] == ["x" * 60, "[31mrood", "kolom0"]
    assert names[-1] == "(en nog 12)"
    assert len(names) == 21


def test_judging_tells_of_all_drops_of_a_portal(delivery: Delivery) -> None:
    small, _ = delivery
    small.put(JAN, "signals/portaal.csv", portal_text((signal(JAN, 1), "rood"), (signal(JAN, 2), "weg")))
    intake.receive(Month.parse(JAN))
    totals = door.judge(Month.parse(JAN))
    assert totals == {"drops": 2, "rejected_drops": 1, "accepted": 1, "quarantined": 0, "rejected": 1}


# -- what is put right in the configuration afterwards


def test_a_file_is_read_anew_when_its_dialect_changes(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1, "176.93"), signal(JAN, 2, "80"))
    stepping.receive(JAN)
    assert drops(delivery) == [("rood", 1, "accepted", 2, 1)]
    configure(small, "rood,utf-8,;,.,,csv")
    stepping.receive(JAN)
    assert drops(delivery) == [("rood", 1, "accepted", 2, 2)]
    assert rows(here, "select bedrag::text from quality.accepted_signals order by line_no") == [("176.93",), ("80",)]


def test_a_dialect_of_now_does_not_undo_what_could_be_read_or_was_decided(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1, "1234"))
    small.signals(FEB, "rood", signal(FEB, 1, "1.234"))
    configure(small, 'rood,utf-8,;,",",.,csv')
    for month in (JAN, FEB):
        stepping.receive(month)
    with warehouse.connect(here, "owner") as connection:
        connection.execute(
            "insert into decision.approval values (%s, %s, now(), 'x', false)", [A, Month.parse(FEB).first_day]
        )
    before = drops(delivery), rows(here, "select * from quality.accepted_signals order by drop_id")
    # With commas between its fields the file of January has no columns; that of February would read as 1,234.
    for dialect in ('rood,utf-8,",",.,,csv', "rood,utf-8,;,.,,csv"):
        configure(small, dialect)
        for month in (JAN, FEB):
            stepping.receive(month)
        assert (drops(delivery), rows(here, "select * from quality.accepted_signals order by drop_id")) == before


def test_a_file_is_read_anew_when_its_aliases_change(delivery: Delivery) -> None:
    small, here = delivery
    text = f"{SIGNAL_COLUMNS};mail\n{signal(JAN, 1)};a@b.example\n".replace(";email;", ";x;")
    small.put(JAN, "signals/rood.csv", text)
    stepping.receive(JAN)
    assert rows(here, "select email from raw.signals") == [(None,)]
    configure(small, column_aliases="creditor,alias,column\nrood,mail,email\n")
    stepping.receive(JAN)
    assert rows(here, "select email from raw.signals") == [("a@b.example",)]


def test_a_portal_is_read_anew_when_a_creditor_enters_the_register(delivery: Delivery) -> None:
    small, here = delivery
    named = [(signal(JAN, 1), "rood"), (signal(JAN, 2), "Nieuwe partij"), (signal(JAN, 3), "weg"), (signal(JAN, 4), "")]
    small.put(JAN, "signals/portaal.csv", portal_text(*named))
    stepping.receive(JAN)
    assert {drop[0]: drop[2:] for drop in drops(delivery)} == {
        "rood": ("accepted", 1, 1),
        # The new party, one that is gone, and nobody.
        "onbekend": ("rejected", 3, 0),
    }
    of_rood = rows(here, "select drop_id from raw.drop_ledger where creditor = 'rood'")
    for name, row in (("creditors", "np,Nieuwe partij,rent,"), ("agreements", f"{A},np,2020-01-01,")):
        with (small.config / f"{name}.csv").open("a") as file:
            file.write(f"{row}\n")
    stepping.receive(JAN)
    assert {drop[0]: drop[2:] for drop in drops(delivery)} == {
        "rood": ("accepted", 1, 1),
        "np": ("accepted", 1, 1),
        "onbekend": ("rejected", 2, 0),
    }
    assert rows(here, "select drop_id from raw.drop_ledger where creditor = 'rood'") == of_rood
    assert len(rows(here, "select 1 from raw.signals")) == 4
    assert intake.receive(Month.parse(JAN)) == {"new": 0, "known": 1}


def test_a_row_released_in_a_portal_that_no_longer_names_its_creditor_is_kept_on_record(delivery: Delivery) -> None:
    small, here = delivery
    small.put(JAN, "signals/portaal.csv", portal_text((signal(JAN, 1), "rood"), (signal(JAN, 2, "17693"), "wit")))
    stepping.receive(JAN)
    release.release(release.Wanted(A, Month.parse(JAN), "wit", "s2"), "A. de Vries", "gebeld")
    configure(small, portals="portal,creditor_column\n", column_aliases="creditor,alias,column\nportaal,x,bedrag\n")
    stepping.receive(JAN)
    assert sorted(drops(delivery)) == [("portaal", 1, "rejected", 2, 0), ("wit", 1, "rejected", 0, 0)]
    assert len(rows(here, "select 1 from quality.release")) == 1


@pytest.mark.parametrize(
    ("name", "kept"),
    [('12""', '12""'), ('a"b', 'a"b'), ('"a""b"', 'a"b'), ('"a;b"', "a;b"), ('"""a"', '"a')],
)
def test_quotation_marks_are_read_alike_whether_or_not_the_file_goes_straight(
    delivery: Delivery, name: str, kept: str
) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1, achternaam=name))
    stepping.receive(JAN)
    assert rows(here, "select achternaam from raw.signals") == [(kept,)]


def test_quotation_marks_do_not_join_two_fields(delivery: Delivery) -> None:
    small, here = delivery
    small.signals(JAN, "rood", signal(JAN, 1), signal(JAN, 2, achternaam='Jan";"Piet'))
    stepping.receive(JAN)
    assert [drop[2] for drop in drops(delivery)] == ["rejected"]
    ((why,),) = rows(here, "select unreadable from raw.drop_ledger")
    assert why.startswith("regel 3: een aanhalingsteken dat niet wordt gesloten")


def test_a_utf_16_file_is_read_where_that_is_declared_and_refused_without_its_mark(delivery: Delivery) -> None:
    small, here = delivery
    configure(small, 'rood,utf-16,;,",",,csv', 'wit,utf-16,;,",",,csv')
    text = f"{SIGNAL_COLUMNS}\n{signal(JAN, 1)}\n"
    small.put(JAN, "signals/rood.csv", text.encode("utf-16"))
    small.put(JAN, "signals/wit.csv", text.encode("utf-16-le"))
    stepping.receive(JAN)
    assert drops(delivery) == [("rood", 1, "accepted", 1, 1), ("wit", 1, "rejected", 0, 0)]
    ((why,),) = rows(here, "select unreadable from raw.drop_ledger where creditor = 'wit'")
    assert why.startswith("regel 1: geen utf-16 (er staat geen byte order mark)")


def test_what_is_no_text_is_told_with_its_own_line(delivery: Delivery) -> None:
    small, here = delivery
    lines = [SIGNAL_COLUMNS, *(signal(JAN, n) for n in range(1, 400))]
    data = "\n".join(lines).encode().replace(b"Proef;", b"Pro\xe9f;")
    whole = "\n".join([*lines[:300], "stand-in"]).encode()
    small.put(JAN, "signals/rood.csv", data)
    small.put(JAN, "signals/wit.csv", whole.replace(b"stand-in", b"\xe9"))
    stepping.receive(JAN)
    told = dict(rows(here, "select creditor, unreadable from raw.drop_ledger"))
    assert told["rood"].startswith("regel 2: geen tekst in de codering utf-8; het bestand lijkt Windows-1252")
    assert told["wit"].startswith("regel 301: geen tekst in de codering utf-8")


def test_going_back_to_the_bytes_of_an_earlier_delivery_is_told(delivery: Delivery) -> None:
    small, _ = delivery
    small.signals(JAN, "rood", signal(JAN, 1))
    small.signals(JAN, "rood.2", signal(JAN, 2))
    small.signals(JAN, "rood.3", signal(JAN, 1))
    stepping.receive(JAN)
    # The same drop twice changes nothing; its sender may think otherwise.
    assert [drop[1:3] for drop in drops(delivery)] == [(1, "superseded"), (2, "accepted")]
    outbox.hand_out(Month.parse(JAN))
    told = notices(delivery[1], "meldingen/rood.csv")
    assert [(row["bestand"], row["regel_naam"]) for row in told] == [
        (f"{A}/{JAN}/signals/rood.2.csv", "duplicate_delivery")
    ]
