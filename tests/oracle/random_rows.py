"""Rows of the feeds as senders write them, and every way in which a row can be wrong, or be just right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from .contract_door import Limits
from .contract_values import day_25, parse_date, shift_month
from .random_world import SURNAMES, Home, break_bsn, make_bsn, spell_date, spell_place

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Sender:
    """A creditor in a municipality and month, with the limits that the policy sets for it then."""

    creditor: str
    month: str
    limits: Limits

    @property
    def first_day(self) -> date:
        """The first day that belongs to the signal month: the 26th of the month before."""
        return day_25(shift_month(self.month, -1)) + timedelta(days=1)

    @property
    def last_day(self) -> date:
        """The last day that belongs to the signal month: the 25th."""
        return day_25(self.month)


def spell_amount(amount: Decimal) -> str:
    """Write an amount with a decimal comma."""
    return str(amount).replace(".", ",")


def signal_row(rng: Random, sender: Sender, home: Home, number: int, customer: str = "") -> dict[str, str]:
    """Make a signal that the door accepts without a warning."""
    signalled = sender.first_day + timedelta(days=rng.randrange(28))
    since = signalled - timedelta(days=rng.randrange(1, sender.limits.maximum_age.days))
    name = rng.choice(SURNAMES)
    return {
        "signaal_id": f"S{sender.month.replace('-', '')}-{number:04d}",
        "klantnummer": customer or f"K{home.postcode}{home.number}{home.suffix}",
        "bsn": make_bsn(rng) if rng.random() < 0.6 else "",
        "voorletters": rng.choice(("A.", "B.C.", "")),
        "voorvoegsel": "",
        "achternaam": rng.choice((name, name, f'{name} "junior"', f"{name}; p/a buren", f"{name}\nof bewoner")),
        "geboortedatum": spell_date(rng, date(1950, 1, 1) + timedelta(days=rng.randrange(18000))),
        **spell_place(rng, home),
        "telefoonnummer": "0600000000",
        "email": "bewoner@voorbeeld.invalid",
        "bedrag": spell_amount(amount_for(rng, sender, home.trait)),
        "ontstaansdatum": spell_date(rng, since),
        "signaaldatum": spell_date(rng, signalled),
        "crisissignaal": rng.choice("jn"),
        "warme_overdracht": rng.choice(("j", "n", "")),
    }


def amount_for(rng: Random, sender: Sender, trait: str) -> Decimal:
    """Choose an amount that the door accepts and that fits the home; a few of any home are under the threshold."""
    threshold = sender.limits.threshold
    if trait == "debts_at_threshold":
        return threshold
    if trait == "small_debts":
        return threshold - CENT
    if trait == "small_debts_two_customers":
        return (threshold / 2).quantize(CENT)  # two of these make the threshold
    if rng.random() < 0.05:
        return Decimal(rng.randrange(100, int(threshold * 100))) / 100
    return threshold + Decimal(rng.randrange(1, 150000)) / 100


def since_days(rng: Random, row: dict[str, str], days: int) -> None:
    """Let the arrears exist for a number of days when they are signalled."""
    signalled = parse_date(row["signaaldatum"])
    assert signalled is not None
    row["ontstaansdatum"] = spell_date(rng, signalled - timedelta(days=days))


def on_day(rng: Random, row: dict[str, str], day: date) -> None:
    """Signal on a day, ten days after the arrears began."""
    row["signaaldatum"] = day.isoformat()
    since_days(rng, row, 10)


def put(row: dict[str, str], column: str, value: str) -> None:
    """Put a value in a column."""
    row[column] = value


Change = Callable[[Random, dict[str, str], Sender], None]


def to_one_of(column: str, *values: str) -> Change:
    """Change a column to one of some values."""
    return lambda rng, row, _sender: put(row, column, rng.choice(values))


# Each changes one accepted signal; the first part of its name is the rule that then holds.
SIGNAL_FAULTS: dict[str, Change] = {
    "value_missing/name": to_one_of("achternaam", "", "  "),
    "value_missing/amount": to_one_of("bedrag", ""),
    "value_missing/postcode": to_one_of("postcode", ""),
    "value_missing/id": to_one_of("signaal_id", ""),
    "value_missing/customer": to_one_of("klantnummer", " "),
    "value_missing/date": to_one_of("ontstaansdatum", ""),
    "date_invalid/signal": to_one_of("signaaldatum", "2021-02-30", "1-2-2022", "20220101", "gisteren"),
    "date_invalid/since": to_one_of("ontstaansdatum", "31-11-2021", "2022/01/01", "01-13-2022"),
    "date_invalid/birth": to_one_of("geboortedatum", "1970-00-00", "29-02-1971"),
    "postcode_invalid": to_one_of("postcode", "0123QQ", "1234", "12345", "QQ1234", "1234QQQ", "1234 Q1"),
    "house_number_invalid": to_one_of("huisnummer", "0", "100000", "12a", "-3", "12,0", "onbekend"),
    "bsn_invalid": lambda rng, row, _sender: put(row, "bsn", break_bsn(rng)),
    "amount_invalid": to_one_of("bedrag", "1.234,56", "12.50", "€ 75,00", "veel", "75,", ",75", "1e3", "75,00 -"),
    "amount_not_positive/zero": to_one_of("bedrag", "0", "0,00", "-0"),
    "amount_not_positive/negative": to_one_of("bedrag", "-75,50", "-0,01"),
    "amount_implausible": lambda _rng, row, sender: put(
        row, "bedrag", spell_amount(sender.limits.plausible_maximum + CENT)
    ),
    "below_threshold": lambda _rng, row, sender: put(row, "bedrag", spell_amount(sender.limits.threshold - CENT)),
    "arrears_too_old": lambda rng, row, sender: since_days(rng, row, sender.limits.maximum_age.days + 1),
    "signal_outside_month/before": lambda rng, row, sender: on_day(rng, row, sender.first_day - timedelta(days=1)),
    "signal_outside_month/after": lambda rng, row, sender: on_day(rng, row, sender.last_day + timedelta(days=1)),
    "arrears_after_signal": lambda rng, row, _sender: since_days(rng, row, -1),
    "several": lambda rng, row, _sender: row.update(
        bedrag="-1", postcode="", bsn=break_bsn(rng), signaaldatum="2001-01-01", ontstaansdatum="02-01-2001"
    ),
}

# Each changes one signal to something that is still just right.
SIGNAL_EDGES: dict[str, Change] = {
    "at_threshold": lambda _rng, row, sender: put(row, "bedrag", spell_amount(sender.limits.threshold)),
    "at_maximum": lambda _rng, row, sender: put(row, "bedrag", spell_amount(sender.limits.plausible_maximum)),
    "at_age": lambda rng, row, sender: since_days(rng, row, sender.limits.maximum_age.days),
    "same_day": lambda rng, row, _sender: since_days(rng, row, 0),
    "first_day": lambda rng, row, sender: on_day(rng, row, sender.first_day),
    "last_day": lambda rng, row, sender: on_day(rng, row, sender.last_day),
    "plus_sign": to_one_of("bedrag", "+250,5", "250", "0250,50"),
    "high_number": to_one_of("huisnummer", "99999", "1", "007"),
}


def again(row: dict[str, str], number: int, how: str) -> dict[str, str]:
    """Repeat an earlier row: the same id, the same customer at the same address, or another customer there."""
    changed = row | {"signaal_id": f"R{row['signaal_id']}-{number}"}
    if how == "duplicate_signal_id":
        return row | {"huisnummer": str(90000 + number)}
    if how == "duplicate_household":
        return changed | {"postcode": row["postcode"].strip().lower(), "achternaam": "Anders geschreven"}
    return changed | {"klantnummer": f"{row['klantnummer']}-{number}"}


AGAIN = ("duplicate_signal_id", "duplicate_household", "household_reported_twice")


def person_rows(rng: Random, home: Home, changed: bool) -> list[dict[str, str]]:
    """Make the persons at a home; `changed` suspends them all (they died or moved abroad)."""
    count = 0 if home.trait == "not_in_brp" else rng.randrange(1, 4) + (home.trait == "some_suspended")
    rows = []
    for place in range(count):
        gone = changed or home.trait == "all_suspended" or (home.trait == "some_suspended" and place == 0)
        rows.append(
            {
                "bsn": make_bsn(rng),
                "voorletters": "X.",
                "voorvoegsel": "",
                "geslachtsnaam": rng.choice(SURNAMES),
                "partnernaam": "",
                "naamgebruik": rng.choice("EPVN"),
                "geboortedatum": spell_date(rng, date(1950, 1, 1) + timedelta(days=rng.randrange(18000))),
                **spell_place(rng, home),
                "wijk": home.district,
                "opschorting": rng.choice(("overleden", "emigratie")) if gone else "",
                "geheimhouding": rng.choice("jn"),
            }
        )
    return rows


PERSON_FAULTS: dict[str, Callable[[Random, dict[str, str]], None]] = {
    "value_missing": lambda rng, row: put(row, rng.choice(("wijk", "geslachtsnaam", "bsn")), ""),
    "bsn_invalid": lambda rng, row: put(row, "bsn", break_bsn(rng)),
    "date_invalid": lambda _rng, row: put(row, "geboortedatum", "1970-00-00"),
    "postcode_invalid": lambda _rng, row: put(row, "postcode", "0000QQ"),
    "house_number_invalid": lambda _rng, row: put(row, "huisnummer", "1 hoog"),
}


def traject_row(rng: Random, home: Home, number: int, month: str) -> dict[str, str]:
    """Make a debt help traject for a home, around the 25th of a month."""
    day = day_25(month)
    one = timedelta(days=1)
    start, end = {
        "help_open": (day - 200 * one, None),
        "help_ended_24": (day - 200 * one, day - one),
        "help_ends_25": (day - 200 * one, day),
        "help_starts_25": (day, day + 200 * one),
        "help_starts_26": (day + one, None),
    }.get(home.trait, (day - 900 * one, day - 500 * one))
    return {
        "traject_id": f"T{number}",
        "bsn": rng.choice((make_bsn(rng), "")),
        **{name: value for name, value in spell_place(rng, home).items() if name not in ("straatnaam", "woonplaats")},
        "startdatum": spell_date(rng, start),
        "einddatum": spell_date(rng, end) if end else "",
    }


TRAJECT_FAULTS: dict[str, Callable[[Random, dict[str, str]], None]] = {
    "value_missing": lambda _rng, row: put(row, "startdatum", ""),
    "date_invalid": lambda _rng, row: put(row, "einddatum", "31-04-2022"),
    "postcode_invalid": lambda _rng, row: put(row, "postcode", "9999"),
    "bsn_invalid": lambda rng, row: put(row, "bsn", break_bsn(rng)),
}
