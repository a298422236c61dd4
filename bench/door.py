"""`python -m bench.door [--rows N]`: intake beside a bare COPY, the door beside one pass of SQL.

Everything runs in one warehouse of its own, one thing after the other, several times; what is told is the median
and the ratio. The single pass is what somebody would write by hand who needs these rules once: the same readings and
rules, the same accepted rows, households and findings, without contracts and without Great Expectations.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from bench.deliveries import MONTH, MUNICIPALITY, write_signals
from bench.figures import Figure, medians, table
from bench.memory import watched
from bench.warehouse_of_its_own import folder_of_its_own, forget, warehouse_in
from vroegsignaal import door, intake, settings, warehouse
from vroegsignaal.months import Month

# At least 0.8 times the rows per second of a bare COPY.
INTAKE_LIMIT, DOOR_LIMIT = 1 / 0.8, 3.0
SINGLE_PASS = (Path(__file__).parent / "single_pass.sql").read_text()


def figures(runs: int = 3, rows: int = 1_000_000) -> list[Figure]:
    """Seconds of intake and door on a delivery of so many rows, each beside its peer, and the memory of both."""
    with folder_of_its_own() as folder:
        delivery = folder / "landing" / MUNICIPALITY / MONTH / "signals" / "menzis.csv"
        delivery.parent.mkdir(parents=True)
        write_signals(delivery, rows)
        with warehouse_in(folder, LANDING=folder / "landing") as here, watched() as peak:
            took = measure(here, delivery, runs)
    size = f"{rows:,} rows"
    return [
        Figure("intake", size, took["intake"], "s", "COPY", took["copy"], INTAKE_LIMIT, peak.mb),
        Figure("door", size, took["door"], "s", "single pass", took["single_pass"], DOOR_LIMIT, peak.mb),
    ]


def measure(here: settings.Settings, delivery: Path, runs: int) -> dict[str, float]:
    """Seconds (medians) of the four, which take turns."""
    month = Month.parse(MONTH)

    took: dict[str, list[float]] = {}
    for _ in range(runs):
        forget(here)
        for name, each in medians(
            1,
            copy=lambda: copy(here, delivery),
            intake=lambda: intake.receive(month),
            single_pass=lambda: single_pass(here),
            door=lambda: door.judge(month),
        ).items():
            took.setdefault(name, []).append(each)
    return {name: statistics.median(values) for name, values in took.items()}


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


def single_pass(here: settings.Settings) -> None:
    """The rules by hand; rolled back, so that the door finds what it would find."""
    with warehouse.open_connection(here, "owner") as connection, connection.transaction(force_rollback=True):
        for statement in SINGLE_PASS.split(";\n\n"):
            connection.execute(statement.encode())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.door", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="signals in the delivery")
    parser.add_argument("--runs", type=int, default=3, help="repetitions, of which the median counts")
    given = parser.parse_args()
    print(table(figures(given.runs, given.rows)))


if __name__ == "__main__":
    main()
