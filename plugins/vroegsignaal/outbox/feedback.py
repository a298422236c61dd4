"""The feedback: to each creditor what became of its signals, each status once, and when collection is to wait.

A month tells what is new since the months before it, and what turned out otherwise. What was told to whom stands in
the ledger `decision.feedback`, of which the files are made: an earlier month run again neither tells nor takes back.
What a creditor may be told stands in `feedback_codes.csv`; what is not listed there is told as `GENERAL`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import psycopg
from psycopg.rows import class_row

from vroegsignaal import transform, warehouse
from vroegsignaal.configuration.references import GENERAL
from vroegsignaal.months import Month
from vroegsignaal.outbox import post
from vroegsignaal.outbox.files import write_csv
from vroegsignaal.outbox.mail import Server, usable_address
from vroegsignaal.outbox.notices import SHOWN_CHARACTERS
from vroegsignaal.outbox.post import Letter, Sender, Sent, rendered
from vroegsignaal.settings import Settings

FOLDER = "terugkoppeling"
MAIL_FILES = f"{FOLDER}-*.eml"
HEADER = ("signaal_id", "klantnummer", "signaalmaand", "status", "resultaat", "datum", "incasso", "correctie")
COLLECTION = {"pause": "pauzeer", "resume": "hervat"}


@dataclass(frozen=True)
class Told:
    """What a creditor is told of one of its signals in a month."""

    creditor: str
    signal_id: str
    customer: str | None
    signal_month: date
    status: str
    outcome: str | None
    status_on: date
    collection: str | None
    is_correction: bool

    @property
    def row(self) -> tuple:
        """As its creditor reads it: see HEADER."""
        return (
            self.signal_id,
            self.customer,
            f"{self.signal_month:%Y-%m}",
            self.status,
            self.outcome,
            self.status_on,
            COLLECTION.get(self.collection or ""),
            "j" if self.is_correction else "n",
        )


# -- the ledger


def tell(here: Settings, month: Month) -> int:
    """Write to the ledger what the month has to tell the creditors of every municipality that approved it.

    Only the last month that was matched has anything to tell: an earlier one was told before what was known since.
    Returns for how many signals.
    """
    with transform.publishing(here) as connection:
        if transform.last_matched(here) != month or not warehouse.is_there(connection, "core.signal_status"):
            return 0
        return connection.execute(_TELL, {"month": month.first_day, "general": GENERAL}).rowcount


# Told again is what is told otherwise because it is otherwise, and not because another thing may be told by now.
# What was open may become anything, and a case end: all else that changes was told wrongly.
_TELL = """
    with known as (
        select distinct on (signal.municipality_code, signal.creditor, signal.signal_month, signal.signal_id)
            signal.municipality_code, signal.creditor, signal.signal_month, signal.signal_id,
            signal.drop_id, signal.line_no, signal.reason, signal.status, signal.outcome, signal.is_ended,
            signal.status_on, signal.is_help_running,
            coalesce(of_status.told_as, %(general)s) as told_status,
            case
                when not signal.is_ended then null
                when coalesce(of_status.told_as, %(general)s) = %(general)s then %(general)s
                else coalesce(of_outcome.told_as, %(general)s)
            end as told_outcome
        from core.signal_status as signal
        inner join quality.accepted_signals as accepted using (drop_id, line_no)
        inner join decision.approval
            on signal.municipality_code = approval.municipality_code and approval.signal_month = %(month)s
        left join config.feedback_codes as of_status
            on of_status.list = 'status' and signal.status = of_status.code
        left join config.feedback_codes as of_outcome
            on of_outcome.list = 'outcome' and signal.outcome = of_outcome.code
        where signal.as_of = %(month)s and not accepted.erased
        order by
            signal.municipality_code, signal.creditor, signal.signal_month, signal.signal_id,
            signal.drop_id, signal.line_no
    ),

    told as (
        select distinct on (municipality_code, creditor, signal_month, signal_id)
            *,
            first_value(collection) over (
                partition by municipality_code, creditor, signal_month, signal_id
                order by collection is null, turn desc
            ) as last_collection
        from decision.feedback
        order by municipality_code, creditor, signal_month, signal_id, turn desc
    ),

    compared as (
        select
            known.*,
            coalesce(told.turn, 0) as told_before,
            (told.told_status, told.told_outcome) is distinct from (known.told_status, known.told_outcome)
            and (told.status, told.outcome, told.is_ended)
            is distinct from (known.status, known.outcome, known.is_ended) as is_otherwise,
            told.reason = 'open' or not told.is_ended and told.status = known.status as is_progress,
            case
                when known.is_help_running and told.last_collection is distinct from 'pause' then 'pause'
                when not known.is_help_running and told.last_collection = 'pause' then 'resume'
            end as collection
        from known
        left join told using (municipality_code, creditor, signal_month, signal_id)
    )

    insert into decision.feedback (
        municipality_code, creditor, signal_month, signal_id, turn, told_month, drop_id, line_no, reason, status,
        outcome, is_ended, status_on, told_status, told_outcome, collection, is_correction
    )
    select
        municipality_code, creditor, signal_month, signal_id, told_before + 1, %(month)s, drop_id, line_no, reason,
        status, outcome, is_ended, status_on, told_status, told_outcome, collection,
        told_before > 0 and is_otherwise and not is_progress
    from compared
    where told_before = 0 or is_otherwise or collection is not null
    order by municipality_code, creditor, signal_month, drop_id, line_no
"""


# -- the files


def write(here: Settings, code: str, month: Month, folder: Path) -> int:
    """Write `terugkoppeling/<creditor>.csv` for every creditor that is told something in the month; how many.

    Only the creditor's own signals, and none that were erased since. A file of a creditor that is told nothing any more
    goes away.
    """
    with warehouse.connect(here, "loader") as connection:
        told = list(_told(connection, code, month))
    files = {
        folder / FOLDER / f"{creditor}.csv": [each.row for each in its_own]
        for creditor, its_own in groupby(told, key=lambda each: each.creditor)
    }
    for path, rows in files.items():
        write_csv(path, HEADER, rows)
    for old in {*(folder / FOLDER).glob("*.csv")} - files.keys():
        old.unlink()
    return len(files)


def _told(connection: psycopg.Connection, code: str, month: Month) -> Iterator[Told]:
    """What the ledger has of a month, by creditor; of a signal that was told of twice in it the last holds."""
    values = {"code": code, "month": month.first_day, "shown": SHOWN_CHARACTERS}
    yield from connection.cursor(row_factory=class_row(Told)).execute(_OF_A_MONTH, values)


_OF_A_MONTH = """
    with told as (
        select
            *,
            row_number() over of_signal as age,
            bool_or(is_correction) over (partition by creditor, signal_month, signal_id) as is_any_correction,
            first_value(collection) over (
                partition by creditor, signal_month, signal_id order by collection is null, turn desc
            ) as last_collection
        from decision.feedback
        where municipality_code = %(code)s and told_month = %(month)s
        window of_signal as (partition by creditor, signal_month, signal_id order by turn desc)
    )

    select
        told.creditor,
        left(own.signaal_id, %(shown)s) as signal_id,
        left(own.klantnummer, %(shown)s) as customer,
        told.signal_month,
        told.told_status as status,
        told.told_outcome as outcome,
        told.status_on,
        told.last_collection as collection,
        told.is_any_correction as is_correction
    from told
    inner join quality.accepted_signals as own
        on
            told.drop_id = own.drop_id and told.line_no = own.line_no
            and told.municipality_code = own.municipality_code and told.creditor = own.creditor
            and not own.erased
    where told.age = 1
    order by told.creditor, told.signal_month, told.drop_id, told.line_no
"""


# -- the mails


def mail(here: Settings, month: Month) -> dict[str, int]:
    """Mail every creditor of which signals are told in the month how many, and where the file is; once for each set.

    Without VROEGSIGNAAL_SMTP the mails are written to the folder for results. Returns how many mails were sent (or
    written), known already and refused; raises mail.PutOff when the server did not take one for now.
    """
    sent = Sent()
    with warehouse.open_connection(here, "loader") as connection:
        post.take_turn(connection)
        for code, name, contact in warehouse.fetch(connection, _MUNICIPALITIES, [month.first_day]):
            sender = Sender(here, code, month, usable_address(contact))
            letters = list(_letters(connection, sender, name))
            if here.smtp is None:
                sent.counts["written"] += _write_mails(sender, letters)
            elif letters:
                with Server.parse(here.smtp).connected() as server:
                    for letter in letters:
                        sender.send(connection, server, letter, sent)
    post.check_put_off(sent)
    return dict(sent.counts)


_MUNICIPALITIES = """
    select received.municipality_code, coalesce(town.name, received.municipality_code), town.contact_email
    from raw.month_received as received
    left join config.municipalities as town using (municipality_code)
    where received.signal_month = %s
    order by 1
"""


_FACTS = """
    select creditor, count(*), sum(turn)::integer
    from decision.feedback
    where municipality_code = %s and told_month = %s
    group by creditor
"""


def _write_mails(sender: Sender, letters: list[Letter]) -> int:
    written = {sender.write(letter) for letter in letters}
    for old in set(sender.folder.glob(MAIL_FILES)) - written:
        old.unlink()
    return len(written)


def _letters(connection: psycopg.Connection, sender: Sender, municipality: str) -> Iterator[Letter]:
    """A mail for each creditor that is told something and has a usable address."""
    names = {
        creditor: (name, usable_address(address))
        for creditor, name, address in warehouse.fetch(
            connection, "select creditor, name, contact_email from config.creditors"
        )
    }
    # Not by what is told: of that something may be erased since, which is no news.
    facts = {
        creditor: told for creditor, *told in warehouse.fetch(connection, _FACTS, [sender.code, sender.month.first_day])
    }
    for creditor, of_creditor in groupby(_told(connection, sender.code, sender.month), key=lambda each: each.creditor):
        name, address = names.get(creditor, (creditor, None))
        if address:
            yield _letter(sender, municipality, creditor, name, address, list(of_creditor), facts[creditor])


def _letter(
    sender: Sender, municipality: str, creditor: str, name: str, address: str, told: list[Told], facts: list
) -> Letter:
    month = sender.month.in_words
    asked = Counter(each.collection for each in told if each.collection)
    values = {
        "subject": f"Gemeente {municipality}, vroegsignalering: wat er van uw signalen is geworden ({month})",
        "creditor": name,
        "municipality": municipality,
        "month": month,
        "counts": sorted(Counter(each.status for each in told).items()),
        "corrections": sum(each.is_correction for each in told),
        "pauses": asked["pause"],
        "resumes": asked["resume"],
        "file": f"{FOLDER}/{creditor}.csv",
        "folder": f"{sender.code}/{sender.month}",
        "contact": f"Vragen? Mail {sender.contact}." if sender.contact else "Vragen? Neem contact op met de gemeente.",
    }
    return Letter(
        rendered("feedback", address, values, None),
        file=f"{FOLDER}-{creditor}.eml",
        facts=[FOLDER, *facts],
        creditor=creditor,
    )
