"""Reading a configuration file: which one counts, and whether every value has the form that its column asks for."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path

from vroegsignaal.configuration.tables import Table
from vroegsignaal.errors import PlatformError
from vroegsignaal.settings import Settings

Row = dict[str, str | None]
"""A row of a configuration file: its values, and its `place` (file and line) for messages."""

_FORMS = {
    "text": re.compile(r"(?s).*"),
    "code": re.compile(r"[0-9]{4}"),
    "name": re.compile(r"[A-Za-z0-9_-]+"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "number": re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?"),
    "integer": re.compile(r"[0-9]{1,15}"),
    "delimiter": re.compile(r"[;,|:~^#\t]|tab|\\t"),
    "decimal": re.compile(r"[.,]"),
    "thousands": re.compile(r"[.,'_]"),
    "encoding": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]*"),
    "format": re.compile(r"csv|xlsx"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "chamber_number": re.compile(r"[0-9]{8}"),
}
_IN_WORDS = {
    "code": "a code of four digits",
    "name": "a name of letters, digits, - and _",
    "date": "a date (jjjj-mm-dd)",
    "number": "a number (with a decimal point)",
    "integer": "a whole number",
    "delimiter": "one sign between fields (; , | or tab)",
    "decimal": "a decimal separator (, or .)",
    "thousands": "a thousands separator (. , ' or _)",
    "encoding": "an encoding of text (such as utf-8 or windows-1252)",
    "format": "a format (csv or xlsx)",
    "email": "an e-mail address",
    "chamber_number": "a number of the Chamber of Commerce (KVK), of eight digits",
}


def file_of(settings: Settings, table: Table) -> Path:
    """The file of the configuration folder, else the project's default; raises PlatformError when there must be one."""
    own = settings.config / f"{table.name}.csv"
    if own.exists():
        return own
    if table.required:
        raise PlatformError(
            f"the configuration has no {table.name}.csv: {settings.config} needs creditors.csv, agreements.csv, "
            "municipalities.csv and policy.csv."
        )
    return settings.default_config / f"{table.name}.csv"


def read(settings: Settings, table: Table) -> list[Row]:
    """The rows of a configuration file, each with its `place`, and None for empty; raises PlatformError for a fault."""
    path = file_of(settings, table)
    reader = csv.DictReader(io.StringIO(_text(path)), skipinitialspace=True, strict=True)
    try:
        return _rows(path, reader, table)
    except csv.Error as error:
        raise PlatformError(f"{path}, line {reader.line_num + 1}: quotation marks do not match ({error}).") from None


def contents(path: Path) -> bytes:
    """The bytes of a configuration file; raises PlatformError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PlatformError(f"{path} cannot be read: {error.strerror}.") from None


def _text(path: Path) -> str:
    given = contents(path)
    if b"\0" in given:
        line = given[: given.index(b"\0")].count(b"\n") + 1
        raise PlatformError(f"{path}, line {line}: a null byte. Save the file as UTF-8 text.")
    try:
        return given.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = given[: error.start].count(b"\n") + 1
        raise PlatformError(f"{path}, line {line}: the file is not UTF-8. Save it as UTF-8.") from None


def _rows(path: Path, reader: csv.DictReader, table: Table) -> list[Row]:
    needed = [column for column in table.columns if column not in table.defaults]
    missing = [column for column in needed if column not in (reader.fieldnames or [])]
    if missing:
        raise PlatformError(
            f"{path}, line 1: column(s) {', '.join(missing)} missing. The file needs: {', '.join(needed)} "
            "(separated by commas)."
        )
    rows, seen = [], set()
    for row in reader:
        place = f"{path}, line {reader.line_num}"
        values = _checked(place, row, table)
        key = tuple(values[column] for column in table.key)
        if key and key in seen:
            raise PlatformError(f"{place}: a second row for {', '.join(filter(None, key))}.")
        seen.add(key)
        rows.append(values | {"place": place})
    return rows


def _checked(place: str, row: dict, table: Table) -> Row:
    if None in row:
        raise PlatformError(f"{place}: more fields than the header has.")
    values: Row = {}
    for column, kind in table.columns.items():
        value = (row.get(column) or "").strip(" ") or table.defaults.get(column)
        if value is None and not kind.endswith("?"):
            raise PlatformError(f"{place}, column {column}: a value is required.")
        if value is not None and not _reads_as(value, kind.rstrip("?")):
            raise PlatformError(f"{place}, column {column}: '{value}' is not {_IN_WORDS[kind.rstrip('?')]}.")
        values[column] = value
    alike = [values[column] for column in table.distinct if values[column] is not None]
    if len(set(alike)) < len(alike):
        raise PlatformError(f"{place}, columns {', '.join(table.distinct)}: two of them are the same sign.")
    return values


def _reads_as(value: str, kind: str) -> bool:
    if not _FORMS[kind].fullmatch(value):
        return False
    try:
        if kind == "date":
            date.fromisoformat(value)
        if kind == "encoding":
            # Some codecs are not about text, such as hex.
            "a".encode(value)
    except (ValueError, LookupError):
        return False
    return True
