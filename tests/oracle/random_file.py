"""Writes rows as a delivered file: every lawful way to write it, and every way in which a whole file can be bad."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from .contract_feeds import REQUIRED

BAD_BYTES, NUL = "\ue000", "\ue001"  # stand-ins, replaced once the text is encoded


@dataclass(frozen=True)
class Style:
    """A lawful way to write the same rows."""

    bom: bool
    crlf: bool
    quote_all: bool
    shuffled: bool
    extra_columns: bool
    optional_left_out: bool
    odd_header: bool
    blank_lines: bool
    no_last_break: bool
    padded: bool


def random_style(rng: Random, turn: int) -> Style:
    """Choose a style at random; the turn of a file forces one trait, so that ten files have them all."""
    traits = list(Style.__dataclass_fields__)
    return Style(**{name: rng.random() < 0.2 or turn % len(traits) == place for place, name in enumerate(traits)})


def quote(rng: Random, value: str, style: Style) -> str:
    """Put a value between quotes where it needs them, and sometimes where it does not."""
    if style.quote_all or any(sign in value for sign in ';"\r\n') or (value and rng.random() < 0.05):
        return '"' + value.replace('"', '""') + '"'
    return value


def choose_columns(rng: Random, feed: str, columns: list[str], style: Style) -> list[str]:
    """Return the columns in the order of the style; unknown ones come extra, optional ones may be left out."""
    kept = [name for name in columns if name in REQUIRED[feed] or not style.optional_left_out or rng.random() < 0.7]
    if style.extra_columns:
        kept += ["opmerking", "interne code"]
    if style.shuffled:
        rng.shuffle(kept)
    return kept


def spell_header(columns: list[str], style: Style) -> list[str]:
    """Write the names of the columns; capitals and spaces around them do not matter."""
    return [f" {name.upper()}" if style.odd_header else name for name in columns]


def render(
    rng: Random, feed: str, rows: list[dict[str, str]], style: Style, columns: list[str], fault: str = ""
) -> bytes:
    """Write the rows as a file; `fault` names what is wrong with the file as a whole, nothing when empty.

    Faults: zero_bytes, header_only, column_missing, too_long, too_short (a row), bad_bytes, nul.
    """
    if fault == "zero_bytes":
        return b""
    names = choose_columns(rng, feed, columns, style)
    if fault == "column_missing":
        names.remove(rng.choice(REQUIRED[feed]))
    pad = " " if style.padded else ""
    extra = {"opmerking": 'zie "dossier"; later', "interne code": "007"}
    cells = [[pad + (row | extra)[name] + pad for name in names] for row in ([] if fault == "header_only" else rows)]
    spoil(rng, cells, fault)
    lines = [";".join(quote(rng, cell, style) for cell in line) for line in [spell_header(names, style), *cells]]
    if style.blank_lines:
        lines.insert(rng.randrange(1, len(lines) + 1), "")
        lines.append("")
    end = "\r\n" if style.crlf else "\n"
    text = end.join(lines) + ("" if style.no_last_break else end)
    data = text.encode("utf-8-sig" if style.bom else "utf-8")
    return data.replace(BAD_BYTES.encode(), "é".encode("cp1252")).replace(NUL.encode(), b"\0")


def spoil(rng: Random, cells: list[list[str]], fault: str) -> None:
    """Spoil one row in the way that the fault names."""
    if fault == "too_long":
        rng.choice(cells).append("los veld")
    elif fault == "too_short":
        rng.choice(cells).pop()
    elif fault in ("bad_bytes", "nul"):
        line = rng.choice(cells)
        line[rng.randrange(len(line))] += BAD_BYTES if fault == "bad_bytes" else NUL


def file_name(stem: str, delivery: int) -> str:
    """Name a delivery: the first has no number."""
    return f"{stem}.{delivery}.csv" if delivery > 1 else f"{stem}.csv"


@dataclass
class Output:
    """A landing area to write in; each file is written in the next style."""

    rng: Random
    to: Path
    files: int = 0

    def render(self, feed: str, rows: list[dict[str, str]], fault: str = "") -> bytes:
        """Write rows in the next style."""
        self.files += 1
        style = random_style(self.rng, self.files)
        return render(self.rng, feed, rows, style, list(rows[0]), fault)

    def put(self, municipality: str, month: str, path: str, data: bytes) -> None:
        """Write a file in a month folder."""
        file = self.to / municipality / month / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def read(self, municipality: str, month: str, path: str) -> bytes:
        """Read a file that was written before."""
        return (self.to / municipality / month / path).read_bytes()
