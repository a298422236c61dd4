"""The files that hold somebody: deliveries in the landing area, and lists, notices and mails among the results."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import psycopg

from vroegsignaal import landing
from vroegsignaal.months import Month
from vroegsignaal.outbox import ddas, feedback, notices, review_list, walking_list
from vroegsignaal.settings import Settings

LANDING, OUT = "landing", "out"
_ENCODINGS = ("utf-8", "utf-16")
"""What is sought are letters and digits: those are the same in all encodings of one byte."""
_MOST_BYTES = 100_000_000
_OF_PERSONS = ("looplijst.csv", "looplijst.xlsx", review_list.FILE)
_FOLDERS_OF_PERSONS = ("meldingen", "mail", feedback.FOLDER)


def of_drops(connection: psycopg.Connection, drops: list[int]) -> list[str]:
    """The files in the landing area that drops were read from, each as `landing/<file>`."""
    rows = connection.execute(
        "select file from raw.drop_ledger where drop_id = any(%(drops)s)"
        " union select file from raw.redelivery where drop_id = any(%(drops)s) order by 1",
        {"drops": drops},
    ).fetchall()
    return [f"{LANDING}/{name}" for (name,) in rows]


def that_name(here: Settings, connection: psycopg.Connection, municipality: str, sought: list[str]) -> list[str]:
    """The files in the landing area of which no row was read, and in which something stands that is sought.

    What could not be read, or belongs to no feed, cannot be erased by row: such a file goes as a whole.
    """
    read = {
        name
        for (name,) in connection.execute(
            "select file from raw.drop_ledger where municipality_code = %s and unreadable is null"
            " and missing_columns = '{}'",
            [municipality],
        )
    }
    needles = ["".join(each.upper().split()) for each in sought]
    return [
        f"{LANDING}/{name}"
        for name, path in landing.all_files(here, municipality)
        if name not in read and _names(path.read_bytes(), needles)
    ]


def _names(content: bytes, needles: list[str]) -> bool:
    parts = [content]
    with suppress(BadZipFile):
        workbook = ZipFile(BytesIO(content))
        parts = [workbook.read(part) for part in workbook.infolist() if part.file_size <= _MOST_BYTES]
    texts = ("".join(part.decode(encoding, "ignore").upper().split()) for part in parts for encoding in _ENCODINGS)
    return any(needle in text for text in texts for needle in needles)


def past_their_term(here: Settings, municipality: str, day: date, policy: dict) -> list[str]:
    """All files of a municipality with persons of months whose term for files has passed on a day."""
    kept = policy["retain_files_months"]["maanden"]
    first_kept = Month.of(day).plus(-kept)
    # The month of the day counts as begun on the 25th.
    last_gone = first_kept if day.day >= first_kept.match_day.day else first_kept.plus(-1)
    found = [
        f"{LANDING}/{file.name}"
        for month in landing.months(here)
        if month <= last_gone
        for file in landing.delivered(here, month)
        if file.municipality_code == municipality
    ]
    root = here.out / municipality
    folders = [root / name.name for name in sorted(root.glob("????-??")) if Month.is_written(name.name)]
    return found + [
        f"{OUT}/{path.relative_to(here.out)}"
        for folder in folders
        if Month.parse(folder.name) <= last_gone
        for path in _of_persons(folder)
    ]


def remove(here: Settings, names: list[str]) -> None:
    """Remove files, as they are named above; one that is gone already is no fault."""
    for name in names:
        place, _, path = name.partition("/")
        if place == LANDING:
            landing.remove(here, path)
        else:
            (here.out / path).unlink(missing_ok=True)


def write_anew(here: Settings, municipality: str, months: list[Month]) -> None:
    """Write the lists and notices of months anew, where there are any; mails that were written as files go.

    Feedback that is there is written anew in every month: it tells of signals of months before.
    """
    for month in months:
        folder = here.out / municipality / str(month)
        for mail in folder.glob("mail/*.eml"):
            mail.unlink()
        if (folder / "meldingen").is_dir():
            notices.write(here, municipality, month, folder)
        if (folder / review_list.FILE).exists():
            review_list.write(here, municipality, month, folder)
        if (folder / "looplijst.csv").exists():
            walking_list.write(here, municipality, month, folder)
    for folder in {path.parent.parent for path in (here.out / municipality).glob(f"????-??/{feedback.FOLDER}/*.csv")}:
        feedback.write(here, municipality, Month.parse(folder.name), folder)


def _of_persons(folder: Path) -> list[Path]:
    there = [folder / name for name in _OF_PERSONS]
    there += ddas.of_folder(folder)
    there += [path for name in _FOLDERS_OF_PERSONS for path in sorted((folder / name).glob("*"))]
    return [path for path in there if path.is_file()]
