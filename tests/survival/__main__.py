"""Try points: `python -m survival --seed 1`, or one of them: `--only 17`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from .points import KINDS, points
from .stage import leave, stage
from .trial import Outcome, attempt


def main() -> int:
    """Try points and print what became of them; 1 when anything was lost, doubled or left waiting."""
    asked = _asked()
    chosen = [
        point for point in points(asked.seed)
        if (not asked.only or point.number in asked.only) and (not asked.kind or point.kind in asked.kind)
    ][: asked.first]
    signal.signal(signal.SIGTERM, leave)
    with stage() as there:
        there.keep = asked.keep
        begun = time.monotonic()
        there.record()
        print(f"seed {asked.seed}: {len(chosen)} points; the undisturbed run took {time.monotonic() - begun:.0f} s")
        outcomes = []
        for point in chosen:
            outcomes.append(attempt(there, point, asked.all_the_way))
            _tell(outcomes[-1])
    _sum_up(outcomes, time.monotonic() - begun)
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


def _tell(outcome: Outcome) -> None:
    print(f"{'ok  ' if outcome.is_well else 'WRONG'} {outcome.point} ({outcome.seconds:.0f} s)")
    for line in outcome.told:
        print(f"      {line}")
    sys.stdout.flush()


def _sum_up(outcomes: list[Outcome], seconds: float) -> None:
    print(f"\n{'kind':<24}{'points':>8}{'lost':>8}{'doubled':>9}{'waiting':>9}{'wrong':>8}{'resent':>8}")
    by_kind: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_kind.setdefault(outcome.point.kind, []).append(outcome)
    for kind, tried in [*sorted(by_kind.items()), ("all", outcomes)]:
        sums = Counter()
        for outcome in tried:
            sums.update(lost=outcome.lost, doubled=outcome.doubled, waiting=outcome.waiting, resent=outcome.resent)
            sums["wrong"] += not outcome.is_well
        columns = f"{sums['lost']:>8}{sums['doubled']:>9}{sums['waiting']:>9}{sums['wrong']:>8}{sums['resent']:>8}"
        print(f"{kind:<24}{len(tried):>8}{columns}")
    print(f"\n{len(outcomes)} points in {seconds / 60:.1f} minutes")


if __name__ == "__main__":
    sys.exit(main())
