"""Policy presets: sets of rows for `policy.csv` that belong together, as data."""

from __future__ import annotations

from datetime import date

from vroegsignaal.configuration.files import read
from vroegsignaal.configuration.tables import TABLES
from vroegsignaal.errors import UsageError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings


def names(settings: Settings) -> list[str]:
    """The presets there are."""
    return sorted({str(row["preset"]) for row in read(settings, TABLES["policy_presets"])})


def policy_rows(settings: Settings, preset: str, code: str, start: date) -> list[tuple[str, ...]]:
    """The rows of `policy.csv` with which a municipality takes on a preset from a day: the columns of that file.

    Some values of a preset hold from a number of months later. Raises UsageError for a preset that is not there.
    """
    rows = [row for row in read(settings, TABLES["policy_presets"]) if row["preset"] == preset]
    if not rows:
        raise UsageError(f"there is no preset '{preset}'; there are {', '.join(names(settings))}.")
    return [
        (
            code,
            str(_months_later(start, int(row["months_after"] or 0))),
            str(row["parameter"]),
            row["sector"] or "",
            str(row["value"]),
        )
        for row in rows
    ]


def rows_that_go_on(settings: Settings, code: str, taken_on: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The municipality's rows of `policy.csv` that would still count beside those of a preset.

    They are of a parameter, or a sector, that the preset says nothing of, or hold from a later day.
    """
    start = min(valid_from for _, valid_from, *_ in taken_on)
    said = {(parameter, sector) for _, _, parameter, sector, _ in taken_on}
    columns = TABLES["policy"].columns
    present = [tuple(row[column] or "" for column in columns) for row in read(settings, TABLES["policy"])]
    return [
        row
        for row in present
        if row[0] == code and row not in taken_on and ((row[2], row[3]) not in said or row[1] > start)
    ]


def _months_later(day: date, months: int) -> date:
    """The same day of a later month; its last one where the month is shorter."""
    month = Month.of(day).plus(months)
    last = (month.plus(1).first_day - month.first_day).days
    return month.first_day.replace(day=min(day.day, last))
