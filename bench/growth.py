"""What a month costs after years: the steps of a town, with all history kept.

The first six months are run, and two at each later moment; the months between are copies of the first (see
`bench.history`). A month is told as the mean of it and the month before.
"""

from __future__ import annotations

import statistics

from bench import history, steps
from bench.country import FIRST_MONTH, country
from bench.figures import Figure
from bench.landing_area import configure, deliver
from bench.memory import watched
from bench.warehouse_of_its_own import folder_of_its_own, warehouse_in
from vroegsignaal import warehouse
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

LIMIT = 1.1
TEMPLATE_MONTHS = 6
MEASURED_TOGETHER = 2


def figures(months: tuple[int, ...] = (6, 12, 36, 60), signals: int = 900) -> list[Figure]:
    """Seconds of the months with these numbers; the last has to cost about as much as the first of them."""
    (town,) = country(signals)
    with folder_of_its_own() as folder:
        landing = folder / "landing"
        places = {"LANDING": landing, "CONFIG": configure(folder / "config", [town]), "APPROVAL": "automatic"}
        with warehouse_in(folder, **places) as here, watched() as peak:
            taken: dict[int, dict[str, float]] = {}
            for moment in months:
                first = max(taken, default=0) + 1 if moment == months[0] else moment - MEASURED_TOGETHER + 1
                _fill_up(here, town.code, max(taken, default=0), first)
                for number in range(first, moment + 1):
                    deliver(landing, [town], _month(number))
                    taken[number] = steps.run(_month(number))
    cost = {moment: _mean(taken, moment) for moment in months}
    size = f"{signals} signals"
    rows = [Figure(f"month {moment}, by the steps", size, sum(cost[moment].values())) for moment in months[:-1]]
    total = sum(cost[months[-1]].values())
    rows.append(
        Figure(
            f"month {months[-1]}, by the steps", size, total, "s", f"month {months[0]}",
            sum(cost[months[0]].values()), LIMIT, peak.mb,
        )
    )  # fmt: skip
    rows += [
        Figure(f"month {months[-1]}: {step}", size, seconds, "s", f"month {months[0]}", cost[months[0]][step])
        for step, seconds in cost[months[-1]].items()
    ]
    return rows


def _month(number: int) -> Month:
    return FIRST_MONTH.plus(number - 1)


def _fill_up(here: Settings, code: str, last: int, until: int) -> None:
    """Copies in the months after the last that is there, up to the one before `until`."""
    if not last:
        return
    for number in range(last + 1, until):
        history.copy(here, code, _month((number - 1) % TEMPLATE_MONTHS + 1), _month(number))
    with warehouse.open_connection(here, "owner") as connection:
        connection.execute("analyze")


def _mean(taken: dict[int, dict[str, float]], moment: int) -> dict[str, float]:
    together = [taken[number] for number in range(moment - MEASURED_TOGETHER + 1, moment + 1)]
    return {step: statistics.mean(each[step] for each in together) for step in together[0]}
