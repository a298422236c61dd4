"""Random configuration folders: creditors, agreements that begin and end on the 25th, policy that changes."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from .contract_values import day_25, shift_month

NAMES = (
    "woonrust",
    "dakzeker",
    "bronwater",
    "lichtpunt",
    "warmteweg",
    "zorgring",
    "medipolis",
    "huurhuis",
    "stroomlijn",
)
SECTORS = ("rent", "water", "energy", "health")


@dataclass(frozen=True)
class Setting:
    """Who delivers to whom, and when.

    `regulars` have an agreement everywhere all the time; `ended` until the 24th of the last month; `edge` from the 25th
    of the first month to the 25th of the second; `elsewhere` in every municipality but the first.
    """

    months: tuple[str, ...]
    municipalities: tuple[str, ...]
    regulars: tuple[str, ...]
    ended: str
    edge: str
    elsewhere: str

    @property
    def occasional(self) -> tuple[str, ...]:
        """The creditors with an agreement for a part of the months or the municipalities."""
        return (self.ended, self.edge, self.elsewhere)


def make_setting(rng: Random, months: int, municipalities: int, creditors: int) -> Setting:
    """Choose months around a turn of the year, municipalities and creditors."""
    first = shift_month(f"{rng.randrange(2021, 2026)}-01", -rng.randrange(1, months))
    names = rng.sample(NAMES, creditors + 3)
    return Setting(
        months=tuple(shift_month(first, later) for later in range(months)),
        municipalities=tuple(sorted(f"{number:04d}" for number in rng.sample(range(9100, 9900), municipalities))),
        regulars=tuple(names[:-3]),
        ended=names[-3],
        edge=names[-2],
        elsewhere=names[-1],
    )


def write_config(rng: Random, folder: Path, setting: Setting) -> None:
    """Write the four required files."""
    folder.mkdir(parents=True, exist_ok=True)
    creditors = [*setting.regulars, *setting.occasional]
    sectors = [*rng.sample(SECTORS, 4), *(rng.choice(SECTORS) for _ in creditors[4:])]
    write_rows(
        folder / "creditors.csv",
        "creditor,name,sector,contact_email",
        [
            (name, name.title(), sector, f"{name}@voorbeeld.invalid")
            for name, sector in zip(creditors, sectors, strict=True)
        ],
    )
    write_rows(
        folder / "municipalities.csv",
        "municipality_code,name,inhabitants",
        [(code, f"Proefgemeente {code}", rng.randrange(9000, 200000)) for code in setting.municipalities],
    )
    write_rows(folder / "agreements.csv", "municipality_code,creditor,valid_from,valid_to", agreements(setting))
    write_rows(
        folder / "policy.csv",
        "municipality_code,valid_from,parameter,sector,value",
        [row for place in range(len(setting.municipalities)) for row in policy(rng, setting, place)],
    )


def write_rows(path: Path, header: str, rows: Iterable[Sequence]) -> None:
    """Write a configuration file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([header.split(","), *rows])


def agreements(setting: Setting) -> list[tuple]:
    """List the agreements; a regular's may be followed by another one."""
    first, second, last = day_25(setting.months[0]), day_25(setting.months[1]), day_25(setting.months[-1])
    rows: list[tuple] = []
    for place, code in enumerate(setting.municipalities):
        rows += [(code, name, "2015-01-01", "") for name in setting.regulars[1:]]
        rows += [
            (code, setting.regulars[0], "2015-01-01", second),
            (code, setting.regulars[0], second + timedelta(1), ""),
        ]
        rows.append((code, setting.ended, "2015-01-01", last - timedelta(1)))
        rows.append((code, setting.edge, first, second))
        if place:
            rows.append((code, setting.elsewhere, "2015-01-01", "2099-12-31"))
    return rows


def policy(rng: Random, setting: Setting, place: int) -> list[tuple]:
    """List a municipality's policy; what is left out has its default. Some begin on the 25th, some a day too late."""
    code = setting.municipalities[place]
    first, second, last = day_25(setting.months[0]), day_25(setting.months[1]), day_25(setting.months[-1])
    begin = "2015-01-01"
    if place % 2:
        rows = [
            (begin, "capacity", "", rng.choice((1, 2, 4))),
            (second, "capacity", "", rng.randrange(4, 9)),
            (last, "capacity", "", 500),
            (begin, "threshold_eur", "energy", "40"),
            (begin, "maximum_age_days", "", 90),
            (begin, "cool_off_months", "", 2),
            (begin, "window_months", "", rng.choice((2, 3, 3))),
            (begin, "closing_working_days", "", 20),
            (second, "closing_working_days", "", 12),
        ]
    else:
        rows = [
            (begin, "capacity", "", rng.randrange(5, 8)),
            (second, "capacity", "", rng.randrange(8, 12)),
            (begin, "reserve_size", "", rng.randrange(2, 5)),
            (begin, "threshold_eur", "", "50"),
            (second + timedelta(1), "threshold_eur", "", "62.50"),
            (begin, "threshold_eur", "health", "75"),
            (second, "threshold_eur", "water", "35"),
            (begin, "plausible_maximum_eur", "", "17000"),
            (begin, "plausible_maximum_eur", "rent", "9000"),
            (begin, "window_months", "", 3),
            (first + timedelta(1), "closing_working_days", "", 40),
        ]
    # With two months the second is the last: of two values from one day the later one is meant.
    return [(code, *row) for row in {row[:3]: row for row in rows}.values()]
