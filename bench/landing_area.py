"""The landing area of a country, as its senders would fill it, and the configuration that goes with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.country import Municipality, Signal, born
from vroegsignaal.months import Month

NAMES = ("Jansen", "de Vries", "Bakker", "Öztürk", "Visser", "Smit", "El Idrissi", "Müller", "Nowak", "van Dijk")
_SIGNALS = "signaal_id;klantnummer;achternaam;geboortedatum;huisnummer;postcode;telefoonnummer;bedrag;ontstaansdatum;"
_SIGNALS += "signaaldatum;crisissignaal"
_BRP = "bsn;geslachtsnaam;geboortedatum;huisnummer;postcode;wijk;opschorting"
_SHV = "traject_id;postcode;huisnummer;startdatum;einddatum"
_CASES = "dossier_id;aangemaakt_op;matchmaand;loopmaand;postcode;huisnummer;resultaat;afgesloten_op;samenstelling;"
_CASES += "totaal_bedrag"
OUTCOMES = ("geen contact / onbekend", "verwezen vrijwillig", "klant wil niet geholpen worden")


def configure(folder: Path, towns: Iterable[Municipality]) -> Path:
    """Write a configuration that knows the municipalities and their creditors; the folder."""
    folder.mkdir(parents=True)
    towns = list(towns)
    sectors = {each.name: each.sector for town in towns for each in town.creditors}
    _write(
        folder / "creditors.csv",
        "creditor,name,sector,contact_email",
        (f"{name},{name},{sector}," for name, sector in sectors.items()),
    )
    _write(
        folder / "agreements.csv",
        "municipality_code,creditor,valid_from,valid_to",
        (f"{town.code},{each.name},2018-01-01," for town in towns for each in town.creditors),
    )
    _write(
        folder / "municipalities.csv",
        "municipality_code,name,inhabitants",
        (f"{town.code},Gemeente {town.code},{town.inhabitants}" for town in towns),
    )
    _write(folder / "policy.csv", "municipality_code,valid_from,parameter,sector,value", _policy(towns))
    return folder


def _policy(towns: list[Municipality]) -> Iterator[str]:
    for town in towns:
        yield f"{town.code},2018-01-01,capacity,,{town.capacity}"
        yield f"{town.code},2018-01-01,reserve_size,,{max(1, town.capacity // 4)}"
        yield f"{town.code},2018-01-01,threshold_eur,energy,60"


def deliver(landing: Path, towns: Iterable[Municipality], month: Month) -> None:
    """Write all files of a month, row by row."""
    for town in towns:
        folder = landing / town.code / str(month)
        for place, creditor in enumerate(town.creditors):
            signals = folder / "signals"
            _write(
                signals / f"{creditor.name}.csv", _SIGNALS, (_signal(town, s) for s in town.signals_of(place, month))
            )
            _write(
                signals / f"{creditor.name}.intrekking.csv",
                "signaal_id;reden;datum",
                (f"{signal_id(month, each)};betaald;{month.match_day}" for each in town.withdrawn(place, month)),
            )
        _write(folder / "brp" / "personen.csv", _BRP, _residents(town))
        _write(folder / "shv" / "trajecten.csv", _SHV, _debt_help(town))
        _write(folder / "ris" / "dossiers.csv", _CASES, _cases(town, month.plus(-1)))


def signal_id(month: Month, signal: Signal) -> str:
    """The number under which a creditor knows a signal: each month has its own."""
    return f"S{month}-{signal.number}"


def _signal(town: Municipality, signal: Signal) -> str:
    postcode, house = town.address(signal.household)
    month = Month.of(signal.day) if signal.day.day <= 25 else Month.of(signal.day).plus(1)
    return (
        f"{signal_id(month, signal)};K{signal.customer};{NAMES[signal.household % 10]};{born(signal.household, 0)};"
        f"{house};{postcode};0600000000;{signal.cents // 100},{signal.cents % 100:02d};{signal.since};{signal.day};"
        f"{'j' if signal.is_crisis else 'n'}"
    )


def _residents(town: Municipality) -> Iterator[str]:
    for each in town.residents():
        postcode, house = town.address(each.household)
        name = NAMES[each.household % 10]
        yield f"{each.bsn};{name};{each.born};{house};{postcode};{each.district};{each.suspension}"


def _debt_help(town: Municipality) -> Iterator[str]:
    for household in town.in_debt_help():
        postcode, house = town.address(household)
        yield f"T{household};{postcode};{house};2018-06-01;"


def _cases(town: Municipality, matched: Month) -> Iterator[str]:
    """The cases of the matches of a month, as they stand on the 25th of the next: two in three are closed."""
    for place, household in enumerate(town.approached(matched)):
        postcode, house = town.address(household)
        outcome, closed = (OUTCOMES[place % 3], matched.plus(1).first_day) if place % 3 else ("", "")
        yield (
            f"{matched}-{household};{matched.match_day};{matched};{matched};{postcode};{house};{outcome};{closed};"
            f"alleenstaand;{200 + household % 900},00"
        )


def _write(path: Path, header: str, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{header}\n")
        file.writelines(f"{line}\n" for line in lines)
