"""The signal month: the partition that every step works for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from vroegsignaal.errors import UsageError

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MATCH_DAY = 25
_NAMES = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
    "december",
)  # fmt: skip
_WRITTEN = re.compile(r"([12]\d{3})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, ordered in time and written `jjjj-mm`."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """The month written as `jjjj-mm`; raises UsageError for anything else."""
        written = _WRITTEN.fullmatch(text)
        if not written:
            raise UsageError(f"'{text}' is not a month: write it as jjjj-mm, such as 2018-09.")
        return cls(int(written[1]), int(written[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        """The month in which a day lies; of a signal month as it is stored, that month."""
        return cls(day.year, day.month)

    @classmethod
    def of_partition(cls, partition_key: str) -> Month:
        """The month of a flow's `partition_key`, such as `2018-09-25T06:00:00` (local time in Amsterdam)."""
        moment = datetime.fromisoformat(partition_key)
        if moment.tzinfo is not None:
            moment = moment.astimezone(AMSTERDAM)
        return cls.of(moment)

    @classmethod
    def is_written(cls, text: str) -> bool:
        """Whether the text is a month in the form `jjjj-mm`."""
        return _WRITTEN.fullmatch(text) is not None

    @property
    def first_day(self) -> date:
        """The first of the month: how a signal month is stored."""
        return date(self.year, self.number, 1)

    @property
    def match_day(self) -> date:
        """The 25th: the national day of matching."""
        return date(self.year, self.number, MATCH_DAY)

    @property
    def partition_key(self) -> str:
        """The key of the month's partition in the flows, as the schedule of the receiving flow writes it."""
        return f"{self.match_day}T06:00:00"

    @property
    def in_words(self) -> str:
        """In Dutch, for people: `januari 2019`."""
        return f"{_NAMES[self.number - 1]} {self.year}"

    def plus(self, months: int) -> Month:
        """The month so many months later (or earlier, when negative)."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def months_between(first: Month, last: Month) -> list[Month]:
    """All months from the first up to and including the last; raises UsageError when they are the wrong way round."""
    if last < first:
        raise UsageError(f"the last month ({last}) lies before the first ({first}).")
    months = [first]
    while months[-1] < last:
        months.append(months[-1].plus(1))
    return months


def now_here() -> datetime:
    """The moment, in Amsterdam's time: for what tells when something was done, never for what is derived."""
    return datetime.now(AMSTERDAM)


def day_in_words(day: date) -> str:
    """A day in Dutch, for people: `25 januari 2019`."""
    return f"{day.day} {_NAMES[day.month - 1]} {day.year}"
