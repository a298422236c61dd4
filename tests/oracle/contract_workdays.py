"""Working days: Monday to Friday without the Dutch holidays."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

ONE_DAY = timedelta(days=1)


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar, by the computation of Meeus, Jones and Butcher."""
    golden = year % 19
    century, rest = divmod(year, 100)
    moon_drift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - moon_drift + 15) % 30
    to_sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@cache
def holidays(year: int) -> frozenset[date]:
    """Return the days of a year on which nobody works, whatever day of the week they fall on."""
    sunday = easter(year)
    kings_day = date(year, 4, 27)
    return frozenset(
        {
            date(year, 1, 1),
            sunday - 2 * ONE_DAY,  # Good Friday
            sunday + 1 * ONE_DAY,  # Easter Monday
            kings_day - ONE_DAY if kings_day.isoweekday() == 7 else kings_day,
            date(year, 5, 5),
            sunday + 39 * ONE_DAY,  # Ascension Day
            sunday + 50 * ONE_DAY,  # Whit Monday
            date(year, 12, 25),
            date(year, 12, 26),
        }
    )


def is_working_day(day: date) -> bool:
    """Tell whether the day is one from Monday to Friday and no holiday."""
    return day.isoweekday() <= 5 and day not in holidays(day.year)


def last_day_of_term(start: date, working_days: int) -> date:
    """Return the last day of a term of working days, the first of which comes after the day of the start."""
    day = start
    while working_days > 0:
        day += ONE_DAY
        working_days -= is_working_day(day)
    return day
