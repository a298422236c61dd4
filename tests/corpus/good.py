"""Good deliveries: a few rows for each feed, drawn from a seed. Every surname is a value that no message may hold."""

from __future__ import annotations

import io
import zipfile
from random import Random

SECRET = "Geheimnaam"  # noqa: S105 (nobody's)
MONTH = "2022-01"
ROWS = 4


def table(rng: Random, feed: str) -> list[list[str]]:
    """A header and good rows."""
    header, row = {
        "signals": (_SIGNALS, _signal),
        "withdrawals": (["signaal_id", "reden", "datum"], _withdrawal),
        "brp": (["wijk", "geslachtsnaam", "geboortedatum", "huisnummer", "huisletter", "postcode", "bsn"], _resident),
        "shv": (["traject_id", "postcode", "huisnummer", "huisletter", "startdatum", "einddatum"], _debt_help),
        "ris": (["dossier_id", "aangemaakt_op", "matchmaand", "postcode", "huisnummer", "totaal_bedrag"], _dossier),
    }[feed]
    return [header, *(row(rng, number) for number in range(1, ROWS + 1))]


def text(rows: list[list[str]], delimiter: str = ";") -> str:
    """The rows in the default dialect, or with another delimiter."""
    return "".join(delimiter.join(row) + "\n" for row in rows)


def pack(parts: dict[str, bytes]) -> bytes:
    """An archive of parts by their names; the same bytes each time."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in parts.items():
            # Without a moment it is of 1980.
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


_SIGNALS = [
    *("signaal_id", "klantnummer", "bsn", "achternaam", "huisnummer", "huisletter", "huisnummertoevoeging", "postcode"),
    *("bedrag", "ontstaansdatum", "signaaldatum"),
]


def _place(rng: Random) -> tuple[str, str]:
    return f"{rng.randrange(1000, 9999)}{rng.choice('ABCD')}{rng.choice('XYZ')}", str(rng.randrange(1, 300))


def _signal(rng: Random, number: int) -> list[str]:
    postcode, house = _place(rng)
    amount = f"{rng.randrange(60, 900)},{rng.randrange(10, 99)}"
    return [
        *(f"s{number}", f"k{number}", "999900006", f"{SECRET}é", house, rng.choice(("", "a")), "", postcode),
        *(amount, f"{MONTH}-01", f"{MONTH}-10"),
    ]


def _withdrawal(rng: Random, number: int) -> list[str]:
    return [f"s{number}é", rng.choice(("betaald", "onterecht")), f"{MONTH}-{rng.randrange(10, 25)}"]


def _resident(rng: Random, number: int) -> list[str]:
    postcode, house = _place(rng)
    return ["Wijk 1", f"{SECRET}é{number}", "1980-01-31", house, "", postcode, "999900006"]


def _debt_help(rng: Random, number: int) -> list[str]:
    postcode, house = _place(rng)
    return [f"t{number}é", postcode, house, rng.choice(("", "b")), "2021-05-01", ""]


def _dossier(rng: Random, number: int) -> list[str]:
    postcode, house = _place(rng)
    return [f"d{number}é", "2021-12-27", "2021-12", postcode, house, f"{rng.randrange(60, 9000)},50"]
