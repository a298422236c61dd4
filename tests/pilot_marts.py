"""The marts that the pilot's files come to, by an independent reckoning: rows under the names of the contract.

It reads what was written to the landing area and nothing else of the pilot. Of a dossier the newest export holds.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from pilot_files import Accepted, Place, Row, csv_rows

SECTORS = {
    "de_goede_woning": "wonen", "vestia": "wonen", "vidomes": "wonen", "menzis": "zorg", "zorg_en_zekerheid": "zorg",
    "dunea": "water", "eneco": "energie", "": "onbekend",
}  # fmt: skip
ORDER = ("wonen", "water", "energie", "zorg", "onbekend")
NO_CONTACT = "geen contact / onbekend"
BUCKETS = ((2, 9), (10, 19), (20, 29), (30, 39), (40, 43))
COMPOSITIONS = {
    "alleenstaande": "single",
    "alleenstaande met kinderen": "single_with_children",
    "(echt)paar": "couple",
    "(echt)paar met kinderen": "couple_with_children",
}
ENDED = {
    "klant wil niet geholpen worden": "wil niet geholpen worden",
    "klant wil het zelf oplossen": "wil het zelf oplossen",
    "informatie en advies gegeven": "informatie en advies gegeven",
    "verwezen vrijwillig": "verwezen",
    "verwezen combi": "verwezen",
    "verwezen professioneel": "verwezen",
}
WITH_PLAN = {outcome for outcome in ENDED if outcome != "klant wil niet geholpen worden"}
Marts = dict[str, list[dict]]


def exported(landing: Path, name: str) -> dict[str, list[Row]]:
    """Dossier -> its rows in the newest export that has any."""
    newest: dict[str, list[Row]] = {}
    for path in sorted(landing.glob(f"*/ris/{name}.csv")):
        of_month = defaultdict(list)
        for row in csv_rows(path):
            of_month[row["dossier_id"]].append(row)
        newest |= of_month
    return newest


def counted_dossiers(landing: Path) -> dict[str, Row]:
    """The newest version of each dossier that was not withdrawn."""
    return {name: row for name, (row,) in exported(landing, "dossiers").items() if not row["ingetrokken_op"]}


def marts(landing: Path, accepted: list[Accepted], matches: dict[Place, str]) -> Marts:
    dossiers = counted_dossiers(landing)
    signals = {name: rows for name, rows in exported(landing, "dossier_signalen").items() if name in dossiers}
    return {
        **_delivered(accepted, matches),
        **_dossiers(dossiers, signals, accepted),
        **_results(list(dossiers.values())),
        **_told(list(dossiers.values())),
    }


def _delivered(accepted: list[Accepted], matches: dict[Place, str]) -> Marts:
    counts = Counter((month, creditor) for month, creditor, _ in accepted)
    kinds = Counter((month, kind) for (month, _), kind in matches.items())
    by_month = []
    for month in sorted({month for month, _ in counts}):
        same, three = kinds[month, "same_month"], kinds[month, "three_months"]
        by_month.append({
            "signal_month": _first(month), "same_month": same, "three_months": three, "total": same + three,
            "pct_three_months": _pct(three, same + three),
        })  # fmt: skip
    return {
        "signals_by_month_creditor": [
            {"signal_month": _first(m), "creditor": c, "signals": n} for (m, c), n in counts.items()
        ],
        "matches_by_month": by_month,
    }


def _dossiers(dossiers: dict[str, Row], signals: dict[str, list[Row]], accepted: list[Accepted]) -> Marts:
    sizes = Counter((dossiers[name]["matchmaand"], len(rows)) for name, rows in signals.items())
    vps = Counter(creditor for _, creditor, _ in accepted)
    ris = Counter(row["crediteur"] for rows in signals.values() for row in rows)
    together = Counter(combination([SECTORS[row["crediteur"]] for row in rows]) for rows in signals.values())
    known = defaultdict(list)
    for row in (row for rows in signals.values() for row in rows if row["bedrag"]):
        known[row["crediteur"]].append(int(row["bedrag"]))
    return {
        "dossiers_by_month": [
            {
                "signal_month": _first(month), "one_signal": sizes[month, 1], "two_signals": sizes[month, 2],
                "three_signals": sizes[month, 3], "total": sum(n for (m, _), n in sizes.items() if m == month),
            }
            for month in sorted({month for month, _ in sizes})
        ],
        "signals_by_creditor_source": [
            {
                "creditor": creditor or "onbekend",
                "vps_signals": vps[creditor], "vps_pct": _pct(vps[creditor], vps.total()),
                "ris_signals": ris[creditor], "ris_pct": _pct(ris[creditor], ris.total()),
            }
            for creditor in SECTORS
        ],
        "dossiers_by_combination": _shares("combination", together),
        "arrears_by_creditor": [
            {"creditor": creditor or "onbekend", **_range(amounts)} for creditor, amounts in known.items()
        ],
    }  # fmt: skip


def combination(sectors: list[str]) -> str:
    return _joined(sorted(sectors, key=ORDER.index))


def _results(dossiers: list[Row]) -> Marts:
    walked = Counter((row["loopmaand"], row["resultaat"] != NO_CONTACT) for row in dossiers if row["loopmaand"])
    planned = Counter(row["resultaat"] in WITH_PLAN for row in dossiers if row["loopmaand"])
    totals = defaultdict(list)
    for row in dossiers:
        totals[ENDED.get(row["resultaat"], "geen contact /overig")].append(int(row["totaal_bedrag"]))
    days = [_day(row["afgesloten_op"]) - _day(row["aangemaakt_op"]) for row in dossiers if row["afgesloten_op"]]
    buckets = Counter(
        next(f"{low} t/m {high}" for low, high in BUCKETS if low <= length.days <= high) for length in days
    )
    return {
        "outcomes": _shares("outcome", Counter(row["resultaat"] for row in dossiers)),
        "contact_by_walking_month": [
            {
                "walking_month": _first(month), "contact": walked[month, True], "no_contact": walked[month, False],
                "total": walked[month, True] + walked[month, False],
                "pct_contact": _pct(walked[month, True], walked[month, True] + walked[month, False]),
            }
            for month in sorted({month for month, _ in walked})
        ],
        "plan_of_approach": _shares("has_plan", planned),
        "arrears_by_outcome": [{"outcome": outcome, **_range(amounts)} for outcome, amounts in totals.items()],
        "durations": _shares("bucket", buckets),
    }  # fmt: skip


def _told(dossiers: list[Row]) -> Marts:
    living = Counter((ENDED[row["resultaat"]], row["samenstelling"]) for row in dossiers if row["samenstelling"])
    causes = Counter(_joined(row["oorzaken"].split("|")) for row in dossiers if row["oorzaken"])
    problems = Counter(name for row in dossiers for name in row["overige_problematiek"].split("|") if name)
    return {
        "composition_by_outcome": [
            {
                "outcome": outcome,
                **{column: living[outcome, label] for label, column in COMPOSITIONS.items()},
                "total": sum(n for (name, _), n in living.items() if name == outcome),
            }
            for outcome in sorted({outcome for outcome, _ in living})
        ],
        "causes": [{"causes": label, "dossiers": n} for label, n in causes.items()],
        "flyers": [{
            "flyer_left": sum(row["flyer_op"] != "" for row in dossiers),
            "contact_after_flyer": sum(row["contact_na_flyer"] == "j" for row in dossiers),
            "dossiers": len(dossiers),
        }],
        "other_problems": [{"problem": name, "dossiers": n} for name, n in problems.items()],
    }  # fmt: skip


def _shares(name: str, counts: Counter) -> list[dict]:
    return [{name: label, "dossiers": n, "pct": _pct(n, counts.total())} for label, n in counts.items()]


def _range(amounts: list[int]) -> dict:
    return {
        "n": len(amounts), "min_eur": min(amounts), "max_eur": max(amounts),
        "mean_eur": round(sum(amounts) / len(amounts), 2),
    }  # fmt: skip


def _joined(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} en {last}" if first else last


def _pct(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)


def _first(month: str) -> dt.date:
    return dt.date.fromisoformat(f"{month}-01")


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)
