"""The configuration: CSV files of a municipality, else the project's seeds, checked and loaded into schema `config`."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import sql

from vroegsignaal import calendar, contract
from vroegsignaal.errors import PlatformError
from vroegsignaal.settings import Settings

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
}
_SQL_TYPES = {"date": "date", "number": "numeric", "integer": "bigint"}
"""All others are text."""

SEVERITY = "severity_"
"""What the parameters of a policy begin with that set the severity of a rule."""


@dataclass(frozen=True)
class Table:
    """A configuration file: its name, its columns with their types; `?` marks a column that may be empty.

    `defaults`: the columns that a file may leave out, or empty, and the value that then holds.
    `distinct`: columns whose values must differ from each other within a row.
    """

    name: str
    required: bool
    columns: dict[str, str]
    key: tuple[str, ...] = ()
    defaults: dict[str, str | None] = field(default_factory=dict)
    distinct: tuple[str, ...] = ()


TABLES = {
    table.name: table
    for table in (
        Table(
            "creditors",
            True,
            {"creditor": "name", "name": "text", "sector": "name", "contact_email": "text?"},
            key=("creditor",),
        ),
        Table(
            "agreements",
            True,
            {"municipality_code": "code", "creditor": "name", "valid_from": "date", "valid_to": "date?"},
        ),
        Table(
            "municipalities",
            True,
            {"municipality_code": "code", "name": "text", "inhabitants": "integer?", "contact_email": "text?"},
            key=("municipality_code",),
            defaults={"contact_email": None},
        ),
        Table(
            "policy",
            True,
            {
                "municipality_code": "code",
                "valid_from": "date",
                "parameter": "name",
                "sector": "name?",
                "value": "number",
            },
            key=("municipality_code", "valid_from", "parameter", "sector"),
        ),
        Table("policy_parameters", False, {"parameter": "name", "default_value": "number", "description": "text"}),
        Table("sectors", False, {"sector": "name", "label": "text"}),
        Table(
            "districts",
            False,
            {"municipality_code": "code", "district": "text", "valid_from": "date", "valid_to": "date?"},
        ),
        Table(
            "dialects",
            False,
            {
                "creditor": "name",
                "encoding": "encoding",
                "delimiter": "delimiter",
                "decimal_separator": "decimal",
                "thousands_separator": "thousands?",
                "format": "format",
            },
            key=("creditor",),
            defaults={"format": "csv"},
            distinct=("delimiter", "decimal_separator", "thousands_separator"),
        ),
        Table("portals", False, {"portal": "name", "creditor_column": "text"}, key=("portal",)),
        Table("code_lists", False, {"list": "name", "code": "text"}, key=("list", "code")),
        Table("equated_days", False, {"day": "date", "description": "text"}, key=("day",)),
        Table("column_aliases", False, {"creditor": "name", "alias": "text", "column": "name"}),
    )
}


def table_definition(table: Table) -> str:
    """The SQL that makes the table of a configuration file and lets the roles read it."""
    columns = ", ".join(
        f'"{name}" {_sql_type(kind)}{"" if kind.endswith("?") else " not null"}'
        for name, kind in table.columns.items()
        if name not in table.defaults
    )
    # An existing table may be from before these columns were thought of.
    later = "".join(
        f'alter table config.{table.name} add column if not exists "{name}" {_sql_type(table.columns[name])}'
        + (";\n" if value is None else f" not null default '{value}';\n")
        for name, value in table.defaults.items()
    )
    return (
        f"create table if not exists config.{table.name} ({columns});\n{later}"
        f"grant select on config.{table.name} to loader, transformer;\n"
        f"grant insert, delete on config.{table.name} to loader;"
    )


def _sql_type(kind: str) -> str:
    return _SQL_TYPES.get(kind.rstrip("?"), "text")


def load(settings: Settings, connection: psycopg.Connection) -> bool:
    """Make schema `config` hold the configuration folder as it is now; whether anything changed.

    A file that the folder leaves out is taken from the project's defaults. Raises PlatformError that names file, line
    and column of what is wrong.
    """
    contents = {table.name: _file(settings, table).read_bytes() for table in TABLES.values()}
    fingerprint = sha256(b"\0".join(contents.values())).hexdigest()
    if connection.execute("select 1 from config.loaded where fingerprint = %s", [fingerprint]).fetchone():
        return False
    rows = {table.name: _read(_file(settings, table), table) for table in TABLES.values()}
    _check_references(rows)
    for table in TABLES.values():
        name = sql.Identifier("config", table.name)
        connection.execute(sql.SQL("delete from {}").format(name))
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        with connection.cursor().copy(sql.SQL("copy {} ({}) from stdin").format(name, columns)) as copy:
            for row in rows[table.name]:
                copy.write_row([row[column] for column in table.columns])
    _load_holidays(connection)
    connection.execute("delete from config.loaded")
    connection.execute("insert into config.loaded values (%s)", [fingerprint])
    return True


def code_list(settings: Settings, name: str) -> list[str]:
    """The codes of a list, in the order in which people choose from them."""
    table = TABLES["code_lists"]
    return [str(row["code"]) for row in _read(_file(settings, table), table) if row["list"] == name]


def _load_holidays(connection: psycopg.Connection) -> None:
    connection.execute("delete from config.holiday")
    with connection.cursor().copy("copy config.holiday (day, description) from stdin") as copy:
        for row in calendar.holidays().items():
            copy.write_row(row)


def _file(settings: Settings, table: Table) -> Path:
    own = settings.config / f"{table.name}.csv"
    if own.exists():
        return own
    if table.required:
        raise PlatformError(
            f"the configuration has no {table.name}.csv: {settings.config} needs creditors.csv, agreements.csv, "
            "municipalities.csv and policy.csv."
        )
    return settings.default_config / f"{table.name}.csv"


def _read(path: Path, table: Table) -> list[dict[str, str | None]]:
    """The rows of a configuration file, each with its line, and None for empty; raises PlatformError for a fault."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlatformError(f"{path}: the file is not UTF-8 (byte {error.start}). Save it as UTF-8.") from None
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    needed = [column for column in table.columns if column not in table.defaults]
    missing = [column for column in needed if column not in (reader.fieldnames or [])]
    if missing:
        raise PlatformError(
            f"{path}, line 1: column(s) {', '.join(missing)} missing. The file needs: {', '.join(needed)} "
            "(separated by commas)."
        )
    rows, seen = [], set()
    for row in reader:
        values = _checked(path, reader.line_num, row, table)
        key = tuple(values[column] for column in table.key)
        if key and key in seen:
            raise PlatformError(f"{path}, line {reader.line_num}: a second row for {', '.join(filter(None, key))}.")
        seen.add(key)
        rows.append(values | {"line": str(reader.line_num)})
    return rows


def _checked(path: Path, line: int, row: dict, table: Table) -> dict[str, str | None]:
    if None in row:
        raise PlatformError(f"{path}, line {line}: more fields than the header has.")
    values: dict[str, str | None] = {}
    for column, kind in table.columns.items():
        value = (row.get(column) or "").strip(" ") or table.defaults.get(column)
        if value is None and not kind.endswith("?"):
            raise PlatformError(f"{path}, line {line}, column {column}: a value is required.")
        if value is not None and not _reads_as(value, kind.rstrip("?")):
            raise PlatformError(
                f"{path}, line {line}, column {column}: '{value}' is not {_IN_WORDS[kind.rstrip('?')]}."
            )
        values[column] = value
    alike = [values[column] for column in table.distinct if values[column] is not None]
    if len(set(alike)) < len(alike):
        raise PlatformError(f"{path}, line {line}, columns {', '.join(table.distinct)}: two of them are the same sign.")
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


def _check_references(rows: dict[str, list[dict]]) -> None:
    """Names that one file uses must stand in the file that defines them."""
    sectors = {row["sector"] for row in rows["sectors"]}
    parameters = {row["parameter"] for row in rows["policy_parameters"]}
    for row in rows["creditors"]:
        if row["sector"] not in sectors:
            raise PlatformError(
                f"creditors.csv, creditor {row['creditor']}: sector '{row['sector']}' is none of {sorted(sectors)}."
            )
    creditors = {row["creditor"] for row in rows["creditors"]}
    for row in rows["portals"]:
        if row["portal"] in creditors:
            raise PlatformError(
                f"portals.csv, portal {row['portal']}: that is the name of a creditor in creditors.csv."
            )
    for row in rows["policy"]:
        place = f"policy.csv, line {row['line']}"
        if row["parameter"].startswith(SEVERITY):
            _check_severity(place, row)
        elif row["parameter"] not in parameters:
            raise PlatformError(f"{place}: parameter '{row['parameter']}' is none of {sorted(parameters)}.")
        if row["sector"] is not None and row["sector"] not in sectors:
            raise PlatformError(f"{place}: sector '{row['sector']}' is none of {sorted(sectors)}.")


def _check_severity(place: str, row: dict) -> None:
    """A policy may set the severity of a further rule on rows, not of an agreed one."""
    rule = row["parameter"].removeprefix(SEVERITY)
    if rule not in contract.raisable_rules():
        raise PlatformError(
            f"{place}: '{rule}' is no rule of which a policy sets the severity; those are "
            f"{', '.join(sorted(contract.raisable_rules()))}."
        )
    if float(row["value"]) not in (1, 2):
        raise PlatformError(f"{place}: the value of {row['parameter']} is 1 (info) or 2 (the row is held back).")
