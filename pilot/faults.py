"""Rows as deliveries have them and the door must refuse: what the report tells of, and what such files always hold.

Every faulty row has an address of its own or repeats an accepted row, so that no count changes with it.
"""

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal

from pilot.addresses import Address
from pilot.arrears import any_amount
from pilot.deliveries import Row, Writer, as_amount
from pilot.households import Household, Signal, euros
from pilot.people import adult

SOME_BSN = "999990019"
"""A valid number of the test range, to be mistyped."""

Change = Callable[[Row, random.Random], None]


def _too_old(row: Row, rng: random.Random) -> None:
    """The report tells of arrears a year old, already with a bailiff."""
    days = rng.choice((rng.randint(101, 180), rng.randint(330, 400)))
    row["ontstaansdatum"] = _days_before(row["signaaldatum"], days)


def _implausible(row: Row, rng: random.Random) -> None:
    row["bedrag"] = as_amount(Decimal(rng.randint(1_750_000, 9_900_000)) / 100)


def _not_positive(row: Row, rng: random.Random) -> None:
    row["bedrag"] = rng.choice(("0,00", "0,00", "-" + row["bedrag"]))


def _no_amount(row: Row, rng: random.Random) -> None:
    row["bedrag"] = rng.choice(("onbekend", "n.v.t.", "zie bijlage"))


def _no_date(row: Row, rng: random.Random) -> None:
    column = rng.choice(("ontstaansdatum", "signaaldatum"))
    row[column] = rng.choice(("2019-02-30", "31-11-2018", "20190115", "medio mei", "00-00-0000"))


def _no_postcode(row: Row, rng: random.Random) -> None:
    row["postcode"] = rng.choice(
        (row["postcode"][:4], "0" + row["postcode"][1:], f"{row['postcode'][:4]} 1Q", "onbekend")
    )


def _no_house_number(row: Row, rng: random.Random) -> None:
    row["huisnummer"] = rng.choice(("0", "t/o 12", f"{row['huisnummer']} a", "123456"))


def _wrong_bsn(row: Row, rng: random.Random) -> None:
    """One digit mistyped, which the eleven test always finds."""
    place = rng.randrange(9)
    digit = str((int(row["bsn"][place]) + rng.randint(1, 9)) % 10)
    row["bsn"] = row["bsn"][:place] + digit + row["bsn"][place + 1 :]


def _value_missing(row: Row, rng: random.Random) -> None:
    row[rng.choice(("achternaam", "klantnummer", "bedrag", "ontstaansdatum", "postcode", "huisnummer"))] = ""


def _other_month(row: Row, rng: random.Random) -> None:
    """Signalled 26 days or more before, which is another month's file."""
    row["signaaldatum"] = _days_before(row["signaaldatum"][:8] + "25", rng.randint(31, 45))
    row["ontstaansdatum"] = _days_before(row["signaaldatum"], rng.randint(30, 90))


def _after_signal(row: Row, rng: random.Random) -> None:
    row["ontstaansdatum"] = _days_before(row["signaaldatum"], -rng.randint(1, 20))


CHANGES: dict[str, tuple[Change, int]] = {
    "arrears_too_old": (_too_old, 72),
    "amount_implausible": (_implausible, 4),
    "amount_not_positive": (_not_positive, 16),
    "amount_invalid": (_no_amount, 6),
    "date_invalid": (_no_date, 12),
    "postcode_invalid": (_no_postcode, 14),
    "house_number_invalid": (_no_house_number, 8),
    "bsn_invalid": (_wrong_bsn, 12),
    "value_missing": (_value_missing, 16),
    "signal_outside_month": (_other_month, 14),
    "arrears_after_signal": (_after_signal, 8),
}
"""The rule that must find the row -> what is wrong with it, and how many rows of the year have it."""

SAME_ROW_TWICE, SAME_HOUSEHOLD_TWICE = 12, 14
"""How many rows are copied with their id (duplicate_signal_id), and how many with a new one (duplicate_household)."""

Drop = tuple[str, str]
"""(month, creditor)"""


def faults_per_drop(drops: list[Drop]) -> dict[Drop, list[str]]:
    """Which faults each delivery has; large and small deliveries alike, since people type them both."""
    rng = random.Random("faults")
    kinds = [rule for rule, (_, count) in CHANGES.items() for _ in range(count)]
    kinds += ["duplicate_signal_id"] * SAME_ROW_TWICE + ["duplicate_household"] * SAME_HOUSEHOLD_TWICE
    found: dict[Drop, list[str]] = {drop: [] for drop in drops}
    for kind in kinds:
        found[rng.choice(drops)].append(kind)
    return found


def faulty_row(rule: str, writer: Writer, month: str, address: Address, rng: random.Random) -> Row:
    """A row that breaks the rule, about a household of its own that stands in no register."""
    amount = euros(max(50, any_amount(writer.creditor, rng)))
    household = Household(address, [], residents=[adult(SOME_BSN, rng)])
    row = writer.row(household, Signal(writer.creditor, month, amount))
    row["bsn"] = SOME_BSN if rule == "bsn_invalid" else ""
    CHANGES[rule][0](row, rng)
    return row


def doubles(accepted: list[Row], faults: list[str], rng: random.Random) -> list[Row]:
    """Accepted rows once more, for the end of the file, as when it was pasted together from two."""
    found = []
    for place, fault in enumerate((fault for fault in faults if fault not in CHANGES), start=2):
        row = rng.choice(accepted)
        found.append(row if fault == "duplicate_signal_id" else row | {"signaal_id": f"{row['signaal_id']}-{place}"})
    return found


def _days_before(day: str, days: int) -> str:
    return (dt.date.fromisoformat(day) - dt.timedelta(days=days)).isoformat()
