"""Writing files that others read: whole or not at all, and for the owner's eyes."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# What a spreadsheet takes for a formula, unless it is a plain number.
_FORMULA = re.compile(r"(?![-+]?[0-9]+([.,][0-9]+)*$)[=+\-@\t\r\n]")


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path to write to; it takes the place of the file when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.new")
    try:
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield fresh
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV in the default dialect: UTF-8, semicolons, a header row; values as they are given, but never a formula."""
    with replaced(path) as fresh, fresh.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(header)
        writer.writerows([_without_formula(value) for value in row] for row in rows)


def _without_formula(value: object) -> object:
    """A text that a spreadsheet would run, as text: with an apostrophe before it."""
    if not isinstance(value, str):
        return value
    # Without quotation marks around it, as Python writes it, a carriage return would begin another row.
    text = re.sub(r"\r\n?", "\n", value)
    return f"'{text}" if _FORMULA.match(text) else text
