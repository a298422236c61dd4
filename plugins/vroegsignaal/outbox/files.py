"""Writing files that others read: whole or not at all, and for the owner's eyes."""

from __future__ import annotations

import csv
import io
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from vroegsignaal.errors import PlatformError

LEFT_OVER_SECONDS = 3600
"""No file takes so long to write."""
# What a spreadsheet takes for a formula, unless it is a plain number: also behind signs that cannot be seen, and in the
# wide forms that some take for the plain ones.
_UNSEEN, _BEGINNING = r"\s\x00-\x1f\u00ad\u200b-\u200f\u2060-\u2064\ufeff", "=+\\-@＝＋－＠−﹦﹢﹣﹫"  # noqa: RUF001
_FORMULA = re.compile(rf"(?![-+]?[0-9]{{1,15}}([.,][0-9]{{1,15}})*$)([{_UNSEEN}]*[{_BEGINNING}]|[\t\r\n])")


def as_text_cell(value: object) -> object:
    """The value for a cell; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    # Without quotation marks around it, as Python writes it, a carriage return would begin another row.
    text = re.sub(r"\r\n?", "\n", value)
    return f"'{text}" if _FORMULA.match(text) else text


def check_writable(folder: Path) -> None:
    """Raise PlatformError when nothing can be written in a folder, which is made if it is not there."""
    with replaced(folder / ".writable") as fresh:
        fresh.touch()
    (folder / ".writable").unlink()


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path to write to; it takes the place of the file when the block ends well.

    Raises PlatformError when its folder cannot be written to.
    """
    # Of this process: another may be writing the same file.
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        _forget_left_over(path.parent)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise PlatformError(
            f"{path.parent} cannot be written to ({error.strerror}): results go to VROEGSIGNAAL_OUT."
        ) from None
    try:
        yield fresh
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _forget_left_over(folder: Path) -> None:
    """Remove what a killed run was writing in a folder: it may hold households, and nobody would look for it there."""
    for old in folder.glob(".*.new"):
        with suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > LEFT_OVER_SECONDS:
                old.unlink()


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV as `csv_text` has it."""
    with replaced(path) as fresh:
        fresh.write_text(csv_text(header, rows), encoding="utf-8", newline="")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV in the default dialect: semicolons, a header row; values as they are given, but never a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(header)
    writer.writerows(map(as_text_cell, row) for row in rows)
    return text.getvalue()
