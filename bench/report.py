"""`python -m bench.report [--runs N]`: how long the report of the evaluation takes, and how much memory.

It is made from the tables of this home (VROEGSIGNAAL_HOME), which have to be there: `make run` makes those of the
pilot. Every run is a process of its own, as it is in a flow. Ends with 1 when the median is above ten seconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence

MOST_SECONDS = 10
_ONE_RUN = """
import json, resource, time
started = time.perf_counter()
from vroegsignaal import outbox, settings
pages = outbox.write_reports(settings.load())
print(json.dumps({
    "seconds": time.perf_counter() - started,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "reports": len(pages),
    "page_kilobytes": sum(page.stat().st_size for page in pages) / 1024,
    "paper_kilobytes": sum(page.with_suffix(".pdf").stat().st_size for page in pages) / 1024,
}))
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether it is fast enough."""
    from vroegsignaal import replay, settings

    parser = argparse.ArgumentParser(description="How long the report of the evaluation takes.")
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args(arguments).runs
    with replay.warehouse_running(settings.load()):
        measured = [
            json.loads(subprocess.run([sys.executable, "-c", _ONE_RUN], check=True, capture_output=True).stdout)
            for _ in range(runs)
        ]
    if not measured[0]["reports"]:
        print("There is nothing to report on: `make run` first.")
        return 2
    for name in measured[0]:
        values = [each[name] for each in measured]
        print(f"{name:16} median {statistics.median(values):8.1f}   from {min(values):8.1f} to {max(values):8.1f}")
    return int(statistics.median(each["seconds"] for each in measured) > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
