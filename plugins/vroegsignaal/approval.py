"""Proposed selections put to a person: which questions there are, and what an answer does.

What is asked and answered passes through Airflow and its database: numbers and reasons, never a household. Households
are exchanged by their rank, and reasons are chosen from a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg.rows import dict_row

from vroegsignaal import answers, decision, settings, warehouse
from vroegsignaal.answers import LATER
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.months import Month, day_in_words

APPROVE = "Goedkeuren"
REJECT = "Afkeuren"
OPTIONS = (APPROVE, REJECT, LATER)
REASONS = (
    "akkoord",
    "huishouden is al bekend bij de gemeente",
    "bezoek is niet veilig",
    "gegevens kloppen niet",
    "andere verdeling gewenst",
    "beleid wordt aangepast",
)
EXCHANGES = r"^( *[0-9]{1,5} *> *[0-9]{1,5} *(,|$))*$"
"""How exchanges are written: `3>21, 7>22`, each a rank that is selected and one of the reserve."""
WORKING_DAYS = 3
"""After the 25th: the term within which the matches are fetched."""
_ROLES = {"selected": "geselecteerd", "reserve": "reserve", "not_selected": "niet geselecteerd"}
_CHANNELS = {"phone": "bellen", "mail": "mailen", "letter": "brief"}
REASONS_IN_WORDS = {
    "address_unknown": "adres niet in de BRP",
    "moved_or_deceased": "verhuisd of overleden",
    "in_debt_help": "loopt al bij schuldhulp",
    "open_dossier": "open dossier",
    "approached_recently": "kort geleden benaderd",
    "below_threshold": "onder de drempel",
    "over_capacity": "geen plaats",
}


@dataclass(frozen=True)
class Proposal:
    """A proposed selection that waits for a person: numbers of households only."""

    code: str
    name: str
    month: Month
    deadline: date
    counts: list[tuple[str, int]]
    """In words what becomes of households, and of how many."""
    doubtful: int
    """How many of those who would be approached, or kept in reserve, are on the review list."""
    fingerprint: str
    """Tells one proposal from another: who has which place, and on which grounds."""

    def term(self, day: date) -> str:
        """By when it is to be decided, in words, as seen on a day."""
        late = day > self.deadline
        return (
            f"de termijn liep af op {day_in_words(self.deadline)}"
            if late
            else f"uiterlijk {day_in_words(self.deadline)}"
        )


def waiting(month: Month) -> list[Proposal]:
    """Every proposal of the month that waits for a person.

    One that was rejected waits again when it has become another. Raises PlatformError for those of a version before.
    """
    try:
        return _waiting(month)
    except psycopg.errors.UndefinedColumn:
        raise PlatformError(
            f"what is proposed for {month} was derived by an earlier version: run match_month for it in Airflow first."
        ) from None


def _waiting(month: Month) -> list[Proposal]:
    with warehouse.connect(settings.load(), "transformer") as connection:
        if not warehouse.is_there(connection, "core.adjusted_proposal"):
            return []
        ((deadline,),) = warehouse.fetch(
            connection, "select config.last_working_day(%s, %s)", [month.match_day, WORKING_DAYS]
        )
        return [
            Proposal(code, name, month, deadline, *_counted(connection, code, month), mark)
            for code, name, mark, is_decided in warehouse.fetch(connection, _PROPOSED, {"month": month.first_day})
            if not is_decided
        ]


def questions(month: Month, day: date) -> list[dict]:
    """For every proposal of the month that waits for a person: `subject`, `body`, `row`; `day`: when it is asked."""
    return [_question(proposal, day) for proposal in waiting(month)]


# The fingerprint tells one proposal from another, in anything that is proposed or that it rests on.
_PROPOSED = """
    select
        proposed.municipality_code,
        municipality.name,
        proposed.fingerprint,
        exists (
            select 1 from decision.approval
            where approval.municipality_code = proposed.municipality_code and approval.signal_month = %(month)s
        ) or exists (
            select 1 from decision.rejection
            where
                rejection.municipality_code = proposed.municipality_code and rejection.signal_month = %(month)s
                and rejection.fingerprint = proposed.fingerprint
        ) as is_decided
    from (
        select
            municipality_code,
            encode(sha256(convert_to(
                string_agg(to_jsonb(adjusted_proposal)::text, ',' order by household_id), 'utf8'
            )), 'hex') as fingerprint
        from core.adjusted_proposal
        where signal_month = %(month)s
        group by municipality_code
    ) as proposed
    inner join config.municipalities as municipality using (municipality_code)
    order by proposed.municipality_code
"""
_THE_LIST = "select * from casework.selection where signal_month = '{}' order by rank"


def _counted(connection: psycopg.Connection, code: str, month: Month) -> tuple[list[tuple[str, int]], int]:
    rows = warehouse.fetch(
        connection,
        "select role, coalesce(reason, nullif(channel, 'home_visit')), count(*),"
        " count(*) filter (where decision.is_to_review(role, doubt, is_secret))"
        " from core.adjusted_proposal where municipality_code = %s and signal_month = %s"
        " group by 1, 2 order by role desc, 3 desc, 2",
        [code, month.first_day],
    )
    words = REASONS_IN_WORDS | _CHANNELS
    counts = [
        (_ROLES[role] + (f": {words[why_or_how]}" if why_or_how else ""), households)
        for role, why_or_how, households, _ in rows
    ]
    return counts, sum(doubtful for *_, doubtful in rows)


def _question(proposal: Proposal, day: date) -> dict:
    lines = [f"| {label} | {households} |" for label, households in proposal.counts]
    table = "\n".join(["| | huishoudens |", "| -- | --: |", *lines])
    term = proposal.term(day)
    review = f"Eerst nakijken: {proposal.doubtful}, zie nakijklijst.csv.\n\n" if proposal.doubtful else ""
    body = (
        f"{table}\n\n{review}Graag besluiten {term}.\n\n"
        f'De lijst: `vroegsignaal query "{_THE_LIST.format(proposal.month.first_day)}" '
        f"--role caseworker --municipality {proposal.code}`.\n\n"
        "Een huishouden ruilen voor een van de reserve: vul bij *ruilen* de rangnummers in, zoals `3>21, 7>22`."
    )
    return {
        "subject": f"{proposal.name}, {proposal.month.in_words}: selectie vaststellen ({term})",
        "body": body,
        "row": {"municipality": proposal.code, "month": str(proposal.month), "fingerprint": proposal.fingerprint},
    }


def record(row: dict, answer: dict) -> str:
    """Write the answer of a person to the decision ledger; says what was done.

    `row`: as `questions` gave it; `answer`: as Airflow gives it, see `answers.read`. Nothing is done for who decides
    later, when the proposal is not the one that was shown, or when the exchanges make no sense: then all of it is
    asked again.
    """
    said = answers.read(answer, REASONS)
    if said is None:
        return answers.NOT_DECIDED
    month, code = Month.parse(row["month"]), row["municipality"]
    try:
        with warehouse.connect(settings.load(), "transformer") as connection:
            # Two answers at the same time: the second sees what the first did.
            connection.execute("select pg_advisory_xact_lock(hashtext('vroegsignaal approval'))")
            if decision.is_approved(connection, code, month):
                return f"The selection of {month} for {code} was approved before."
            if _fingerprint(connection, code, month) != row["fingerprint"]:
                return "Not recorded: the proposal has changed since it was shown; it is asked again."
            exchanges = parse_exchanges(said.given.get("ruilen") or "")
            if (said.option == REJECT or exchanges) and said.reason == REASONS[0]:
                raise UsageError("choose a reason why the proposal is rejected, or households are exchanged.")
            if said.option == REJECT:
                connection.execute(
                    "insert into decision.rejection (municipality_code, signal_month, fingerprint, reason, rejected_by)"
                    " values (%s, %s, %s, %s, %s)",
                    [code, month.first_day, row["fingerprint"], said.reason, said.by],
                )
                return f"The proposal for {month} to {code} was rejected."
            if decision.approached_since(connection, code, month):
                return (
                    "Not recorded: a household was selected in an earlier month since this was proposed. The month is"
                    " matched again, and asked again."
                )
            for out, spare in exchanges:
                _exchange(connection, code, month, out, spare, said.reason, said.by)
            if not decision.record(connection, code, month, said.by, automatic=False):
                # By a run that approves automatically; what was exchanged for this answer goes with the transaction.
                raise UsageError("it was approved at the same moment.")
            return f"The selection of {month} for {code} is approved."
    except UsageError as error:
        return f"Not recorded: {error}"


def parse_exchanges(written: str) -> list[tuple[int, int]]:
    """The ranks of `3>21, 7>22` in pairs; raises UsageError for anything else, or a rank that is named twice."""
    if not re.fullmatch(EXCHANGES, written):
        raise UsageError("exchanges are written as 3>21, 7>22: a selected rank and one of the reserve.")
    pairs = [tuple(map(int, pair.split(">"))) for pair in written.split(",") if pair.strip()]
    ranks = [rank for pair in pairs for rank in pair]
    if len(set(ranks)) < len(ranks):
        raise UsageError("a rank stands in more than one exchange.")
    return pairs


def _fingerprint(connection: psycopg.Connection, code: str, month: Month) -> str | None:
    proposed = warehouse.fetch(connection, _PROPOSED, {"month": month.first_day})
    return next((mark for of, _, mark, _ in proposed if of == code), None)


def _exchange(
    connection: psycopg.Connection, code: str, month: Month, out: int, spare: int, reason: str, by: str
) -> None:
    found = (
        connection.cursor(row_factory=dict_row)
        .execute(
            "select rank, role, channel, household_id, has_phone, has_email from core.adjusted_proposal"
            " inner join core.candidate using (municipality_code, signal_month, household_id)"
            " where municipality_code = %s and signal_month = %s and rank in (%s, %s)",
            [code, month.first_day, out, spare],
        )
        .fetchall()
    )
    at = {row["rank"]: row for row in found}
    for rank, role in ((out, "selected"), (spare, "reserve")):
        if rank not in at or at[rank]["role"] != role:
            raise UsageError(f"rank {rank} is not {'selected' if role == 'selected' else 'in reserve'}.")
    needed = {"phone": ("has_phone", "telephone number"), "mail": ("has_email", "e-mail address")}
    has, what = needed.get(at[out]["channel"], (None, None))
    if has and not at[spare][has]:
        raise UsageError(f"of rank {spare} no {what} is known: it cannot take the place of rank {out}.")
    try:
        connection.execute(
            "insert into decision.exchange"
            " (municipality_code, signal_month, household_out, household_in, reason, exchanged_by)"
            " values (%s, %s, %s, %s, %s, %s)",
            [code, month.first_day, at[out]["household_id"], at[spare]["household_id"], reason, by],
        )
    except psycopg.errors.UniqueViolation:
        raise UsageError(f"rank {out} or {spare} was exchanged before.") from None
