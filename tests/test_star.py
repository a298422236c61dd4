"""The star beside the other marts: the same numbers, keys that meet, descriptions where BI tools look, and readers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import conftest
import pytest
import stepping
import yaml
from conftest import platform, rows
from evaluating import deliver_december, deliver_february, deliver_january
from oracle.small_landing import DEC, FEB, JAN, Small

from vroegsignaal import settings, transform, warehouse
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.outbox import report
from vroegsignaal.settings import Settings

MODELS = settings.ROOT / "dbt_project" / "models"
STAR = {model["name"] for model in yaml.safe_load((MODELS / "mart" / "_star.yml").read_text())["models"]}
# What a fact has to add up to: the same number from a table that is not of the star.
SUMS = {
    "signals": (
        "select municipality_code, signal_month, creditor, sector, sum(signals)"
        " from mart.fact_signals join mart.dim_creditor using (municipality_code, creditor) group by 1, 2, 3, 4",
        "select municipality_code, signal_month, creditor, sector, signals from mart.signals_by_month_creditor",
    ),
    "matches": (
        "select municipality_code, signal_month, sum(households) from mart.fact_matches group by 1, 2",
        "select municipality_code, signal_month, total from mart.matches_by_month where total > 0",
    ),
    "criteria": (
        "select municipality_code, signal_month, sum(households) from mart.fact_matches"
        " where criterion = 'same_month' group by 1, 2",
        "select municipality_code, signal_month, same_month from mart.matches_by_month where same_month > 0",
    ),
    "selection": (
        "select municipality_code, signal_month, role, criterion, nullif(reason, role), sum(households)"
        " from mart.fact_selection join mart.dim_reason using (municipality_code, reason) group by 1, 2, 3, 4, 5",
        "select municipality_code, signal_month, role, criterion, reason, households from mart.selection_by_month",
    ),
    "cases": (
        "select municipality_code, match_month, sum(dossiers) from mart.fact_cases group by 1, 2",
        "select municipality_code, signal_month, total from mart.dossiers_by_month",
    ),
    "outcomes": (
        "select municipality_code, year::text, outcome, sum(dossiers) from mart.fact_cases"
        " join mart.dim_month using (municipality_code) where month = match_month group by 1, 2, 3",
        "select municipality_code, period, outcome, dossiers from mart.outcomes",
    ),
    "outcome groups": (
        "select municipality_code, year::text, outcome_group, sum(walked) from mart.fact_cases"
        " join mart.dim_month using (municipality_code) join mart.dim_outcome using (municipality_code, outcome)"
        " where month = match_month group by 1, 2, 3",
        "select municipality_code, period, outcome_group, count(walking_month) from core.dossier_in_period"
        " group by 1, 2, 3",
    ),
    "contact": (
        "select municipality_code, year::text, contact_kind, sum(attempts), sum(reached) as reached"
        " from mart.fact_contact join mart.dim_month using (municipality_code) where month = match_month"
        " group by 1, 2, 3",
        "select municipality_code, period, value, attempts, reached from mart.reach where dimension = 'soort'",
    ),
    "deliveries": (
        "select municipality_code, signal_month, feed, creditor, rows_read, rows_accepted, missing"
        " from mart.fact_deliveries",
        "select municipality_code, signal_month, feed, creditor, sum(rows_read) as read,"
        " sum(rows_accepted) as accepted, count(*) filter (where status = 'missing') from mart.drops"
        " where status <> 'superseded' group by 1, 2, 3, 4",
    ),
    "findings": ("select * from mart.fact_findings", "select * from mart.findings"),
    "districts of matches": (
        "select municipality_code, year, sum(n) from core.district_part where about = 'selection' group by 1, 2",
        "select municipality_code, year, sum(households) from mart.fact_selection"
        " join mart.dim_month using (municipality_code) where month = signal_month group by 1, 2",
    ),
    "districts of cases": (
        "select municipality_code, year, part = 'contact', sum(n) from core.district_part where about = 'cases'"
        " group by 1, 2, 3",
        "select municipality_code, extract(year from match_month), had_contact, count(*) from core.dossier"
        " where not is_withdrawn group by 1, 2, 3",
    ),
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Settings]:
    small = Small(tmp_path_factory.mktemp("star"))
    deliver_december(small)
    deliver_january(small)
    deliver_february(small)
    with platform(new_home(), LANDING=str(small.landing), CONFIG=str(small.config)) as settled:
        stepping.run_months(DEC, JAN, FEB)
        yield settled


@pytest.fixture(scope="module")
def manifest(here: Settings) -> dict:
    return conftest.manifest(here)


@pytest.mark.parametrize("told", SUMS)
def test_a_fact_adds_up_to_what_the_other_tables_tell(here: Settings, told: str) -> None:
    of_the_star, beside_it = (rows(here, query) for query in SUMS[told])
    assert of_the_star
    assert set(of_the_star) == set(beside_it)
    assert len(of_the_star) == len(beside_it)


def test_a_fact_without_its_dimension_fails_the_build(here: Settings) -> None:
    keys = ("test", "--select", "test_name:every_row_is_in,path:models/mart")
    counts = transform.run_dbt(here, Month.parse(FEB), "keys", *keys)
    assert counts.keys() == {"pass"}
    assert counts["pass"] > len(STAR)
    with warehouse.connect(here, "transformer") as connection:
        connection.execute("create table mart.aside as table mart.dim_creditor")
        connection.execute("delete from mart.dim_creditor where creditor = 'rood'")
    try:
        with pytest.raises(PlatformError, match=r"every_row_is_in_fact_(signals|deliveries|findings)"):
            transform.run_dbt(here, Month.parse(FEB), "keys", *keys)
    finally:
        with warehouse.connect(here, "transformer") as connection:
            connection.execute("delete from mart.dim_creditor; insert into mart.dim_creditor table mart.aside")
            connection.execute("drop table mart.aside")


def test_every_fact_says_where_its_keys_are() -> None:
    for model in yaml.safe_load((MODELS / "mart" / "_star.yml").read_text())["models"]:
        kinds = [test for test in model.get("data_tests", []) if "every_row_is_in" in test]
        assert bool(kinds) == (model["name"] != "dim_municipality"), model["name"]
        if model["name"].startswith("fact_"):
            named = {column for kind in kinds for column in kind["every_row_is_in"]["arguments"]["columns"]}
            keys = {"signal_month", "match_month", "creditor", "district", "year", "outcome"} | (
                {"reason"} if model["name"] == "fact_selection" else set()
            )
            assert named - {"municipality_code"} == {column["name"] for column in model["columns"]} & keys


def test_what_stands_beside_the_models_stands_in_the_database(here: Settings, manifest: dict) -> None:
    there = {
        (table, column): said
        for table, column, said in rows(
            here,
            "select relname, attname, coalesce(col_description(pg_class.oid, attnum), '') from pg_class"
            " join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped"
            " where relnamespace = 'mart'::regnamespace and relkind = 'r'"
            " union all select relname, '', coalesce(obj_description(oid), '') from pg_class"
            " where relnamespace = 'mart'::regnamespace and relkind = 'r'",
        )
    }
    written = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node["schema"] == "mart":
            assert node["config"]["contract"]["enforced"], node["name"]
            written[node["name"], ""] = node["description"]
            written |= {(node["name"], column["name"]): column["description"] for column in node["columns"].values()}
    assert all(written.values())
    assert there == written


# -- who reads it


def test_every_table_of_the_star_is_read_by_somebody_and_dashboards_read_nothing_but_marts(manifest: dict) -> None:
    read = {
        exposure["name"]: {manifest["nodes"][node]["name"]: manifest["nodes"][node] for node in nodes}
        for exposure in manifest["exposures"].values()
        for nodes in [exposure["depends_on"]["nodes"]]
    }
    dashboards = {name for name in read if name.startswith("dashboard_")}
    assert len(dashboards) == 4
    assert set(read) - dashboards == {"evaluation_report", "creditor_feedback", "ddas"}
    assert set().union(*(read[name] for name in dashboards)) >= STAR
    for name in dashboards:
        assert {node["schema"] for node in read[name].values()} == {"mart"}


def test_the_report_is_said_to_read_what_it_reads(manifest: dict) -> None:
    folder = Path(report.__file__).parent
    text = "".join(file.read_text() for file in folder.iterdir() if file.suffix in (".py", ".yml"))
    (exposure,) = (each for each in manifest["exposures"].values() if each["name"] == "evaluation_report")
    named = {manifest["nodes"][node]["name"] for node in exposure["depends_on"]["nodes"]}
    assert named == set(re.findall(r"\bmart\.(\w+)", text))


def test_freshness_is_told_for_each_feed_from_the_ledger(here: Settings) -> None:
    fresh = dict.fromkeys(("signals", "brp", "ris"), "pass")
    assert freshness(here).items() >= fresh.items()
    with warehouse.connect(here, "loader") as connection:
        connection.execute(
            "update raw.drop_ledger set received_at = received_at - %s where feed = 'brp'", [timedelta(days=39)]
        )
    assert freshness(here).items() >= {**fresh, "brp": "warn"}.items()


def freshness(here: Settings) -> dict[str, str]:
    """What `dbt source freshness` says of each feed."""
    transform.run_dbt(here, Month.parse(FEB), "freshness", "source", "freshness")
    told = json.loads((here.home / "dbt" / "freshness" / "sources.json").read_text())["results"]
    return {result["unique_id"].rpartition("drops_of_")[2]: result["status"] for result in told}
