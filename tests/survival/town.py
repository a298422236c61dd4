"""A town of two months: every feed, a corrected delivery, held rows, addresses for mails, a list that was walked."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import openpyxl
from oracle.small_landing import FEB, JAN, A, B, Small, dossier, signal

MONTHS = (JAN, FEB)
FIRST_HOMES, LATER_HOMES = range(1, 21), range(5, 25)
CREDITORS = ("rood", "blauw", "wit")
CONFIG = {
    "creditors.csv": (
        "creditor,name,sector,contact_email\n"
        "rood,Rood,rent,signalen@rood.example\nblauw,Blauw,water,signalen@blauw.example\nwit,Wit,health,\n"
        "geel,Geel,energy,signalen@geel.example\n"
    ),
    "agreements.csv": "municipality_code,creditor,valid_from,valid_to\n"
    + "".join(f"{A},{creditor},2020-01-01,\n" for creditor in ("rood", "blauw", "wit", "geel"))
    + "".join(f"{B},{creditor},2020-01-01,\n" for creditor in ("rood", "blauw")),
    "municipalities.csv": (
        "municipality_code,name,inhabitants,contact_email\n"
        f"{A},Aa,1000,vroeg@aa.example\n{B},Be,2000,vroeg@be.example\n"
    ),
    "policy.csv": "municipality_code,valid_from,parameter,sector,value\n"
    + "".join(f"{town},2020-01-01,capacity,,4\n{town},2020-01-01,reserve_size,,2\n" for town in (A, B)),
}
WALKED = "ris/looplijst.xlsx"
"""The list of the first month, as it comes back in the second."""


def build(folder: Path) -> Small:
    """Write the landing area and the configuration, but for the list that is walked."""
    small = Small(folder)
    for name, text in CONFIG.items():
        (small.config / name).write_text(text, encoding="utf-8")
    for town in (A, B):
        _first_month(small, town)
        _second_month(small, town)
    _registered_cases(small)
    return small


def _first_month(small: Small, town: str) -> None:
    small.residents(JAN, *map(str, range(1, 25)), "30/overleden", municipality=town)
    small.signals(JAN, "rood", *(signal(JAN, home) for home in FIRST_HOMES), municipality=town)
    # The second delivery takes the place of the first: an amount that cannot be, a postcode that is none.
    held = (signal(JAN, 40, "17693"), signal(JAN, 41, postcode="99"))
    small.signals(JAN, "rood.2", *(signal(JAN, home) for home in FIRST_HOMES), *held, municipality=town)
    small.signals(JAN, "blauw", *(signal(JAN, home, str(60 + home)) for home in FIRST_HOMES), municipality=town)
    if town == A:
        small.signals(JAN, "wit", signal(JAN, 1), signal(JAN, 2, "x"))
        small.debt_help(JAN, "3;2021-11-01;")


def _second_month(small: Small, town: str) -> None:
    small.residents(FEB, *map(str, range(1, 25)), municipality=town)
    small.signals(FEB, "blauw", *(signal(FEB, home, str(90 + home)) for home in LATER_HOMES), municipality=town)
    small.signals(FEB, "rood", *(signal(FEB, home) for home in LATER_HOMES), municipality=town)
    small.put(
        FEB,
        "signals/rood.intrekking.csv",
        f"signaal_id;reden;datum\ns7;betaald;{FEB}-12\ns99;onterecht;{FEB}-12\n",
        municipality=town,
    )
    if town == A:
        small.signals(FEB, "wit", signal(FEB, 8), signal(FEB, 9, ontstaansdatum=f"{FEB}-20"))
        # A file that cannot be read: critical, and mailed.
        small.put(FEB, "signals/geel.csv", "signaal_id;klantnummer\n1;2;3\n")
        small.debt_help(FEB, "3;2021-11-01;2022-01-20")


def _registered_cases(small: Small) -> None:
    small.dossiers(JAN, dossier(4, "2021-12", "2021-12-27"), dossier(5, "2021-12", "geen datum"))
    small.put(JAN, "ris/dossier_signalen.csv", "dossier_id;crediteur;bedrag\nd4;rood;100\nd4;blauw;60,50\n")
    small.put(JAN, "ris/contactpogingen.csv", f"dossier_id;datum;dagdeel;soort;bereikt\nd4;{JAN}-05;Avond;;j\n")
    small.put(JAN, "ris/hulptrajecten.csv", f"dossier_id;organisatie;soort;gestart_op\nd4;Hulp;vrijwillig;{JAN}-09\n")
    small.dossiers(FEB, dossier(4, "2021-12", "2021-12-27", afgesloten_op=f"{FEB}-03"))


def hand_back(out: Path, landing: Path) -> None:
    """Fill in the list that was handed out for the first month and deliver it in the second."""
    handed_out = out / A / JAN / "looplijst.csv"
    rows = list(csv.DictReader(io.StringIO(handed_out.read_text(encoding="utf-8")), delimiter=";"))
    book = openpyxl.load_workbook(out / A / JAN / "looplijst.xlsx")
    sheet = book["Looplijst"]
    place = {cell.value: cell.column for cell in sheet[1]}
    for line, _ in enumerate(rows[:2], start=2):
        sheet.cell(line, place["flyer_op"]).value = date(2022, 2, 2)
    back = landing / A / FEB / WALKED
    back.parent.mkdir(parents=True, exist_ok=True)
    book.save(back)
