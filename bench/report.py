"""`python -m bench.report [--runs N]`: how long the report of the evaluation takes, and how much memory.

It is made of a generated town of three months. Every run is a process of its own, as it is in a flow. Ends with 1 when
the median is above ten seconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence

from bench import steps
from bench.country import FIRST_MONTH, country
from bench.figures import Figure, table
from bench.landing_area import configure, deliver
from bench.warehouse_of_its_own import folder_of_its_own, warehouse_in
from vroegsignaal import transform

MOST_SECONDS = 10
MONTHS = 3
_ONE_RUN = """
import json, re, time
from pathlib import Path
started = time.perf_counter()
from vroegsignaal import outbox, settings
pages = outbox.write_reports(settings.load())
print(json.dumps({
    "seconds": time.perf_counter() - started,
    "megabytes": int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024,
    "reports": len(pages),
}))
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether it is fast enough."""
    parser = argparse.ArgumentParser(prog="bench.report", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    measured = figures(parser.parse_args(arguments).runs)
    print(table(measured))
    return int(any(each.is_missed for each in measured))


def figures(runs: int = 5, signals: int = 900) -> list[Figure]:
    """Seconds of the report of a town, on a page and on paper, in a process that begins anew.

    Raises ValueError when there is no report.
    """
    (town,) = country(signals)
    with folder_of_its_own() as folder:
        landing = folder / "landing"
        places = {"LANDING": landing, "CONFIG": configure(folder / "config", [town]), "APPROVAL": "automatic"}
        to_the_decision = {name: steps.ALL[name] for name in ("receive", "judge", "derive", "approve")}
        with warehouse_in(folder, **places):
            for number in range(MONTHS):
                deliver(landing, [town], FIRST_MONTH.plus(number))
                steps.run(FIRST_MONTH.plus(number), to_the_decision)
            transform.publish(FIRST_MONTH.plus(MONTHS - 1))
            measured = [
                json.loads(subprocess.run([sys.executable, "-c", _ONE_RUN], check=True, capture_output=True).stdout)
                for _ in range(runs)
            ]
    if not all(each["reports"] == 1 for each in measured):
        raise ValueError("there is no report")
    seconds, megabytes = (statistics.median(each[name] for each in measured) for name in ("seconds", "megabytes"))
    return [Figure("report", f"a town of {signals} signals", seconds, limit=MOST_SECONDS, memory_mb=megabytes)]


if __name__ == "__main__":
    sys.exit(main())
