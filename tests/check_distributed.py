"""Whether the warehouse on many machines gives what the one on one machine gives: `make check-distributed`.

VROEGSIGNAAL_WAREHOUSE is the coordinator's database, empty, with the extension Citus and its machines registered.
Months of several municipalities, made up, run there and on an embedded server; then all tables are compared row for
row, and the plans of the month's statements are searched for rows that move. Exit codes: 0 all is well, 1 it is not,
2 there is no Citus.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import stepping
from citus_plans import moves
from colocation.exceptions import EXCEPTIONS
from conftest import platform
from oracle.random_landing import write
from same_rows import differences

from vroegsignaal import distributed, transform, warehouse
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

MUNICIPALITIES, MONTHS, SEED = 4, 3, 1
GATHERS = {model for model, rule in EXCEPTIONS if rule != "setting"}


def main() -> int:
    """Run and compare."""
    coordinator = os.environ.get("VROEGSIGNAAL_WAREHOUSE")
    if not coordinator:
        return _absent("VROEGSIGNAAL_WAREHOUSE is not set: it has to be the coordinator of a Citus")
    with tempfile.TemporaryDirectory(prefix="vroegsignaal-distributed-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        landing, config = Path(folder, "landing"), Path(folder, "config")
        setting = write(landing, config, SEED, municipalities=MUNICIPALITIES, months=MONTHS)
        given = {"LANDING": str(landing), "CONFIG": str(config)}
        home = Path(folder, "many", "home")
        home.mkdir(parents=True)
        many = stack.enter_context(platform(home, **given, WAREHOUSE=coordinator))
        reason = not_fit(many)
        if reason:
            return _absent(reason)
        months = sorted(setting.months)
        stepping.run_months(*months)
        moved = plans(many, Month.parse(months[-1]))
        home = Path(folder, "one", "home")
        home.mkdir(parents=True)
        one = stack.enter_context(platform(home, **given))
        stepping.run_months(*months)
        found, compared = differences(one, many)
    for each in [*map(str, found), *moved]:
        print(each)
    print(f"{compared} rows of one machine compared: {len(found)} tables differ; {len(moved)} statements move rows")
    return int(bool(found or moved or not compared))


def _absent(reason: str) -> int:
    print(f"not checked: {reason}", file=sys.stderr)
    return 2


def not_fit(here: Settings) -> str | None:
    """Why a warehouse cannot be checked; None when it can."""
    with warehouse.connect(here, "owner") as connection:
        if not distributed.is_distributed(connection):
            return "the database of VROEGSIGNAAL_WAREHOUSE does not have the extension Citus"
        ((drops,),) = warehouse.fetch(connection, "select count(*) from raw.drop_ledger")
    return "the database of VROEGSIGNAAL_WAREHOUSE holds deliveries: name an empty one" if drops else None


def plans(here: Settings, month: Month) -> list[str]:
    """The models of a month, without those that gather on purpose, of which a statement moves spread rows."""
    transform.run_dbt(here, month, "compiled", "compile")
    nodes = json.loads((here.home / "dbt" / "compiled" / "manifest.json").read_text())["nodes"]
    found = []
    with warehouse.connect(here, "transformer") as connection:
        for node in nodes.values():
            name = f"{node['schema']}.{node['alias']}"
            kept = node["config"]["materialized"] != "view"
            if node["resource_type"] != "model" or node["schema"] != "core" or not kept or name in GATHERS:
                continue
            # As dbt adds the rows of a month: from table to table.
            lines = connection.execute(f"explain (costs off) insert into {name} {node['compiled_code']}").fetchall()
            found += [f"{name}: {move}" for move in moves("\n".join(line for (line,) in lines))]
    return found


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PlatformError as error:
        sys.exit(f"{error}")
