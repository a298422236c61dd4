"""Rows of case registration: dossiers just inside and just outside every limit, later versions, and faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from .contract_config import Config
from .contract_feeds import CONTACTS, DOSSIER_SIGNALS, DOSSIERS, TRAJECTS
from .contract_values import day_25, shift_month
from .contract_workdays import last_day_of_term
from .random_world import Home, spell_date, spell_place

DAY = timedelta(days=1)
RESULTS = ("", "", "geen contact", "informatie en advies gegeven", "klant wil niet geholpen worden")
CONTACT_KINDS = ("Huisbezoek", "Telefoon", "Kaartje", "Brief", "")
NO_AMOUNTS = ("1.234,56", "12.50", "€ 75,00", "onbekend", "75,", "1e3")

Row = dict[str, str]


@dataclass(frozen=True)
class Moment:
    """A month to decide on, with the closing term (working days) and the cool-off (months) in force on its 25th."""

    month: str
    closing: int
    cool_off: int

    @classmethod
    def of(cls, config: Config, municipality: str, month: str) -> Moment:
        """Look the limits up."""
        closing, cool_off = (
            int(config.value(municipality, parameter, day_25(month)))
            for parameter in ("closing_working_days", "cool_off_months")
        )
        return cls(month, closing, cool_off)

    @property
    def day(self) -> date:
        """The day on which a dossier is open or is not."""
        return day_25(self.month)

    @property
    def first_created(self) -> date:
        """The first day of creation from which the closing term has not passed."""
        created = self.day
        while last_day_of_term(created - DAY, self.closing) >= self.day:
            created -= DAY
        return created

    def later(self, months: int) -> str:
        """Return the month a number of months later, or earlier when the number is negative."""
        return shift_month(self.month, months)


def spell_month(rng: Random, month: str) -> str:
    """Write a month as such, or as a day of it."""
    return month if rng.random() < 0.7 else spell_date(rng, date.fromisoformat(f"{month}-{rng.randrange(1, 29):02d}"))


def spell_home(rng: Random, home: Home) -> Row:
    """Write the columns of a dossier's address."""
    return {name: value for name, value in spell_place(rng, home).items() if name not in ("straatnaam", "woonplaats")}


def dossier_row(rng: Random, home: Home, number: int, moment: Moment) -> Row:
    """Make a dossier that is open on the moment, and of a month so early that its cool-off is over."""
    return {
        "dossier_id": f"D{moment.month}/{number}",
        "aangemaakt_op": spell_date(rng, moment.day - 5 * DAY),
        "matchmaand": spell_month(rng, moment.later(-moment.cool_off - rng.randrange(1, 4))),
        "loopmaand": rng.choice(("", spell_month(rng, moment.month))),
        **spell_home(rng, home),
        "ingetrokken_op": "",
        "resultaat": rng.choice(RESULTS),
        "afgesloten_op": "",
        "flyer_op": rng.choice(("", spell_date(rng, moment.day - 2 * DAY))),
        "contact_na_flyer": rng.choice(("j", "n", "")),
        "samenstelling": rng.choice(("alleenstaande", "paar met kinderen", "")),
        "oorzaken": rng.choice(("", "gedrag", "overlevingsschulden|gedrag")),
        "overige_problematiek": rng.choice(("", "gezondheid", "gezondheid|werk")),
        "totaal_bedrag": rng.choice(("", "412", "1050,5", "+99,95", "0250,50")),
    }


Edge = Callable[[Random, Moment], Row]


def on(column: str, days: int) -> Edge:
    """Put in a column the day that lies a number of days after the 25th."""
    return lambda rng, moment: {column: spell_date(rng, moment.day + days * DAY)}


def of_month(months: Callable[[Moment], int], then: Edge) -> Edge:
    """Let the dossier be of another month, so many months later, and have another edge too."""
    return lambda rng, moment: {"matchmaand": spell_month(rng, moment.later(months(moment))), **then(rng, moment)}


def past_term(rng: Random, moment: Moment) -> Row:
    """Let the closing term end on the last day before the 25th on which it can."""
    return {"aangemaakt_op": spell_date(rng, moment.first_created - DAY)}


CLOSED = on("afgesloten_op", -1)

# What a dossier that is open on the moment is made into; each lies on a limit.
EDGES: dict[str, Edge] = {
    "open": lambda _rng, _moment: {},
    "created on the 25th": on("aangemaakt_op", 0),
    "created on the 26th": on("aangemaakt_op", 1),
    "closed on the 25th": on("afgesloten_op", 0),
    "closed on the 26th": on("afgesloten_op", 1),
    "withdrawn on the 25th": on("ingetrokken_op", 0),
    "withdrawn on the 26th": on("ingetrokken_op", 1),
    "last day of the term": lambda rng, moment: {"aangemaakt_op": spell_date(rng, moment.first_created)},
    "past the term": past_term,
    "month before": of_month(lambda _moment: -1, on("aangemaakt_op", -10)),
    "own month": of_month(lambda _moment: 0, on("aangemaakt_op", -3)),
    "month after": of_month(lambda _moment: 1, on("aangemaakt_op", -3)),
    "approached, created on the 26th": of_month(lambda _moment: -1, on("aangemaakt_op", 1)),
    "approached, closed": of_month(lambda _moment: -1, CLOSED),
    "approached, withdrawn": of_month(lambda _moment: -1, on("ingetrokken_op", -1)),
    "approached, last month of the cool-off": of_month(lambda moment: -moment.cool_off, CLOSED),
    "approached, past the term": of_month(lambda moment: -moment.cool_off, past_term),
    "cool-off is over": of_month(lambda moment: -moment.cool_off - 1, CLOSED),
}

# Later versions of a dossier, in a folder of a later month.
UPDATES: dict[str, Edge] = {
    "repeated": lambda _rng, _moment: {},
    "closed": on("afgesloten_op", -4),
    "closed in hindsight": on("afgesloten_op", -50),
    "withdrawn": on("ingetrokken_op", -4),
    "open again": lambda rng, moment: {
        "afgesloten_op": "",
        "ingetrokken_op": "",
        **on("aangemaakt_op", -4)(rng, moment),
    },
    "of another month": lambda rng, moment: {"matchmaand": spell_month(rng, moment.later(-1))},
    "closed, but quarantined": lambda rng, moment: {"afgesloten_op": spell_date(rng, moment.day), "flyer_op": "straks"},
    "withdrawn, but quarantined": lambda rng, moment: {"ingetrokken_op": spell_date(rng, moment.day), "huisnummer": ""},
}

Fault = tuple[str, tuple[str, ...]]  # a column, and values of which one is put in it

# The first part of the name is the rule that then holds.
RIS_FAULTS: dict[str, dict[str, Fault]] = {
    DOSSIERS: {
        "value_missing/id": ("dossier_id", ("", " ")),
        "value_missing/created": ("aangemaakt_op", ("",)),
        "value_missing/month": ("matchmaand", ("",)),
        "value_missing/postcode": ("postcode", ("",)),
        "value_missing/number": ("huisnummer", (" ",)),
        "date_invalid/created": ("aangemaakt_op", ("2021-02-30", "1-2-2022", "2022-01", "gisteren")),
        "date_invalid/month": ("matchmaand", ("2022-13", "2022-00", "2022-1", "01-2022", "202201", "januari 2022")),
        "date_invalid/day_of_month": ("matchmaand", ("2022-02-30", "31-04-2022", "2022/01/01")),
        "date_invalid/walking": ("loopmaand", ("2022-13", "volgende maand", "32-01-2022")),
        "date_invalid/withdrawn": ("ingetrokken_op", ("2022-01", "n.v.t.")),
        "date_invalid/closed": ("afgesloten_op", ("31-06-2022", "j")),
        "date_invalid/flyer": ("flyer_op", ("2022-00-10",)),
        "postcode_invalid": ("postcode", ("0123QQ", "1234", "1234QQQ")),
        "house_number_invalid": ("huisnummer", ("0", "100000", "12a")),
        "amount_invalid": ("totaal_bedrag", NO_AMOUNTS),
    },
    DOSSIER_SIGNALS: {"value_missing": ("dossier_id", ("", " ")), "amount_invalid": ("bedrag", NO_AMOUNTS)},
    CONTACTS: {
        "value_missing/id": ("dossier_id", ("",)),
        "value_missing/date": ("datum", ("",)),
        "value_missing/reached": ("bereikt", ("", " ")),
        "date_invalid": ("datum", ("2022-01", "2021-11-31", "vrijdag")),
    },
    TRAJECTS: {
        "value_missing/id": ("dossier_id", ("",)),
        "value_missing/organisation": ("organisatie", ("",)),
        "date_invalid/started": ("gestart_op", ("2022-01", "30-02-2022")),
        "date_invalid/finished": ("afgerond_op", ("nog niet",)),
    },
}


def spoil_row(rng: Random, row: Row, fault: Fault) -> Row:
    """Return the row with a fault."""
    column, values = fault
    return row | {column: rng.choice(values)}


def case_signal_row(rng: Random, dossier_id: str, creditors: tuple[str, ...], _day: date) -> Row:
    """Make a row about a debt that a dossier is about; the creditor may be unknown."""
    return {
        "dossier_id": dossier_id,
        "crediteur": rng.choice((*creditors, "")),
        "bedrag": rng.choice(("", "75", "1240,05", "+60,5")),
    }


def contact_row(rng: Random, dossier_id: str, _creditors: tuple[str, ...], day: date) -> Row:
    """Make a row about an attempt to reach the household."""
    return {
        "dossier_id": dossier_id,
        "datum": spell_date(rng, day - rng.randrange(20) * DAY),
        "dagdeel": rng.choice(("Ochtend", "Middag", "Avond", "")),
        "soort": rng.choice(CONTACT_KINDS),
        "bereikt": rng.choice("jn"),
    }


def help_row(rng: Random, dossier_id: str, _creditors: tuple[str, ...], day: date) -> Row:
    """Make a row about help that the household was referred to."""
    return {
        "dossier_id": dossier_id,
        "organisatie": rng.choice(("Proefhulp", 'Stichting "Proef"; afdeling Noord')),
        "soort": rng.choice(("vrijwillig", "professioneel", "combi", "")),
        "gestart_op": rng.choice(("", spell_date(rng, day - 10 * DAY))),
        "afgerond_op": rng.choice(("", spell_date(rng, day))),
        "afspraak_nagekomen": rng.choice(("j", "n", "")),
    }


ABOUT: dict[str, Callable[[Random, str, tuple[str, ...], date], Row]] = {
    DOSSIER_SIGNALS: case_signal_row,
    CONTACTS: contact_row,
    TRAJECTS: help_row,
}
