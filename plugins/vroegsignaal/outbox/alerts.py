"""The alerts: what was found goes to each creditor by mail, and to the municipality in one overview.

A mail is sent once for each set of findings. Nobody else sends while this runs (a lock), so a mail is looked up in
the ledger, handed to the server and written down, one after the other. Cut off between the last two, it is sent again
by the next run, with the same Message-ID, by which mail programs know it for the same mail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from smtplib import SMTP

import psycopg
from psycopg.rows import dict_row

from vroegsignaal import contract, settings, warehouse
from vroegsignaal.months import Month, day_in_words
from vroegsignaal.outbox import feedback, notices, post, reminders
from vroegsignaal.outbox.files import csv_text
from vroegsignaal.outbox.mail import Mail, Server, usable_address
from vroegsignaal.outbox.notices import Notice
from vroegsignaal.outbox.post import Letter, Sender, Sent, rendered, rows_in_words

ATTACHED_ROWS = 20_000
"""So many findings fit in what mail servers take (some megabytes)."""


@dataclass(frozen=True)
class Situation:
    """What there is to tell of a municipality's month, on a day."""

    code: str
    name: str
    contact: str | None
    month: Month
    day: date
    approved: bool
    drops: list[dict]
    creditors: dict[str, dict]
    missing: list[str]
    register: str | None
    """Whether the register of residents can be used: see raw.population_register; None for who is not configured."""
    of_creditors: list[Notice]
    of_registers: list[Notice]

    @property
    def is_due(self) -> bool:
        """Whether the day of matching has come: only then is a delivery missing."""
        return self.day >= self.month.match_day

    def creditor_name(self, creditor: str) -> str:
        """Its name in the register; the name of its file when it is not in there."""
        return self.creditors.get(creditor, {}).get("name") or creditor

    def address(self, creditor: str) -> str | None:
        """The contact address of a creditor, when it has a usable one."""
        return usable_address(self.creditors.get(creditor, {}).get("contact_email"))


def alert(month: Month, day: date | None = None) -> dict[str, int]:
    """Mail what was found in the month to its senders and to the municipalities, as of a day (the 25th unless given).

    Each set of findings is sent once. Without VROEGSIGNAAL_SMTP the mails are written to the folder for results
    instead, those of an earlier time replaced. Returns how many mails were sent (or written), known already and
    refused; raises mail.PutOff when the mail server did not take one for now, after the others were sent.
    """
    here = settings.load()
    sent = Sent()
    with warehouse.open_connection(here, "loader") as connection:
        post.take_turn(connection)
        for code in _municipalities(connection, month):
            situation = _situation(connection, code, month, day or month.match_day)
            sender = Sender(here, code, month, situation.contact)
            if here.smtp is None:
                sent.counts["written"] += _write(sender, situation)
            else:
                with Server.parse(here.smtp).connected() as server:
                    _send_all(sender, connection, server, situation, sent)
    post.check_put_off(sent)
    return dict(sent.counts)


# -- sending and writing


def _write(sender: Sender, situation: Situation) -> int:
    letters = [*_to_creditors(situation), *_digest(situation, [])]
    written = {
        sender.write(letter) for letter in letters if letter.mail.recipient or letter.recipient == "municipality"
    }
    of_others = {sender.folder / file for file in reminders.FILES} | set(sender.folder.glob(feedback.MAIL_FILES))
    for old in set(sender.folder.glob("*.eml")) - written - of_others:
        old.unlink()
    return len(written)


def _send_all(sender: Sender, connection: psycopg.Connection, server: SMTP, situation: Situation, sent: Sent) -> None:
    for letter in _to_creditors(situation):
        sender.send(connection, server, letter, sent)
    # After the others: it also tells whom the mails did not reach.
    for letter in _digest(situation, sent.refused):
        if letter.mail.recipient:
            sender.send(connection, server, letter, sent)


# -- what there is to tell


def _municipalities(connection: psycopg.Connection, month: Month) -> list[str]:
    rows = warehouse.fetch(
        connection,
        "select municipality_code from raw.month_received where signal_month = %s order by 1",
        [month.first_day],
    )
    return [code for (code,) in rows]


def _situation(connection: psycopg.Connection, code: str, month: Month, day: date) -> Situation:
    reading = connection.cursor(row_factory=dict_row)
    own = reading.execute("select name, contact_email from config.municipalities where municipality_code = %s", [code])
    municipality = own.fetchone() or {"name": code, "contact_email": None}
    drops = reading.execute(
        """
        select
            ledger.drop_id, ledger.feed, ledger.creditor, ledger.delivery, ledger.status, ledger.file, ledger.sha256,
            ledger.rows_read, ledger.rows_accepted, ledger.rows_quarantined, ledger.rows_rejected,
            max(ledger.delivery) over (partition by ledger.feed, ledger.creditor) + 1 as next_delivery
        from raw.drop_ledger as ledger
        where ledger.municipality_code = %s and ledger.signal_month = %s and ledger.status <> 'received'
        order by ledger.creditor, ledger.feed, ledger.delivery, ledger.drop_id
        """,
        [code, month.first_day],
    ).fetchall()
    creditors = reading.execute("select creditor, name, contact_email from config.creditors").fetchall()
    agreed = reading.execute(
        "select distinct creditor from config.agreements inner join config.creditors using (creditor)"
        " where municipality_code = %s and %s between valid_from and coalesce(valid_to, 'infinity') order by creditor",
        [code, month.match_day],
    ).fetchall()
    approved = reading.execute("select decision.is_approved(%s, %s) as approved", [code, month.first_day]).fetchone()[
        "approved"
    ]
    register = reading.execute(
        "select state from raw.population_register(%s) where municipality_code = %s", [month.first_day, code]
    ).fetchone()
    delivered = {drop["creditor"] for drop in drops if drop["feed"] == "signals"}
    return Situation(
        code=code,
        name=municipality["name"],
        contact=usable_address(municipality["contact_email"]),
        month=month,
        day=day,
        approved=approved,
        drops=[drop for drop in drops if drop["status"] != "superseded"],
        creditors={row["creditor"]: row for row in creditors},
        missing=[row["creditor"] for row in agreed if row["creditor"] not in delivered],
        register=register["state"] if register else None,
        of_creditors=notices.found(connection, code, month, of_creditors=True),
        of_registers=notices.found(connection, code, month, of_creditors=False),
    )


# -- the mails to creditors


def _to_creditors(situation: Situation) -> Iterator[Letter]:
    """A mail for each delivery in which something was found, and for each one that is missing."""
    by_drop: dict[int, list[Notice]] = {}
    for notice in situation.of_creditors:
        by_drop.setdefault(notice.drop_id, []).append(notice)
    for drop in situation.drops:
        if drop["drop_id"] in by_drop and situation.address(drop["creditor"]):
            yield _about_drop(situation, drop, by_drop[drop["drop_id"]])
    if situation.is_due:
        for creditor in situation.missing:
            if situation.address(creditor):
                yield _about_missing(situation, creditor)


def _about_drop(situation: Situation, drop: dict, found: list[Notice]) -> Letter:
    creditor, delivery = drop["creditor"], drop["delivery"]
    stem = creditor + (".intrekking" if drop["feed"] == "withdrawals" else "")
    held = drop["status"] == "rejected" or drop["rows_quarantined"] > 0
    attachment = f"meldingen-{stem}-{situation.month}.csv"
    told = {
        "rejected": f"uw aanlevering voor {situation.month.in_words} is geweigerd",
        "accepted": f"uw aanlevering voor {situation.month.in_words}: "
        + (f"{rows_in_words(drop['rows_quarantined'])} aangehouden" if held else "opmerkingen ter informatie"),
    }[drop["status"]]
    facts = {
        "drop": drop,
        "rejected": drop["status"] == "rejected",
        "kind": "intrekkingen" if drop["feed"] == "withdrawals" else "signalen",
        "rules": _per_rule(found),
        "attachment": attachment,
        "attached": ATTACHED_ROWS,
        "left_out": max(0, len(found) - ATTACHED_ROWS),
        "todo": _todo(situation, f"{stem}.{drop['next_delivery']}.csv") if held else [_NOTHING_TO_DO],
    }
    return Letter(
        _creditor_mail(
            situation,
            creditor,
            told,
            facts,
            (attachment, csv_text(notices.HEADER, (notice.row for notice in found[:ATTACHED_ROWS]))),
        ),
        file=f"{stem}{f'.{delivery}' if delivery > 1 else ''}.eml",
        facts=[drop["sha256"], delivery, [(n.line, n.column, n.rule, n.severity) for n in found]],
        creditor=creditor,
        delivery=delivery,
    )


def _about_missing(situation: Situation, creditor: str) -> Letter:
    told = f"uw aanlevering voor {situation.month.in_words} ontbreekt"
    facts = {"missing": True, "todo": _todo(situation, f"{creditor}.csv", missing=True)}
    return Letter(
        _creditor_mail(situation, creditor, told, facts, None),
        file=f"{creditor}.eml",
        facts="missing",
        creditor=creditor,
    )


def _creditor_mail(
    situation: Situation, creditor: str, told: str, facts: dict, attachment: tuple[str, str] | None
) -> Mail:
    contact = f"Vragen? Mail {situation.contact}." if situation.contact else "Vragen? Neem contact op met de gemeente."
    values = {
        "subject": f"Gemeente {situation.name}, vroegsignalering: {told}",
        "creditor": situation.creditor_name(creditor),
        "municipality": situation.name,
        "month": situation.month.in_words,
        "contact": contact,
        **facts,
    }
    return rendered("creditor", situation.address(creditor), values, attachment)


_NOTHING_TO_DO = (
    "U hoeft niets te doen: alle rijen zijn aanvaard. Wat hieronder staat kan helpen bij de volgende aanlevering."
)


def _todo(situation: Situation, file: str, *, missing: bool = False) -> list[str]:
    """What to do and by when: before the 25th, or what a correction still does after it."""
    month, match_day = situation.month.in_words, situation.month.match_day
    if missing:
        what = f"Lever het bestand met signalen voor {month} alsnog aan, als {file}."
    else:
        what = (
            f"Verbeter het bestand en lever het in zijn geheel opnieuw aan, als {file}: de nieuwe aanlevering vervangt"
            " de vorige, dus neem ook de rijen op die al goed waren."
        )
    if situation.approved:
        when = (
            f"De selectie van {month} is vastgesteld; een correctie verandert die niet meer. Lever toch aan: de"
            " signalen tellen mee in de matches van de volgende twee maanden."
        )
    elif situation.is_due:
        when = (
            f"Doe dit zo spoedig mogelijk: de match is op {day_in_words(match_day)}. Wat u aanlevert telt mee zolang de"
            " selectie niet is vastgesteld; daarna verandert een correctie die niet meer."
        )
    else:
        when = f"Doe dit vóór {day_in_words(match_day)} (uiterlijk {day_in_words(match_day - timedelta(days=1))})."
    return [what, when]


def _per_rule(found: list[Notice]) -> list[dict]:
    """For each rule and its wording how many rows it holds for, the gravest first."""
    counted = Counter((n.severity, n.finding, n.action, n.line is None) for n in found)
    order = [*notices.SEVERITIES.values(), notices.RELEASED]
    told = sorted(counted.items(), key=lambda item: (order.index(item[0][0]), -item[1], item[0][1]))
    return [
        {
            "count": "hele bestand" if on_drop else rows_in_words(count),
            "severity": severity,
            "finding": finding,
            "action": action,
        }
        for (severity, finding, action, on_drop), count in told
    ]


# -- the overview for the municipality


def _digest(situation: Situation, refused: list[str]) -> Iterator[Letter]:
    """The overview: on the 25th and after it always, before it only when something needs attention."""
    attention = list(_attention(situation, refused))
    if not (attention or situation.is_due):
        return
    lines = [
        {
            "name": situation.creditor_name(drop["creditor"]) if drop["creditor"] else _title(drop["feed"]),
            "creditor": drop["creditor"],
            "status": _STATUS[drop["status"]] + (f", aanlevering {drop['delivery']}" if drop["delivery"] > 1 else ""),
            "drop": drop,
        }
        for drop in situation.drops
    ]
    for line in lines:
        if line["drop"]["feed"] == "withdrawals":
            line["name"] += " (intrekkingen)"
    creditors = [line for line in lines if line["creditor"]]
    if situation.is_due:
        names = map(situation.creditor_name, situation.missing)
        creditors += [{"name": name, "status": "ontbreekt", "drop": None} for name in names]
    values = {
        "subject": f"Vroegsignalering {situation.month.in_words}: "
        + (f"{len(attention)} punten vragen aandacht" if len(attention) > 1 else "overzicht van de aanleveringen"),
        "municipality": situation.name,
        "month": situation.month.in_words,
        "attention": attention,
        "creditors": sorted(creditors, key=lambda line: line["name"]),
        "registers": [line for line in lines if not line["creditor"]],
        "folder": f"{situation.code}/{situation.month}",
    }
    # Before the 25th every arrival would be another overview: then only what needs attention makes another mail.
    counts = [
        (drop["sha256"], drop["status"], drop["rows_accepted"], drop["rows_quarantined"]) for drop in situation.drops
    ]
    facts = [attention, counts if situation.is_due else None]
    yield Letter(
        rendered("municipality", situation.contact, values, None), "gemeente.eml", facts, recipient="municipality"
    )


_REGISTER = {
    "missing": "Er is geen uittreksel uit de BRP.",
    "empty": "Geen enkele rij van het uittreksel uit de BRP is aanvaard.",
    "old": "Het nieuwste uittreksel uit de BRP is te oud.",
}
_STATUS = {"accepted": "aanvaard", "rejected": "geweigerd"}


def _title(feed: str) -> str:
    """A register by folder and file, such as brp/personen."""
    return contract.feeds()[feed].file.partition(".")[0]


def _attention(situation: Situation, refused: list[str]) -> Iterator[str]:
    """What the municipality has to do something about."""
    for drop in situation.drops:
        if drop["status"] == "rejected":
            yield f"{notices.file_of(drop['file'], drop['creditor'])} is geweigerd: geen enkele rij doet mee."
    if situation.is_due:
        if situation.register in _REGISTER and not situation.approved:
            yield (
                f"{_REGISTER[situation.register]} De matching stopt: zonder bruikbare BRP wordt voor"
                f" {situation.month.in_words} niemand gekozen. Lever brp/personen.csv aan; daarna gaat het vanzelf"
                " verder."
            )
        for creditor in situation.missing:
            yield f"Van {situation.creditor_name(creditor)} is niets ontvangen."
    for file, count in sorted(Counter(notice.file for notice in situation.of_registers).items()):
        yield f"{file}: {count} {'bevinding' if count == 1 else 'bevindingen'} (zie bevindingen.csv)."
    told = {notice.creditor for notice in situation.of_creditors if notice.creditor}
    told |= set(situation.missing if situation.is_due else [])
    for creditor in sorted(told):
        if not situation.address(creditor):
            yield (
                f"{situation.creditor_name(creditor)} heeft geen bruikbaar e-mailadres in creditors.csv en is niet"
                " gemaild: geef de meldingen zelf door."
            )
    for creditor in refused:
        yield (
            f"Het e-mailadres van {situation.creditor_name(creditor)} wordt door de mailserver geweigerd: verbeter het"
            " in creditors.csv, en geef de meldingen zelf door."
        )
