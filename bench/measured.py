"""`python -m bench.measured NAME [--quick]`: one measurement; its figures as JSON in the last line that is printed."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib import import_module

from bench.figures import Figure

SIZES: dict[str, tuple[dict, dict]] = {
    "door": ({"runs": 3, "rows": 1_000_000}, {"runs": 1, "rows": 20_000}),
    "match": (
        {"runs": 3, "signals": 1_000_000, "municipalities": 342},
        {"runs": 1, "signals": 5_000, "municipalities": 5},
    ),
    "scale": (
        {"rows": (30_000, 100_000, 300_000), "municipalities": (1, 342)},
        {"rows": (2_000, 5_000), "municipalities": (1, 5), "country_signals": 2_000},
    ),
    "growth": ({"months": (6, 12, 36, 60)}, {"months": (6, 12), "signals": 300}),
    "flow": ({"runs": 3}, {"runs": 1}),
    "marts": ({"runs": 15, "municipalities": 100}, {"runs": 3, "municipalities": 5}),
    "ddas": ({"runs": 1, "signals": 1_000_000}, {"runs": 1, "signals": 20_000}),
    "report": ({"runs": 5}, {"runs": 1, "signals": 200}),
}
"""What each module's `figures` is given: as a rule, and with `--quick`."""


def figures(name: str, quick: bool = False) -> list[Figure]:
    """Measure what a module of this folder measures; targets are those of its own sizes, so `quick` has none."""
    measured = import_module(f"bench.{name}").figures(**SIZES[name][quick])
    return [replace(each, limit=None) for each in measured] if quick else measured


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.measured", description=__doc__)
    parser.add_argument("name", choices=SIZES)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args(arguments)
    # Asked to end, it stops the server that it started.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    measured = figures(given.name, given.quick)
    print(json.dumps([asdict(each) for each in measured]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
