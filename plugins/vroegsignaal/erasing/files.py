"""The files that hold somebody: deliveries in the landing area, and lists, notices and mails among the results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import psycopg

from vroegsignaal import landing
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.outbox import ddas, feedback, notices, review_list, walking_list
from vroegsignaal.settings import Settings

LANDING, OUT = "landing", "out"
Files = dict[str, str | None]
"""Files that go, as `landing/<place>` with the fingerprint of the contents that are meant, or as `out/<place>`."""

_MOST_BYTES = 100_000_000
_OF_NOBODY = ("manifest.json", "evaluatie.html", "evaluatie.pdf")
"""Numbers only. Whatever else lies in a month's folder for results may hold somebody: we wrote it, or it is a copy."""
_WRITTEN_ANEW = ("looplijst.csv", walking_list.FILE, review_list.FILE, "bevindingen.csv", "meldingen/*.csv")
_WRITTEN_ANEW += (f"{feedback.FOLDER}/*.csv",)
_NOT_IN_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")


@dataclass(frozen=True)
class Sought:
    """What names a household in a file of which no row was read."""

    bsn: str | None
    postcode: str | None
    number: int | None

    def is_in(self, text: str) -> bool:
        """Whether a line of a text has the number of the person, or postcode and house number. Spaces do not count."""
        return any(self._is_in_line("".join(line.upper().split())) for line in text.splitlines())

    def _is_in_line(self, line: str) -> bool:
        if self.bsn and self.bsn in line:
            return True
        at = "".join((self.postcode or "").upper().split())
        return bool(at) and at in line and re.search(rf"(?<![0-9]){self.number}(?![0-9])", line) is not None


def of_person(
    here: Settings, connection: psycopg.Connection, municipality: str, drops: list[int], sought: Sought
) -> tuple[Files, list[str]]:
    """The deliveries of a municipality that hold a person, and those of which nobody but a person can tell.

    By their contents, whatever they are called and wherever they lie: the files of drops whose rows are erased; and of
    those of which no row was read the ones that name somebody: they cannot be erased by row, and go as a whole.
    """
    erased, read = set(_erased(connection, municipality, drops)), set(_read(connection, municipality))
    gone: Files = {}
    unclear = []
    for name, path in landing.all_files(here, municipality):
        contents = path.read_bytes()
        fingerprint = sha256(contents).hexdigest()
        if fingerprint in erased:
            gone[f"{LANDING}/{name}"] = fingerprint
        elif fingerprint not in read:
            texts = list(_texts(contents))
            if any(sought.is_in(text) for text in texts if text is not None):
                gone[f"{LANDING}/{name}"] = fingerprint
            elif None in texts:
                unclear.append(f"{LANDING}/{name}")
    return gone, unclear


def of_contents(here: Settings, municipality: str, fingerprints: Iterable[str]) -> Files:
    """The deliveries of a municipality with contents of which the fingerprints are given."""
    meant = set(fingerprints)
    found = ((name, landing.fingerprint(path)) for name, path in landing.all_files(here, municipality))
    return {f"{LANDING}/{name}": each for name, each in found if each in meant}


def past_their_term(
    here: Settings, connection: psycopg.Connection, municipality: str, day: date, policy: dict
) -> tuple[Files, list[str]]:
    """All files of a municipality of months whose term for files has passed on a day; and those of no month.

    What was erased before and lies there again goes as well. Of what lies in no month's folder the second tells, unless
    its contents are known.
    """
    kept = policy["retain_files_months"]["maanden"]
    first_kept = Month.of(day).plus(-kept)
    # The month of the day counts as begun on the 25th.
    last_gone = first_kept if day.day >= first_kept.match_day.day else first_kept.plus(-1)
    erased, again = set(_erased(connection, municipality, [])), _places_of_erased(connection, municipality)
    newest = _newest_month(connection, municipality)
    gone: Files = {}
    unclear = []
    for name, path in landing.all_files(here, municipality):
        month = landing.month_of(name)
        if month and month > last_gone and name not in again:
            continue
        fingerprint = landing.fingerprint(path)
        of_month = month or newest.get(fingerprint)
        if fingerprint in erased or (of_month and of_month <= last_gone):
            gone[f"{LANDING}/{name}"] = fingerprint
        elif of_month is None:
            unclear.append(f"{LANDING}/{name}")
    folders = [folder for folder in sorted((here.out / municipality).glob("????-??")) if Month.is_written(folder.name)]
    months = [Month.parse(folder.name) for folder in folders]
    return gone | _results(here, municipality, [month for month in months if month <= last_gone]), unclear


def strays(here: Settings, municipality: str, months: list[Month]) -> Files:
    """What lies in months' folders for results, holds somebody or may do so, and is not written anew: mails, copies."""
    folders = [here.out / municipality / str(month) for month in months]
    anew = {path for folder in folders for pattern in _WRITTEN_ANEW for path in folder.glob(pattern)}
    anew |= {path for folder in folders for path in ddas.of_folder(folder)}
    return {
        name: None
        for name in _results(here, municipality, months)
        if here.out / name.removeprefix(f"{OUT}/") not in anew
    }


def remove(here: Settings, files: Files) -> list[str]:
    """Remove files; the names of those that could not be. One that is gone already is no fault."""
    left = []
    for name, contents in files.items():
        place, _, path = name.partition("/")
        try:
            if place == LANDING:
                landing.remove(here, path, contents or "")
            else:
                (here.out / path).unlink(missing_ok=True)
        except OSError:
            left.append(name)
    return left


def write_anew(here: Settings, municipality: str, months: list[Month]) -> list[str]:
    """Write the lists and notices of months anew, where there are any; the folders in which that failed."""
    left = []
    for month in months:
        folder = here.out / municipality / str(month)
        try:
            _write_anew(here, municipality, month, folder)
        except (OSError, PlatformError):
            left.append(f"{OUT}/{municipality}/{month}")
    # Feedback tells of signals of months before.
    for folder in {path.parent.parent for path in (here.out / municipality).glob(f"????-??/{feedback.FOLDER}/*.csv")}:
        try:
            feedback.write(here, municipality, Month.parse(folder.name), folder)
        except (OSError, PlatformError):
            left.append(f"{OUT}/{municipality}/{folder.name}")
    return left


def told(names: Iterable[str]) -> list[str]:
    """Names as anybody may read them: what was not named by agreement may have been named after somebody."""
    given = list(names)
    plain = [name for name in given if _is_by_agreement(name)]
    others = len(given) - len(plain)
    return plain + ([f"{others} with another name"] if others else [])


def _is_by_agreement(name: str) -> bool:
    place, _, path = name.partition("/")
    if place == LANDING:
        return landing.is_of_feed(path)
    within = "/".join(path.split("/")[2:])
    return not within or ddas.is_delivery(within) or any(Path(within).match(pattern) for pattern in _WRITTEN_ANEW)


def _write_anew(here: Settings, municipality: str, month: Month, folder: Path) -> None:
    if (folder / "meldingen").is_dir() or (folder / "bevindingen.csv").exists():
        notices.write(here, municipality, month, folder)
    if (folder / review_list.FILE).exists():
        review_list.write(here, municipality, month, folder)
    if (folder / "looplijst.csv").exists() or (folder / walking_list.FILE).exists():
        walking_list.write(here, municipality, month, folder)


def _results(here: Settings, municipality: str, months: list[Month]) -> Files:
    """Every file in months' folders for results that may hold somebody."""
    return {
        f"{OUT}/{path.relative_to(here.out)}": None
        for month in months
        for path in sorted((here.out / municipality / str(month)).rglob("*"))
        if not path.is_dir() and path.name not in _OF_NOBODY
    }


def _texts(contents: bytes) -> Iterator[str | None]:
    """The texts of a file, those of a workbook as one line each; None for what cannot be read as text."""
    try:
        workbook = ZipFile(BytesIO(contents))
    except BadZipFile:
        yield _text(contents)
        return
    # Texts and numbers of a row are not in one part.
    parts = []
    for part in workbook.infolist():
        try:
            text = _text(workbook.read(part)) if part.file_size <= _MOST_BYTES else None
        except (RuntimeError, NotImplementedError, BadZipFile, OSError):
            # Encrypted, or packed in a way of its own.
            text = None
        if text is None:
            yield None
        else:
            parts.append(text)
    yield " ".join(" ".join(parts).splitlines())


def _text(contents: bytes) -> str | None:
    # What is sought are letters and digits: those are the same in all encodings of one byte.
    if not _NOT_IN_TEXT.search(contents):
        return contents.decode("utf-8", "ignore")
    return contents.decode("utf-16") if contents.startswith((b"\xff\xfe", b"\xfe\xff")) else None


def _erased(connection: psycopg.Connection, municipality: str, drops: list[int]) -> Iterator[str]:
    """The fingerprints of drops, and of those of which rows were erased before."""
    for (fingerprint,) in connection.execute(
        "select distinct sha256 from raw.drop_ledger"
        " where municipality_code = %s and (drop_id = any(%s) or erased_at is not null)",
        [municipality, drops],
    ):
        yield fingerprint


def _read(connection: psycopg.Connection, municipality: str) -> Iterator[str]:
    """The fingerprints of the files of which rows were read."""
    for (fingerprint,) in connection.execute(
        "select distinct sha256 from raw.drop_ledger"
        " where municipality_code = %s and unreadable is null and missing_columns = '{}'",
        [municipality],
    ):
        yield fingerprint


def _places_of_erased(connection: psycopg.Connection, municipality: str) -> set[str]:
    """Where the files of drops lay of which rows were erased, and where they were delivered again."""
    rows = connection.execute(
        "select file from raw.drop_ledger where municipality_code = %(code)s and erased_at is not null"
        " union select again.file from raw.redelivery as again inner join raw.drop_ledger as ledger using (drop_id)"
        " where ledger.municipality_code = %(code)s and ledger.erased_at is not null",
        {"code": municipality},
    ).fetchall()
    return {name for (name,) in rows}


def _newest_month(connection: psycopg.Connection, municipality: str) -> dict[str, Month]:
    """Of each fingerprint the last month in which it was delivered."""
    rows = connection.execute(
        "select sha256, max(signal_month) from raw.drop_ledger where municipality_code = %s group by sha256",
        [municipality],
    ).fetchall()
    return {fingerprint: Month.of(day) for fingerprint, day in rows}
