"""The Dutch calendar: on which days nobody works, and so when a term of working days ends."""

from __future__ import annotations

from datetime import date

FIRST_YEAR, LAST_YEAR = 2010, 2060
"""The years for which the warehouse knows the holidays."""


def holidays() -> dict[date, str]:
    """The days on which terms stand still, weekends left out, with their names.

    Those of the Algemene termijnenwet: `public` has 5 May in lustrum years only, `optional` in all. Days that are
    equated to holidays by decree are configuration (`equated_days.csv`).
    """
    from holidays import country_holidays

    years = range(FIRST_YEAR, LAST_YEAR + 1)
    found = country_holidays("NL", categories=("public", "optional"), years=years, language="nl")
    return {day: found[day] for day in sorted(found) if day.isoweekday() <= 5}
