"""Writes the corpus: a landing area of one month, with the configuration of its senders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

from .case import Case
from .good import MONTH, SECRET, table, text
from .mutations import MUTATIONS, Mutation
from .workbooks import WORKBOOKS, workbook

__all__ = ["MONTH", "MUNICIPALITY", "SECRET", "write"]

MUNICIPALITY = "9101"
# Every mutation of the signals; of other feeds every second, third and so on, beginning elsewhere.
FEEDS = {
    "signals": ("signals/{sender}.csv", 1),
    "withdrawals": ("signals/{sender}.intrekking.csv", 3),
    "brp": ("brp/personen.{number}.csv", 2),
    "shv": ("shv/trajecten.{number}.csv", 3),
    "ris": ("ris/dossiers.{number}.csv", 3),
}
# Other dialects than the contract's: what is wrong must be found in these as well.
DIALECTS = {"windows": 'windows-1252,;,",",,csv', "komma": 'utf-8,",",.,,csv', "tab": 'utf-8,tab,",",.,csv'}


def write(landing: Path, config: Path, seed: int) -> list[Case]:
    """Write landing area and configuration; the cases, each with its file."""
    rng = Random(seed)
    place = landing / MUNICIPALITY / MONTH
    cases, workbook_senders = [], []
    for case, data in _deliveries(rng):
        _put(place / case.file, data)
        cases.append(case)
        if case.file.endswith(".xlsx") and case.file.startswith("signals/x"):
            workbook_senders.append(Path(case.file).stem)
    cases += _odd_places(rng, place)
    _configure(config, sorted({Path(case.file).name.split(".")[0] for case in cases}), workbook_senders)
    return cases


def _deliveries(rng: Random) -> Iterator[tuple[Case, bytes]]:
    for offset, (feed, (pattern, step)) in enumerate(FEEDS.items()):
        for number, (name, mutation) in enumerate(MUTATIONS.items(), start=1):
            if number % step == offset % step:
                file = pattern.format(sender=f"{feed[0]}{number}", number=number)
                yield _made(rng, feed, f"{feed}: {name}", file, mutation)
    for number, (name, mutation) in enumerate(WORKBOOKS.items(), start=1):
        yield _made(rng, "signals", f"workbook: {name}", f"signals/x{number}.xlsx", mutation)
    yield from _other_dialects(rng)
    yield from _portals(rng)


def _made(rng: Random, feed: str, name: str, file: str, mutation: Mutation) -> tuple[Case, bytes]:
    data = mutation.make(rng, table(rng, feed))
    return Case(name, file, mutation.expect, mutation.line, mutation.says), data


def _other_dialects(rng: Random) -> Iterator[tuple[Case, bytes]]:
    rows = table(rng, "signals")
    points = [[value.replace(",", ".") for value in row] for row in rows]
    thousands = [rows[0], *([*row[:8], "1.234,56", *row[9:]] for row in rows[1:])]
    for name, expect, data, says in (
        ("windows", "accepted", text(rows).encode("cp1252"), ""),
        ("windows.2", "columns_missing", text(rows, "\t").encode(), "UTF-8 en tabgescheiden"),
        ("komma", "accepted", text(points, ",").encode(), ""),
        ("komma.2", "unreadable", text(rows).encode(), "puntkomma"),
        ("komma.3", "unreadable", text(points, ",").encode("cp1252"), "Windows-1252"),
        ("tab", "accepted", text(thousands, "\t").encode(), ""),
        ("tab.2", "columns_missing", text(points, ",").encode(), "kommagescheiden"),
    ):
        yield Case(f"dialect: {name}", f"signals/{name}.csv", expect, says=says), data
    yield Case("csv: a workbook", "signals/boek.xlsx", "unreadable", says="afgesproken is CSV"), workbook(rows)
    yield Case("csv: a workbook by another name", "signals/boek.2.csv", "unreadable", says="XLSX"), workbook(rows[:-1])
    yield Case("workbook: csv", "signals/x1.2.csv", "unreadable", says="afgesproken is XLSX"), text(rows).encode()


def _portals(rng: Random) -> Iterator[tuple[Case, bytes]]:
    for number, (name, senders, expect) in enumerate(
        (
            ("unknown creditors", ["=cmd|x", "../../etc", "", "niemand\x01"], "unknown_creditor"),
            ("a creditor, nearly", ["s1!", "S 1", "s1.", "portaal"], "unknown_creditor"),
            ("names of people", [f"{SECRET} {n}" for n in range(40)], "unknown_creditor"),
            ("long names", ["x" * 5_000, "y" * 70, "é" * 70, "' --"], "unknown_creditor"),
        ),
        start=2,
    ):
        header, *rows = [row for _ in senders for row in table(rng, "signals")][: len(senders) + 1]
        named = [[*(rows[n % len(rows)]), sender] for n, sender in enumerate(senders)]
        data = text([[*header, "crediteur"], *named]).encode()
        yield Case(f"portal: {name}", f"signals/portaal.{number}.csv", expect), data
    rows = table(rng, "signals")
    yield Case("portal: no creditors", "signals/portaal.7.csv", "columns_missing"), text(rows).encode()
    yield Case("portal: nothing", "signals/portaal.8.csv", "columns_missing"), b""
    header = text([[*rows[0], "crediteur"]]).encode()
    yield Case("portal: header only", "signals/portaal.9.csv", "empty_drop"), header
    ragged = header + text(rows[1:]).encode()
    yield Case("portal: ragged", "signals/portaal.10.csv", "unreadable", line=True), ragged


def _odd_places(rng: Random, place: Path) -> Iterator[Case]:
    """Files whose names or places are the trick."""
    good = text(table(rng, "signals")).encode()
    for number, name in enumerate(
        (
            "regel\nbreuk.csv", "100%s.csv", "aanhaling'steken.csv", 'dubbel".csv', "=formule.csv", "-opdracht.csv",
            ".verborgen.csv", "..csv", "...csv", "n" * 240 + ".csv", "dunea.csv.exe", "dunea.9999999999999.csv",
            "dunea.intrekking.x.csv", "a.b.c.csv", "geen_extensie", "\u202egnp.csv", "a\\..\\b.csv", "x.xls", "x.zip",
            "$(reboot).csv", "{column}.csv", "[a].csv", "leeg\tteken.csv", b"geen-utf8-\xff.csv", "~$x1.xlsx",
        )
    ):  # fmt: skip
        file = name if isinstance(name, str) else os.fsdecode(name)
        _put(place / "signals" / file, good + f"# {number}\n".encode())
        yield Case(f"place: {number}", f"signals/{file}", "unrecognised")
    for name in ("HOOFDLETTERS.csv", "met spatie.csv", "__proto__.csv", "NUL.csv", "ééntje.csv"):
        _put(place / "signals" / name, good)
        yield Case(f"place: {name}", f"signals/{name}", "unknown_creditor")
    _put(place / "signals" / "groot.CSV", good)
    yield Case("place: extension in capitals", "signals/groot.CSV", "accepted")
    outside = place.parents[2] / "buiten"
    _put(outside / "geheim.csv", good)
    for name, target in {
        "signals/koppeling.csv": outside / "geheim.csv",
        "signals/gebroken.csv": outside / "is er niet",
        "signals/kring.csv": place / "signals" / "kring.csv",
        "shv/terug.csv": Path("../../../../etc/passwd"),
    }.items():
        (place / name).symlink_to(target)
        yield Case(f"place: {name}", name, "unrecognised")
    (place / "buiten").symlink_to(outside, target_is_directory=True)
    yield Case("place: folder that is a link", "buiten", "unrecognised")
    (place / "signals" / "map.csv").mkdir()
    yield Case("place: folder by the name of a file", "signals/map.csv", "unrecognised")
    _put(place / "signals" / "dieper" / "k1.csv", good)
    yield Case("place: folder too deep", "signals/dieper", "unrecognised")
    _put(place / "los.csv", good)
    yield Case("place: file in no folder", "los.csv", "unrecognised")
    _put(place / "Signals" / "k1.csv", good)
    yield Case("place: folder in capitals", "Signals/k1.csv", "unrecognised")


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _configure(config: Path, senders: list[str], workbook_senders: list[str]) -> None:
    config.mkdir(parents=True)
    unknown = {"portaal", "HOOFDLETTERS", "NUL", "__proto__"}
    creditors = [name for name in senders if name.isascii() and name.isalnum() and name not in unknown]
    tables = {
        "creditors": ["creditor,name,sector,contact_email", *(f"{c},{c.title()},rent," for c in creditors)],
        "agreements": [
            "municipality_code,creditor,valid_from,valid_to",
            *(f"{MUNICIPALITY},{c},2020-01-01," for c in creditors),
        ],
        "municipalities": ["municipality_code,name,inhabitants", f"{MUNICIPALITY},Aa,1000"],
        "policy": ["municipality_code,valid_from,parameter,sector,value", f"{MUNICIPALITY},2020-01-01,capacity,,2"],
        "dialects": [
            "creditor,encoding,delimiter,decimal_separator,thousands_separator,format",
            *(f"{sender},{written}" for sender, written in DIALECTS.items()),
            *(f'{sender},utf-8,;,",",,xlsx' for sender in workbook_senders),
        ],
    }
    for name, lines in tables.items():
        (config / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
