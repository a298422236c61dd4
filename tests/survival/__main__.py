"""Try points: `python -m survival --seed 1`, or one of them: `--only 17`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from .points import FULL, KINDS, points
from .stage import leave, stage
from .trial import attempt, sum_up, tell


def main() -> int:
    """Try points and print what became of them; 1 when anything was lost, doubled or left waiting."""
    asked = _asked()
    chosen = [
        point
        for point in points(asked.seed)
        if (not asked.only or point.number in asked.only) and (not asked.kind or point.kind in asked.kind)
    ][: asked.first]
    signal.signal(signal.SIGTERM, leave)
    with stage() as there:
        there.keep = asked.keep
        if not there.disk_is_ours and (left_out := [point for point in chosen if point.kind == FULL]):
            chosen = [point for point in chosen if point.kind != FULL]
            print(f"left out: {len(left_out)} points, '{FULL}'. They need root, who can mount a file system in memory.")
        begun = time.monotonic()
        there.record()
        print(f"seed {asked.seed}: {len(chosen)} points; the undisturbed run took {time.monotonic() - begun:.0f} s")
        outcomes = []
        for point in chosen:
            outcomes.append(attempt(there, point, asked.all_the_way))
            tell(outcomes[-1])
    sum_up(outcomes, time.monotonic() - begun)
    return 0 if outcomes and all(outcome.is_well for outcome in outcomes) else 1


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m survival", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, action="append", help="a point by its number; may be repeated")
    parser.add_argument("--kind", choices=[*KINDS], action="append", help="points of a kind; may be repeated")
    parser.add_argument("--first", type=int, help="so many points and no more")
    parser.add_argument("--all-the-way", action="store_true", help="after each point the month to its end")
    parser.add_argument("--keep", type=Path, help="a folder for what was handed out by points that went wrong")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
