"""`make bench`: every measurement of speed and scale, one table.

Each runs in a process of its own, one after the other: its memory is its own, and one that breaks does not take the
others away. Ends with 1 when a target is missed or something could not be measured. Figures are also written to
`build/bench.json`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.figures import Figure, table
from bench.measured import SIZES

MEASUREMENTS = tuple(SIZES)
_TIMEOUT_SECONDS = 1200


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and say whether every target was met."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", default=",".join(MEASUREMENTS), help="names, with commas: %(default)s")
    parser.add_argument("--quick", action="store_true", help="small sizes and one run, to see that it works")
    parser.add_argument("--to", type=Path, default=Path("build/bench.json"), help="where the figures go")
    given = parser.parse_args(arguments)
    names = given.only.split(",")
    if unknown := set(names) - set(MEASUREMENTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}: choose from {', '.join(MEASUREMENTS)}")
    found: list[Figure] = []
    for name in names:
        begin = time.perf_counter()
        _tell(f"{name} …")
        found += of_its_own_process(name, given.quick)
        _tell(f"{name}: {time.perf_counter() - begin:.0f} s")
    given.to.parent.mkdir(parents=True, exist_ok=True)
    given.to.write_text(json.dumps([asdict(each) for each in found], indent=2) + "\n")
    print(table(found))
    return int(any(each.is_missed for each in found))


def of_its_own_process(name: str, quick: bool) -> list[Figure]:
    """The figures of a measurement; one that says so where it failed, with what it printed on standard error."""
    command = [sys.executable, "-m", "bench.measured", name, *(["--quick"] if quick else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            printed, _ = process.communicate(timeout=_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            # Asked, and not killed: it has a server to stop.
            process.terminate()
            process.communicate()
            return [Figure(name, "", 0.0, failure=f"it took more than {_TIMEOUT_SECONDS} s")]
    if process.returncode:
        return [Figure(name, "", 0.0, failure=f"it ended with {process.returncode}")]
    # What a library prints comes before.
    return [Figure(**each) for each in json.loads(printed.splitlines()[-1])]


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
