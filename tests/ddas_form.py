"""The form of a delivery to Statistics Netherlands (DDAS v1.2), written out by hand: what is wrong with a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

NOT_PICKED_UP = {
    "Inwoner al bekend bij schuldhulpverlening", "Inwoner is overleden", "Niet opgepakt: andere reden",
    "Niet opgepakt: herhaalde melding", "Niet opgepakt: onterecht signaal",
    "Persoon is geen inwoner (meer) in de gemeente",
}  # fmt: skip
STATUSES = {"Nog niet opgepakt", "Opgepakt"} | NOT_PICKED_UP
OUTCOMES = NOT_PICKED_UP | {
    "(Budget)advies en/of quick fix", "Definitief geen contact kunnen krijgen", "Geen reactie na eerder contact",
    "Inwoner heeft al een ander lopend traject", "Inwoner heeft zelf al betaald/betalingsregeling getroffen",
    "Inwoner regelt het zelf/hoeft geen hulp vanuit vroegsignalering", "Vervolghulp en/of verwijzing",
    "Vervolghulp en/of verwijzing financieel", "Vervolghulp en/of verwijzing niet financieel",
    "Verwijzing zonder tussenkomst inwoner",
}  # fmt: skip
PARTNERS = {
    "Belastingdienst", "CAK Eigen bijdrage", "CAK Zorgverzekeringen", "Dienst Toeslagen", "DUO", "Energie", "Huur",
    "Hypotheek", "Overige", "Water", "Zorg",
}  # fmt: skip
KINDS = {
    "Administratief", "Afspraak op locatie", "Brief", "Huisbezoek", "Kaartje", "Mail", "Onbekend", "Overige",
    "SMS/Whatsapp", "Telefoon",
}  # fmt: skip
PARTS = {"Ochtend", "Middag", "Avond"}

Check = Callable[[Any, str], Iterator[str]]


def kind(wanted: type) -> Check:
    def check(value: object, where: str) -> Iterator[str]:
        # To Python a boolean is a whole number too.
        if type(value) is not wanted:
            yield f"{where} is no {wanted.__name__}"

    return check


def text(pattern: str = r"(?s).+") -> Check:
    def check(value: object, where: str) -> Iterator[str]:
        if not (isinstance(value, str) and re.fullmatch(pattern, value)):
            yield f"{where} is not as it should be written"

    return check


def one_of(codes: set[str]) -> Check:
    def check(value: object, where: str) -> Iterator[str]:
        if not (isinstance(value, str) and value in codes):
            yield f"{where} is no code"

    return check


def day(value: object, where: str) -> Iterator[str]:
    try:
        if not (isinstance(value, str) and date.fromisoformat(value).isoformat() == value):
            yield f"{where} is no day"
    except ValueError:
        yield f"{where} is no day"


def moment(value: object, where: str) -> Iterator[str]:
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    try:
        if not (isinstance(value, str) and re.fullmatch(pattern, value) and datetime.fromisoformat(value)):
            yield f"{where} is no moment with a time zone"
    except ValueError:
        yield f"{where} is no moment"


def has(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """An object with these, perhaps with those, and with nothing else."""
    known = required | (optional or {})

    def check(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where} is no object"
            return
        yield from (f"{where} has no {name}" for name in required.keys() - value.keys())
        yield from (f"{where} may not have {name}" for name in value.keys() - known.keys())
        for name in value.keys() & known.keys():
            yield from known[name](value[name], f"{where}.{name}")

    return check


def many(each: Check, *, least: int = 0, most: int | None = None, unique: bool = False) -> Check:
    def check(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        if len(value) < least or (most is not None and len(value) > most):
            yield f"{where} has {len(value)}"
        if unique and any(one in value[:place] for place, one in enumerate(value)):
            yield f"{where} has one twice"
        for place, one in enumerate(value):
            yield from each(one, f"{where}[{place}]")

    return check


def client(value: object, where: str) -> Iterator[str]:
    """By citizen service number and by nothing else, or by address."""
    if isinstance(value, dict) and "burgerservicenummer" in value:
        return has({"burgerservicenummer": text(r"\d{9}")})(value, where)
    return has(
        {"postcode": text(r"[1-9]\d{3}[A-Z]{2}"), "huisnummer": text(r"[1-9]\d{0,4}")},
        {"huisnummertoevoeging": text(), "geboortedatum": day},
    )(value, where)


SIGNAL = has(
    {
        "ID": text(), "client": client, "signaalpartner": has({"type": one_of(PARTNERS)}), "crisissignaal": kind(bool),
        "warmeOverdracht": kind(bool), "bedrag": kind(int), "ontstaansdatum": day, "signaaldatum": day,
        "status": one_of(STATUSES),
    },
)  # fmt: skip
ATTEMPT = has({"soort": one_of(KINDS), "bereikt": kind(bool), "datum": day}, {"dagdeel": one_of(PARTS)})
CASE = has(
    {"matchingsdatum": day, "startdatumMatchingperiode": day, "einddatumMatchingperiode": day, "datumOpgepakt": day,
     "contactpogingen": many(ATTEMPT)},
    {"resultaat": one_of(OUTCOMES), "vroegsignalen": many(has({"ID": text()}), least=1, unique=True)},
)  # fmt: skip
CONTACT = has({}, {"naam": text(), "telefoonnummer": text(), "email": text(r"[^@\s]+@[^@\s]+"), "functietitel": text()})
ORGANISATION = has(
    {"naam": text(), "contactpersonen": many(CONTACT, least=1, unique=True)}, {"kvk-nummer": text(r"\d{8}")}
)
DELIVERY = has(
    {
        "teller": kind(int), "gemeentecode": text(r"\d{4}"), "aanleverendeOrganisatie": ORGANISATION,
        "vroegsignalen": many(SIGNAL, most=50_000), "vroegsignaalzaken": many(CASE),
    },
)  # fmt: skip
EXCHANGE = has(
    {
        "startdatumLevering": day, "einddatumLevering": day, "aanleverdatumEnTijd": moment,
        "codeGegevensleverancier": text(), "leveringen": many(DELIVERY, least=1, most=1),
    },
)  # fmt: skip


def faults(document: object) -> list[str]:
    """What is wrong with a document: its form, a signal that is there twice, a case of one that is not there."""
    found = list(EXCHANGE(document, "exchange"))
    if found:
        return found
    (delivery,) = document["leveringen"]
    numbers = [signal["ID"] for signal in delivery["vroegsignalen"]]
    of_cases = [each["ID"] for case in delivery["vroegsignaalzaken"] for each in case.get("vroegsignalen", [])]
    if len(set(numbers)) < len(numbers):
        found.append("a signal is there twice")
    if len(set(of_cases)) < len(of_cases):
        found.append("a signal is of two cases")
    if not set(of_cases) <= set(numbers):
        found.append("a signal of a case is not there")
    return found
