"""The alerts: mail arrives at a real server, at whom it is for, with that sender's rows, once for each finding set."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import stepping
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from asking import answered
from conftest import forget_everything, places, platform, rows
from oracle.small_landing import JAN, A, Small, signal

from vroegsignaal import approval, outbox
from vroegsignaal.embedded import free_port
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import Month
from vroegsignaal.outbox.files import as_text_cell
from vroegsignaal.outbox.mail import PutOff, Server
from vroegsignaal.settings import Settings

MONTH = Month.parse(JAN)
ROOD, WIT, GEMEENTE = "signalen@rood.example", "signalen@wit.example", "vroeg@aa.example"
CREDITORS = (
    f"creditor,name,sector,contact_email\nrood,Rood & Zn,rent,{ROOD}\nblauw,Blauw,water,\nwit,Wit,health,{WIT}\n"
)
AGREEMENTS = "municipality_code,creditor,valid_from,valid_to\n" + "".join(
    f"9101,{creditor},2020-01-01,\n" for creditor in ("rood", "blauw", "wit")
)


@dataclass
class Postbox:
    """What a mail server received, and with which code it answers for an address."""

    received: list[tuple[str, EmailMessage]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(  # noqa: N802 - so named by aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.received += [(address, message) for address in envelope.rcpt_tos]
        return "250 OK"

    def take(self) -> dict[str, EmailMessage]:
        """What arrived since the last time, by address; two mails to one address are one too many."""
        assert len({address for address, _ in self.received}) == len(self.received)
        taken, self.received = dict(self.received), []
        return taken


@pytest.fixture
def town(tmp_path: Path, server_home: Path) -> Iterator[tuple[Small, Settings]]:
    """A town that writes its mails to the folder for results."""
    small = small_town(tmp_path)
    with platform(server_home, **places(small)) as here:
        forget_everything(here)
        yield small, here


@pytest.fixture
def mailing(tmp_path: Path, server_home: Path) -> Iterator[tuple[Small, Settings, Postbox]]:
    """The same town with a mail server."""
    small, box = small_town(tmp_path), Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        with platform(server_home, **places(small), SMTP=f"smtp://127.0.0.1:{controller.port}") as here:
            forget_everything(here)
            yield small, here, box
    finally:
        controller.stop()


def small_town(folder: Path) -> Small:
    small = Small(folder)
    (small.config / "creditors.csv").write_text(CREDITORS)
    (small.config / "agreements.csv").write_text(AGREEMENTS)
    (small.config / "municipalities.csv").write_text(
        f"municipality_code,name,inhabitants,contact_email\n9101,Aa,1000,{GEMEENTE}\n"
    )
    return small


def deliver(small: Small) -> None:
    """Rood has two held rows and one good one, blauw a held one, wit nothing wrong."""
    small.signals(JAN, "rood", signal(JAN, 1, "17693"), signal(JAN, 2), signal(JAN, 3, postcode="99"))
    small.signals(JAN, "blauw", signal(JAN, 1, "x"))
    small.signals(JAN, "wit", signal(JAN, 1))


def mailed() -> dict[str, int]:
    """What became of the mails, when the month is told of once more."""
    return {outcome: mails for outcome, mails in outbox.alert(MONTH).items() if outcome != "walking_lists"}


def text(message: EmailMessage) -> str:
    return message.get_body(("plain",)).get_content()


def html(message: EmailMessage) -> str:
    return message.get_body(("html",)).get_content()


def attached(message: EmailMessage) -> list[dict[str, str]]:
    (part,) = message.iter_attachments()
    assert part.get_content_type() == "text/csv"
    return list(csv.DictReader(io.StringIO(part.get_content()), delimiter=";"))


def test_a_creditor_gets_its_own_rows_with_counts_what_to_do_and_by_when(
    mailing: tuple[Small, Settings, Postbox],
) -> None:
    small, here, box = mailing
    deliver(small)
    stepping.receive(JAN)
    outbox.hand_out(MONTH)
    arrived = box.take()
    assert set(arrived) == {ROOD, GEMEENTE}
    rood = arrived[ROOD]
    assert rood["To"] == ROOD
    assert rood["From"] == GEMEENTE
    assert rood["Subject"] == "Gemeente Aa, vroegsignalering: uw aanlevering voor januari 2022: 2 rijen aangehouden"
    for told in ("Aangehouden:  2 rijen", "rood.2.csv", "25 januari 2022", "1 rij, aangehouden: Het bedrag is hoger"):
        assert told in text(rood)
    assert "Rood &amp; Zn" in html(rood)
    assert "Rood & Zn" in text(rood)
    assert [(row["signaal_id"], row["klantnummer"], row["regel_naam"]) for row in attached(rood)] == [
        ("s1", "k1", "amount_implausible"),
        ("s3", "k3", "postcode_invalid"),
    ]
    with (here.out / A / JAN / "meldingen" / "rood.csv").open(encoding="utf-8", newline="") as file:
        assert attached(rood) == list(csv.DictReader(file, delimiter=";"))


def test_the_municipality_gets_one_overview(mailing: tuple[Small, Settings, Postbox]) -> None:
    small, _, box = mailing
    deliver(small)
    (small.landing / A / JAN / "signals" / "wit.csv").unlink()
    small.residents(JAN, "1", "0")
    stepping.receive(JAN)
    overview = text(box.take()[GEMEENTE])
    for told in (
        "Blauw heeft geen bruikbaar e-mailadres",
        "Van Wit is niets ontvangen",
        "Rood & Zn: aanvaard; gelezen 3, aanvaard 1, aangehouden 2, geweigerd 0",
        "personen.csv: 1 bevinding",
    ):
        assert told in overview


def test_a_missing_delivery_is_told_on_the_25th_and_not_before(mailing: tuple[Small, Settings, Postbox]) -> None:
    small, _, box = mailing
    small.signals(JAN, "rood", signal(JAN, 1))
    stepping.receive(JAN, MONTH.match_day - timedelta(days=1))
    assert box.take() == {}
    outbox.alert(MONTH)
    arrived = box.take()
    assert set(arrived) == {WIT, GEMEENTE}
    assert "geen signalen van u ontvangen" in text(arrived[WIT])
    assert not list(arrived[WIT].iter_attachments())


def test_before_the_25th_the_day_is_named(mailing: tuple[Small, Settings, Postbox]) -> None:
    small, _, box = mailing
    deliver(small)
    stepping.receive(JAN, date(2022, 1, 12))
    assert "vóór 25 januari 2022 (uiterlijk 24 januari 2022)" in text(box.take()[ROOD])


def test_once_approved_it_says_that_the_selection_stands(mailing: tuple[Small, Settings, Postbox]) -> None:
    small, _, box = mailing
    deliver(small)
    stepping.receive(JAN)
    stepping.decide(JAN)
    small.signals(JAN, "rood.2", signal(JAN, 2, "0"))
    box.take()
    stepping.receive(JAN)
    assert "De selectie van januari 2022 is vastgesteld" in text(box.take()[ROOD])


def test_sent_once_and_again_when_a_correction_changes_the_findings(mailing: tuple[Small, Settings, Postbox]) -> None:
    small, here, box = mailing
    deliver(small)
    stepping.receive(JAN)
    first = box.take()
    assert mailed() == {"known": 2}
    stepping.receive(JAN, date(2022, 1, 31))
    assert box.take() == {}
    small.signals(JAN, "rood.2", signal(JAN, 1, "176,93"), signal(JAN, 3, postcode="99"))
    stepping.receive(JAN)
    again = box.take()
    assert set(again) == {ROOD, GEMEENTE}
    assert again[ROOD]["Message-ID"] != first[ROOD]["Message-ID"]
    assert [row["regel_naam"] for row in attached(again[ROOD])] == ["postcode_invalid"]
    small.signals(JAN, "rood.3", signal(JAN, 1, "176,93"))
    stepping.receive(JAN)
    assert set(box.take()) == {GEMEENTE}
    assert rows(here, "select recipient, delivery, outcome from quality.mail where creditor = 'rood' order by 2") == [
        ("creditor", 1, "sent"),
        ("creditor", 2, "sent"),
    ]


def test_what_the_server_puts_off_is_sent_by_the_next_run_and_the_others_now(
    mailing: tuple[Small, Settings, Postbox],
) -> None:
    small, _, box = mailing
    deliver(small)
    box.answers[ROOD] = "451 try again later"
    with pytest.raises(PutOff, match="451") as raised:
        stepping.receive(JAN)
    assert not isinstance(raised.value, PlatformError)
    assert ROOD not in str(raised.value)
    assert set(box.take()) == {GEMEENTE}
    box.answers.clear()
    assert mailed() == {"sent": 1, "known": 1}
    assert set(box.take()) == {ROOD}


def test_a_refused_address_is_a_line_in_the_overview_and_in_the_ledger(
    mailing: tuple[Small, Settings, Postbox],
) -> None:
    small, here, box = mailing
    deliver(small)
    box.answers[ROOD] = "550 no such user"
    stepping.receive(JAN)
    assert "Het e-mailadres van Rood & Zn wordt door de mailserver geweigerd" in text(box.take()[GEMEENTE])
    assert rows(here, "select outcome from quality.mail where creditor = 'rood'") == [("refused",)]
    assert mailed() == {"known": 2}
    assert box.take() == {}


def test_a_mail_server_that_is_away_is_tried_again(
    town: tuple[Small, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    small, _ = town
    deliver(small)
    monkeypatch.setenv("VROEGSIGNAAL_SMTP", "smtp://127.0.0.1:1")
    with pytest.raises(PutOff, match=r"127\.0\.0\.1:1"):
        stepping.receive(JAN)


def test_without_a_server_the_mails_are_files_that_follow_the_findings(town: tuple[Small, Settings]) -> None:
    small, here = town
    folder = here.out / A / JAN / "mail"
    deliver(small)
    for _ in range(2):
        stepping.receive(JAN)
        assert sorted(path.name for path in folder.iterdir()) == ["gemeente.eml", "rood.eml"]
    written = message_from_bytes((folder / "rood.eml").read_bytes(), policy=policy.default)
    assert len(attached(written)) == 2
    assert (folder / "rood.eml").stat().st_mode & 0o077 == 0
    small.signals(JAN, "rood.2", signal(JAN, 1))
    stepping.receive(JAN)
    assert [path.name for path in folder.iterdir()] == ["gemeente.eml"]


def test_a_name_with_a_line_break_is_no_header_of_its_own(mailing: tuple[Small, Settings, Postbox]) -> None:
    small, _, box = mailing
    (small.config / "creditors.csv").write_text(CREDITORS.replace("Rood & Zn", '"Rood\nBcc: x@evil.example\n<b>"'))
    (small.config / "municipalities.csv").write_text(
        f'municipality_code,name,inhabitants,contact_email\n9101,"Aa\nBcc: y@evil.example",1000,{GEMEENTE}\n'
    )
    deliver(small)
    stepping.receive(JAN)
    rood = box.take()[ROOD]
    assert rood["Bcc"] is None
    assert "\n" not in rood["Subject"]
    assert "&lt;b&gt;" in html(rood)


def test_two_addresses_or_a_line_break_are_no_address(mailing: tuple[Small, Settings, Postbox]) -> None:
    small, _, box = mailing
    (small.config / "creditors.csv").write_text(CREDITORS.replace(ROOD, f'"{ROOD}\nBcc: {WIT}"'))
    deliver(small)
    stepping.receive(JAN)
    arrived = box.take()
    assert set(arrived) == {GEMEENTE}
    assert "Rood & Zn heeft geen bruikbaar e-mailadres" in text(arrived[GEMEENTE])


def test_nothing_of_a_person_is_in_subject_text_or_page(mailing: tuple[Small, Settings, Postbox]) -> None:
    small, _, box = mailing
    deliver(small)
    stepping.receive(JAN)
    for message in box.take().values():
        for part in (message["Subject"], text(message), html(message)):
            for value in ("Proef", "17693", "1234QQ", "k1", "s1"):
                assert value not in part


@pytest.mark.parametrize(
    ("written", "server"),
    [
        ("smtp://mail.example", Server("mail.example", 25, None, "", encrypted=False)),
        ("smtp://me:p%40ss@mail.example", Server("mail.example", 587, "me", "p@ss", encrypted=False)),
        ("smtps://me:x@mail.example:1465", Server("mail.example", 1465, "me", "x", encrypted=True)),
    ],
)
def test_the_address_of_a_mail_server(written: str, server: Server) -> None:
    assert Server.parse(written) == server


@pytest.mark.parametrize("written", ["mail.example", "smtp://", "http://me:geheim@x", "smtp://me:geheim@x:port"])
def test_what_is_no_address_of_a_mail_server_is_refused_without_repeating_it(written: str) -> None:
    with pytest.raises(UsageError, match="VROEGSIGNAAL_SMTP") as raised:
        Server.parse(written)
    assert "geheim" not in str(raised.value)


def test_a_server_elsewhere_without_encryption_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    controller = Controller(Postbox(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        server = Server("127.0.0.1", controller.port, None, None, encrypted=False)
        monkeypatch.setattr(Server, "is_loopback", False)
        with pytest.raises(PlatformError, match="no encryption"), server.connected():
            pass
    finally:
        controller.stop()


@pytest.mark.parametrize(
    ("value", "cell"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-a", "'-a"), ("-5,00", "-5,00"), ("a", "a"), (3, 3)]
)
def test_a_formula_is_text_in_every_cell(value: object, cell: object) -> None:
    assert as_text_cell(value) == cell


def test_the_municipality_is_reminded_of_a_proposal_that_waits(
    mailing: tuple[Small, Settings, Postbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VROEGSIGNAAL_APPROVAL", "person")
    small, _, box = mailing
    for creditor in ("rood", "blauw"):
        small.signals(JAN, creditor, signal(JAN, 1), signal(JAN, 2, achternaam="Anders"), signal(JAN, 3, "10"))
    small.residents(JAN, "1", "2", "3")
    stepping.receive(JAN)
    stepping.decide(JAN)
    box.take()
    # The term ends on Friday the 28th. Asked again the next day nobody is reminded; on the last day, and after it, yes.
    reminded = {}
    for day in (26, 26, 27, 28, 28, 31):
        outbox.remind(MONTH, date(2022, 1, day))
        reminded.setdefault(day, []).append(box.take())
    assert [[len(mails) for mails in each] for each in reminded.values()] == [[1, 0], [0], [1, 0], [1]]
    first, late = reminded[26][0][GEMEENTE], reminded[31][0][GEMEENTE]
    assert first["Subject"] == (
        "Vroegsignalering januari 2022: de selectie wacht op een besluit (uiterlijk 28 januari 2022)"
    )
    assert "de termijn liep af op 28 januari 2022" in late["Subject"]
    text = first.get_body(("plain",)).get_content()
    lines = text.splitlines()
    assert "- geselecteerd: 2" in lines
    assert "- niet geselecteerd: onder de drempel: 1" in lines
    # Household 2 is not known by that name; of whom that is the mail says nothing.
    assert "Kijk eerst 1 huishouden na" in text
    assert "Anders" not in first.as_string()
    (waiting,) = approval.waiting(MONTH)
    approval.record({"municipality": A, "month": JAN, "fingerprint": waiting.fingerprint}, answered(approval.APPROVE))
    outbox.remind(MONTH, date(2022, 2, 1))
    assert box.take() == {}


def test_without_a_mail_server_the_reminder_is_written(
    town: tuple[Small, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VROEGSIGNAAL_APPROVAL", "person")
    small, here = town
    for creditor in ("rood", "blauw"):
        small.signals(JAN, creditor, signal(JAN, 1))
    small.residents(JAN, "1")
    stepping.receive(JAN)
    stepping.decide(JAN)
    assert outbox.remind(MONTH, date(2022, 1, 26)) == {"written": 1}
    written = here.out / A / JAN / "mail" / "besluit.eml"
    assert (
        "de selectie wacht op een besluit" in message_from_bytes(written.read_bytes(), policy=policy.default)["Subject"]
    )
    # The next alerts leave it where it is.
    outbox.alert(MONTH)
    assert written.exists()
