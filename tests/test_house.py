"""The house keeps its own rules: rooms, directions, names, and what may never be in the repository."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import yaml
from composed import services

from vroegsignaal import contract, privacy
from vroegsignaal.configuration.references import COST_BASES, SIGNAL_REASONS

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "plugins" / "vroegsignaal"
LAYERS = ("staging", "core", "evaluation", "casework", "mart")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def imported(path: Path) -> set[str]:
    """The modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_the_rooms_are_where_they_should_be() -> None:
    for name in (
        "dags",
        "dashboards",
        "dbt_project",
        "expectations",
        "plugins",
        "tests",
        "docker-compose.yml",
        "README.md",
        "LICENSE",
    ):
        assert (ROOT / name).exists(), name
    assert (ROOT / "LICENSE").read_text().lstrip().startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    assert yaml.safe_load((ROOT / "publiccode.yml").read_text())["legal"]["license"] == "EUPL-1.2"


def test_the_library_imports_no_flow_and_only_the_comparison_knows_what_was_published() -> None:
    for path in LIBRARY.rglob("*.py"):
        names = imported(path)
        assert not any(name.split(".")[0] == "dags" for name in names), path
        assert not any(name.startswith("pilot.published") for name in names), path


def test_the_library_speaks_to_airflow_only_where_flows_and_processes_are() -> None:
    users = {
        str(path.relative_to(LIBRARY))
        for path in LIBRARY.rglob("*.py")
        if any(name.split(".")[0] == "airflow" for name in imported(path))
    }
    assert users == {"flows.py"}


def test_models_refer_in_one_direction_only() -> None:
    layer_of = {path.stem: path.parent.name for path in (ROOT / "dbt_project" / "models").rglob("*.sql")}
    assert set(layer_of.values()) == set(LAYERS)
    for path in (ROOT / "dbt_project" / "models").rglob("*.sql"):
        for name in re.findall(r"ref\('(\w+)'\)", path.read_text()):
            if name in layer_of:
                assert LAYERS.index(layer_of[name]) <= LAYERS.index(path.parent.name), f"{path.name} reads {name}"


def test_every_model_and_column_of_a_layer_that_others_read_is_described() -> None:
    for layer in ("core", "evaluation", "casework", "mart"):
        folder = ROOT / "dbt_project" / "models" / layer
        described = {}
        for properties in folder.glob("*.yml"):
            for model in yaml.safe_load(properties.read_text()).get("models", []):
                described[model["name"]] = model
        assert set(described) == {path.stem for path in folder.glob("*.sql")}
        for model in described.values():
            assert model["description"], model["name"]
            assert model["columns"], model["name"]
            assert all(column["description"] for column in model["columns"]), model["name"]


def test_what_must_be_true_of_staging_is_said_of_the_tables_below_it() -> None:
    # Its views are made once in each version, and with them a test would run once.
    for path in (ROOT / "dbt_project" / "models" / "staging").glob("*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            assert not any("data_tests" in part for part in (model, *model.get("columns", []))), model["name"]


def test_every_mart_has_a_municipality_and_no_household() -> None:
    files = [yaml.safe_load(file.read_text()) for file in (ROOT / "dbt_project" / "models" / "mart").glob("*.yml")]
    for model in (model for file in files for model in file.get("models", [])):
        columns = [column["name"] for column in model["columns"]]
        assert columns[0] == "municipality_code", model["name"]
        assert "household_id" not in columns


def test_whatever_an_item_of_costs_may_be_multiplied_with_is_counted() -> None:
    text = (ROOT / "dbt_project" / "models" / "mart" / "cost_scenarios.sql").read_text()
    assert set(re.findall(r"\('(\w+)', (?:round|counted)", text)) == set(COST_BASES)
    labels = (ROOT / "dbt_project" / "seeds" / "labels.csv").read_text()
    assert set(re.findall(r"^cost_basis,(\w+),", labels, re.MULTILINE)) == {*COST_BASES, "costs"}


def test_every_reason_of_a_status_has_a_national_one() -> None:
    labels = (ROOT / "dbt_project" / "seeds" / "labels.csv").read_text()
    named = set(re.findall(r"^no_case,(\w+),", labels, re.MULTILINE))
    status = (ROOT / "dbt_project" / "models" / "evaluation" / "signal_status.sql").read_text()
    own = set(re.findall(r"then '(\w+)'", status[status.index("explained as (") :]))
    assert named | own == {*SIGNAL_REASONS}


def test_every_column_of_a_feed_has_a_privacy_class_and_every_rule_its_words() -> None:
    assert {"signals", "withdrawals", "brp", "shv"} <= set(contract.feeds())
    for feed in contract.feeds().values():
        assert feed.columns
        assert all(column.privacy in privacy.OF_FEEDS for column in feed.columns)
        for rule in feed.row_rules:
            words = contract.wordings()[rule.rule]
            assert words.severity in ("critical", "warning", "info")
            assert words.finding
            assert words.action


def test_the_severity_of_the_agreed_rules_is_as_agreed() -> None:
    critical = {"unreadable", "columns_missing", "unknown_creditor", "empty_drop"}
    warning = {
        *("value_missing", "date_invalid", "postcode_invalid", "house_number_invalid", "bsn_invalid"),
        *("amount_invalid", "amount_not_positive", "amount_implausible", "arrears_too_old", "signal_outside_month"),
        *("arrears_after_signal", "duplicate_signal_id", "duplicate_household"),
    }
    # The wording of duplicate_household for a household that is now missing; no rule of its own.
    words = {rule: said for rule, said in contract.wordings().items() if rule != "duplicate_household_missing"}
    assert {rule for rule, said in words.items() if said.severity == "critical"} == critical
    assert {rule for rule, said in words.items() if said.severity == "warning"} == warning
    # No policy changes the severity of a rule of the agreement; it may raise the others.
    agreed = critical | warning | {"household_reported_twice", "below_threshold"}
    assert {rule for rule, said in words.items() if said.agreed} == agreed
    assert not contract.raisable_rules() & agreed


def test_the_locks_name_exact_versions_and_no_address() -> None:
    for kind in ("", "-server", "-dev", "-dashboards"):
        lines = [
            line
            for line in (ROOT / f"requirements{kind}.lock").read_text().splitlines()
            if line and not line.startswith("#")
        ]
        assert len(lines) > 100
        for line in lines:
            assert re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z0-9,-]+\])?==[^ ]+( ;.*)?", line), line
        assert "://" not in "".join(lines)


def test_no_file_names_a_package_index_or_a_place_on_some_machine() -> None:
    # In pieces, so that this file does not find itself.
    wrong = re.compile("|".join(["--(extra-)?" + "index-url", "/ro" + "ot/", "/ho" + "me/", "pypi" + r"\.org"]))
    for path in tracked():
        if (
            path.suffix in (".py", ".md", ".yml", ".yaml", ".in", ".toml", ".lock", ".sql", "")
            and path.name != "LICENSE"
        ):
            found = wrong.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path.relative_to(ROOT)}: {found and found[0]}"


def test_deliveries_can_be_erased_where_compose_runs_the_flows() -> None:
    (landing,) = [volume for volume in services()["worker"]["volumes"] if "/srv/landing" in volume]
    assert landing.endswith(":/srv/landing")


def test_the_readme_names_every_flow_setting_and_mart() -> None:
    text = (ROOT / "README.md").read_text()
    for flow in (ROOT / "dags").glob("*.py"):
        assert f"`{flow.stem}`" in text
    for mart in (ROOT / "dbt_project" / "models" / "mart").glob("*.sql"):
        assert f"`{mart.stem}`" in text
    for setting in re.findall(r'"(VROEGSIGNAAL_\w+)"', (LIBRARY / "settings.py").read_text()):
        assert f"`{setting}`" in text


def test_the_database_of_compose_logs_no_error_and_no_statement() -> None:
    service = services()["postgres"]
    assert {"log_min_messages=log", "log_min_error_statement=panic"} <= set(service["command"])
