"""The points: what goes wrong in which step and when, drawn from a seed; each can be drawn alone."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from . import town
from .stage import CHAIN

_, SECOND = town.MONTHS

FULL = "the disk is full"
KINDS: dict[str, dict[str, int]] = {
    # A moment: a part of how long the step takes; everything that it started goes with it.
    "killed at a moment": {"receive": 3, "judge": 8, "alert": 3, "derive": 12, "publish": 8, "hand_out": 6},
    # Before or after a statement, a file put in its place, a mail handed over.
    "killed at an event": {"receive": 14, "judge": 10, "alert": 12, "approve": 6, "hand_out": 8},
    # What a step started lives on without it: how a machine without memory picks.
    "its children live on": {"derive": 4, "publish": 4},
    "the server is killed": {"receive": 3, "judge": 3, "alert": 2, "derive": 6, "publish": 4, "hand_out": 2},
    "connections are cut": {"receive": 3, "judge": 4, "alert": 2, "derive": 6, "publish": 3, "hand_out": 2},
    FULL: {"receive": 3, "judge": 2, "derive": 3, "publish": 2, "hand_out": 2},
    "a file cannot grow": {"hand_out": 4, "derive": 2, "publish": 2},
    "a file is replaced": {"receive": 10},
    "twice at once": {"receive": 1, "judge": 1, "alert": 2, "derive": 2, "approve": 1, "publish": 2, "hand_out": 1},
    "done again later": {"receive": 1, "judge": 1, "alert": 1, "derive": 1, "approve": 1, "hand_out": 1},
    "another day": {"receive": 1, "judge": 1, "alert": 1, "derive": 1, "approve": 1, "hand_out": 1},
}
"""Kind -> step -> how many points."""
TO_THE_END = 10
"""Every so many points the month is run to its end after it; else up to the next run of dbt."""


@dataclass(frozen=True)
class Point:
    """One thing that goes wrong."""

    number: int
    kind: str
    place: int
    """Which step of the chain."""
    part: float
    """How far on, from 0 to 1: of the step's usual time, its events, a file's rows."""
    after: bool
    """One of two ways of the same kind."""

    def __str__(self) -> str:
        step, month = CHAIN[self.place]
        return f"point {self.number}: {self.kind}, {step} {month} at {self.part:.3f}{' +' if self.after else ''}"


def points(seed: int) -> list[Point]:
    """All points of a seed, numbered from 1, in the order in which they are tried: the kinds are mixed."""
    deck = [(kind, step) for kind, steps in KINDS.items() for step, count in steps.items() for _ in range(count)]
    Random(seed).shuffle(deck)
    return [_point(seed, number, kind, step) for number, (kind, step) in enumerate(deck, start=1)]


def _point(seed: int, number: int, kind: str, step: str) -> Point:
    rng = Random(f"{seed}/{number}")
    # What is done again later was done before: it is the first month's, when the second is on its way.
    month = SECOND if kind == "done again later" else rng.choice(town.MONTHS)
    return Point(number, kind, CHAIN.index((step, month)), rng.random(), rng.random() < 0.5)
