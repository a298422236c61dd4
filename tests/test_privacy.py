"""Every column has a privacy class, in a room where columns of that class may be; and what does not is found."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import manifest, platform

from vroegsignaal import contract, privacy, warehouse
from vroegsignaal.months import Month
from vroegsignaal.privacy import Column
from vroegsignaal.settings import Settings

MONTH = Month.parse("2022-01")
MODELS = ("staging", "core", "casework", "mart")


@pytest.fixture(scope="module")
def fresh(new_home: Callable[[], Path]) -> Iterator[Settings]:
    """A freshly prepared warehouse."""
    with platform(new_home()) as here:
        yield here


def classes_of_tables(here: Settings) -> list[Column]:
    with warehouse.connect(here, "owner") as connection:
        return privacy.columns_of(connection, privacy.of_other_tables(contract.feeds().values()))


def classes_of_models(here: Settings) -> list[Column]:
    """Of all columns that stand beside a model, as dbt reads them."""
    return [Column(*path.split("."), given) for path, given in privacy.of_models(manifest(here)).items()]


# --- as it is


def test_every_column_outside_dbt_has_a_class_that_may_be_there(fresh: Settings) -> None:
    columns = classes_of_tables(fresh)
    assert {column.room for column in columns} == {"raw", "quality", "vault", "config", "decision"}
    assert privacy.faults(columns) == []
    # Nor does a class outlive its column.
    assert {column.path for column in columns} == set(privacy.of_other_tables(contract.feeds().values()))


def test_every_column_beside_a_model_has_a_class_that_may_be_there(fresh: Settings) -> None:
    columns = [column for column in classes_of_models(fresh) if not column.name.startswith(("is_", "has_", "by_"))]
    assert {column.room for column in columns} == set(MODELS)
    assert privacy.faults(columns) == []


def test_nothing_in_mart_is_personal_and_directs_are_in_three_rooms_only() -> None:
    assert {name for name, each in privacy.CLASSES.items() if not each.is_personal} == {"area", "figure", "reference"}
    assert set(privacy.CLASSES["direct"].rooms) == {"raw", "quality", "vault"}
    assert set(privacy.CLASSES["remark"].rooms) & {"casework", "mart"} == set()


# --- what is not right is found


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (Column("core", "signal", "amount_eur", None), r"core\.signal\.amount_eur has no privacy class: give it one"),
        (Column("raw", "brp", "wijk", "public"), r"raw\.brp\.wijk is of class 'public', which is none of"),
        (
            Column("core", "signal", "household_name", "direct"),
            r"class direct, which may only be in raw, quality, vault",
        ),
        (Column("casework", "review", "bsn", "direct"), r"class direct, which may only be in raw, quality, vault"),
        (
            Column("mart", "outcomes", "household_id", "pseudonym"),
            r"mart\.outcomes\.household_id is of class pseudonym",
        ),
        (Column("mart", "outcomes", "amount_eur", "case"), r"leave the column out there"),
        (Column("mart", "outcomes", "outcome", "remark"), r"mart\.outcomes\.outcome is of class remark"),
        (Column("mart", "drops", "mailed_to", "staff"), r"mart\.drops\.mailed_to is of class staff"),
    ],
)
def test_a_class_that_is_not_there_or_may_not_be_there_is_a_fault(column: Column, said: str) -> None:
    assert re.search(said, "\n".join(privacy.faults([column])))


@pytest.mark.parametrize(
    "name",
    [
        *("naam", "achternaam", "geslachtsnaam", "voorletters", "voorvoegsel", "surname", "customer_name"),
        *("bsn", "customer_bsn", "geboortedatum", "birth_date", "adres", "address", "address_key", "straat"),
        *("straatnaam", "street", "huisnummer", "huisletter", "house_number", "postcode", "woonplaats", "telefoon"),
        *("telefoonnummer", "phone", "mobile", "email", "contact_email", "e_mail", "klantnummer", "iban"),
    ],
)
def test_a_name_that_promises_a_persons_data_is_a_fault_in_any_other_class(name: str) -> None:
    (fault,) = privacy.faults([Column("core", "signal", name, "case")])
    assert fault.startswith(f"core.signal.{name} is named as a person's own data, and is of class case: make it direct")
    assert privacy.faults([Column("raw", "signals", name, "direct")]) == []
    # That something is known tells nothing of what it is.
    assert privacy.faults([Column("core", "signal", name, "case", is_flag=True)]) == []


@pytest.mark.parametrize(
    ("statement", "faulty"),
    [
        ("create table raw.newsletter (reader text)", "raw.newsletter.reader has no privacy class"),
        ("create view quality.newsletter as select 1 as reader", "quality.newsletter.reader has no privacy class"),
        ("alter table decision.approval add column remark text", "decision.approval.remark has no privacy class"),
        ("create materialized view vault.copy as select * from vault.household", "vault.copy.address_key has no"),
    ],
)
def test_a_column_made_in_sql_and_not_classed_is_found(fresh: Settings, statement: str, faulty: str) -> None:
    with warehouse.open_connection(fresh, "owner") as connection, connection.transaction(force_rollback=True):
        connection.execute(statement)
        found = privacy.columns_of(connection, privacy.of_other_tables(contract.feeds().values()))
    assert any(fault.startswith(faulty) for fault in privacy.faults(found))


def test_a_model_with_a_column_that_is_not_classed_is_found(fresh: Settings, tmp_path: Path) -> None:
    copy = replace(fresh, root=tmp_path)
    shutil.copytree(fresh.dbt_project, copy.dbt_project, ignore=shutil.ignore_patterns("target", "logs"))
    model = "version: 2\nmodels:\n  - name: newsletter\n    columns:\n"
    written = copy.dbt_project / "models" / "core"
    (written / "newsletter.sql").write_text("select 1 as reader, 'x' as achternaam, 'y' as bsn")
    (written / "_newsletter.yml").write_text(
        f"{model}      - name: reader\n        description: The reader.\n"
        "      - name: achternaam\n        config: {meta: {privacy: case}}\n"
        "      - name: bsn\n        config: {meta: {privacy: direct}}\n"
    )

    found = [fault for fault in privacy.faults(classes_of_models(copy)) if fault.startswith("core.newsletter.")]

    assert [fault.split(":")[0] for fault in found] == [
        "core.newsletter.reader has no privacy class",
        "core.newsletter.achternaam is named as a person's own data, and is of class case",
        "core.newsletter.bsn is of class direct, which may only be in raw, quality, vault",
    ]
