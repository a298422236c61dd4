"""The landing area: which files lie there for a month, and what each of them is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from upath import UPath

from vroegsignaal import contract
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings, without_password
from vroegsignaal.shown import printable

_MUNICIPALITY = re.compile(r"[0-9]{4}")
NOBODY = "onbekend"
"""Who delivered what no creditor in the register delivered, where a name might be that of a person."""
DIGITS_OF_A_PERSON = 6
"""So many digits in the name of a file may be a number of somebody: of the state, of a telephone, of a customer."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class DeliveredFile:
    """A file in the landing area that belongs to a feed."""

    path: UPath
    municipality_code: str
    month: Month
    feed: str
    creditor: str | None
    delivery: int

    @property
    def name(self) -> str:
        """Where it lies in the landing area, such as `0637/2018-09/signals/dunea.csv`."""
        return f"{self.municipality_code}/{self.month}/{self.path.parent.name}/{self.path.name}"

    @property
    def sender(self) -> str:
        """Whose dialect it is in: the creditor or portal; of the municipality's own registers their folder."""
        return self.creditor or self.path.parent.name


def _root(settings: Settings) -> UPath:
    try:
        return UPath(settings.landing)
    except (ValueError, ImportError) as error:
        raise PlatformError(
            f"the landing area {without_password(settings.landing)} cannot be read: {error}. "
            "VROEGSIGNAAL_LANDING is a folder, or an address that fsspec reads."
        ) from None


def municipalities(settings: Settings, month: Month) -> list[str]:
    """The codes of the municipalities that have a folder for the month."""
    root = _root(settings)
    if not root.is_dir():
        return []
    codes = sorted(folder.name for folder in root.iterdir() if _MUNICIPALITY.fullmatch(folder.name))
    return [code for code in codes if _is_folder(root / code, root) and _is_folder(root / code / str(month), root)]


def months(settings: Settings) -> list[Month]:
    """All months for which any municipality has a folder."""
    root = _root(settings)
    if not root.is_dir():
        return []
    folders = (
        folder.name
        for municipality in root.iterdir()
        if _MUNICIPALITY.fullmatch(municipality.name) and _is_folder(municipality, root)
        for folder in municipality.iterdir()
    )
    return sorted({Month.parse(name) for name in folders if Month.is_written(name)})


def delivered(settings: Settings, month: Month) -> list[DeliveredFile]:
    """The files of the month that belong to a feed, in the order in which they are received."""
    found = [file for path, code in _files(settings, month) if (file := _recognised(path, code, month))]
    return sorted(
        found, key=lambda file: (file.municipality_code, file.feed, file.creditor or "", file.delivery, file.path.name)
    )


def unrecognised(settings: Settings, month: Month) -> list[str]:
    """The files of the month that belong to no feed, by the name to show; odd characters are escaped.

    Nothing was done with them.
    """
    root = _root(settings)
    return sorted(
        printable(shown_name(str(path.relative_to(root))))
        for path, code in _files(settings, month)
        if not _recognised(path, code, month)
    )


def not_looked_at(settings: Settings) -> list[str]:
    """What lies in the landing area where a municipality's or a month's folder should be, and is none."""
    root = _root(settings)
    if not root.is_dir():
        return []
    places = sorted(root.iterdir(), key=lambda place: place.name)
    towns = [place for place in places if _MUNICIPALITY.fullmatch(place.name) and _is_folder(place, root)]
    odd = [place.name for place in places if place not in towns]
    odd += [
        f"{town.name}/{folder.name}"
        for town in towns
        for folder in sorted(town.iterdir(), key=lambda folder: folder.name)
        if not (Month.is_written(folder.name) and _is_folder(folder, root))
    ]
    return [printable(shown_name(name)) for name in odd if not name.rpartition("/")[2].startswith(".")]


def all_files(settings: Settings, municipality: str) -> Iterator[tuple[str, UPath]]:
    """Every file below a municipality's folder, whatever it is and however deep it lies: its place, and its path."""
    root = _root(settings)
    town = root / municipality
    if not (_MUNICIPALITY.fullmatch(municipality) and _is_folder(town, root)):
        return
    for path in sorted(town.rglob("*"), key=str):
        if path.is_file() and _lies_within(path, town):
            yield str(path.relative_to(root)), path


def month_of(name: str) -> Month | None:
    """The month in whose folder a file lies, by its place; None for one that lies in none."""
    folder = name.split("/")[1]
    return Month.parse(folder) if Month.is_written(folder) else None


def is_of_feed(name: str) -> bool:
    """Whether a file, by its place, is one of a feed: what other files are called nobody agreed on."""
    parts = name.split("/", 2)
    return month_of(name) is not None and any(feed.pattern.fullmatch(parts[-1]) for feed in contract.feeds().values())


def fingerprint(path: UPath) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal digits."""
    digest = sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def remove(settings: Settings, name: str, contents: str) -> None:
    """Remove a file, named by its place, as long as its contents have this fingerprint.

    One that is gone already is no fault; and one that was delivered in its place is not the one that is meant.
    """
    path = _root(settings) / name
    if path.is_file() and _lies_within(path, _root(settings)) and fingerprint(path) == contents:
        path.unlink()


def may_name_a_person(text: str) -> bool:
    """Whether a name that is in no register may be the number of a person, by its digits."""
    return sum(sign.isdigit() for sign in text) >= DIGITS_OF_A_PERSON


def shown_name(name: str) -> str:
    """A file's name for people; of one that may be somebody's number its digits are left out.

    Who looks in its folder knows which one is meant.
    """
    folder, slash, last = name.rpartition("/")
    return folder + slash + (re.sub(r"\d", "#", last) if may_name_a_person(last) else last)


def _files(settings: Settings, month: Month) -> Iterator[tuple[UPath, str]]:
    """Every file in the month's feed folders, with its municipality's code; a link out of there is not followed."""
    for code in municipalities(settings, month):
        place = _root(settings) / code / str(month)
        for folder in place.iterdir():
            if folder.is_dir() and _lies_within(folder, place):
                yield from ((path, code) for path in folder.iterdir())
            else:
                yield folder, code


def _recognised(path: UPath, code: str, month: Month) -> DeliveredFile | None:
    for feed in contract.feeds().values():
        match = feed.pattern.fullmatch(f"{path.parent.name}/{path.name}")
        if match and path.is_file() and _lies_within(path, path.parent):
            parts = match.groupdict()
            return DeliveredFile(path, code, month, feed.name, parts.get("creditor"), int(parts["delivery"] or 1))
    return None


def _is_folder(path: UPath, root: UPath) -> bool:
    return path.is_dir() and _lies_within(path, root)


def _lies_within(path: UPath, folder: UPath) -> bool:
    """Whether a path is in a folder when links are followed: a sender's link must not read what is elsewhere."""
    return path.resolve().is_relative_to(folder.resolve())
