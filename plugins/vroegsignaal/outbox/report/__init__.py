"""The evaluation as a report: `evaluatie.html` and `evaluatie.pdf`, from the marts alone."""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from vroegsignaal import warehouse
from vroegsignaal.months import Month, day_in_words
from vroegsignaal.outbox.files import replaced
from vroegsignaal.outbox.report import contents, page, paper
from vroegsignaal.outbox.report.document import Report
from vroegsignaal.outbox.report.facts import Facts, Period
from vroegsignaal.settings import Settings

NAME = "evaluatie"
_LONGEST = 40


def write(here: Settings, code: str, period: str | None = None) -> Path:
    """Write the report of an evaluated municipality, in the folder of the month as of which its tables are told.

    It is about the last period that had begun by then, or about a named one; then its files carry that name too.
    Returns the path of the page.
    """
    with Facts(here, code) as facts:
        there = facts.periods()
        facts.period = next(each for each in there if each.name == period) if period else _current(there)
        report = _report(here, facts)
    as_of = Month.of(facts.period.as_of)
    written = here.out / code / str(as_of) / (f"{NAME}-{_as_file_name(period)}" if period else NAME)
    with replaced(written.with_suffix(".html")) as fresh:
        fresh.write_text(page.render(report), encoding="utf-8")
    with replaced(written.with_suffix(".pdf")) as fresh:
        fresh.write_bytes(paper.render(report, as_of))
    return written.with_suffix(".html")


def _current(periods: list[Period]) -> Period:
    """The last period that had begun in the month as of which is told, else the first there is."""
    begun = [period for period in periods if period.first_day.replace(day=1) <= period.as_of]
    return (begun or periods[:1])[-1]


def _report(here: Settings, facts: Facts) -> Report:
    period = facts.period
    with warehouse.connect(here, "transformer") as connection:
        # One that delivered and stands in no configuration has no name.
        ((name,),) = warehouse.fetch(
            connection,
            "select coalesce(max(name), %(code)s) from config.municipalities where municipality_code = %(code)s",
            {"code": facts.municipality_code},
        )
    return Report(
        municipality=name,
        municipality_code=facts.municipality_code,
        period=period.name,
        first_day=day_in_words(period.first_day),
        last_day=day_in_words(period.last_day),
        months=_months(period),
        as_of=Month.of(period.as_of).in_words,
        version=version("vroegsignaal"),
        sections=contents.sections(here, facts),
    )


def _months(period: Period) -> str:
    """The months of matches that a period counts: whole ones, also where it begins or ends within a month."""
    first, last = Month.of(period.first_day), Month.of(period.last_day)
    return first.in_words if first == last else f"{first.in_words} tot en met {last.in_words}"


def _as_file_name(period: str) -> str:
    """The name of a period in that of a file: no two periods have the same, and none leads elsewhere."""
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in period.lower())
    if plain == period and len(plain) <= _LONGEST:
        return plain
    return f"{plain[:_LONGEST]}-{sha256(period.encode()).hexdigest()[:6]}"
