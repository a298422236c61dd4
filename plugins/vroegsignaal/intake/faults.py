"""What may be wrong with a file as a whole."""

from __future__ import annotations


class NoBetter(Exception):
    """The file could be read before and cannot be as it is to be read now: the reading of before stands."""


class Unreadable(Exception):
    """The file cannot be read in its declared dialect; the message names the line and holds no value.

    `rows`: how many rows were seen, 0 where that cannot be told.
    """

    def __init__(self, message: str, rows: int = 0) -> None:
        super().__init__(message)
        self.rows = rows


class StillChanging(Exception):
    """The file was written to while it was read; the message names it. A later attempt finds it whole."""
