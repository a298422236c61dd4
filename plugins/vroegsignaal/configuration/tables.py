"""The tables of the configuration: which files there are, with which columns."""

from __future__ import annotations

from dataclasses import dataclass, field

from vroegsignaal.exchange_model import VERSIONS

_SQL_TYPES = {"date": "date", "number": "numeric", "integer": "bigint"}
"""All others are text."""


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
        Table(
            "policy_presets",
            False,
            {"preset": "name", "months_after": "integer", "parameter": "name", "sector": "name?", "value": "number"},
            key=("preset", "months_after", "parameter", "sector"),
        ),
        Table(
            "sectors",
            False,
            {"sector": "name", "label": "text", "position": "integer?"},
            defaults={"position": None},
        ),
        Table(
            "periods",
            False,
            {"municipality_code": "code", "period": "text", "period_start": "date", "period_end": "date"},
            key=("municipality_code", "period"),
        ),
        Table(
            "labels",
            False,
            {"list": "name", "code": "text", "label": "text", "position": "integer?"},
            key=("list", "code"),
        ),
        Table(
            "benchmarks",
            False,
            {"indicator": "name", "dimension": "text", "year": "integer", "figure": "number", "source": "text"},
            key=("indicator", "dimension", "year"),
        ),
        Table(
            "districts",
            False,
            {
                "municipality_code": "code",
                "district": "text",
                "name": "text?",
                "valid_from": "date",
                "valid_to": "date?",
            },
            defaults={"name": None},
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
            # A decimal comma in a file with commas between fields is right, within quotation marks.
            distinct=("decimal_separator", "thousands_separator"),
        ),
        Table("portals", False, {"portal": "name", "creditor_column": "text"}, key=("portal",)),
        Table(
            "cost_items",
            False,
            {
                "item": "name",
                "side": "name",
                "bearer": "text",
                "label": "text",
                "basis": "name",
                "rate_low": "number?",
                "rate_mid": "number?",
                "rate_high": "number?",
                "unit_eur_low": "number?",
                "unit_eur_mid": "number?",
                "unit_eur_high": "number?",
                "source": "text",
            },
            key=("item",),
        ),
        Table(
            "signal_statuses",
            False,
            {"reason": "name", "status": "text", "outcome": "text?", "loss": "text?"},
            key=("reason",),
        ),
        Table(
            "feedback_codes",
            False,
            {"list": "name", "code": "text", "told_as": "text", "why": "text"},
            key=("list", "code"),
        ),
        Table(
            "ddas_codes",
            False,
            {"list": "name", "code": "text", "ddas": "text?", "loss": "text?"},
            key=("list", "code"),
        ),
        Table(
            "ddas_senders",
            False,
            {
                "municipality_code": "code",
                "version": "text",
                "supplier_code": "text?",
                "name": "text?",
                "chamber_number": "chamber_number?",
                "contact_name": "text?",
                "contact_phone": "text?",
                "contact_email": "email?",
                "contact_title": "text?",
            },
            key=("municipality_code",),
            defaults={"version": VERSIONS[-1]}
            # Of a municipality that leaves it out its code, its name and its address stand there.
            | dict.fromkeys(("supplier_code", "name", "chamber_number"))
            | dict.fromkeys(("contact_name", "contact_phone", "contact_email", "contact_title")),
        ),
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
