"""`python -m bench.balance [--months N] [--seed N]`: how close the choice of households comes to the proven optimum.

Months are drawn, the database chooses (`decision.balanced_choice`), and a solver, HiGHS, proves what could have been
chosen at best. Both want the same, each before the next, as the function says:

1. as many sectors represented as the places allow;
2. every district its share of the places, rounded down or up; where that cannot be, the least beyond it (the sum of the
   squares of the whole places beyond);
3. the least differences: the sum over the districts and the sectors, each with weight 1, of how many places its number
   is away from its share.

On 1 and 2 the database has to agree with the solver. For 3 is told how many places of differences the database is
above the optimum; and as a share: the balance of a selection is 1 - differences / (4 x its size), which is 1 when every
number is in proportion, and the gap is (optimum - ours) / optimum.

Ends with 1 when they disagree, or the median gap is above 1 %, the worst above 5 %, or the median call above 10 ms.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import psycopg

from bench.drawn_months import Town, draw_month, draw_town
from bench.optimum import Optimum, judge, optimum
from bench.warehouse_of_its_own import folder_of_its_own, warehouse_in
from vroegsignaal import warehouse

MOST_MEDIAN_GAP = 0.01
MOST_GAP = 0.05
MOST_MS = 10.0

# One call after the other, each timed by the server itself.
CALLS = """
create temporary table month (
    number integer primary key, places integer, districts integer [], sectors integer [], chosen integer [],
    choice_ms double precision [] default '{}', reserve_ms double precision [] default '{}'
);
create procedure pg_temp.choose() language plpgsql as $$
declare
    one record;
    began timestamptz;
    chose timestamptz;
    answer integer [];
begin
    for one in select * from month order by number loop
        began := clock_timestamp();
        answer := decision.balanced_choice(one.places, one.districts, one.sectors);
        chose := clock_timestamp();
        perform decision.reserve_order(one.places, one.districts, one.sectors, answer);
        update month set
            chosen = answer,
            choice_ms = choice_ms || 1000 * extract(epoch from chose - began)::double precision,
            reserve_ms = reserve_ms || 1000 * extract(epoch from clock_timestamp() - chose)::double precision
        where number = one.number;
    end loop;
end
$$;
"""


def main() -> None:
    """Measure, print and judge."""
    parser = argparse.ArgumentParser(
        prog="bench.balance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--months", type=int, default=1000, help="how many months are drawn")
    parser.add_argument("--seed", type=int, default=1, help="other months for another seed")
    parser.add_argument("--runs", type=int, default=3, help="calls per month, of which the median time counts")
    given = parser.parse_args()
    rng = random.Random(given.seed)
    towns = [draw_month(rng) for _ in range(given.months)]
    with (
        folder_of_its_own() as folder,
        warehouse_in(folder) as here,
        warehouse.open_connection(here, "owner") as connection,
    ):
        failed = measure(connection, towns, given.runs) + measure_large(connection, draw_town(rng))
    for failure in failed:
        print(f"failed: {failure}")
    sys.exit(1 if failed else 0)


def measure(connection: psycopg.Connection, towns: list[Town], runs: int) -> list[str]:
    """Print balance and times over the months; what is not as it should be."""
    chosen, choice_ms, reserve_ms = choices(connection, towns, runs)
    single_ms = [single_call(connection, number) for number in range(len(towns))]
    best = [optimum(town) for town in towns]
    ours = [judge(town, each) for town, each in zip(towns, chosen, strict=True)]
    failed = disagreements(ours, best)
    open_months = [number for number, town in enumerate(towns) if town.seats < len(town.districts)]
    gaps = [gap(town, mine, bound) for town, mine, bound in zip(towns, ours, best, strict=True)]
    excess = [
        (mine.differences - bound.differences) / len(town.districts)
        for town, mine, bound in zip(towns, ours, best, strict=True)
    ]
    print(
        "objective: sectors represented; then districts within their share, rounded; then the least differences from\n"
        "the shares, summed over districts (weight 1) and sectors (weight 1)\n"
        f"{len(towns)} months; in {len(open_months)} there are more candidates than places\n"
        f"all sectors can be represented in {sum(each.unrepresented == 0 for each in best)}, with all districts within "
        f"their share in {sum(each.unrepresented == 0 and each.beyond == 0 for each in best)}; "
        f"the database says otherwise in {len(failed)}\n"
    )
    print(f"{'':52} {'median':>9} {'99 %':>9} {'worst':>9}")
    for among, numbers in (("all months", range(len(towns))), ("with a choice", open_months)):
        line(f"gap to the optimum (%), {among}", [100 * gaps[number] for number in numbers])
        line(f"differences above the optimum (places), {among}", [excess[number] for number in numbers])
    differences = [best[n].differences / len(towns[n].districts) for n in open_months]
    line("differences of the optimum itself (places)", differences)
    line("choice, in the database (ms)", choice_ms)
    line("choice, as a statement of its own (ms)", single_ms)
    line("reserve, in the database (ms)", reserve_ms)
    found = [sum(excess[n] == 0 for n in numbers) / len(numbers) for numbers in (range(len(towns)), open_months)]
    print(f"\nthe optimum is found in {found[0]:.1%} of all months, {found[1]:.1%} of those with a choice")
    open_gaps = [gaps[number] for number in open_months]
    for told, value, most in (
        ("median gap", statistics.median(open_gaps), MOST_MEDIAN_GAP),
        ("worst gap", max(open_gaps), MOST_GAP),
        ("median call in ms", statistics.median(choice_ms), MOST_MS),
    ):
        if value > most:
            failed.append(f"{told} is {value:.4f}, more than {most}")
    return failed


def measure_large(connection: psycopg.Connection, town: Town) -> list[str]:
    """Print what the choice of a large town takes, beside the solver's."""
    chosen, choice_ms, reserve_ms = choices(connection, [town], 1)
    began = time.perf_counter()
    best = optimum(town)
    solver = time.perf_counter() - began
    ours = judge(town, chosen[0])
    print(
        f"\nlarge town, {len(town.districts)} candidates, {max(town.districts)} districts, {town.seats} places: "
        f"gap {gap(town, ours, best):.2%}, {(ours.differences - best.differences) / len(town.districts):.2f} places\n"
        f"choice {choice_ms[0] / 1000:.2f} s, reserve {reserve_ms[0] / 1000:.2f} s; the solver {solver:.1f} s"
    )
    return disagreements([ours], [best])


def choices(
    connection: psycopg.Connection, towns: list[Town], runs: int
) -> tuple[list[list[int]], list[float], list[float]]:
    """What the database chooses for each, and the milliseconds per call of choice and reserve by its own clock."""
    connection.execute("drop table if exists pg_temp.month; drop procedure if exists pg_temp.choose")
    connection.execute(CALLS)
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into month (number, places, districts, sectors) values (%s, %s, %s::integer[], %s::integer[])",
            [(number, town.places, town.districts, town.sectors) for number, town in enumerate(towns)],
        )
    for _ in range(runs):
        connection.execute("call pg_temp.choose()")
    found = warehouse.fetch(connection, "select chosen, choice_ms, reserve_ms from month order by number")
    return (
        [chosen for chosen, _, _ in found],
        [statistics.median(times) for _, times, _ in found],
        [statistics.median(times) for _, _, times in found],
    )


def single_call(connection: psycopg.Connection, number: int) -> float:
    """Milliseconds of a statement that chooses for one month, with the way to the database and back."""
    call = "select decision.balanced_choice(places, districts, sectors) from month where number = %s"
    return 1000 * seconds(lambda: connection.execute(call, [number]).fetchone())


def seconds(act: Callable[[], object]) -> float:
    """How long something takes."""
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def disagreements(ours: list[Optimum], best: list[Optimum]) -> list[str]:
    """The months in which the database does not represent the sectors, or serve the districts, as well as can be."""
    return [
        f"month {number}: {mine.unrepresented} sectors not represented and {mine.beyond} beyond the districts' shares; "
        f"the solver has {bound.unrepresented} and {bound.beyond}"
        for number, (mine, bound) in enumerate(zip(ours, best, strict=True))
        if (mine.unrepresented, mine.beyond) != (bound.unrepresented, bound.beyond)
    ]


def gap(town: Town, ours: Optimum, best: Optimum) -> float:
    """How much of the balance that can be had is missed; infinite when there was none to be had and still less came."""
    if ours.differences == best.differences:
        return 0.0
    reached, possible = (1 - each.differences / len(town.districts) / (4 * town.seats) for each in (ours, best))
    return (possible - reached) / possible if possible > 0 else float("inf")


def line(what: str, values: Sequence[float]) -> None:
    """Print the median, the 99th percentile and the worst."""
    ordered = sorted(values)
    middle, late = statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    print(f"{what:52} {middle:9.2f} {late:9.2f} {ordered[-1]:9.2f}")


if __name__ == "__main__":
    main()
