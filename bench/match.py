"""`python -m bench.match [--signals N] [--municipalities N]`: matching and selection, beside DuckDB by hand.

Ours is the step `derive` from loaded, typed tables: dbt with its start and tests, staging and core. The peer is one
script of SQL from tables of its own of the same rows. Before anything is timed both have to find the same matches, the
same arrears, the same reasons and so the same households that can be chosen.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.country import country
from bench.figures import Figure, medians, table
from bench.landing_area import configure
from bench.memory import watched
from bench.peer import Peer
from bench.typed_tables import fill
from bench.warehouse_of_its_own import folder_of_its_own, warehouse_in
from vroegsignaal import dbt_process, reading, transform
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

MONTH = Month.parse("2019-06")
LIMIT = 1.5
_OURS = """
    select municipality_code, household_id, criterion, creditors, arrears_eur, district, coalesce(reason, '') as reason
    from core.candidate where signal_month = '{month}' order by municipality_code, household_id
"""
_THEIRS = """
    select municipality_code, household_id, criterion, creditors, arrears_eur, district, coalesce(reason, '') as reason
    from candidate order by municipality_code, household_id
"""
_ROLES = "select role, count(*) from {of} group by role order by role"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether it is fast enough."""
    parser = argparse.ArgumentParser(prog="bench.match", description=__doc__)
    parser.add_argument("--signals", type=int, default=1_000_000, help="of a month")
    parser.add_argument("--municipalities", type=int, default=342)
    parser.add_argument("--runs", type=int, default=3, help="repetitions, of which the median counts")
    given = parser.parse_args(arguments)
    measured = figures(given.runs, given.signals, given.municipalities)
    print(table(measured))
    return int(any(each.is_missed for each in measured))


def figures(runs: int = 3, signals: int = 1_000_000, municipalities: int = 342) -> list[Figure]:
    """Seconds of matching and selection, beside the peer; and what of it dbt's models take, without start and tests.

    Raises ValueError when the two do not find the same.
    """
    size = f"{signals:,} signals, {municipalities} municipalities"
    with folder_of_its_own() as folder, loaded(folder, signals, municipalities) as here:
        peer = Peer(here, MONTH, folder)
        transform.derive(MONTH)
        peer.match_and_select()
        check_alike(here, peer)
        models: list[float] = []

        def ours() -> None:
            transform.derive(MONTH)
            models.append(sum(seconds_of_models(here).values()))

        with watched(own=False) as peak:
            took = medians(runs, ours=ours, peer=peer.match_and_select)
    return [
        Figure("match + select", size, took["ours"], "s", "DuckDB", took["peer"], LIMIT, peak.mb),
        Figure("match + select, its models alone", size, sorted(models)[len(models) // 2], "s", "DuckDB", took["peer"]),
    ]


@contextmanager
def loaded(folder: Path, signals: int, municipalities: int) -> Iterator[Settings]:
    """A warehouse in the folder that holds three months of a country, as the door leaves them."""
    towns = country(signals, municipalities)
    with warehouse_in(folder, CONFIG=configure(folder / "config", towns)) as here:
        fill(here, towns, MONTH)
        yield here


def check_alike(here: Settings, peer: Peer) -> int:
    """Hold the candidates of both beside each other, and how many are chosen; how many candidates there are.

    Raises ValueError when they differ, with numbers and no rows.
    """
    ours = [tuple(each.values()) for each in reading.rows(here, _OURS.format(month=MONTH.first_day), "owner")]
    theirs = peer.rows(_THEIRS)
    if not ours or ours != theirs:
        raise ValueError(f"{len(set(ours) ^ set(theirs))} candidates are not alike, of {len(ours)} and {len(theirs)}")
    proposal = f"core.proposal where signal_month = '{MONTH.first_day}'"
    chosen = [tuple(each.values()) for each in reading.rows(here, _ROLES.format(of=proposal), "owner")]
    if chosen != peer.rows(_ROLES.format(of="proposal")):
        raise ValueError("not as many are chosen")
    return len(ours)


def seconds_of_models(here: Settings) -> dict[str, float]:
    """Seconds of each model of the last derivation, as dbt tells them."""
    results = json.loads((here.home / "dbt" / "core" / dbt_process.RESULTS).read_text())
    return {
        each["unique_id"].rpartition(".")[2]: each["seconds"]
        for each in results
        if each["unique_id"].startswith("model.")
    }


if __name__ == "__main__":
    sys.exit(main())
