"""`python -m bench.door [--rows N]`: intake beside a bare COPY, the door beside one pass of SQL.

Everything runs in one warehouse of its own, one thing after the other, several times; what is told is the median
and the ratio. The single pass is what somebody would write by hand who needs these rules once: the same readings and
rules, the same accepted rows, households and findings, without contracts and without Great Expectations.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from bench.deliveries import MONTH, MUNICIPALITY, write_signals
from bench.warehouse_of_its_own import folder_of_its_own, warehouse_in
from vroegsignaal import door, intake, settings, warehouse
from vroegsignaal.months import Month

SINGLE_PASS = (Path(__file__).parent / "single_pass.sql").read_text()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.door", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="signals in the delivery")
    parser.add_argument("--runs", type=int, default=3, help="repetitions, of which the median counts")
    given = parser.parse_args()
    with folder_of_its_own() as folder:
        delivery = folder / "landing" / MUNICIPALITY / MONTH / "signals" / "menzis.csv"
        delivery.parent.mkdir(parents=True)
        write_signals(delivery, given.rows)
        with warehouse_in(folder, LANDING=folder / "landing") as here:
            measure(here, delivery, given.runs)


def measure(here: settings.Settings, delivery: Path, runs: int) -> None:
    """Print seconds (median) and ratios of intake and door."""
    month = Month.parse(MONTH)
    took: dict[str, list[float]] = {"copy": [], "intake": [], "single pass": [], "door": []}
    for _ in range(runs):
        took["copy"].append(seconds(lambda: copy(here, delivery)))
        forget(here)
        took["intake"].append(seconds(lambda: intake.receive(month)))
        took["single pass"].append(seconds(lambda: single_pass(here)))
        took["door"].append(seconds(lambda: door.judge(month)))
    middle = {name: statistics.median(values) for name, values in took.items()}
    for name, value in middle.items():
        print(f"{name:12} {value:7.1f} s   ({', '.join(f'{each:.1f}' for each in took[name])})")
    print(f"intake: {middle['copy'] / middle['intake']:.2f} x the rows per second of a bare COPY")
    print(f"door:   {middle['door'] / middle['single pass']:.2f} x the time of one pass of SQL")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory: {peak:.0f} MB at most in this process")


def seconds(act: Callable[[], object]) -> float:
    """How long something takes."""
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def copy(here: settings.Settings, delivery: Path) -> None:
    """What psql does: the file as it is into a table of texts."""
    with warehouse.connect(here, "owner") as connection:
        header = delivery.open(encoding="utf-8").readline().strip().split(";")
        connection.execute("drop table if exists public.bare")
        connection.execute(f"create table public.bare ({', '.join(f'{name} text' for name in header)})")
        with (
            delivery.open("rb") as file,
            connection.cursor().copy("copy public.bare from stdin (format csv, header, delimiter ';')") as into,
        ):
            while chunk := file.read(1 << 20):
                into.write(chunk)


def forget(here: settings.Settings) -> None:
    """An empty warehouse for the next run."""
    with warehouse.connect(here, "owner") as connection:
        tables = warehouse.fetch(
            connection,
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('raw', 'quality')",
        )
        connection.execute(f"truncate {', '.join(name for (name,) in tables)}, vault.household cascade")


def single_pass(here: settings.Settings) -> None:
    """The rules by hand; rolled back, so that the door finds what it would find."""
    with warehouse.open_connection(here, "owner") as connection, connection.transaction(force_rollback=True):
        for statement in SINGLE_PASS.split(";\n\n"):
            connection.execute(statement.encode())


if __name__ == "__main__":
    main()
