"""An erasure comes to its end whatever breaks: in files, after a restored backup, and of what waits to be judged."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psycopg
import pytest
import stepping
from conftest import Delivery, forget_everything, rows
from oracle.small_landing import DEC, JAN, A, Small
from test_erasing import BSN, NUMBER, PERSON, POSTCODE, SIGNALS, everything, files_with_marks, marks_in, of_canary
from test_erasing import of_other as other_home
from typer.testing import CliRunner
from upath import UPath

from vroegsignaal import door, erasing, health, intake, transform, warehouse
from vroegsignaal.cli import app
from vroegsignaal.erasing import Person
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

ROOD = "\n".join([SIGNALS, of_canary(DEC, "rood"), other_home(DEC, 1), other_home(DEC, 2)]) + "\n"
BLAUW = "\n".join([SIGNALS, of_canary(DEC, "blauw"), other_home(DEC, 1)]) + "\n"
WIT = "\n".join([SIGNALS, other_home(DEC, 1), other_home(DEC, 3)]) + "\n"
STANDING = "select creditor, status, rows_read, rows_accepted, rows_quarantined from raw.drop_ledger order by creditor"


def deliver(small: Small) -> None:
    small.put(DEC, "signals/rood.csv", ROOD)
    small.put(DEC, "signals/blauw.csv", BLAUW)
    small.put(DEC, "signals/wit.csv", WIT)


def lying(small: Small) -> set[str]:
    return {str(path.relative_to(small.landing)) for path in small.landing.rglob("*") if path.is_file()}


def proofs(here: Settings) -> list[Path]:
    return sorted(here.out.glob("**/gewist/*.json"))


# -- what breaks off


def stuck(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Make a file one that cannot be removed."""
    unlink: Callable[..., None] = type(UPath("/")).unlink

    def refusing(path: Path, *given: object, **by_name: object) -> None:
        if str(path).endswith(name):
            raise OSError(30, "Read-only file system")
        unlink(path, *given, **by_name)

    monkeypatch.setattr(type(UPath("/")), "unlink", refusing)


def test_an_erasure_that_breaks_off_at_a_file_is_told_of_and_gone_on_with(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    with monkeypatch.context() as patch:
        stuck(patch, "signals/blauw.csv")
        for _ in range(2):
            # The others went, and the same request once more says the same.
            with pytest.raises(PlatformError, match=rf"landing/{A}/{DEC}/signals/blauw\.csv\."):
                erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
            assert lying(small) == {f"{A}/{DEC}/signals/blauw.csv", f"{A}/{DEC}/signals/wit.csv"}
            assert (
                marks_in("\n".join(line for line in everything(here).splitlines() if "erasure_open" not in line))
                == set()
            )
            assert any("still to go: 1;" in told for told in health.look(here).complaints)
        with pytest.raises(PlatformError, match=r"blauw\.csv"):
            erasing.purge(here, date(2022, 1, 1), "nacht")
    erasing.purge(here, date(2022, 1, 1), "nacht")
    assert lying(small) == {f"{A}/{DEC}/signals/wit.csv"}
    assert not any("erasures" in told for told in health.look(here).complaints)
    (proof,) = proofs(here)
    assert json.loads(proof.read_text())["door"] == "A. de Vries"


def test_the_same_request_finishes_what_broke_off(delivery: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    with monkeypatch.context() as patch:
        patch.setattr(erasing.files, "remove", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
    assert "Proof: " in erasing.erase(here, PERSON, "A. de Vries", "verzoek 12").told()
    assert files_with_marks(small.landing, here.out) == set()
    assert len(proofs(here)) == 1


def test_what_was_delivered_since_in_the_place_of_a_file_stays(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    with monkeypatch.context() as patch:
        stuck(patch, "signals/blauw.csv")
        with pytest.raises(PlatformError):
            erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
    small.put(DEC, "signals/blauw.csv", WIT)
    erasing.purge(here, date(2022, 1, 1), "nacht")
    assert lying(small) == {f"{A}/{DEC}/signals/blauw.csv", f"{A}/{DEC}/signals/wit.csv"}


def test_of_an_erasure_that_did_not_happen_there_is_no_proof(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_apply", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
    assert proofs(here) == []
    assert rows(here, "select 1 from quality.erasure") == []
    assert f"{A}/{DEC}/signals/rood.csv" in lying(small)


def test_while_rows_are_erased_nothing_is_derived_or_received(delivery: Delivery) -> None:
    _, here = delivery
    with erasing._erasing(here), warehouse.open_connection(here, "loader") as other:
        for lock in ("publish", "receive"):
            assert other.execute(f"select pg_try_advisory_lock(hashtext('vroegsignaal {lock}'))").fetchone() == (False,)


# -- what was not received or judged yet


def test_what_waits_to_be_judged_is_judged_first_and_stays_news_for_the_flows(delivery: Delivery) -> None:
    small, here = delivery
    deliver(small)
    month = Month.parse(DEC)
    intake.receive(month)
    erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
    assert marks_in(everything(here)) == set()
    assert intake.months_with_news() == [month]
    door.judge(month)
    assert rows(here, STANDING) == [
        ("blauw", "accepted", 2, 2, 0),
        ("rood", "accepted", 3, 3, 0),
        ("wit", "accepted", 2, 2, 0),
    ]
    assert intake.months_with_news() == []


def test_what_was_read_anew_is_judged_before_it_is_erased(delivery: Delivery) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    # Now it can be read no more as it was: a row of more fields.
    small.put(DEC, "signals/rood.csv", ROOD.replace(";", ","))
    stepping.receive(DEC)
    (small.config / "dialects.csv").write_text(
        'creditor,encoding,delimiter,decimal_separator,thousands_separator,format\nrood,utf-8,",",.,,csv\n'
    )
    intake.receive(Month.parse(DEC))
    erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
    door.judge(Month.parse(DEC))
    assert marks_in(everything(here)) == set()
    assert ("rood", "accepted", 3, 3, 0) in rows(here, STANDING)


def test_deliveries_with_rows_of_others_are_received_and_stay(delivery: Delivery) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    # Not received yet: neighbours with the same postcode; and a newer delivery in the place of one with the household.
    neighbour = of_canary(JAN, "wit").replace(f";{NUMBER};", ";5;").replace("Kanariestein", "Buur").replace(BSN, "")
    small.put(JAN, "signals/wit.csv", f"{SIGNALS}\n{neighbour}\n{other_home(JAN, 1)}\n")
    small.put(DEC, "signals/rood.csv", WIT)
    # And what cannot be read: of neighbours, of the household.
    small.put(JAN, "signals/rood.csv", f"{SIGNALS}\n{neighbour};te;veel\n")
    small.put(JAN, "signals/blauw.csv", f"{SIGNALS}\n{of_canary(JAN, 'blauw')};te;veel\n")
    told = erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
    assert set(told.files) - {f"out/{A}/{DEC}/mail/gemeente.eml"} == {
        f"landing/{A}/{DEC}/signals/blauw.csv",
        f"landing/{A}/{JAN}/signals/blauw.csv",
    }
    assert lying(small) == {
        f"{A}/{DEC}/signals/rood.csv",
        f"{A}/{DEC}/signals/wit.csv",
        f"{A}/{JAN}/signals/rood.csv",
        f"{A}/{JAN}/signals/wit.csv",
    }
    # Received, and still to be gone on with by the flows.
    assert rows(here, "select count(*) from raw.signals where achternaam = 'Buur'") == [(1,)]
    assert Month.parse(JAN) in {Month.of(day) for (day,) in rows(here, "select signal_month from raw.drop_ledger where"
                                                                 " awaits_judgement")}  # fmt: skip


# -- after a restored backup


def test_after_a_backup_the_same_rows_are_erased_whatever_their_numbers_are_now(delivery: Delivery) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
    # The backup is of before the first delivery; afterwards they come in another order, one by one.
    forget_everything(here)
    stepping.receive(DEC)
    small.put(DEC, "signals/rood.csv", ROOD)
    stepping.receive(DEC)
    assert "Kanariestein" in everything(here)
    (again,) = erasing.erase_again(here)
    assert [path.stem for path in proofs(here)] == [again]
    # Of the others nothing went, whose drops have the numbers now.
    names = "select creditor, count(*) filter (where not erased) from raw.signals inner join raw.drop_ledger"
    assert rows(here, f"{names} using (drop_id) group by 1 order by 1") == [("rood", 2), ("wit", 2)]
    assert lying(small) == {f"{A}/{DEC}/signals/wit.csv"}
    # What is delivered only now is erased as it comes in; the rows of others in it are kept and counted.
    small.put(DEC, "signals/blauw.csv", BLAUW)
    stepping.receive(DEC)
    assert marks_in(everything(here)) == set()
    assert rows(here, f"{names} using (drop_id) group by 1 order by 1") == [("blauw", 1), ("rood", 2), ("wit", 2)]
    assert rows(here, STANDING)[0] == ("blauw", "accepted", 2, 2, 0)
    # An address that was erased is another household when it comes again, and erased as well.
    assert rows(here, "select count(*) from vault.household where erased_at is not null") == [(2,)]
    erasing.purge(here, date(2022, 1, 1), "nacht")
    assert lying(small) == {f"{A}/{DEC}/signals/wit.csv"}
    assert erasing.erase_again(here) == []


@pytest.mark.usefixtures("delivery")
def test_without_proofs_nothing_is_said_to_be_erased_again() -> None:
    done = CliRunner().invoke(app, ["purge", "--restored"])
    assert isinstance(done.exception, PlatformError)
    assert (done.exception.exit_code, "there is no proof" in str(done.exception)) == (1, True)


# -- what is typed


def test_a_request_about_nobody_is_refused_and_leaves_no_proof(delivery: Delivery) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    for bsn in ("9999.01.771", "999 901 771", "999901772", ""):
        with pytest.raises(UsageError, match="not a citizen service number"):
            erasing.erase(here, Person(A, bsn=bsn), "A. de Vries", "verzoek 12")
        with pytest.raises(UsageError, match="not a citizen service number"):
            erasing.held(here, Person(A, bsn=bsn))
    for code in ("9999", "../../x"):
        with pytest.raises(UsageError, match=r"no such code in municipalities\.csv"):
            erasing.erase(here, Person(code, bsn=BSN), "A. de Vries", "verzoek 12")
    with pytest.raises(PlatformError, match="nothing is held") as refused:
        erasing.erase(here, Person(A, postcode=POSTCODE, number=NUMBER, letter="A"), "A. de Vries", "verzoek 12")
    assert refused.value.exit_code == 1
    assert proofs(here) == []
    assert rows(here, "select 1 from quality.erasure") == []
    # As in a delivery spaces around it do not count.
    assert erasing.erase(here, Person(A, bsn=f" {BSN}"), "A. de Vries", "verzoek 12").counts == {"signals": 2}


# -- files that nobody expects


def stray(small: Small, here: Settings) -> None:
    """Copies of deliveries and lists, in places and under names of people's own."""
    for path in ("signals/Kopie van rood.csv", "signals/rood.2.csv", "signals/oud/rood.csv", "rood.txt"):
        small.put(DEC, path, ROOD)
    small.put("archief", "2021/rood.csv", ROOD)
    small.put("archief", "notities.txt", f"gebeld met {POSTCODE.lower()[:4]} {POSTCODE[4:]} nr {NUMBER}\n")
    small.put(DEC, "signals/rood.csv.gz", gzip.compress(ROOD.encode()))
    for name in ("looplijst - kopie.csv", ".looplijst.csv.4711.new", "mail/rood.eml", "mail/oud/rood.eml"):
        path = here.out / A / DEC / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ROOD)
    (here.out / A / DEC / "manifest.json").write_text("{}")


def test_copies_go_as_well_and_what_cannot_be_looked_into_is_told(delivery: Delivery) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    stray(small, here)
    told = erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
    assert files_with_marks(small.landing, here.out) == set()
    assert told.unclear == [f"landing/{A}/{DEC}/signals/rood.csv.gz"]
    assert f"  landing/{A}/{DEC}/signals/rood.csv.gz" in told.told()
    assert (here.out / A / DEC / "manifest.json").exists()
    # Names that nobody agreed on are counted only: they may be those of persons.
    proof = json.loads(told.proof.read_text())
    assert f"landing/{A}/{DEC}/signals/rood.csv" in proof["bestanden"]
    assert not any("oud" in name or "notities" in name for name in proof["bestanden"])
    assert "9 with another name" in proof["bestanden"]
    assert proof["niet_beoordeeld"] == ["1 with another name"]


def test_what_lies_there_again_goes_with_the_next_purge(delivery: Delivery) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
    small.put(DEC, "signals/rood.csv", ROOD)
    small.put(DEC, "signals/rood.2.csv", ROOD)
    stepping.receive(DEC)
    erasing.purge(here, date(2022, 1, 1), "nacht")
    assert lying(small) == {f"{A}/{DEC}/signals/wit.csv"}


def test_past_their_term_all_files_of_a_month_go_and_those_of_no_month_are_told(delivery: Delivery) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    stray(small, here)
    (told,) = [each for each in erasing.purge(here, date(2030, 1, 1), "nacht") if each.municipality == A]
    assert lying(small) == {f"{A}/archief/notities.txt"}
    assert told.unclear == [f"landing/{A}/archief/notities.txt"]
    assert [path.name for path in (here.out / A / DEC).rglob("*") if path.is_file()] == ["manifest.json"]


def test_a_workbook_names_somebody_by_postcode_and_number_together() -> None:
    sought = erasing.files.Sought(None, "1234ab", 12)
    assert sought.is_in("x;1234 AB;12;y")
    assert not sought.is_in("x;1234AB;112;y\nx;1235AB;12;y")
    assert list(erasing.files._texts("1234AB;12".encode("utf-16"))) == ["1234AB;12"]
    assert list(erasing.files._texts(b"\x1f\x8b\x00")) == [None]


# -- what others read


def test_tables_are_made_anew_as_of_the_month_that_was_evaluated_and_not_by_a_dry_run(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, here = delivery
    deliver(small)
    stepping.receive(DEC)
    made = []
    monkeypatch.setattr(
        transform,
        "run_dbt",
        lambda _here, month, layer, *_, as_of, **_share: made.append((layer, str(month), str(as_of))),
    )
    with psycopg.connect(warehouse.uri(here)) as connection:
        connection.execute(f"insert into decision.derived values ('{DEC}-01'), ('{JAN}-01')")
        connection.execute("create table mart.evaluation_periods as select date '2021-12-01' as as_of")
        connection.execute("grant select on mart.evaluation_periods to transformer")
    try:
        erasing.erase(here, PERSON, "", "", dry_run=True)
        erasing.purge(here, date(2022, 1, 1), "", dry_run=True)
        assert made == []
        erasing.erase(here, PERSON, "A. de Vries", "verzoek 12")
        assert made == [("mart", JAN, DEC)]
        # Terms count from all that is known.
        erasing.purge(here, date(2022, 1, 1), "nacht")
        assert made[1:] == [("evaluation", JAN, JAN), ("mart", JAN, DEC)]
    finally:
        with psycopg.connect(warehouse.uri(here)) as connection:
            connection.execute("drop table mart.evaluation_periods")
