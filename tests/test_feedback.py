"""The feedback: every status once, corrections marked, and nothing that a creditor may not know."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import stepping
from aiosmtpd.controller import Controller
from conftest import places, platform, rows
from evaluating import INFORMED, REFERRED, SELF, case, register
from oracle.small_landing import DEC, FEB, JAN, MAR, A, Small, signal
from test_alerts import Postbox, small_town, text

from vroegsignaal import configuration, erasing, warehouse
from vroegsignaal.configuration.files import read
from vroegsignaal.configuration.references import GENERAL
from vroegsignaal.configuration.tables import TABLES
from vroegsignaal.embedded import free_port
from vroegsignaal.erasing import Person
from vroegsignaal.months import Month
from vroegsignaal.outbox import feedback
from vroegsignaal.settings import Settings

MONTHS = (DEC, JAN, FEB, MAR)
MARTS = ("feedback_by_month", "signals_by_month_creditor")
OPEN, PICKED_UP, KNOWN = "Nog niet opgepakt", "Opgepakt", "Inwoner al bekend bij schuldhulpverlening"
DECEASED, GONE = "Inwoner is overleden", "Persoon is geen inwoner (meer) in de gemeente"
REPEATED, UNJUST = "Niet opgepakt: herhaalde melding", "Niet opgepakt: onterecht signaal"
ALONE = "Inwoner regelt het zelf/hoeft geen hulp vanuit vroegsignalering"
ADVISED, HELPED = "(Budget)advies en/of quick fix", "Vervolghulp en/of verwijzing"
NATIONAL_OUTCOMES = {
    ADVISED, "Definitief geen contact kunnen krijgen", "Geen reactie na eerder contact", KNOWN,
    "Inwoner heeft al een ander lopend traject", "Inwoner heeft zelf al betaald/betalingsregeling getroffen", DECEASED,
    ALONE, GENERAL, REPEATED, UNJUST, GONE, HELPED, f"{HELPED} financieel", f"{HELPED} niet financieel",
    "Verwijzing zonder tussenkomst inwoner",
}  # fmt: skip
NATIONAL_STATUSES = {OPEN, PICKED_UP, KNOWN, DECEASED, GONE, REPEATED, UNJUST, GENERAL}
EVERY_STATUS = "select * from decision.feedback order by municipality_code, creditor, signal_month, signal_id, turn"


def deliver(small: Small) -> None:
    """Two visits a month. Of 1 comes help, of 2 an outcome that is corrected; 3 has no place.

    4 owes less than the threshold and 5 has one creditor; 7 is in debt help until February; at 8 nobody lives any more,
    and 9 is no known address.
    """
    small.residents(DEC, "1", "2", "3", "4", "5", "7", "8/overleden")
    small.debt_help(DEC, "7;2021-01-01;")
    small.signals(
        DEC, "rood", signal(DEC, 1, "300"), signal(DEC, 2, "200"), signal(DEC, 3), signal(DEC, 4, "49"),
        signal(DEC, 5), signal(DEC, 7), signal(DEC, 8), signal(DEC, 9),
    )  # fmt: skip
    small.signals(
        DEC, "wit", signal(DEC, 1, "300", klantnummer="=1+2"), signal(DEC, 2, "200"), signal(DEC, 3),
        signal(DEC, 7), signal(DEC, 8), signal(DEC, 9),
    )  # fmt: skip
    small.signals(JAN, "rood", signal(JAN, 1, "300", signaal_id="s10", ontstaansdatum="2021-12-01"))
    small.signals(JAN, "wit", signal(JAN, 1, "301", signaal_id="s10", ontstaansdatum="2021-12-01"))
    small.put(JAN, "signals/rood.intrekking.csv", "signaal_id;reden;datum\ns5;betaald;2022-01-05\n")
    register(small, JAN, [case(1, 1, DEC, "2021-12-28")])
    first = {"resultaat": REFERRED, "afgesloten_op": "2022-02-10"}
    second = {"resultaat": SELF, "afgesloten_op": "2022-02-01"}
    register(
        small, FEB, [case(1, 1, DEC, "2021-12-28", **first), case(2, 2, DEC, "2021-12-28", **second)],
        help=["d1;Humanitas;vrijwillig;2022-02-10;;"],
    )  # fmt: skip
    small.debt_help(FEB, "7;2021-01-01;2022-02-01")
    register(
        small, MAR, [case(2, 2, DEC, "2021-12-28", **second | {"resultaat": INFORMED})],
        help=["d1;Humanitas;vrijwillig;2022-02-10;2022-03-10;j"],
    )  # fmt: skip


def handed_out(here: Settings, month: str) -> dict[str, list[tuple]]:
    """Per creditor what its file of the month tells: all but the customer's number."""
    told = {}
    for path in sorted((here.out / A / month / feedback.FOLDER).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, delimiter=";")
            assert tuple(next(reader)) == feedback.HEADER
            told[path.stem] = [(row[0], *row[2:]) for row in reader]
    return told


@dataclass
class Year:
    """What was handed out in each month, as bytes too, and by the second run of months; the ledger before and after."""

    here: Settings
    small: Small
    told: dict[str, dict[str, list[tuple]]] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    mails: dict[str, dict[str, str]] = field(default_factory=dict)
    mailed_again: int = 0
    again: dict[str, dict[str, bytes]] = field(default_factory=dict)
    ledger: list[tuple] = field(default_factory=list)
    ledger_again: list[tuple] = field(default_factory=list)


def tell_and_write(here: Settings, month: str) -> int:
    """What handing out does about feedback: of how many signals something is told."""
    told = feedback.tell(here, Month.parse(month))
    feedback.write(here, A, Month.parse(month), here.out / A / month)
    return told


def files_of(here: Settings, month: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (here.out / A / month / feedback.FOLDER).glob("*")}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Year]:
    """The months in order; then all of them once more, as when somebody has an earlier month run again."""
    small, box = small_town(tmp_path_factory.mktemp("feedback")), Postbox()
    (small.config / "agreements.csv").write_text(
        "municipality_code,creditor,valid_from,valid_to\n9101,rood,2020-01-01,\n9101,wit,2020-01-01,\n"
    )
    (small.config / "policy.csv").write_text(
        "municipality_code,valid_from,parameter,sector,value\n9101,2020-01-01,capacity,,2\n"
    )
    deliver(small)
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        with platform(new_home(), **places(small), SMTP=f"smtp://127.0.0.1:{controller.port}") as here:
            seen = Year(here, small)
            for month in MONTHS:
                stepping.receive(month)
                stepping.decide(month)
                box.take()
                stepping.publish(month, MARTS)
                seen.mails[month] = {address: text(message) for address, message in box.take().items()}
                seen.told[month], seen.files[month] = handed_out(here, month), files_of(here, month)
            seen.ledger = rows(here, EVERY_STATUS)
            stepping.decide(DEC)
            stepping.publish(DEC, MARTS)
            for month in (JAN, FEB, MAR):
                tell_and_write(here, month)
            seen.mailed_again = len(box.received)
            seen.again = {month: files_of(here, month) for month in MONTHS}
            seen.ledger_again = rows(here, EVERY_STATUS)
            yield seen
    finally:
        controller.stop()


def test_the_first_month_tells_of_every_signal(year: Year) -> None:
    day = "2021-12-25"
    assert year.told[DEC] == {
        "rood": [
            ("s1", DEC, OPEN, "", day, "", "n"),
            ("s2", DEC, OPEN, "", day, "", "n"),
            ("s3", DEC, OPEN, "", day, "", "n"),
            ("s4", DEC, UNJUST, UNJUST, day, "", "n"),
            ("s5", DEC, OPEN, "", day, "", "n"),
            ("s7", DEC, KNOWN, KNOWN, day, "pauzeer", "n"),
            ("s8", DEC, DECEASED, DECEASED, day, "", "n"),
            ("s9", DEC, GONE, GONE, day, "", "n"),
        ],
        "wit": [
            ("s1", DEC, OPEN, "", day, "", "n"),
            ("s2", DEC, OPEN, "", day, "", "n"),
            ("s3", DEC, OPEN, "", day, "", "n"),
            ("s7", DEC, KNOWN, KNOWN, day, "pauzeer", "n"),
            ("s8", DEC, DECEASED, DECEASED, day, "", "n"),
            ("s9", DEC, GONE, GONE, day, "", "n"),
        ],
    }


def test_a_later_month_tells_only_what_is_new(year: Year) -> None:
    # Wit asks a euro more than what was picked up: that is no repetition, and something may still come of it.
    assert year.told[JAN] == {
        "rood": [
            ("s1", DEC, PICKED_UP, "", "2021-12-28", "", "n"),
            ("s5", DEC, GENERAL, GENERAL, "2022-01-05", "", "n"),
            ("s10", JAN, REPEATED, REPEATED, "2022-01-25", "", "n"),
        ],
        "wit": [
            ("s1", DEC, PICKED_UP, "", "2021-12-28", "", "n"),
            ("s10", JAN, OPEN, "", "2022-01-25", "", "n"),
        ],
    }


def test_collection_waits_while_help_runs_and_goes_on_when_it_has_ended(year: Year) -> None:
    of_both = [
        ("s1", DEC, PICKED_UP, HELPED, "2022-02-10", "pauzeer", "n"),
        ("s2", DEC, PICKED_UP, ALONE, "2022-02-01", "", "n"),
        ("s3", DEC, GENERAL, GENERAL, "2022-02-25", "", "n"),
        ("s7", DEC, KNOWN, KNOWN, "2021-12-25", "hervat", "n"),
    ]
    assert year.told[FEB] == {"rood": of_both, "wit": of_both}
    assert ("s1", DEC, PICKED_UP, HELPED, "2022-02-10", "hervat", "n") in year.told[MAR]["rood"]


def test_what_was_told_wrongly_is_a_correction(year: Year) -> None:
    corrected = ("s2", DEC, PICKED_UP, ADVISED, "2022-02-01", "", "j")
    assert corrected in year.told[MAR]["rood"]
    assert ("s10", JAN, GENERAL, GENERAL, "2022-03-25", "", "n") in year.told[MAR]["wit"]
    every = [row for month in year.told.values() for told in month.values() for row in told]
    assert [row for row in every if row[-1] == "j"] == [corrected, corrected]


def test_each_status_is_told_once(year: Year) -> None:
    for creditor in ("rood", "wit"):
        told = [row[:4] for month in MONTHS for row in year.told[month].get(creditor, []) if row[5] != "hervat"]
        assert len(told) == len(set(told))


def test_a_month_run_again_gives_the_same_file_and_tells_nobody_anything(year: Year) -> None:
    assert all(year.files[month] for month in MONTHS)
    assert year.again == year.files
    assert year.ledger_again == year.ledger
    assert year.mailed_again == 0


def test_every_accepted_signal_has_exactly_one_status_and_the_sums_agree(year: Year) -> None:
    accepted = rows(year.here, "select drop_id, line_no from quality.accepted_signals order by 1, 2")
    assert len(accepted) == 16
    assert rows(year.here, "select drop_id, line_no from core.signal_status order by 1, 2") == accepted
    assert {status for (status,) in rows(year.here, "select status from core.signal_status")} <= NATIONAL_STATUSES
    by_status = rows(
        year.here,
        "select signal_month, creditor, sector, sum(signals)::bigint from mart.feedback_by_month group by 1, 2, 3"
        " order by 1, 2",
    )
    assert by_status == rows(
        year.here,
        "select signal_month, creditor, sector, signals from mart.signals_by_month_creditor order by 1, 2",
    )


def test_the_mail_counts_and_says_where_the_file_is_without_a_word_of_anybody(year: Year) -> None:
    assert set(year.mails[DEC]) == {"signalen@rood.example", "signalen@wit.example"}
    told = year.mails[DEC]["signalen@rood.example"]
    for line in (
        "Geachte relatie bij Rood & Zn,", f"- {OPEN}: 4", f"- {KNOWN}: 1", "terugkoppeling/rood.csv",
        f"{A}/{DEC}", "de incasso te pauzeren bij 1:", "Vragen? Mail vroeg@aa.example.",
    ):  # fmt: skip
        assert line in told
    assert "correctie" not in told
    assert "Daarvan verbeteren er 1 wat" in year.mails[MAR]["signalen@rood.example"]
    assert "Bij 1 is die hulp voorbij" in year.mails[MAR]["signalen@rood.example"]
    for mail in (mail for month in year.mails.values() for mail in month.values()):
        assert not re.search(r"\bs\d|\bk\d|1234QQ|Proef", mail)


def test_a_number_that_would_be_a_formula_is_a_text(year: Year) -> None:
    assert b"s1;'=1+2;2021-12;" in year.files[DEC]["wit.csv"]


# -- what a creditor may be told


def test_nothing_tells_what_kind_of_help_somebody_has(year: Year) -> None:
    codes = read(year.here, TABLES["feedback_codes"])
    assert {row["code"] for row in codes if row["list"] == "outcome"} == NATIONAL_OUTCOMES
    assert {row["code"] for row in codes if row["list"] == "status"} == NATIONAL_STATUSES
    told_as = {row["code"]: row["told_as"] for row in codes if row["list"] == "outcome"}
    of_help = [f"{HELPED} financieel", f"{HELPED} niet financieel", "Verwijzing zonder tussenkomst inwoner"]
    of_help += ["Inwoner heeft al een ander lopend traject", HELPED]
    assert {told_as[code] for code in of_help} == {HELPED}
    assert {code for code, told in told_as.items() if told == HELPED} == set(of_help)
    assert all(row["why"] for row in codes)


HOSTILE = [
    # status, outcome, whether it has ended: what is told
    (PICKED_UP, f"{HELPED} niet financieel", True, (PICKED_UP, HELPED)),
    (PICKED_UP, "Inwoner heeft al een ander lopend traject", True, (PICKED_UP, HELPED)),
    (PICKED_UP, "opgenomen in een kliniek", True, (PICKED_UP, GENERAL)),
    (PICKED_UP, None, True, (PICKED_UP, GENERAL)),
    (PICKED_UP, "opgenomen in een kliniek", False, (PICKED_UP, "")),
    ("in detentie", "in detentie", True, (GENERAL, GENERAL)),
    ("in detentie", KNOWN, True, (GENERAL, GENERAL)),
    (GENERAL, "Inwoner heeft zelf al betaald/betalingsregeling getroffen", True, (GENERAL, GENERAL)),
    (GENERAL, DECEASED, True, (GENERAL, GENERAL)),
    (f"{GENERAL} (detentie)", DECEASED, True, (GENERAL, GENERAL)),
    (GENERAL.lower(), DECEASED, True, (GENERAL, GENERAL)),
]


@pytest.mark.parametrize(("status", "outcome", "is_ended", "told"), HOSTILE)
def test_what_is_not_listed_is_told_as_the_general_reason(
    year: Year, status: str, outcome: str | None, is_ended: bool, told: tuple[str, str]
) -> None:
    with changed(year.here, status=status, outcome=outcome, is_ended=is_ended):
        (of_rood,) = (row for row in handed_out(year.here, MAR)["rood"] if row[:2] == ("s4", DEC))
        assert of_rood[2:4] == told


def test_for_another_reason_nothing_tells_which(year: Year) -> None:
    seen = set()
    reasons = [row["reason"] for row in read(year.here, TABLES["signal_statuses"]) if row["status"] == GENERAL]
    assert len(reasons) > 8
    for reason in reasons:
        with changed(year.here, reason=reason, status=GENERAL, outcome="wat dan ook", is_ended=True):
            (file,) = (line for line in files_of(year.here, MAR)["rood.csv"].splitlines() if line.startswith(b"s4;"))
            seen.add(file)
    assert seen == {f"s4;k4;2021-12;{GENERAL};{GENERAL};2021-12-25;;j".encode()}


def test_a_tighter_list_alone_tells_nobody_anything_again(year: Year) -> None:
    own = year.small.config / "feedback_codes.csv"
    listed = (year.here.default_config / "feedback_codes.csv").read_text(encoding="utf-8")
    own.write_text("\n".join(line for line in listed.splitlines() if not line.startswith("status,Inwoner is over")))
    try:
        with warehouse.connect(year.here, "loader") as connection:
            assert configuration.load(year.here, connection)
        assert tell_and_write(year.here, MAR) == 0
    finally:
        own.unlink()
        with warehouse.connect(year.here, "loader") as connection:
            configuration.load(year.here, connection)


def test_a_row_of_another_creditor_is_in_no_file(year: Year) -> None:
    # As if the ledger mixed up two creditors.
    with forged(year.here, "update decision.feedback set creditor = 'wit' where creditor = 'rood' and turn = 1"
                " and signal_id in ('s4', 's5')"):  # fmt: skip
        told = handed_out(year.here, DEC)
        assert "s4" not in {row[0] for row in told["wit"]}
        assert b"k4" not in files_of(year.here, DEC)["wit.csv"]


def test_a_household_of_which_nothing_is_left_is_told_of_no_more(year: Year) -> None:
    person = Person(A, postcode="1234QQ", number=2)
    assert {row["told_status"] for row in erasing.held(year.here, person)["teruggekoppeld"]} == {OPEN, PICKED_UP}
    erasing.erase(year.here, person, "A. de Vries", "op verzoek")
    assert erasing.held(year.here, person)["teruggekoppeld"] == []
    for month in MONTHS:
        assert not any(row[0] == "s2" for told in handed_out(year.here, month).values() for row in told)
        assert handed_out(year.here, month) == {
            creditor: kept
            for creditor, told in year.told[month].items()
            if (kept := [row for row in told if row[0] != "s2"])
        }
    assert rows(year.here, "select 1 from decision.feedback where signal_id = 's2'") == []
    assert tell_and_write(year.here, MAR) == 0
    assert rows(year.here, "select count(*) from decision.feedback") == [(len(year.ledger),)]


# -- helpers


class changed:  # noqa: N801 - reads as a sentence
    """What became of rood's s4 of December is something else for a while, and March tells it."""

    def __init__(self, here: Settings, **values: object) -> None:
        self.here, self.values = here, values

    def __enter__(self) -> None:
        assignments = ", ".join(f"{name} = %({name})s" for name in self.values)
        with warehouse.connect(self.here, "owner") as connection:
            connection.execute("create table public.kept_status as select * from core.signal_status")
            connection.execute("create table public.kept_feedback as select * from decision.feedback")
            connection.execute(
                f"update core.signal_status set {assignments} where creditor = 'rood' and signal_id = 's4'",
                self.values,
            )
            connection.execute("update core.signal_status set as_of = '2022-03-01'")
        tell_and_write(self.here, MAR)

    def __exit__(self, *_: object) -> None:
        with warehouse.connect(self.here, "owner") as connection:
            for kept, table in (("kept_status", "core.signal_status"), ("kept_feedback", "decision.feedback")):
                connection.execute(f"truncate {table}")
                connection.execute(f"insert into {table} select * from public.{kept}")
                connection.execute(f"drop table public.{kept}")
        tell_and_write(self.here, MAR)


class forged(changed):  # noqa: N801
    """The ledger says something else for a while, and December's files are made of it."""

    def __init__(self, here: Settings, statement: str) -> None:
        super().__init__(here)
        self.statement = statement

    def __enter__(self) -> None:
        with warehouse.connect(self.here, "owner") as connection:
            connection.execute("create table public.kept_status as select * from core.signal_status")
            connection.execute("create table public.kept_feedback as select * from decision.feedback")
            connection.execute(self.statement)
        tell_and_write(self.here, DEC)

    def __exit__(self, *told: object) -> None:
        super().__exit__(*told)
        tell_and_write(self.here, DEC)
