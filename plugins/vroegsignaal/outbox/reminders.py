"""The reminders: that a proposed selection waits for a decision, and that a month is late."""

from __future__ import annotations

from datetime import date

import psycopg

from vroegsignaal import approval, lateness, settings, warehouse
from vroegsignaal.approval import Proposal
from vroegsignaal.lateness import Progress
from vroegsignaal.months import Month, day_in_words
from vroegsignaal.outbox import post
from vroegsignaal.outbox.mail import Server, usable_address
from vroegsignaal.outbox.post import Letter, Sender, Sent, rendered

FILES = FILE, LATE_FILE = "besluit.eml", "te-laat.eml"


def remind(month: Month, day: date) -> dict[str, int]:
    """Mail every municipality whose proposal of the month waits: when new, on the last day of the term and after it.

    Once a day at most. Without VROEGSIGNAAL_SMTP the mail is written to the folder for results. Returns how many were
    sent (or written), known already and refused; raises mail.PutOff when the server did not take one for now.
    """
    here = settings.load()
    sent = Sent()
    waiting = approval.waiting(month)
    with warehouse.open_connection(here, "loader") as connection:
        post.take_turn(connection)
        for proposal in waiting:
            contact = _contact(connection, proposal.code)
            sender = Sender(here, proposal.code, month, contact)
            letter = _letter(proposal, contact, day)
            if here.smtp is None:
                sender.write(letter)
                sent.counts["written"] += 1
            elif contact:
                with Server.parse(here.smtp).connected() as server:
                    sender.send(connection, server, letter, sent)
    post.check_put_off(sent)
    return dict(sent.counts)


def _contact(connection: psycopg.Connection, code: str) -> str | None:
    ((address,),) = warehouse.fetch(
        connection, "select contact_email from config.municipalities where municipality_code = %s", [code]
    )
    return usable_address(address)


def _letter(proposal: Proposal, contact: str | None, day: date) -> Letter:
    month = proposal.month.in_words
    values = {
        "subject": f"Vroegsignalering {month}: de selectie wacht op een besluit ({proposal.term(day)})",
        "municipality": proposal.name,
        "month": month,
        "term": proposal.term(day),
        "counts": proposal.counts,
        "doubtful": proposal.doubtful,
        "folder": f"{proposal.code}/{proposal.month}",
    }
    # Before the last day of the term one mail will do.
    asked = "new" if day < proposal.deadline else str(day)
    facts = ["proposal", proposal.fingerprint, asked]
    return Letter(rendered("decision", contact, values, None), FILE, facts, recipient="municipality")


# -- a month that is late


def tell_late(day: date) -> dict[str, int]:
    """Mail about every municipality whose month is not there, or not matched or decided on, within its terms on a day.

    To the municipality, and to who runs the installation (VROEGSIGNAAL_OPERATOR); each once a day at most. Without
    VROEGSIGNAAL_SMTP the mail is written to the folder for results, and goes away when the month is there. Returns and
    raises as `remind` does.
    """
    here = settings.load()
    sent = Sent()
    with warehouse.open_connection(here, "loader") as connection:
        post.take_turn(connection)
        for town in lateness.progress(day, here):
            contact = usable_address(town.contact)
            sender = Sender(here, town.code, town.due, contact)
            if here.smtp is None:
                sent.counts["written"] += _write_late(sender, town, day)
            elif town.stage:
                operator = usable_address(here.operator)
                for address in dict.fromkeys(filter(None, (contact, operator))):
                    with Server.parse(here.smtp).connected() as server:
                        sender.send(connection, server, _late_letter(town, address, day), sent)
    post.check_put_off(sent)
    return dict(sent.counts)


def _write_late(sender: Sender, town: Progress, day: date) -> int:
    if town.stage:
        sender.write(_late_letter(town, sender.contact, day))
        return 1
    (sender.folder / LATE_FILE).unlink(missing_ok=True)
    return 0


_LACKS = {
    lateness.RECEIVED: ("is nog niets ontvangen", "Lever de bestanden van de maand aan in de landingszone."),
    lateness.MATCHED: (
        "is er nog geen match",
        "Kijk in Airflow of receive_drops en match_month hebben gelopen, en of er een bruikbaar uittreksel uit de BRP"
        " is.",
    ),
    lateness.APPROVED: (
        "is de selectie nog niet vastgesteld",
        "Besluit in Airflow, onder Required Actions: zonder besluit is er geen looplijst.",
    ),
}


def _late_letter(town: Progress, address: str | None, day: date) -> Letter:
    told, todo = _LACKS[town.stage or lateness.RECEIVED]
    month = town.due.in_words
    values = {
        "subject": f"Vroegsignalering {month}, gemeente {town.name}: te laat",
        "municipality": town.name,
        "month": month,
        "told": told,
        "todo": todo,
        "term": day_in_words(town.term) if town.term else "",
        "months": town.months_late,
    }
    facts = ["late", town.stage, str(day)]
    return Letter(rendered("late", address, values, None), LATE_FILE, facts, recipient="municipality")
