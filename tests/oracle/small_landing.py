"""Small landing areas for tests worked out by hand: a configuration of five creditors and rows of few words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .contract_oracle import Address, Derived, derive

A, B = "9101", "9102"  # two municipalities
NOV, DEC, JAN, FEB, MAR, APR = "2021-11", "2021-12", "2022-01", "2022-02", "2022-03", "2022-04"
SIGNAL_COLUMNS = (
    "signaal_id;klantnummer;bsn;achternaam;huisnummer;huisletter;huisnummertoevoeging;postcode;bedrag;"
    "ontstaansdatum;signaaldatum"
)
BRP_COLUMNS = "bsn;geslachtsnaam;huisnummer;postcode;wijk;opschorting"
SHV_COLUMNS = "traject_id;postcode;huisnummer;startdatum;einddatum"
DOSSIER_COLUMNS = "dossier_id;aangemaakt_op;matchmaand;huisnummer;postcode;ingetrokken_op;afgesloten_op"

CONFIG = {
    "creditors.csv": (
        "creditor,name,sector,contact_email\n"
        "rood,Rood,rent,\nblauw,Blauw,water,\ngroen,Groen,energy,\nwit,Wit,health,\ngeel,Geel,health,\n"
    ),
    "agreements.csv": (
        "municipality_code,creditor,valid_from,valid_to\n"
        "9101,rood,2020-01-01,\n9101,blauw,2020-01-01,2022-02-25\n9101,groen,2022-02-25,\n"
        "9101,wit,2020-01-01,\n9102,rood,2020-01-01,\n9102,blauw,2020-01-01,\n"
    ),
    "municipalities.csv": "municipality_code,name,inhabitants\n9101,Aa,1000\n9102,Be,2000\n",
    "policy.csv": (
        "municipality_code,valid_from,parameter,sector,value\n"
        "9101,2020-01-01,threshold_eur,health,80\n9101,2022-02-01,threshold_eur,,60\n"
        "9101,2020-01-01,plausible_maximum_eur,water,1000\n9101,2020-01-01,capacity,,2\n"
        "9101,2022-01-25,capacity,,3\n9101,2022-02-26,capacity,,4\n"
    ),
}


class Small:
    """A landing area that a test fills file by file."""

    def __init__(self, folder: Path) -> None:
        """Write the configuration."""
        self.landing, self.config = folder / "landing", folder / "config"
        self.config.mkdir(parents=True)
        for name, text in CONFIG.items():
            (self.config / name).write_text(text, encoding="utf-8")

    def put(self, month: str, path: str, data: str | bytes, municipality: str = A) -> None:
        """Write a file in a month folder."""
        file = self.landing / municipality / month / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)

    def signals(self, month: str, file: str, *rows: str, municipality: str = A) -> None:
        """Write a delivery of signals of `signal` rows."""
        self.put(month, f"signals/{file}.csv", "\n".join([SIGNAL_COLUMNS, *rows]) + "\n", municipality)

    def residents(self, month: str, *homes: str, municipality: str = A) -> None:
        """Write a register of persons: 'number', or 'number/opschorting' for a suspended one; one person each."""
        split = [home.partition("/") for home in homes]
        rows = [f"999900006;Proef;{number};1234QQ;Wijk {number[-1]};{gone}" for number, _, gone in split]
        self.put(month, "brp/personen.csv", "\n".join([BRP_COLUMNS, *rows]), municipality)

    def debt_help(self, month: str, *rows: str) -> None:
        """Write a register of debt help: 'number;startdatum;einddatum'."""
        lines = [f"t{number};1234QQ;{row}" for number, row in enumerate(rows)]
        self.put(month, "shv/trajecten.csv", "\n".join([SHV_COLUMNS, *lines]))

    def dossiers(self, month: str, *rows: str, file: str = "dossiers", municipality: str = A) -> None:
        """Write a delivery of dossiers of `dossier` rows."""
        self.put(month, f"ris/{file}.csv", "\n".join([DOSSIER_COLUMNS, *rows]) + "\n", municipality)

    def derive(self, *months: str, selected: dict | None = None) -> Derived:
        """Derive the tables."""
        return derive(self.landing, self.config, months, selected)


def signal(month: str, number: int | str, amount: str = "100", **changes: str) -> str:
    """Write a signal at 1234QQ and a house number, dated the 10th; each value can be changed by its column."""
    values = {
        "signaal_id": f"s{number}",
        "klantnummer": f"k{number}",
        "bsn": "",
        "achternaam": "Proef",
        "huisnummer": str(number),
        "huisletter": "",
        "huisnummertoevoeging": "",
        "postcode": "1234QQ",
        "bedrag": amount,
        "ontstaansdatum": f"{month}-01",
        "signaaldatum": f"{month}-10",
    }
    return ";".join((values | changes).values())


def dossier(number: int | str, match_month: str, created: str, **changes: str) -> str:
    """Write a dossier about 1234QQ and a house number; each value can be changed by its column."""
    values = {
        "dossier_id": f"d{number}",
        "aangemaakt_op": created,
        "matchmaand": match_month,
        "huisnummer": str(number),
        "postcode": "1234QQ",
        "ingetrokken_op": "",
        "afgesloten_op": "",
    }
    return ";".join((values | changes).values())


def home(number: int, suffix: str = "") -> Address:
    """Return the address of a signal."""
    return Address("1234QQ", number, suffix)


def found(derived: Derived) -> dict[tuple, int]:
    """Return the findings as {(creditor or feed, rule): rows}."""
    return {(row["creditor"] or row["feed"], row["rule"]): row["rows"] for row in derived.findings}


def on_rows(derived: Derived) -> dict[int, set[str]]:
    """Return the rules on each row, of a test with one drop."""
    rules: dict[int, set[str]] = {}
    for row in derived.row_findings:
        rules.setdefault(row["row"], set()).add(row["rule"])
    return rules


def ledger(derived: Derived, creditors: Iterable[str | None]) -> list[tuple]:
    """Return (creditor, delivery, status, read, accepted, quarantined, rejected) of some creditors' drops."""
    names = ("creditor", "delivery", "status", "rows_read", "rows_accepted", "rows_quarantined", "rows_rejected")
    return [tuple(row[name] for name in names) for row in derived.drops if row["creditor"] in set(creditors)]


def reasons(small: Small, month: str, *months: str, selected: dict | None = None) -> dict[int, str | None]:
    """Return {house number: reason} of a month's matches."""
    return {m.address.number: m.reason for m in small.derive(*months, month, selected=selected).matches_of(A, month)}


def match_all(small: Small, month: str, numbers: range, low: int = 0) -> None:
    """Let two creditors report some house numbers, one of them under the threshold of 50."""
    small.signals(month, "rood", *(signal(month, n) for n in numbers))
    small.signals(month, "blauw", *(signal(month, n, "49" if n == low else "60") for n in numbers))
