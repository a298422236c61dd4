"""Mail: what a message looks like, and the server that takes it."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import now_here

# Stricter than the standard: an address that is written otherwise is a mistake in the configuration, or a trick.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_PORTS = {"smtp": 25, "smtps": 465}
_SUBMISSION_PORT = 587
_TIMEOUT_SECONDS = 30


class PutOff(Exception):
    """The mail server did not take a mail now, but may later: the task is tried again."""


class Refused(Exception):
    """The mail server will never take this mail for this address; the message is the code of its answer."""


@dataclass(frozen=True)
class Mail:
    """A mail to one recipient: about what, in plain text and HTML, with at most one CSV attached."""

    recipient: str | None
    subject: str
    text: str
    html: str
    attachment: tuple[str, str] | None = None
    """The file's name and its text."""


def usable_address(written: str | None) -> str | None:
    """The address if it is one, and nothing but one."""
    return written if written and _ADDRESS.fullmatch(written) else None


def message(mail: Mail, sender: str, reply_to: str | None, identity: str) -> EmailMessage:
    """The message with its headers; `identity` makes the Message-ID, the same one for the same mail."""
    built = EmailMessage(policy=SMTP)
    # A line break in a name of the configuration would be a header of its own.
    built["Subject"] = " ".join(mail.subject.split())
    built["From"] = sender
    if mail.recipient:
        built["To"] = mail.recipient
    if reply_to and reply_to != sender:
        built["Reply-To"] = reply_to
    built["Date"] = format_datetime(now_here())
    built["Message-ID"] = f"<{identity}@{sender.rpartition('@')[2]}>"
    # So that an automatic answer ("out of the office") does not come back.
    built["Auto-Submitted"] = "auto-generated"
    built.set_content(mail.text, cte="quoted-printable")
    built.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    if mail.attachment:
        name, text = re.sub(r"[^\w.-]", "-", mail.attachment[0]), mail.attachment[1]
        built.add_attachment(text.encode(), maintype="text", subtype="csv", filename=name, params={"charset": "utf-8"})
    return built


@dataclass(frozen=True)
class Server:
    """A mail server as VROEGSIGNAAL_SMTP names it."""

    host: str
    port: int
    user: str | None
    password: str | None
    encrypted: bool
    """Whether the connection is encrypted from its beginning (smtps)."""

    @classmethod
    def parse(cls, written: str) -> Server:
        """The server of `smtp://user:password@host:port` or `smtps://…`; raises UsageError without repeating it."""
        try:
            parts = urlsplit(written)
            port = parts.port
        except ValueError:
            parts, port = None, None
        if parts is None or parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
            raise UsageError(
                "VROEGSIGNAAL_SMTP is not the address of a mail server: write it as smtp://user:password@host:port, or "
                "smtps://…, with a password's special characters escaped (@ as %40)."
            )
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password or "")
        usual = _SUBMISSION_PORT if user and parts.scheme == "smtp" else _PORTS[parts.scheme]
        return cls(parts.hostname, port or usual, user, password, parts.scheme == "smtps")

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @contextmanager
    def connected(self) -> Iterator[smtplib.SMTP]:
        """A connection, encrypted unless the server is this machine and offers no encryption, and logged in.

        Raises PutOff when the server does not answer, PlatformError when it will not have us this way.
        """
        try:
            connection = self._connect()
        except OSError as error:
            self._explain(error)
        try:
            yield connection
        finally:
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.is_loopback:
            # No certificate is made out to 127.0.0.1, and nobody stands in between.
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if self.encrypted:
            connection = smtplib.SMTP_SSL(self.host, self.port, timeout=_TIMEOUT_SECONDS, context=context)
            connection.ehlo()
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_SECONDS)
            connection.ehlo()
            if connection.has_extn("starttls") or not self.is_loopback:
                connection.starttls(context=context)
                connection.ehlo()
        if self.user:
            connection.login(self.user, self.password or "")
        return connection

    def _explain(self, error: OSError) -> NoReturn:
        """Say why there is no connection, without what the server said: it may repeat what it was told."""
        place = f"the mail server of VROEGSIGNAAL_SMTP ({self.host}:{self.port})"
        if isinstance(error, smtplib.SMTPNotSupportedError):
            raise PlatformError(f"{place} offers no encryption (STARTTLS), or no login: use another port.") from None
        if isinstance(error, ssl.SSLCertVerificationError):
            raise PlatformError(f"{place} has a certificate that is not valid: {error.verify_message}.") from None
        if isinstance(error, smtplib.SMTPAuthenticationError) and _is_permanent(error.smtp_code):
            raise PlatformError(f"{place} does not take the user and the password that are given.") from None
        raise PutOff(f"{place} does not answer now ({type(error).__name__}).") from None


def send(connection: smtplib.SMTP, built: EmailMessage) -> None:
    """Hand a message to the server. Raises PutOff or Refused, or PlatformError when it does not accept the sender."""
    try:
        connection.send_message(built)
    except smtplib.SMTPRecipientsRefused as error:
        ((code, _),) = error.recipients.values()
        raise (Refused(str(code)) if _is_permanent(code) else PutOff(_put_off(code))) from None
    except smtplib.SMTPSenderRefused as error:
        if _is_permanent(error.smtp_code):
            raise PlatformError(
                f"the mail server does not take mail from {error.sender} ({error.smtp_code}): set "
                "VROEGSIGNAAL_MAIL_FROM."
            ) from None
        raise PutOff(_put_off(error.smtp_code)) from None
    except smtplib.SMTPDataError as error:
        code = error.smtp_code
        raise (Refused(str(code)) if _is_permanent(code) else PutOff(_put_off(code))) from None
    except OSError as error:
        raise PutOff(f"the connection with the mail server was lost ({type(error).__name__}).") from None


def _is_permanent(code: int) -> bool:
    return 500 <= code < 600


def _put_off(code: int) -> str:
    return f"the mail server put a mail off ({code})."
