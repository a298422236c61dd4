"""How models come to stand in the warehouse: what is there stays there, and takes the shape of its model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import psycopg
import pytest
import yaml
from conftest import platform, rows

from vroegsignaal import dbt_process, intake, settings, transform, warehouse
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

MONTH = Month.parse("2022-01")


class Project:
    """A dbt project with our macros and the models that a test writes, all of which are in the schema core."""

    def __init__(self, here: Settings, folder: Path) -> None:
        self.here = replace(here, root=folder)
        ours = here.dbt_project
        self.here.dbt_project.mkdir()
        for name in ("profiles.yml", "macros"):
            copy = shutil.copytree if (ours / name).is_dir() else shutil.copy
            copy(ours / name, self.here.dbt_project / name)
        project = yaml.safe_load((ours / "dbt_project.yml").read_text())
        settings = project["models"]["vroegsignaal"]
        of_all = {name: value for name, value in settings.items() if name.startswith("+")}
        project["models"] = {"vroegsignaal": {**of_all, **settings["evaluation"]}}
        del project["seeds"]
        (self.here.dbt_project / "dbt_project.yml").write_text(yaml.safe_dump(project))

    def build(self, sql: str, columns: dict[str, str], description: str = "Some.", **properties: object) -> None:
        """Make the model `thing` of this statement, with these columns by type."""
        folder = self.here.dbt_project / "models"
        folder.mkdir(exist_ok=True)
        (folder / "thing.sql").write_text(dedent(sql))
        told = [{"name": name, "data_type": kind, "description": f"The {name}."} for name, kind in columns.items()]
        model = {"name": "thing", "description": description, "columns": told, **properties}
        (folder / "thing.yml").write_text(yaml.safe_dump({"models": [model]}))
        transform.run_dbt(self.here, MONTH, "thing", "build", "--select", "thing")


@pytest.fixture(scope="module")
def here(new_home: Callable[[], Path]) -> Iterator[Settings]:
    with platform(new_home()) as settings:
        yield settings


@pytest.fixture
def project(here: Settings, tmp_path: Path) -> Project:
    with warehouse.connect(here, "owner") as connection:
        found = connection.execute("select relkind from pg_class where oid = to_regclass('core.thing')").fetchone()
        if found:
            connection.execute(f"drop {'view' if found[0] == 'v' else 'table'} core.thing cascade")
    return Project(here, tmp_path)


def unique(*columns: str) -> dict[str, object]:
    return {"type": "unique", "expression": "nulls not distinct", "columns": [*columns]}


def which(here: Settings) -> int:
    """The number of the table or view: another one is another relation."""
    return rows(here, "select 'core.thing'::regclass::oid::bigint")[0][0]


def rules(here: Settings) -> list[str]:
    found = rows(
        here,
        "select pg_get_constraintdef(oid) from pg_constraint"
        " where conrelid = 'core.thing'::regclass and contype in ('u', 'c') order by 1",
    )
    return [rule for (rule,) in found]


def test_a_table_stays_with_the_views_on_it_while_its_rows_are_replaced(project: Project) -> None:
    project.build("select 1 as a union all select 2", {"a": "integer"})
    first = which(project.here)
    with warehouse.connect(project.here, "transformer") as connection:
        connection.execute("create view core.seen as select a from core.thing")
    project.build("select 3 as a", {"a": "integer"})
    assert which(project.here) == first
    assert rows(project.here, "select a from core.seen") == [(3,)]


def test_a_table_takes_the_shape_the_rules_and_the_words_of_its_model(project: Project) -> None:
    project.build("select 1 as a, 'x' as b", {"a": "integer", "b": "text"}, constraints=[unique("a")])
    first = which(project.here)
    assert rules(project.here) == ["UNIQUE NULLS NOT DISTINCT (a)"]
    with warehouse.connect(project.here, "owner") as connection:
        connection.execute("alter table core.thing add constraint of_others check (a < 10)")

    project.build(
        "select 1::bigint as a, true as c union all select 1, false",
        {"a": "bigint", "c": "boolean"},
        description="Something else.",
        constraints=[unique("a", "c"), {"type": "check", "expression": "a > 0"}],
    )

    assert which(project.here) == first
    assert rows(project.here, "select a, c from core.thing order by c") == [(1, False), (1, True)]
    # The rule of others stays.
    assert rules(project.here) == [
        "CHECK ((a < 10))", "CHECK ((a > 0))", "UNIQUE NULLS NOT DISTINCT (a, c)",
    ]  # fmt: skip
    assert rows(
        project.here,
        "select obj_description('core.thing'::regclass), col_description('core.thing'::regclass, attnum)"
        " from pg_attribute where attrelid = 'core.thing'::regclass and attname = 'c'",
    ) == [("Something else.", "The c.")]


def test_what_breaks_a_rule_is_refused_and_what_was_there_stays(project: Project) -> None:
    project.build("select 1 as a", {"a": "integer"}, constraints=[unique("a")])
    with pytest.raises(PlatformError, match="thing_rule_"):
        project.build("select 2 as a union all select 2", {"a": "integer"}, constraints=[unique("a")])
    with pytest.raises(PlatformError, match="thing_rule_"):
        project.build("select null::integer as a union all select null", {"a": "integer"}, constraints=[unique("a")])
    assert rows(project.here, "select a from core.thing") == [(1,)]


def test_the_months_of_before_keep_what_they_had(project: Project) -> None:
    month = "current_setting('vroegsignaal.month')::date"
    by_month = {"config": {"meta": {"replaces": "month"}}}
    project.build(
        f"select '9101' as municipality_code, {month} as signal_month, 1 as a, 'x' as b",
        {"municipality_code": "text", "signal_month": "date", "a": "integer", "b": "text"}, **by_month,
    )  # fmt: skip
    with warehouse.connect(project.here, "owner") as connection:
        connection.execute("update core.thing set signal_month = '2021-12-01'")
    project.build(
        f"select '9101' as municipality_code, {month} as signal_month, 2::bigint as a, true as c",
        {"municipality_code": "text", "signal_month": "date", "a": "bigint", "c": "boolean"}, **by_month,
    )  # fmt: skip
    assert rows(project.here, "select a, b, c from core.thing order by signal_month") == [
        (1, "x", None),
        (2, None, True),
    ]


def test_a_column_that_a_view_needs_does_not_go_unnoticed(project: Project) -> None:
    project.build("select 1 as a, 2 as b", {"a": "integer", "b": "integer"})
    with warehouse.connect(project.here, "transformer") as connection:
        connection.execute("create view core.seen as select b from core.thing")
    with pytest.raises(PlatformError, match=r"Column b of core.thing goes .* needs it: core.seen"):
        project.build("select 1 as a", {"a": "integer"})


def test_a_view_is_replaced_where_it_is_and_made_anew_when_its_columns_change(project: Project) -> None:
    view = {"config": {"materialized": "view", "contract": {"enforced": False}}}
    project.build("select 1 as a", {"a": "integer"}, **view)
    first = which(project.here)
    project.build("select 2 as a", {"a": "integer"}, **view)
    assert which(project.here) == first
    project.build("select 'x' as b", {"b": "text"}, **view)
    assert rows(project.here, "select * from core.thing") == [("x",)]
    # What was a view becomes a table, and the other way round.
    project.build("select 1 as a", {"a": "integer"})
    assert rows(project.here, "select relkind::text from pg_class where oid = 'core.thing'::regclass") == [("r",)]
    project.build("select 1 as a", {"a": "integer"}, **view)
    assert rows(project.here, "select relkind::text from pg_class where oid = 'core.thing'::regclass") == [("v",)]


def test_grants_are_those_of_the_model(project: Project) -> None:
    def granted() -> list[str]:
        found = rows(
            project.here,
            "select grantee || ' ' || privilege_type from information_schema.role_table_grants"
            " where table_schema = 'core' and table_name = 'thing' and grantee <> 'transformer' order by 1",
        )
        return [each for (each,) in found]

    project.build("select 1 as a", {"a": "integer"}, config={"grants": {"select": ["bi"]}})
    assert granted() == ["bi SELECT"]
    with psycopg.connect(warehouse.uri(project.here, "transformer")) as connection:
        connection.execute("grant insert on core.thing to caseworker; revoke select on core.thing from bi")
    project.build("select 1 as a", {"a": "integer"}, config={"grants": {"select": ["bi"]}})
    assert granted() == ["bi SELECT"]


# -- the views of staging


@pytest.fixture
def derived(here: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], set[str]]:
    """Derives the month with a project of its own, after a change to stg_debt_help; tells which views were made."""
    ours = replace(here, root=tmp_path)
    shutil.copytree(here.dbt_project, ours.dbt_project)
    intake.receive(MONTH)
    monkeypatch.setattr(settings, "load", lambda: ours)
    view = ours.dbt_project / "models" / "staging" / "stg_debt_help.sql"
    original = view.read_text()

    def derive(addition: str) -> set[str]:
        view.write_text(original + addition)
        transform.derive(MONTH)
        results = json.loads((here.home / "dbt" / "core" / dbt_process.RESULTS).read_text())
        names = (result["unique_id"].rsplit(".", 1)[-1] for result in results)
        return {name for name in names if name.startswith("stg_")}

    return derive


def test_views_of_staging_are_made_once_in_each_version(here: Settings, derived: Callable[[str], set[str]]) -> None:
    every_one = {path.stem for path in (here.dbt_project / "models" / "staging").glob("*.sql")}
    derived("")
    assert derived("") == set()
    assert derived("where false") == every_one
    assert "false" in rows(here, "select pg_get_viewdef('staging.stg_debt_help'::regclass)")[0][0]
    assert derived("") == every_one
    assert "false" not in rows(here, "select pg_get_viewdef('staging.stg_debt_help'::regclass)")[0][0]


def test_views_of_staging_that_were_lost_are_made_again(here: Settings, derived: Callable[[str], set[str]]) -> None:
    derived("")
    with warehouse.connect(here, "transformer") as connection:
        connection.execute("drop view staging.stg_contact_attempt cascade")
        connection.execute("create view staging.of_a_user as select 1 as one")
    assert "stg_contact_attempt" in derived("")
    assert derived("") == set()
