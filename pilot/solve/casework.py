"""Last stage: what became of each dossier, under tables 2.10 and 2.11, figure 2.4 and the text of section 2.4.

Nothing here can conflict with what was decided before, so everything is dealt out from one seed, without a solver: days
of opening and closing, flyers, who the household consists of, causes and other problems; the attempts to reach a
household are in `visits`. `python -m pilot.solve.casework` deals anew, from the dossiers of the plan.
"""

import datetime as dt
import random
from dataclasses import dataclass, field

from pilot import plan
from pilot.published import cells, number
from pilot.scope import MONTHS
from pilot.solve import told, visits
from pilot.solve.workdays import after_match, is_workday

SEED = 3
NO_CONTACT = "geen contact / onbekend"
REFUSES, ARRANGED = "klant wil niet geholpen worden", "niet opgepakt omdat er al een betalingsregeling is"

BUCKETS = ((2, 9), (10, 19), (20, 29), (30, 39), (40, 43))
SPOKEN_TO, SILENT = (16, 22, 38, 22, 4), (0, 2, 95, 32, 3)
"""How many dossiers closed in each bucket of figure 2.4: of those spoken to, but for one that stayed open, and of the
others. Together 16, 24, 133, 54 and 7 of 234, which are the printed percentages."""
LOADED_AGAIN_FOR = 29
"""Days after which all of January's dossiers that were loaded again were closed at once."""
READY_AFTER = {REFUSES: 0.0, ARRANGED: 0.0, "klant wil het zelf oplossen": 0.6, "informatie en advies gegeven": 1.0}
"""Who refuses is closed at once; who is referred waits for appointments (whatever is not named: 1.6)."""


@dataclass
class Dossier:
    """A dossier of the plan with what is dealt to it; `days` is the bucket of figure 2.4 in which it closes."""

    number: str
    household: str
    match_month: str
    walking_month: str
    outcome: str
    created: dt.date = dt.date.min
    days: tuple[int, int] | None = None
    closed: dt.date | None = None
    withdrawn: dt.date | None = None
    flyer: bool = False
    flyer_on: dt.date | None = None
    contact_after_flyer: bool = False
    composition: str = ""
    causes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    attempts: list[visits.Attempt] = field(default_factory=list)

    @property
    def spoken_to(self) -> bool:
        """Whether somebody of the household was reached."""
        return self.outcome not in ("", NO_CONTACT)


def deal() -> None:
    """Deal and rewrite the plan's `casework`, `attempts` and `help`."""
    rng = random.Random(f"casework {SEED}")
    dossiers = [
        Dossier(row["dossier"], row["household"], row["match_month"], row["walking_month"], row["outcome"])
        for row in plan.read("dossiers")
    ]
    _create(dossiers, rng)
    _deal_buckets(dossiers, rng)
    _deal_flyers(dossiers, rng)
    _close(dossiers, rng)
    for dossier in dossiers:
        if dossier.walking_month:
            visits.deal(dossier, rng)
    told.deal(dossiers, rng)
    _write(dossiers, told.help_programmes(dossiers, rng))


def _create(dossiers: list[Dossier], rng: random.Random) -> None:
    """Within three working days after the 25th, in the order of their numbers; what was loaded again on the last."""
    for month in MONTHS:
        days = after_match(month)
        own = [d for d in dossiers if d.match_month == month and (d.walking_month or not d.outcome)]
        first, most = rng.choice((0, 1)), rng.randint(len(own) // 2, len(own) - 1)
        for place, dossier in enumerate(own):
            dossier.created = days[first + (place >= most)]
            if not dossier.outcome:
                dossier.withdrawn = next(
                    day for n in range(2, 9) if is_workday(day := dossier.created + dt.timedelta(days=n))
                )
        for dossier in dossiers:
            if dossier.match_month == month and dossier.outcome and not dossier.walking_month:
                dossier.created = days[-1]


def _deal_buckets(dossiers: list[Dossier], rng: random.Random) -> None:
    """Figure 2.4. One that was referred in the last month is not closed: of 234 of the 235 it is known how long."""
    spoken_to = [d for d in dossiers if d.spoken_to]
    spoken_to.sort(key=lambda d: READY_AFTER.get(d.outcome, 1.6) + rng.random() * 1.6)
    stays_open = max((d for d in spoken_to if d.outcome.startswith("verwezen")), key=lambda d: d.walking_month)
    spoken_to.remove(stays_open)
    silent = [d for d in dossiers if d.outcome and not d.spoken_to]
    # Those loaded again come first, and so all close within 29 days.
    silent.sort(key=lambda d: (bool(d.walking_month), rng.random()))
    again = sum(not d.walking_month for d in silent)
    later = silent[again:]
    for group, counts in ((spoken_to, SPOKEN_TO), (silent[:again], (0, 0, again, 0, 0)), (later, _less(SILENT, again))):
        rest = iter(group)
        for bucket, count in zip(BUCKETS, counts, strict=True):
            for _ in range(count):
                next(rest).days = bucket


def _less(counts: tuple[int, ...], again: int) -> list[int]:
    return [count - again * (place == 2) for place, count in enumerate(counts)]


def _deal_flyers(dossiers: list[Dossier], rng: random.Random) -> None:
    """The text's flyers, and the few households that called because of one: those had time to."""
    printed = cells("text_2_4")
    flyers = int(number(printed["flyer achtergelaten", "dossiers"]))
    called = int(number(printed["contact naar aanleiding van de flyer", "dossiers"]))
    slow = [d for d in dossiers if d.spoken_to and d.days in BUCKETS[2:]]
    silent = [d for d in dossiers if d.walking_month and d.outcome and not d.spoken_to]
    for dossier in rng.sample(slow, called):
        dossier.flyer = dossier.contact_after_flyer = True
    for dossier in rng.sample(silent, flyers - called):
        dossier.flyer = True


def _close(dossiers: list[Dossier], rng: random.Random) -> None:
    """A working day of each dossier's bucket; the shortest and the longest time are the ends that figure 2.4 prints."""
    for dossier in dossiers:
        if dossier.days and not dossier.walking_month:
            dossier.closed = dossier.created + dt.timedelta(days=LOADED_AGAIN_FOR)
        elif dossier.days:
            dossier.closed = rng.choice(_closing_days(dossier))
    for end in (BUCKETS[0][0], BUCKETS[-1][-1]):
        fitting = [
            d for d in dossiers if d.days and end in d.days and d.created + dt.timedelta(days=end) in _closing_days(d)
        ]
        dossier = rng.choice(fitting)
        dossier.closed = dossier.created + dt.timedelta(days=end)


def _closing_days(dossier: Dossier) -> list[dt.date]:
    """Working days of the bucket, not before the household can have been visited."""
    low, high = dossier.days
    days = [dossier.created + dt.timedelta(days=n) for n in range(low, high + 1)]
    return [day for day in days if is_workday(day) and day.isoformat()[:7] >= dossier.walking_month]


def _write(dossiers: list[Dossier], programmes: list[tuple]) -> None:
    columns = (
        "dossier", "created_on", "withdrawn_on", "closed_on", "flyer_on", "contact_after_flyer", "composition",
        "causes", "other_problems",
    )  # fmt: skip
    rows = []
    for d in dossiers:
        days = (_text(day) for day in (d.created, d.withdrawn, d.closed, d.flyer_on))
        after = ("j" if d.contact_after_flyer else "n") if d.flyer else ""
        rows.append((d.number, *days, after, d.composition, "|".join(d.causes), "|".join(d.problems)))
    plan.write("casework", columns, rows)
    plan.write(
        "attempts",
        ("dossier", "day", "part", "kind", "reached"),
        [
            (d.number, a.day.isoformat(), a.part, a.kind, "j" if a.reached else "n")
            for d in dossiers
            for a in d.attempts
        ],
    )
    plan.write("help", ("dossier", "organisation", "kind", "started_on", "ended_on", "kept"), programmes)


def _text(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


if __name__ == "__main__":
    deal()
