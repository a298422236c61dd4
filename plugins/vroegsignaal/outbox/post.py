"""The post: a mail is sent once for each set of facts, and written down; or written to the folder for results."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from smtplib import SMTP
from typing import TYPE_CHECKING

import psycopg

from vroegsignaal.months import Month
from vroegsignaal.outbox import mail
from vroegsignaal.outbox.files import replaced
from vroegsignaal.outbox.mail import Mail, PutOff, Refused, usable_address
from vroegsignaal.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class Letter:
    """A mail, with what the ledger has to know of it."""

    mail: Mail
    file: str
    """The name of its file where mails are only written."""
    facts: object
    """What it tells, without the day on which it does: another set of facts is another mail."""
    recipient: str = "creditor"
    creditor: str | None = None
    delivery: int | None = None


@dataclass
class Sent:
    """How the mails of a run were received."""

    counts: Counter = field(default_factory=Counter)
    put_off: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """The creditors whose address the server refuses."""


@dataclass(frozen=True)
class Sender:
    """For which municipality and month mails go out, and where answers go."""

    here: Settings
    code: str
    month: Month
    contact: str | None

    @property
    def folder(self) -> Path:
        """Where mails are written."""
        return self.here.out / self.code / str(self.month) / "mail"

    def write(self, letter: Letter) -> Path:
        """Write a mail to its file."""
        with replaced(self.folder / letter.file) as fresh:
            fresh.write_bytes(self._message(letter).as_bytes())
        return self.folder / letter.file

    def send(self, connection: psycopg.Connection, server: SMTP, letter: Letter, sent: Sent) -> None:
        """Send a mail that was not sent before, and write it down; what the server puts off is left for the next run.

        Nobody else may send the while: the caller holds the lock of the post.
        """
        fingerprint = self._fingerprint(letter)
        key = (self.code, self.month.first_day, letter.recipient, letter.creditor, fingerprint)
        known = connection.execute(
            "select outcome from quality.mail where (municipality_code, signal_month, recipient) = (%s, %s, %s)"
            " and creditor is not distinct from %s and fingerprint = %s",
            key,
        ).fetchone()
        outcome = known[0] if known else None
        if outcome is None:
            message = self._message(letter)
            try:
                mail.send(server, message)
                outcome = "sent"
            except Refused:
                outcome = "refused"
            except PutOff as error:
                sent.put_off.append(str(error))
                return
            connection.execute(
                "insert into quality.mail (municipality_code, signal_month, recipient, creditor, fingerprint, delivery,"
                " outcome, message_id) values (%s, %s, %s, %s, %s, %s, %s, %s)",
                [*key, letter.delivery, outcome, str(message["Message-ID"])],
            )
        sent.counts["known" if known else outcome] += 1
        if outcome == "refused" and letter.creditor and letter.creditor not in sent.refused:
            sent.refused.append(letter.creditor)

    def _message(self, letter: Letter) -> mail.EmailMessage:
        sender = usable_address(self.here.mail_from) or self.contact or f"no-reply@{self.code}.example"
        return mail.message(letter.mail, sender, self.contact, self._fingerprint(letter)[:32])

    def _fingerprint(self, letter: Letter) -> str:
        """A number that is another for another set of facts, or another address."""
        told = [self.code, str(self.month), letter.recipient, letter.creditor, letter.mail.recipient, letter.facts]
        return sha256(json.dumps(told, default=str).encode()).hexdigest()


def take_turn(connection: psycopg.Connection) -> None:
    """Wait until nobody else sends; holds until the connection closes."""
    connection.execute("select pg_advisory_lock(hashtext('vroegsignaal alert'))")


def check_put_off(sent: Sent) -> None:
    """Raise PutOff when the server did not take a mail for now, so that the task is tried again."""
    if sent.put_off:
        raise PutOff(f"{len(sent.put_off)} mails were not taken: {sent.put_off[0]}")


def rendered(template: str, recipient: str | None, values: dict, attachment: tuple[str, str] | None) -> Mail:
    """A mail from the two templates of that name, one for text and one for HTML."""
    pages = _templates()
    return Mail(
        recipient,
        values["subject"],
        pages.get_template(f"{template}.txt.j2").render(values),
        pages.get_template(f"{template}.html.j2").render(values),
        attachment,
    )


def rows_in_words(count: int) -> str:
    """`1 rij`, `3 rijen`."""
    return f"{count} rij" if count == 1 else f"{count} rijen"


def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    pages = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=select_autoescape(["html.j2"]),
        keep_trailing_newline=True,
    )
    pages.filters["rows"] = rows_in_words
    return pages
