"""The rows of a creditor's delivery: the households of the plan as that creditor would write them down."""

import datetime as dt
import random
from collections.abc import Iterable
from decimal import Decimal

from pilot.addresses import Address
from pilot.addresses import as_written as address_as_written
from pilot.households import Household, Signal
from pilot.people import Person
from pilot.people import as_written as name_as_written
from pilot.scope import CREDITORS, SECTORS

Row = dict[str, str]

COLUMNS = (
    "signaal_id", "klantnummer", "bsn", "voorletters", "voorvoegsel", "achternaam", "geboortedatum", "straatnaam",
    "huisnummer", "huisletter", "huisnummertoevoeging", "postcode", "woonplaats", "telefoonnummer", "email", "bedrag",
    "ontstaansdatum", "signaaldatum", "crisissignaal", "warme_overdracht",
)  # fmt: skip

CODES = dict(zip(CREDITORS, ("DGW", "VES", "VID", "MEN", "ZEZ", "DUN", "ENE"), strict=True))
CUSTOMERS = 90_000
"""Customer numbers per creditor."""


class Writer:
    """Writes households down for one creditor, month after month: customers keep their number, arrears their start."""

    def __init__(self, creditor: str) -> None:
        self.creditor = creditor
        self._rng = random.Random(f"delivery {creditor}")
        self._numbers = iter(self._rng.sample(range(10_000, 10_000 + CUSTOMERS), CUSTOMERS))
        self._known: dict[tuple[Address, int], tuple[str, dt.date]] = {}

    def row(self, household: Household, signal: Signal) -> Row:
        """The row of a signal, without its id; it passes every rule."""
        key = household.address, signal.member
        day = self._signal_day(signal.month)
        number, since = self._known.get(key, ("", dt.date.min))
        if (day - since).days > 98:
            since = day - dt.timedelta(days=self._rng.randint(30, 95))
        number = number or f"{CODES[self.creditor]}{next(self._numbers)}"
        self._known[key] = number, since
        return self._filled(household, household.residents[signal.member], signal, number, since, day)

    def _signal_day(self, month: str) -> dt.date:
        """A day from the 26th of the month before (27 days back, for February) to the 25th, mostly a late one."""
        return dt.date.fromisoformat(f"{month}-25") - dt.timedelta(days=int(self._rng.triangular(0, 28, 3)))

    def _filled(
        self, household: Household, person: Person, signal: Signal, number: str, since: dt.date, day: dt.date
    ) -> Row:
        rng = self._rng
        prefix, surname = name_as_written(person, rng)
        house_number, letter, addition, postcode = address_as_written(household.address, rng)
        # Insurers work with citizen service numbers; the others have one now and then.
        health = SECTORS[self.creditor] == "zorg"
        return {
            "klantnummer": number,
            "bsn": person.bsn if health or rng.random() < 0.2 else "",
            "voorletters": person.initials if rng.random() < 0.9 else person.initials.replace(".", ""),
            "voorvoegsel": prefix,
            "achternaam": surname,
            "geboortedatum": person.born.isoformat() if health or rng.random() < 0.4 else "",
            "straatnaam": household.address.street,
            "huisnummer": str(house_number),
            "huisletter": letter,
            "huisnummertoevoeging": addition,
            "postcode": postcode,
            "woonplaats": rng.choices(("Zoetermeer", "ZOETERMEER"), (9, 1))[0],
            # No telephone number in use begins with 06-0000, and example.nl receives no mail.
            "telefoonnummer": f"06-0000{rng.randrange(10_000):04d}" if rng.random() < 0.6 else "",
            "email": f"{number.lower()}@example.nl" if rng.random() < 0.4 else "",
            "bedrag": as_amount(signal.amount),
            "ontstaansdatum": since.isoformat(),
            "signaaldatum": day.isoformat(),
            "crisissignaal": "j" if self.creditor == "eneco" and rng.random() < 0.05 else "n",
            "warme_overdracht": "j" if rng.random() < 0.15 else "n",
        }


def as_amount(value: Decimal) -> str:
    """Euros with a decimal comma: `576,43`."""
    return f"{value:.2f}".replace(".", ",")


def number_rows(rows: Iterable[Row], creditor: str, month: str) -> None:
    """Give the rows their ids, in the order of the file."""
    for place, row in enumerate(rows, start=1):
        row["signaal_id"] = f"{CODES[creditor]}-{month[2:4]}{month[5:]}-{place:04d}"
