"""The case registration (RIS) as it would have been exported at the end of each month.

An export holds the dossiers that were open at some time in the month, with what was known of them by its end: the
walking month once it has come, attempts as they were made, an outcome once the dossier is closed. So a dossier stands
in two or three exports, and the newest holds. Nothing but an address says whom it is about.
"""

import datetime as dt
import random
from typing import NamedTuple

from pilot import plan
from pilot.addresses import Address, as_written
from pilot.scope import next_month

Row = dict[str, str]

COLUMNS: dict[str, tuple[str, ...]] = {
    "dossiers": (
        "dossier_id", "aangemaakt_op", "matchmaand", "loopmaand", "postcode", "huisnummer", "huisletter",
        "huisnummertoevoeging", "ingetrokken_op", "resultaat", "afgesloten_op", "flyer_op", "contact_na_flyer",
        "samenstelling", "oorzaken", "overige_problematiek", "totaal_bedrag",
    ),
    "dossier_signalen": ("dossier_id", "crediteur", "bedrag"),
    "contactpogingen": ("dossier_id", "datum", "dagdeel", "soort", "bereikt"),
    "hulptrajecten": ("dossier_id", "organisatie", "soort", "gestart_op", "afgerond_op", "afspraak_nagekomen"),
}  # fmt: skip
"""The files of an export and their columns."""


class Dossier(NamedTuple):
    """A dossier with all that the plan says of it; its address as the RIS spells it."""

    row: Row
    address: tuple[int, str, str, str]
    signals: list[Row]
    attempts: list[Row]
    programmes: list[Row]

    @property
    def dossier_id(self) -> str:
        """Its number in the RIS: `VSZ0038`."""
        return f"VSZ{int(self.row['dossier'][1:]):04d}"

    @property
    def reached_on(self) -> str:
        """The day on which somebody was reached; empty when nobody was."""
        return next((attempt["day"] for attempt in self.attempts if attempt["reached"] == "j"), "")

    @property
    def ended_on(self) -> str:
        """The day on which it was closed or withdrawn; empty while it is open."""
        return self.row["closed_on"] or self.row["withdrawn_on"]


class Registration:
    """All dossiers of the pilot, and the exports made of them."""

    def __init__(self, addresses: dict[str, Address]) -> None:
        """`addresses`: of each household of the plan."""
        work = {row["dossier"]: row for row in plan.read("casework")}
        signals, attempts, programmes = (_by_dossier(name) for name in ("dossier_signals", "attempts", "help"))
        self._dossiers = []
        for row in plan.read("dossiers"):
            name = row["dossier"]
            spelled = as_written(addresses[row["household"]], random.Random(f"ris {name}"))
            self._dossiers.append(
                Dossier(row | work[name], spelled, signals[name], attempts.get(name, []), programmes.get(name, []))
            )

    def export(self, month: str) -> dict[str, list[Row]]:
        """The rows of each file of the month's export."""
        end = (dt.date.fromisoformat(f"{next_month(month)}-01") - dt.timedelta(days=1)).isoformat()
        there = [d for d in self._dossiers if d.row["created_on"] <= end and not "" < d.ended_on < f"{month}-01"]
        return {
            "dossiers": [_dossier(d, end) for d in there],
            "dossier_signalen": [
                {"dossier_id": d.dossier_id, "crediteur": row["creditor"], "bedrag": row["amount"]}
                for d in there
                for row in d.signals
            ],
            "contactpogingen": [_attempt(d, row) for d in there for row in d.attempts if row["day"] <= end],
            "hulptrajecten": [
                _programme(d, row, end)
                for d in self._dossiers
                for row in d.programmes
                if row["started_on"] <= end and not "" < row["ended_on"] < f"{month}-01"
            ],
        }


def _by_dossier(name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in plan.read(name):
        found.setdefault(row["dossier"], []).append(row)
    return found


def _dossier(dossier: Dossier, end: str) -> Row:
    """The dossier as it stood on the last day of a month."""
    row = dossier.row
    number, letter, addition, postcode = dossier.address
    spoken_to = "" < dossier.reached_on <= end
    # One dossier was never closed: its outcome is known from the day on which somebody was reached.
    settled = "" < (dossier.ended_on or dossier.reached_on) <= end
    after_flyer = row["contact_after_flyer"] if (spoken_to or settled) and row["flyer_on"] <= end else ""
    return {
        "dossier_id": dossier.dossier_id,
        "aangemaakt_op": row["created_on"],
        "matchmaand": row["match_month"],
        "loopmaand": row["walking_month"] if row["walking_month"] <= end[:7] else "",
        "postcode": postcode,
        "huisnummer": str(number),
        "huisletter": letter,
        "huisnummertoevoeging": addition,
        "ingetrokken_op": _known(row["withdrawn_on"], end),
        "resultaat": row["outcome"] if settled else "",
        "afgesloten_op": _known(row["closed_on"], end),
        "flyer_op": _known(row["flyer_on"], end),
        "contact_na_flyer": after_flyer,
        "samenstelling": row["composition"] if spoken_to else "",
        "oorzaken": row["causes"] if spoken_to else "",
        "overige_problematiek": row["other_problems"] if spoken_to else "",
        "totaal_bedrag": row["total"],
    }


def _attempt(dossier: Dossier, row: Row) -> Row:
    return {
        "dossier_id": dossier.dossier_id,
        "datum": row["day"],
        "dagdeel": row["part"],
        "soort": row["kind"],
        "bereikt": row["reached"],
    }


def _programme(dossier: Dossier, row: Row, end: str) -> Row:
    return {
        "dossier_id": dossier.dossier_id,
        "organisatie": row["organisation"],
        "soort": row["kind"],
        "gestart_op": row["started_on"],
        "afgerond_op": _known(row["ended_on"], end),
        "afspraak_nagekomen": row["kept"] if _known(row["ended_on"], end) else "",
    }


def _known(day: str, end: str) -> str:
    """The day, once it has come."""
    return day if day <= end else ""
