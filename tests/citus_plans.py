"""What a plan of Citus says of rows that move: from machine to machine, or to the coordinator and back."""

from __future__ import annotations

import re

REPARTITION = re.compile(r"MapMergeJob|Map Task Count|INSERT/SELECT method: repartition")
PULLED = re.compile(r"INSERT/SELECT method: pull to coordinator")
_SUBPLAN = re.compile(r"->\s+Distributed Subplan (\S+)")
_OF_OTHERS = re.compile(r"Custom Scan \(Citus (?!INSERT)")


def moves(plan: str) -> list[str]:
    """How a plan, as `explain` writes it, moves spread rows; nothing when each machine works on its own rows.

    A subplan that reads no other machine is no move: what a function or the configuration gives is sent along.
    """
    found = []
    if REPARTITION.search(plan):
        found.append("repartitioned: rows are sent from machine to machine")
    if PULLED.search(plan):
        found.append("pulled: the rows of the result go over the coordinator")
    lines = plan.splitlines()
    for number, line in enumerate(lines):
        subplan = _SUBPLAN.search(line)
        if subplan and any(_OF_OTHERS.search(each) for each in _below(lines, number)):
            found.append(f"gathered: subplan {subplan[1]} collects spread rows, and sends them to every machine")
    return found


def _below(lines: list[str], number: int) -> list[str]:
    """The lines that are written further to the right than this one, up to the next that is not."""
    depth = _depth(lines[number])
    below = []
    for line in lines[number + 1 :]:
        if line.strip() and _depth(line) <= depth:
            break
        below.append(line)
    return below


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
