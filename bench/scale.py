"""How cost grows with rows and with municipalities: receive, judge and derive of one month, from files.

Each size has a warehouse of its own. The exponent is that of a line through the logarithms of sizes and seconds; sizes
are large enough that what a run costs anyhow is the smaller part. Of the whole country the marts are rebuilt as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench import steps
from bench.country import country
from bench.figures import Figure, exponent
from bench.landing_area import configure, deliver
from bench.memory import watched
from bench.warehouse_of_its_own import folder_of_its_own, warehouse_in
from vroegsignaal import transform
from vroegsignaal.months import Month

MONTH = Month.parse("2019-06")
EXPONENT_LIMIT = 1.05
MOST_MEGABYTES = 1024


@dataclass(frozen=True)
class Cost:
    """Seconds up to the proposal, those of each step, and the memory of the largest process."""

    seconds: float
    by_step: dict[str, float]
    megabytes: float


def figures(rows: tuple[int, ...], municipalities: tuple[int, ...], country_signals: int = 75_000) -> list[Figure]:
    """The exponent over `rows` (in as many municipalities each), and the country's signals over `municipalities`."""
    by_rows = {size: cost(size, min(34, max(municipalities))) for size in rows}
    over = {number: cost(country_signals, number, publishes=number == max(municipalities)) for number in municipalities}
    least, most = min(municipalities), max(municipalities)
    country_size = f"{country_signals:,} signals, {most} municipalities"
    return [
        *(Figure("a month up to the proposal", f"{size:,} signals", each.seconds) for size, each in by_rows.items()),
        Figure(
            "exponent of cost in rows",
            f"{min(rows):,} to {max(rows):,} signals",
            exponent({size: each.seconds for size, each in by_rows.items()}),
            unit="",
            limit=EXPONENT_LIMIT,
        ),
        *(
            Figure(
                "a month up to the proposal",
                f"{country_signals:,} signals, {number} municipalities",
                each.seconds,
                peer=f"{least} municipality",
                peer_value=over[least].seconds,
            )
            for number, each in over.items()
            if number > least
        ),
        Figure("marts rebuild", country_size, over[most].by_step["publish"]),
        Figure(
            "memory of the largest process",
            f"up to {max(*rows, country_signals):,} signals",
            max(each.megabytes for each in (*by_rows.values(), *over.values())),
            "MB",
            limit=MOST_MEGABYTES,
        ),
    ]


def cost(signals: int, municipalities: int, publishes: bool = False) -> Cost:
    """What a month of so many signals costs; `publishes`: the marts are made as well, which is told beside it."""
    towns = country(signals, municipalities)
    with folder_of_its_own() as folder:
        deliver(folder / "landing", towns, MONTH)
        places = {"LANDING": folder / "landing", "CONFIG": configure(folder / "config", towns)}
        with warehouse_in(folder, **places), watched() as peak:
            took = steps.run(MONTH, steps.TO_THE_PROPOSAL)
            seconds = sum(took.values())
            if publishes:
                took |= steps.run(MONTH, {"publish": transform.publish})
    return Cost(seconds, took, peak.mb)
