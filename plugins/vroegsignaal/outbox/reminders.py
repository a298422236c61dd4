"""The reminder: to the municipality, that a proposed selection waits for a decision, and until when."""

from __future__ import annotations

from datetime import date

import psycopg

from vroegsignaal import approval, settings, warehouse
from vroegsignaal.approval import Proposal
from vroegsignaal.months import Month
from vroegsignaal.outbox import post
from vroegsignaal.outbox.mail import Server, usable_address
from vroegsignaal.outbox.post import Letter, Sender, Sent, rendered

FILE = "besluit.eml"


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
