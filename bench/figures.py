"""A figure that was measured, what it is held against, and the table of them."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A median of several runs, beside that of a peer in the same runs.

    `limit` is what the ratio to the peer may be at most; without a peer, what the value itself may be.
    """

    what: str
    size: str
    value: float
    unit: str = "s"
    peer: str | None = None
    peer_value: float | None = None
    limit: float | None = None
    memory_mb: float | None = None
    """The most that any process of ours held, the database's not counted."""
    failure: str | None = None
    """Why there is no value, in a few words: what was to be measured broke."""

    @property
    def ratio(self) -> float | None:
        """How many times the peer's; None without one."""
        return self.value / self.peer_value if self.peer_value else None

    @property
    def is_missed(self) -> bool:
        """Whether it is above its limit, or could not be measured."""
        if self.failure:
            return True
        return self.limit is not None and (self.ratio if self.peer else self.value) > self.limit


def medians(runs: int, **acts: Callable[[], object]) -> dict[str, float]:
    """Seconds that each act takes, the median of several runs in which they take turns."""
    took: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(runs):
        for name, act in acts.items():
            begin = time.perf_counter()
            act()
            took[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in took.items()}


def exponent(costs: dict[float, float]) -> float:
    """How cost grows with size: the slope of a straight line through both logarithms (1: in proportion).

    `costs`: the seconds of each size, of two sizes or more. What each run costs anyhow makes it less steep, so leave
    out sizes at which that is most of it.
    """
    sizes, seconds = map(math.log, costs), map(math.log, costs.values())
    return statistics.linear_regression([*sizes], [*seconds]).slope


def table(figures: Iterable[Figure]) -> str:
    """The figures as a table in Markdown."""
    lines = ["| what | size | ours | peer | ratio | target | memory |", "| -- | -- | --: | --: | --: | --: | --: |"]
    lines += [f"| {' | '.join(_cells(each))} |" for each in figures]
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    if figure.failure:
        return (figure.what, figure.size, f"**failed**: {figure.failure}", "", "", "", "")
    target = "" if figure.limit is None else f"≤ {figure.limit:g}{' **missed**' if figure.is_missed else ''}"
    return (
        figure.what,
        figure.size,
        f"{figure.value:.2f} {figure.unit}".rstrip(),
        f"{figure.peer}: {figure.peer_value:.2f} {figure.unit}" if figure.peer and figure.peer_value else "",
        f"{figure.ratio:.2f}" if figure.ratio else "",
        target,
        f"{figure.memory_mb:.0f} MB" if figure.memory_mb else "",
    )
