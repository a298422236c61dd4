"""What a broken delivery is, and what has to become of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A delivery in the landing area, with what has to become of it.

    `expect`: a rule that has to be found, `accepted` when all rows are, `unrecognised`, or empty for whatever the rules
    say. `line`: whether the message names a line. `says`: words in the message.
    """

    name: str
    file: str
    expect: str = ""
    line: bool = False
    says: str = ""
