"""The assets of the dashboards: complete, in Dutch, without a password, and of what the marts have."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from pathlib import Path
from uuid import UUID

import check_dashboards
import dashboard_speed
import pytest
import requests
import yaml
from typer.testing import CliRunner

import vroegsignaal.outbox.report
from dashboards import load as loading
from dashboards.bundle import DATABASE, FOLDER, MASK, assets, bundle, split_password
from vroegsignaal import contract
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.outbox.notices import SEVERITIES

ROOT = Path(__file__).resolve().parents[1]
ASSETS = assets()
PASSWORD = "s3cr3t-of/a-test"  # noqa: S105
WAREHOUSE = "postgresql://bi:s3cr3t-of%2Fa-test@db.example.org:5433/vs?sslmode=verify-full"
BOARDS = {
    "month_status": "dashboard_month",
    "data_quality": "dashboard_data_quality",
    "reach_and_outcomes": "dashboard_reach",
    "districts": "dashboard_districts",
}
"""Each dashboard, and what dbt calls it."""


def of(kind: str) -> dict[str, dict]:
    return {Path(path).stem: content for path, content in ASSETS.items() if path.startswith(f"{kind}/")}


def marts() -> dict[str, set[str]]:
    """Mart -> its columns, by the contracts."""
    files = [yaml.safe_load(path.read_text()) for path in (ROOT / "dbt_project/models/mart").glob("*.yml")]
    models = [model for file in files for model in file.get("models", [])]
    return {model["name"]: {column["name"] for column in model["columns"]} for model in models}


def dataset_of(chart: dict) -> dict:
    (found,) = (each for each in of("datasets").values() if each["uuid"] == chart["dataset_uuid"])
    return found


# --- the assets


def test_there_are_four_dashboards_of_one_database() -> None:
    titles = {board["dashboard_title"] for board in of("dashboards").values()}
    assert titles == {"Maandstatus", "Datakwaliteit per aanleverende partij", "Bereik en uitkomsten", "Wijken"}
    assert set(of("dashboards")) == set(BOARDS)
    (database,) = of("databases").values()
    assert {each["database_uuid"] for each in of("datasets").values()} == {database["uuid"]}


def test_every_asset_has_the_version_and_an_id_of_its_own() -> None:
    assert {content["version"] for content in ASSETS.values()} == {"1.0.0"}
    ids = Counter(content["uuid"] for content in ASSETS.values())
    assert all(UUID(each) for each in ids)
    assert max(ids.values()) == 1


def test_no_asset_holds_a_password_and_nobody_may_write() -> None:
    (database,) = of("databases").values()
    assert f"//bi:{MASK}@" in database["sqlalchemy_uri"]
    assert "password" not in database
    assert not any(database[name] for name in ("allow_ctas", "allow_cvas", "allow_dml", "allow_csv_upload"))


def columns_used(select: str) -> dict[str, set[str]]:
    """Mart -> the columns that a dataset's statement takes of it, by the alias that stands before each."""
    tables = re.findall(r"(?:from|join) (\S+)(?: as (\w+))?", select)
    tables = [(name, alias) for name, alias in tables if name not in ("lateral", "(")]
    assert all(name.startswith("mart.") for name, _ in tables), tables
    places = {alias or name.removeprefix("mart."): name.removeprefix("mart.") for name, alias in tables}
    used: dict[str, set[str]] = {mart: set() for mart in places.values()}
    for alias, column in re.findall(r"\b(\w+)\.(\w+)", select):
        if alias in places:
            used[places[alias]].add(column)
    return used


@pytest.mark.parametrize("name", of("datasets"))
def test_a_dataset_reads_columns_that_the_marts_have(name: str) -> None:
    dataset = of("datasets")[name]
    assert dataset["schema"] == "mart"
    known = marts()
    for mart, columns in columns_used(dataset["sql"]).items():
        assert columns <= known[mart], mart


@pytest.mark.parametrize("name", of("datasets"))
def test_a_dataset_has_the_columns_that_its_statement_gives_in_dutch(name: str) -> None:
    dataset = of("datasets")[name]
    (select,) = re.findall(r"^select\n(.*?)^from", dataset["sql"], re.MULTILINE | re.DOTALL)
    given = [re.search(r"(\w+)$", part.strip())[1] for part in re.split(r",\n    (?=\S)", select)]
    assert given == [column["column_name"] for column in dataset["columns"]]
    assert "municipality" in given
    assert dataset["main_dttm_col"] is None or dataset["main_dttm_col"] in given
    labels = [column["verbose_name"] for column in dataset["columns"]]
    labels += [metric["verbose_name"] for metric in dataset["metrics"]]
    # Dutch labels begin with a capital or a sign, and are no names of columns.
    assert all(label and not label[0].islower() and "_" not in label for label in labels), labels
    assert not ENGLISH & {word.lower() for label in labels for word in re.findall(r"\w+", label)}


ENGLISH = {"month", "creditor", "rows", "reason", "households", "signals", "cases", "district", "year", "share", "the"}


@pytest.mark.parametrize("name", of("charts"))
def test_a_chart_is_of_columns_and_metrics_that_its_dataset_has(name: str) -> None:
    chart = of("charts")[name]
    dataset, told = dataset_of(chart), chart["params"]
    columns = {column["column_name"] for column in dataset["columns"]}
    metrics = {metric["metric_name"] for metric in dataset["metrics"]}
    groups = [*listed(told.get("groupby")), *listed(told.get("groupby_b")), *listed(told.get("x_axis"))]
    assert {*groups, *told.get("all_columns", [])} <= columns
    asked = [*told.get("metrics", []), *told.get("metrics_b", []), *listed(told.get("metric"))]
    assert {*asked, *listed(told.get("timeseries_limit_metric"))} <= metrics
    assert asked or told.get("all_columns") or groups
    assert listed(told.get("x_axis_sort")) == [] or told["x_axis_sort"] in columns | metrics
    for each in [*told["adhoc_filters"], *told.get("adhoc_filters_b", [])]:
        words = re.findall(r"\b[a-z_]{3,}\b", re.sub("'[^']*'", "", each.get("sqlExpression") or each["subject"]))
        assert set(words) <= columns
    assert set(told.get("column_config", {})) <= columns | metrics
    assert chart["viz_type"] == told["viz_type"]
    # A Dutch title, without an axis title that would be the name of a column.
    assert chart["slice_name"][0].isupper()
    assert not ENGLISH & set(chart["slice_name"].lower().split())
    assert not told.get("x_axis_title")


def listed(value: str | list[str] | None) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def test_a_percentage_in_a_chart_has_its_number_beside_it() -> None:
    for name, chart in of("charts").items():
        told = chart["params"]
        asked = [*told.get("metrics", []), *told.get("metrics_b", [])]
        shares = [metric for metric in asked if metric.startswith("pct")]
        counts = [metric for metric in asked if metric.startswith("total_")]
        assert not shares or counts or told.get("x_axis") == "value_with_n", name


def test_no_metric_divides_by_nothing() -> None:
    for name, dataset in of("datasets").items():
        for metric in dataset["metrics"]:
            expression = metric["expression"]
            assert "/" not in expression or "/ nullif(" in expression or expression.endswith("/ 100"), name


def test_every_chart_stands_on_a_dashboard_and_every_dataset_in_a_chart() -> None:
    placed = {part["meta"]["uuid"] for board in of("dashboards").values() for part in charts_in(board)}
    assert placed == {chart["uuid"] for chart in of("charts").values()}
    used = {chart["dataset_uuid"] for chart in of("charts").values()}
    assert used == {dataset["uuid"] for dataset in of("datasets").values()}


def charts_in(board: dict) -> list[dict]:
    return [part for part in board["position"].values() if isinstance(part, dict) and part["type"] == "CHART"]


@pytest.mark.parametrize("name", of("dashboards"))
def test_the_place_of_every_part_of_a_dashboard_is_known(name: str) -> None:
    position = of("dashboards")[name]["position"]
    titles = {chart["uuid"]: chart["slice_name"] for chart in of("charts").values()}
    parts = {key: part for key, part in position.items() if isinstance(part, dict)}
    assert position["DASHBOARD_VERSION_KEY"] == "v2"
    assert {"ROOT_ID", "GRID_ID", "HEADER_ID"} <= set(parts)
    held = [child for part in parts.values() for child in part.get("children", [])]
    assert sorted([*held, "ROOT_ID", "HEADER_ID"]) == sorted(parts)
    for key, part in parts.items():
        assert part["id"] == key
        if part["type"] == "CHART":
            assert part["meta"]["sliceName"] == titles[part["meta"]["uuid"]]
        if part["type"] == "ROW":
            widths = [parts[child]["meta"]["width"] for child in part["children"]]
            assert sum(widths) == 12, key
            assert part["parents"] == ["ROOT_ID", "GRID_ID"]
        if part["type"] in ("CHART", "MARKDOWN"):
            assert key in parts[part["parents"][-1]]["children"]


@pytest.mark.parametrize("name", of("dashboards"))
def test_a_dashboard_asks_for_one_municipality_first(name: str) -> None:
    board = of("dashboards")[name]
    filters = board["metadata"]["native_filter_configuration"]
    columns = {each["uuid"]: {column["column_name"] for column in each["columns"]} for each in of("datasets").values()}
    first = filters[0]
    assert first["name"] == "Gemeente"
    # Without `requiredFirst` the charts are drawn once before the filter holds, of everybody together.
    assert first["requiredFirst"]
    assert first["controlValues"]["defaultToFirstItem"]
    assert not first["controlValues"]["multiSelect"]
    for each in filters:
        for target in each["targets"]:
            assert not target or target["column"]["name"] in columns[target["datasetUuid"]]
    single = {each["targets"][0]["column"]["name"] for each in filters if each.get("requiredFirst")}
    for part in charts_in(board):
        (chart,) = (chart for chart in of("charts").values() if chart["uuid"] == part["meta"]["uuid"])
        assert single <= columns[chart["dataset_uuid"]], chart["slice_name"]


@pytest.mark.parametrize("name", of("dashboards"))
def test_dbt_knows_which_marts_a_dashboard_reads(name: str) -> None:
    declared = yaml.safe_load((ROOT / "dbt_project/models/mart/_exposures.yml").read_text())["exposures"]
    (exposure,) = (each for each in declared if each["name"] == BOARDS[name])
    uuids = {part["meta"]["uuid"] for part in charts_in(of("dashboards")[name])}
    shown = [dataset_of(chart) for chart in of("charts").values() if chart["uuid"] in uuids]
    read = {mart for dataset in shown for mart in columns_used(dataset["sql"])}
    assert {re.fullmatch(r"ref\('(\w+)'\)", each)[1] for each in exposure["depends_on"]} == read


def test_every_rule_and_severity_has_a_label_for_the_dashboards() -> None:
    lines = (ROOT / "dbt_project/seeds/labels.csv").read_text().splitlines()[1:]
    labels = {(line.split(",")[0], line.split(",")[1]): line.split(",")[2] for line in lines}
    rules = set(contract.wordings()) - {"duplicate_household_missing"}
    assert {code for name, code in labels if name == "short_rule"} == rules
    # What the report calls them too.
    words = yaml.safe_load(Path(vroegsignaal.outbox.report.__file__).with_name("words.yml").read_text())
    for name, codes in {"severity": SEVERITIES, "status": words["status"], "feed": words["feed"]}.items():
        assert {code: label for (each, code), label in labels.items() if each == name} == codes


def test_the_speed_is_measured_of_every_chart() -> None:
    asked = dict(dashboard_speed.queries())
    assert set(asked) == set(of("charts"))
    assert all("municipality in" in query for query in asked.values())
    assert check_dashboards.charts_of("Wijken") >= {"Matches per wijk", "Zaken per wijk"}


# --- the settings of Superset


@pytest.fixture
def superset_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict:
    (tmp_path / "key").write_text("k" * 48)
    monkeypatch.setenv("SUPERSET_HOME", str(tmp_path))
    monkeypatch.setenv("SUPERSET_SECRET_KEY_FILE", str(tmp_path / "key"))
    found: dict = {}
    exec((FOLDER / "superset_config.py").read_text(), found)  # noqa: S102
    return found


def test_superset_speaks_dutch_tells_nobody_and_knows_nobody_without_a_login(superset_settings: dict) -> None:
    held = superset_settings
    assert held["BABEL_DEFAULT_LOCALE"] == "nl"
    assert (held["D3_FORMAT"]["decimal"], held["D3_FORMAT"]["thousands"]) == (",", ".")
    assert held["D3_TIME_FORMAT"]["shortMonths"][2] == "mrt"
    assert held["SECRET_KEY"] == "k" * 48
    assert (held["PUBLIC_ROLE_LIKE"], held["AUTH_USER_REGISTRATION"]) == (None, False)
    assert held["WTF_CSRF_ENABLED"]
    assert held["TALISMAN_ENABLED"]
    policy = held["TALISMAN_CONFIG"]["content_security_policy"]
    allowed = {source for sources in policy.values() for source in ([sources] if isinstance(sources, str) else sources)}
    # Nothing of another server, so neither Scarf's pixel nor maps nor fonts.
    assert allowed <= {"'self'", "'none'", "blob:", "data:", "'unsafe-inline'", "'strict-dynamic'"}
    assert "'unsafe-inline'" not in policy["script-src"]


def test_superset_does_not_start_with_a_key_that_everybody_knows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SUPERSET_HOME", str(tmp_path))
    for name in ("SUPERSET_SECRET_KEY", "SUPERSET_SECRET_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RuntimeError, match="SUPERSET_SECRET_KEY"):
        exec((FOLDER / "superset_config.py").read_text(), {})  # noqa: S102


# --- loading


def contents(zipped: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(zipped)) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


def test_the_bundle_has_all_assets_and_the_place_of_the_warehouse_without_its_password() -> None:
    uri, password = split_password(WAREHOUSE)
    assert password == PASSWORD
    files = contents(bundle(uri))
    assert set(files) == {"vroegsignaal/metadata.yaml", *(f"vroegsignaal/{path}" for path in ASSETS)}
    assert yaml.safe_load(files["vroegsignaal/metadata.yaml"])["type"] == "assets"
    told = yaml.safe_load(files[f"vroegsignaal/{DATABASE}"])["sqlalchemy_uri"]
    assert told == f"postgresql+psycopg2://bi:{MASK}@db.example.org:5433/vs?sslmode=verify-full"
    assert "s3cr3t" not in "".join(files.values())


@pytest.mark.parametrize(
    "uri", ["", "bi", "postgresql://bi@host/db", "mysql://bi:s3cr3t@host/db", "postgresql://[bi:s3cr3t"]
)
def test_an_incomplete_uri_is_refused_and_not_repeated(uri: str) -> None:
    with pytest.raises(UsageError, match="complete URI") as refused:
        split_password(uri)
    assert "s3cr3t" not in str(refused.value)


class Superset:
    """What stands in for Superset: it answers, and keeps what it was asked."""

    def __init__(self, status: int = 200) -> None:
        self.asked: list[tuple[str, str, dict]] = []
        self.status = status
        self.cookie = False
        self.sent_secure: list[bool] = []

    def __call__(self, session: requests.Session, method: str, address: str, **given: object) -> requests.Response:
        if self.cookie and address.endswith("csrf_token/"):
            session.cookies.set("vroegsignaal_dashboards", "s", secure=True)
        if address.endswith("assets/import/"):
            self.sent_secure += [cookie.secure for cookie in session.cookies]
        self.asked.append((method, address, given | {"headers": dict(session.headers)}))
        answer = requests.Response()
        answer.status_code = self.status
        answer._content = json.dumps({"access_token": "t", "result": "csrf", "message": "no"}).encode()
        return answer


@pytest.fixture
def superset(monkeypatch: pytest.MonkeyPatch) -> Superset:
    there = Superset()

    def request(session: requests.Session, method: str, address: str, **given: object) -> requests.Response:
        return there(session, method, address, **given)

    monkeypatch.setattr(requests.Session, "request", request)
    monkeypatch.setenv("SUPERSET_PASSWORD", "login-s3cr3t")
    monkeypatch.setenv("DASHBOARDS_WAREHOUSE", WAREHOUSE)
    return there


def test_loading_logs_in_and_sends_the_bundle_with_the_password_beside_it(superset: Superset) -> None:
    loading.load("https://bi.example.org/", "me", "login-s3cr3t", WAREHOUSE)
    login, token, sent = superset.asked
    assert login[:2] == ("POST", "https://bi.example.org/api/v1/security/login")
    assert token[:2] == ("GET", "https://bi.example.org/api/v1/security/csrf_token/")
    assert sent[1] == "https://bi.example.org/api/v1/assets/import/"
    assert sent[2]["headers"]["X-CSRFToken"] == "csrf"
    assert json.loads(sent[2]["data"]["passwords"]) == {DATABASE: PASSWORD}
    assert contents(sent[2]["files"]["bundle"][1]).keys() == contents(bundle("x")).keys()


@pytest.mark.parametrize(("address", "secure"), [("http://superset:8088", False), ("https://bi.example.org", True)])
def test_past_its_proxy_superset_gets_its_cookie_without_encryption_and_otherwise_not(
    superset: Superset, address: str, secure: bool
) -> None:
    superset.cookie = True
    loading.load(address, "me", "login-s3cr3t", WAREHOUSE)
    assert superset.sent_secure == [secure]


@pytest.mark.parametrize("status", [401, 422, 500])
def test_what_superset_refuses_is_told_without_a_secret(superset: Superset, status: int) -> None:
    superset.status = status
    with pytest.raises(PlatformError, match="refuse") as refused:
        loading.load("https://bi.example.org", "me", "login-s3cr3t", WAREHOUSE)
    assert "s3cr3t" not in str(refused.value)


def command(*words: str) -> Exception | None:
    import typer

    app = typer.Typer()
    app.command()(loading.command)
    return CliRunner().invoke(app, words).exception


def test_passwords_go_over_no_network_without_encryption(superset: Superset) -> None:
    assert "without encryption" in str(command("--superset", "http://bi.example.org"))
    assert superset.asked == []
    assert command("--superset", "http://127.0.0.1:8088") is None
    assert command("--superset", "http://superset:8088", "--plain") is None


def test_the_zip_file_for_the_pages_has_no_password_either(superset: Superset, tmp_path: Path) -> None:
    assert command("--to", str(tmp_path / "all.zip")) is None
    files = contents((tmp_path / "all.zip").read_bytes())
    assert yaml.safe_load(files["vroegsignaal/metadata.yaml"])["type"] == "Dashboard"
    assert "s3cr3t" not in "".join(files.values())
    assert superset.asked == []
