"""The working days of the pilot: those on which dossiers are made, visited and closed."""

import datetime as dt

from vroegsignaal.calendar import holidays

HOLIDAYS = frozenset(holidays())
WITHIN = 3
"""Working days after the 25th within which the matches are fetched."""


def is_workday(day: dt.date) -> bool:
    """Neither a weekend nor a holiday."""
    return day.isoweekday() <= 5 and day not in HOLIDAYS


def after_match(month: str) -> list[dt.date]:
    """The three working days after the 25th of the month."""
    day = dt.date.fromisoformat(f"{month}-25")
    found: list[dt.date] = []
    while len(found) < WITHIN:
        day += dt.timedelta(days=1)
        if is_workday(day):
            found.append(day)
    return found


def of_month(month: str) -> list[dt.date]:
    """The working days of a month, in order."""
    first = dt.date.fromisoformat(f"{month}-01")
    days = [first + dt.timedelta(days=n) for n in range(31)]
    return [day for day in days if day.month == first.month and is_workday(day)]
