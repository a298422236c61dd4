"""Held amounts put to a person: which questions there are, and what an answer does.

What is asked and answered passes through Airflow and its database. It therefore names files, lines and rules, and
answers and reasons are chosen from a list: nothing of it is, or could hold, a value of a person.
"""

from __future__ import annotations

from vroegsignaal import answers, contract, release, settings, warehouse
from vroegsignaal.answers import LATER
from vroegsignaal.errors import UsageError
from vroegsignaal.months import Month

AS_DELIVERED = "Vrijgeven zoals aangeleverd"
HUNDREDTH = "Vrijgeven voor een honderdste (komma verschoven)"
KEEP = "Aangehouden laten"
OPTIONS = (AS_DELIVERED, HUNDREDTH, KEEP, LATER)
REASONS = (
    "nagevraagd bij de crediteur",
    "vergeleken met eerdere leveringen",
    "kennelijke schrijffout",
    "niet te achterhalen",
)
MOST_QUESTIONS = 50
"""A month has a few; a file with more of them has another fault, and needs a next delivery."""


def questions(month: Month) -> list[dict]:
    """For every row of the month that is held for its amount alone and was not decided on: `subject`, `body`, `row`."""
    with warehouse.connect(settings.load(), "loader") as connection:
        rows = warehouse.fetch(connection, _HELD_FOR_AMOUNT, {"month": month.first_day, "most": MOST_QUESTIONS})
    return [_question(month, *row) for row in rows]


# An amount that is missing or no number is for the creditor, and so is a row with any other fault.
_HELD_FOR_AMOUNT = """
    select
        ledger.municipality_code, ledger.creditor, ledger.drop_id, ledger.file, finding.line_no,
        array_agg(distinct finding.rule)
    from quality.held as finding
    inner join raw.drop_ledger as ledger using (drop_id)
    where
        ledger.signal_month = %(month)s and ledger.feed = 'signals'
        -- Nor asked again when somebody looked and left it held.
        and not exists (
            select 1 from quality.release as decided
            where decided.drop_id = finding.drop_id and decided.line_no = finding.line_no
        )
    group by ledger.drop_id, finding.line_no
    having
        bool_and(finding.column_name = 'bedrag')
        and not bool_or(finding.rule in ('value_missing', 'amount_invalid', 'amount_not_positive'))
    order by ledger.drop_id, finding.line_no
    limit %(most)s
"""


def _question(month: Month, code: str, creditor: str, drop_id: int, file: str, line: int, rules: list[str]) -> dict:
    told = "\n".join(f"- {contract.wordings()[rule].finding}" for rule in rules)
    body = (
        f"{told}\n\nHet bedrag staat in `{file}`, regel {line}; `vroegsignaal release --list --municipality {code} "
        f"--month {month}` laat het zien. Is het goede bedrag een ander dan het aangeleverde of een honderdste "
        "daarvan, geef het dan op met `vroegsignaal release … --amount`."
    )
    row = {"municipality": code, "month": str(month), "creditor": creditor, "drop_id": drop_id, "line": line}
    return {"subject": f"{creditor}, {month.in_words}: een bedrag aangehouden (regel {line})", "body": body, "row": row}


def record(row: dict, answer: dict) -> str:
    """Write the answer of a person to the ledger of releases; says what was done.

    `row`: as `questions` gave it; `answer`: as Airflow gives it, see `answers.read`. Nothing is done for who decides
    later, or when the row is not held any more.
    """
    said = answers.read(answer, REASONS)
    if said is None:
        return answers.NOT_DECIDED
    wanted = release.Wanted(
        row["municipality"], Month.parse(row["month"]), row["creditor"], line=row["line"], drop_id=row["drop_id"]
    )
    try:
        if said.option == KEEP:
            return release.keep(wanted, said.by, said.reason)
        amount = release.HUNDREDTH if said.option == HUNDREDTH else None
        return release.release(wanted, said.by, said.reason, amount)
    except UsageError as error:
        # A next delivery came, or somebody typed `vroegsignaal release`, while the question was open.
        return f"Not recorded: {error}"
