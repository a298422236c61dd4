"""The exchange model DDAS Vroegsignalering v1.2: what is known, in its names and forms; the rest is left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple


class Sender(NamedTuple):
    """Who delivers: a row of `ddas_senders.csv`, else what `municipalities.csv` tells."""

    municipality: str
    version: str
    supplier_code: str
    name: str
    chamber_number: str | None
    contact_name: str | None
    contact_phone: str | None
    contact_email: str | None
    contact_title: str | None


class Signal(NamedTuple):
    """A signal, with who it is about: see `vault.ddas_signals`."""

    signal_key: str
    dossier_id: str | None
    is_crisis: bool
    is_warm_handover: bool
    whole_eur: int
    arrears_since: date
    signal_date: date
    status: str
    partner_type: str
    bsn: str | None
    birth_date: date | None
    postcode: str
    house_number: int
    addition: str | None


class Case(NamedTuple):
    """A case, with the attempts to reach its household: see `vault.ddas_cases`."""

    dossier_id: str
    outcome: str | None
    matched_on: date
    window_starts_on: date
    window_ends_on: date
    picked_up_on: date | None
    attempts: Sequence[dict[str, Any]]


def heading(sender: Sender, first_day: date, last_day: date, moment: datetime) -> dict[str, Any]:
    """What an exchange begins with."""
    return {
        "startdatumLevering": first_day.isoformat(),
        "einddatumLevering": last_day.isoformat(),
        "aanleverdatumEnTijd": moment.isoformat(timespec="seconds"),
        "codeGegevensleverancier": sender.supplier_code,
    }


def delivery(sender: Sender, page: int) -> dict[str, Any]:
    """What a delivery begins with: who delivers, and which page it is."""
    contact = _known(
        naam=sender.contact_name,
        telefoonnummer=sender.contact_phone,
        email=sender.contact_email,
        functietitel=sender.contact_title,
    )
    organisation = {"naam": sender.name}
    if sender.chamber_number:
        organisation["kvk-nummer"] = sender.chamber_number
    return {
        "teller": page,
        "gemeentecode": sender.municipality,
        # The list of contacts may not be empty.
        "aanleverendeOrganisatie": {**organisation, "contactpersonen": [contact or {"naam": sender.name}]},
    }


def signal(known: Signal) -> dict[str, Any]:
    """A `vroegsignaal`. Of somebody with a citizen service number nothing else is told that points at a person."""
    return {
        "ID": known.signal_key,
        "crisissignaal": known.is_crisis,
        "warmeOverdracht": known.is_warm_handover,
        "bedrag": known.whole_eur,
        "ontstaansdatum": known.arrears_since.isoformat(),
        "signaaldatum": known.signal_date.isoformat(),
        "status": known.status,
        "signaalpartner": {"type": known.partner_type},
        "client": {"burgerservicenummer": known.bsn} if known.bsn else _at_address(known),
    }


def case(known: Case, signal_keys: Sequence[str]) -> dict[str, Any]:
    """A `vroegsignaalzaak`, with those of its signals that are in the delivery: none is no list."""
    return _known(
        resultaat=known.outcome,
        matchingsdatum=known.matched_on.isoformat(),
        startdatumMatchingperiode=known.window_starts_on.isoformat(),
        einddatumMatchingperiode=known.window_ends_on.isoformat(),
        datumOpgepakt=known.picked_up_on and known.picked_up_on.isoformat(),
        vroegsignalen=[{"ID": key} for key in signal_keys] or None,
        contactpogingen=[
            _known(
                soort=attempt["kind"],
                bereikt=attempt["is_reached"],
                datum=attempt["attempted_on"],
                dagdeel=attempt["part_of_day"],
            )
            for attempt in known.attempts
        ],
    )


def _at_address(known: Signal) -> dict[str, str]:
    return _known(
        geboortedatum=known.birth_date and known.birth_date.isoformat(),
        postcode=known.postcode,
        huisnummer=str(known.house_number),
        huisnummertoevoeging=known.addition,
    )


def _known(**values: Any) -> dict[str, Any]:  # noqa: ANN401 (of each kind that JSON has)
    return {name: value for name, value in values.items() if value is not None}
