"""Deliveries of any size, written as a stream: the same bytes for the same size and seed."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

MONTH = "2019-03"
MUNICIPALITY = "0637"
COLUMNS = (
    "signaal_id;klantnummer;bsn;voorletters;voorvoegsel;achternaam;geboortedatum;straatnaam;huisnummer;huisletter;"
    "huisnummertoevoeging;postcode;woonplaats;telefoonnummer;email;bedrag;ontstaansdatum;signaaldatum;crisissignaal;"
    "warme_overdracht"
)
NAMES = ("Jansen", "de Vries", "Bakker", "Öztürk", "Visser", "Smit", "El Idrissi", "Müller", "Nowak", "van Dijk")
FAULTY_SHARE = 0.02


def write_signals(path: Path, rows: int, seed: int = 1) -> None:
    """Write `rows` signals of one creditor, one in fifty of them with a fault that quarantines it."""
    rng = random.Random(seed)
    last = dt.date.fromisoformat(f"{MONTH}-25")
    days = [(last - dt.timedelta(days=n)) for n in range(28)]
    since = {day: [(day - dt.timedelta(days=n)).isoformat() for n in range(31, 96)] for day in days}
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{COLUMNS}\n")
        for number in range(1, rows + 1):
            day = rng.choice(days)
            amount = f"{rng.randrange(60, 2500)},{rng.randrange(100):02d}"
            if rng.random() < FAULTY_SHARE:
                amount = rng.choice(("", "-10,00", "18000,00", "12.50", "x"))
            # Addresses of letter pairs that are not in use; about 3,000,000 different ones.
            postcode = f"{2711 + number % 19}Q{chr(65 + number // 19 % 26)}"
            house = number // 494 % 6000 + 1
            file.write(
                f"S-{number:08d};K{number:08d};;A.B.;;{NAMES[number % 10]};1980-01-{number % 28 + 1:02d};Proefstraat;"
                f"{house};{'abc'[number % 3] if number % 7 == 0 else ''};;{postcode};Zoetermeer;"
                f"06-0000{number % 10000:04d};k{number}@example.nl;{amount};{rng.choice(since[day])};"
                f"{day.isoformat()};n;n\n"
            )
