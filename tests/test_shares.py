"""Municipalities that are derived in shares, side by side: what comes of it is what comes of a month as a whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import stepping
from conftest import places, platform
from oracle.small_landing import FEB, JAN, A, B
from survival import town
from test_flows import DAGS, DESCRIBE, python
from typing_home import Home

from vroegsignaal import shares, transform, warehouse
from vroegsignaal.errors import UsageError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

# In one of the three nobody lives.
SHARES = "3"


def test_shares_have_about_as_many_inhabitants_and_every_municipality_is_in_one() -> None:
    divided = shares.divided({"0363": 900, "0599": 650, "0518": 550, "0344": 360, "0637": 125, "0000": 0}, 3)
    # 900 stands alone; 650 is joined by 125 and nobody, as 550 has 360 by then.
    assert divided == [["0363"], ["0599", "0637", "0000"], ["0518", "0344"]]
    assert shares.divided({}, 2) == [[], []]
    assert shares.divided({"0001": 0, "0002": 0}, 2) == [["0001"], ["0002"]]


@pytest.mark.parametrize("given", ["0", "101", "twee", "-1", "1.5"])
def test_a_number_of_shares_that_is_none_is_said(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VROEGSIGNAAL_SHARES", given)
    with pytest.raises(UsageError, match=f"VROEGSIGNAAL_SHARES is '{given}'"):
        shares.numbers()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Settings]:
    """Two municipalities with two months of deliveries, of which the first was decided on."""
    small = town.build(tmp_path_factory.mktemp("shares"))
    with platform(new_home(), **places(small), SHARES=SHARES) as settings:
        stepping.receive(JAN)
        stepping.decide(JAN)
        stepping.receive(FEB)
        yield settings


def derived(here: Settings) -> dict[str, Counter]:
    """All rows of every table and view of core."""
    with warehouse.connect(here, "transformer") as connection:
        # Views ask for the month of a run.
        for name in ("month", "as_of"):
            connection.execute(f"set local vroegsignaal.{name} = '{FEB}-01'")
        names = warehouse.fetch(
            connection,
            "select relname from pg_class where relnamespace = 'core'::regnamespace and relkind in ('r', 'v')",
        )
        return {
            name: Counter(warehouse.fetch(connection, f"select t::text from core.{name} as t")) for (name,) in names
        }


def forget_matches(here: Settings) -> None:
    with warehouse.connect(here, "transformer") as connection:
        assert connection.execute(f"delete from core.match where signal_month = '{FEB}-01'").rowcount > 1


def matched(here: Settings) -> list[str]:
    with warehouse.connect(here, "transformer") as connection:
        found = warehouse.fetch(
            connection, f"select distinct municipality_code from core.match where signal_month = '{FEB}-01' order by 1"
        )
    return [code for (code,) in found]


def test_side_by_side_the_same_is_derived(here: Settings) -> None:
    month = Month.parse(FEB)
    transform.derive(month)
    whole = derived(here)
    assert matched(here) == [A, B]

    transform.lay_out(month)
    # To lay out takes away nothing, and adds nothing.
    assert derived(here) == whole
    forget_matches(here)
    with ThreadPoolExecutor(3) as side_by_side:
        done = list(side_by_side.map(lambda number: transform.derive_share(month, number), shares.numbers()))
    assert all(set(counts) <= {"success", "pass"} for counts in done)
    assert derived(here) == whole


def test_a_share_leaves_alone_what_is_of_others(here: Settings) -> None:
    month = Month.parse(FEB)
    before = derived(here)
    forget_matches(here)
    # In the first is the larger of the two.
    transform.derive_share(month, 1)
    assert matched(here) == [B]
    transform.derive_share(month, 2)
    assert derived(here) == before


def test_the_flow_lays_out_derives_shares_and_concludes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VROEGSIGNAAL_SHARES", SHARES)
    tasks = json.loads(python(DESCRIBE, DAGS, home=tmp_path))["flows"]["match_month"]["tasks"]
    assert {name: facts["downstream"] for name, facts in tasks.items()} == {
        "lay_out": ["derive_share"],
        "derive_share": ["conclude"],
        "conclude": ["approve"],
        "approve": ["publish"],
        "publish": ["hand_out"],
        "hand_out": [],
    }


@pytest.mark.long
def test_a_month_runs_in_shares_through_airflow(tmp_path: Path, new_home: Callable[[], Path]) -> None:
    small = town.build(tmp_path)
    variables = {f"VROEGSIGNAAL_{name}": value for name, value in places(small).items()}
    home = Home(new_home(), **variables, VROEGSIGNAAL_SHARES=SHARES, VROEGSIGNAAL_APPROVAL="automatic")
    try:
        done = home.type("month", JAN)
        assert done.returncode == 0, done.stderr
        found = home.rows("select municipality_code, total from mart.matches_by_month order by 1")
        assert [row["municipality_code"] for row in found] == [A, B]
        assert all(int(row["total"]) > 0 for row in found)
        tasks = (home.folder / "airflow" / "logs").rglob("*task_id=derive_share*")
        assert {path.parent.name for path in tasks}
    finally:
        home.type("down")
