"""The privacy classes: what a column may tell of somebody, and in which rooms columns of a class may be.

Every column of the warehouse has one: those of feeds in `expectations/`, those of dbt's models beside the model
(`config`, `meta`, `privacy`), those of all other tables and views in `schema/privacy.yml`. `faults` says where one is
missing or cannot be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import psycopg
import yaml

if TYPE_CHECKING:
    from vroegsignaal.contract import Feed

ALL_ROOMS = ("raw", "quality", "vault", "config", "decision", "staging", "core", "casework", "statistics", "mart")
_OF_HOUSEHOLDS = ("raw", "quality", "vault", "decision", "staging", "core", "casework")


@dataclass(frozen=True)
class PrivacyClass:
    """What columns of a class tell, and in which rooms (schemas) they may be."""

    meaning: str
    rooms: tuple[str, ...]

    @property
    def is_personal(self) -> bool:
        """Whether it is about persons; `mart` may hold none of that."""
        return "mart" not in self.rooms


CLASSES = {
    "direct": PrivacyClass("points at a person", ("raw", "quality", "vault")),
    "remark": PrivacyClass(
        "typed by people, so it may say anything about anybody",
        ("raw", "quality", "decision", "staging", "core"),
    ),
    "staff": PrivacyClass(
        "names who works at the municipality or a creditor, or how to reach them", ("config", "quality", "decision")
    ),
    "pseudonym": PrivacyClass("a number that only its sender, or the vault, can lead back to a person", _OF_HOUSEHOLDS),
    "case": PrivacyClass("says something about somebody, not who it is", _OF_HOUSEHOLDS),
    "area": PrivacyClass("says where, for many people together", ALL_ROOMS),
    "figure": PrivacyClass("a number over rows that are counted together", ALL_ROOMS),
    "reference": PrivacyClass(
        "about nobody: months, codes, labels, terms, and what is known of files and settings", ALL_ROOMS
    ),
}
OF_FEEDS = ("direct", "remark", "pseudonym", "case", "area")
"""The classes that a column of a feed may have."""

LINEAGE = {
    "drop_id": "reference",
    "line_no": "pseudonym",
    "municipality_code": "area",
    "signal_month": "reference",
    "creditor": "case",
    "household_id": "pseudonym",
    "erased": "reference",
}
"""The columns of accepted rows that no sender writes; those of raw rows are the first two and the last."""

# The last words of a column's name that promise a person's own data, Dutch or English.
_PERSONAL_NAME = re.compile(
    r"(^|_)(\w*naam|voorletters?|voorvoegsel|initials|(sur|last|first|given|maiden|full|person|customer|partner)_?name"
    r"|bsn|burgerservicenummer|geboorte\w*|birth_?da(te|y)|born_on"
    r"|adres|address(_key)?|straat\w*|street|huis(nummer|letter|nummertoevoeging)|house_number|postcode|postal_code|zip"
    r"|woonplaats|tele(foon|phone)\w*|phone(_number)?|mobiel|mobile|e_?mail(adres|_address)?"
    r"|klantnummer|customer_(number|no|id)|iban)$"
)
_OF_A_PERSON = ("direct", "staff")
# What such a name stands for here, where it is nobody's.
_NOBODYS = {
    "staging.stg_policy.capacity_phone": "how many households may be telephoned",
}


@dataclass(frozen=True)
class Column:
    """A column of a table or view of the warehouse, and its class if it has one."""

    room: str
    table: str
    name: str
    privacy: str | None
    is_flag: bool = False
    """Whether it is a boolean: what a name promises is then only said to be there, or to be alike."""

    @property
    def path(self) -> str:
        """Such as `core.signal.amount_eur`."""
        return f"{self.room}.{self.table}.{self.name}"


def faults(columns: Iterable[Column]) -> list[str]:
    """What is wrong with the classes of columns: each names the column and says what to do."""
    return [f"{column.path} {said}" for column in columns for said in _faults(column)]


def _faults(column: Column) -> Iterator[str]:
    known = CLASSES.get(column.privacy or "")
    if column.privacy is None:
        yield f"has no privacy class: give it one ({', '.join(CLASSES)}) {_where(column)}."
    elif known is None:
        yield f"is of class '{column.privacy}', which is none of {', '.join(CLASSES)}: correct it {_where(column)}."
    elif column.room not in known.rooms:
        yield (
            f"is of class {column.privacy}, which may only be in {', '.join(known.rooms)}: "
            "leave the column out there, or derive something from it that tells less."
        )
    if (
        known
        and not column.is_flag
        and column.privacy not in _OF_A_PERSON
        and column.path not in _NOBODYS
        and _PERSONAL_NAME.search(column.name)
    ):
        yield (
            f"is named as a person's own data, and is of class {column.privacy}: make it {' or '.join(_OF_A_PERSON)} "
            f"{_where(column)}, or give it another name."
        )


def _where(column: Column) -> str:
    if column.room in ("staging", "core", "casework", "mart"):
        return "beside its model, as `config: {meta: {privacy: …}}`"
    if column.room in ("raw", "quality"):
        return "in the contract of its feed, or in plugins/vroegsignaal/schema/privacy.yml"
    return "in plugins/vroegsignaal/schema/privacy.yml"


def of_models(manifest: Mapping) -> dict[str, str | None]:
    """The class of every column that stands beside a model of dbt, by its path; None for a column without."""
    return {
        f"{node['schema']}.{node['name']}.{column['name']}": column["config"]["meta"].get("privacy")
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        for column in node["columns"].values()
    }


def of_other_tables(feeds: Iterable[Feed]) -> dict[str, str]:
    """The class of every column outside dbt, by its path: of feeds by their contracts, of the rest as it is written."""
    written = yaml.safe_load(resources.files("vroegsignaal").joinpath("schema", "privacy.yml").read_text())
    classes = {f"{table}.{name}": privacy for table, columns in written.items() for name, privacy in columns.items()}
    for feed in feeds:
        own = {column.name: column.privacy for column in feed.columns}
        on_raw_rows = {name: LINEAGE[name] for name in ("drop_id", "line_no", "erased")}
        classes |= {f"raw.{feed.name}.{name}": privacy for name, privacy in (on_raw_rows | own).items()}
        classes |= {f"quality.accepted_{feed.name}.{name}": privacy for name, privacy in (LINEAGE | own).items()}
    return classes


def columns_of(connection: psycopg.Connection, classes: Mapping[str, str | None]) -> list[Column]:
    """Every column of every table and view that a warehouse has, with its class; what BI users made is theirs."""
    found = connection.execute(
        """
        select
            relation.relnamespace::regnamespace::text, relation.relname, attribute.attname,
            attribute.atttypid = 'bool'::regtype
        from pg_catalog.pg_class as relation
        inner join pg_catalog.pg_attribute as attribute on attribute.attrelid = relation.oid
        where
            relation.relkind in ('r', 'v', 'm', 'p', 'f')
            and relation.relpersistence <> 't'
            and relation.relnamespace::regnamespace::text !~ '^(pg_|information_schema|bi_workspace)'
            and attribute.attnum > 0
            and not attribute.attisdropped
        order by 1, 2, attribute.attnum
        """
    )
    return [
        Column(room, table, name, classes.get(f"{room}.{table}.{name}"), is_flag)
        for room, table, name, is_flag in found.fetchall()
    ]
