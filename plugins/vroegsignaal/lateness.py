"""Lateness: whether the month whose 25th has passed is there, matched and decided on within its terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from vroegsignaal import approval, settings, warehouse
from vroegsignaal.months import MATCH_DAY, Month

RECEIVED, MATCHED, APPROVED = "received", "matched", "approved"
STAGES = (RECEIVED, MATCHED, APPROVED)


@dataclass(frozen=True)
class Progress:
    """How far a municipality is, on a day."""

    code: str
    name: str
    contact: str | None
    last: dict[str, Month | None]
    """For each stage the last month that reached it."""
    due: Month
    """The last month whose 25th has passed."""
    stage: str | None
    """What the month that is due lacks though its term has passed; None while it is in time, or nothing is agreed."""
    term: date | None
    """The last day on which it was in time."""

    @property
    def months_late(self) -> int:
        """How many months have not reached the stage; one for who never delivered."""
        if self.stage is None:
            return 0
        reached = self.last[self.stage]
        return (self.due.year - reached.year) * 12 + self.due.number - reached.number if reached else 1


def due(day: date) -> Month:
    """The last month whose 25th has passed on a day."""
    return Month.of(day).plus(0 if day.day > MATCH_DAY else -1)


def progress(day: date, here: settings.Settings | None = None) -> list[Progress]:
    """How far each municipality of the configuration is on a day; nothing of a later month counts.

    Only a month for which an agreement with a creditor holds can be late: who has stopped is not waited for.
    """
    month = due(day)
    waiting = {proposal.code for proposal in approval.waiting(month)}
    with warehouse.connect(here or settings.load(), "transformer") as connection:
        values = {"month": month.first_day, "day": month.match_day, "to_decide": approval.WORKING_DAYS}
        found = warehouse.fetch(connection, _PROGRESS, values)
    towns = []
    for code, name, contact, agreed, *days in found:
        last = {stage: first and Month.of(first) for stage, first in zip(STAGES, days[:3], strict=True)}
        lacking = [stage for stage in (RECEIVED, MATCHED) if last[stage] != month]
        # A month in which nobody matched, or whose proposal was rejected, has nothing left to decide.
        lacking += [APPROVED] if code in waiting else []
        term = days[3 + STAGES.index(lacking[0])] if lacking and agreed else None
        is_late = term is not None and day > term
        late = (lacking[0], term) if is_late else (None, None)
        towns.append(Progress(code, name, contact, last, month, *late))
    return towns


# A month is matched once it was derived with a register of residents that could be used.
_PROGRESS = """
    with town as (
        select municipality_code, name, contact_email from config.municipalities
    ),
    received as (
        select municipality_code, max(signal_month) as last
        from raw.month_received
        where signal_month <= %(month)s
        group by municipality_code
    ),
    matched as (
        select received.municipality_code, max(received.signal_month) as last
        from raw.month_received as received
        inner join decision.derived using (signal_month)
        cross join lateral raw.population_register(received.signal_month) as register
        where
            received.signal_month <= %(month)s
            and register.municipality_code = received.municipality_code
            and register.state = 'usable'
        group by received.municipality_code
    ),
    approved as (
        select municipality_code, max(signal_month) as last
        from decision.approval
        where signal_month <= %(month)s
        group by municipality_code
    ),
    term as (
        select municipality_code, max(value)::integer as working_days
        from config.policy_on(%(day)s)
        where parameter = 'match_term_working_days'
        group by municipality_code
    )
    select
        town.municipality_code,
        town.name,
        town.contact_email,
        exists (
            select 1 from config.agreements as agreed
            where
                agreed.municipality_code = town.municipality_code
                and %(day)s between agreed.valid_from and coalesce(agreed.valid_to, 'infinity')
        ),
        received.last,
        matched.last,
        approved.last,
        %(day)s::date,
        config.last_working_day(%(day)s, coalesce(term.working_days, 0)),
        config.last_working_day(%(day)s, %(to_decide)s)
    from town
    left join received using (municipality_code)
    left join matched using (municipality_code)
    left join approved using (municipality_code)
    left join term using (municipality_code)
    order by town.municipality_code
"""
