"""Whether the warehouse on many machines gives what the one on one machine gives: `make check-distributed`.

VROEGSIGNAAL_WAREHOUSE is the coordinator's database, empty, with the extension Citus and its machines registered.
Months of several municipalities, made up, run there and on an embedded server; then all tables are compared row for
row, and the plans of the month's statements are searched for rows that move. Exit codes: 0 all is well, 1 it is not, 2
there is no Citus.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg
import stepping
from citus_plans import moves
from colocation.exceptions import EXCEPTIONS
from conftest import compiled_models, platform
from oracle.random_landing import write
from same_rows import differences

from vroegsignaal import distributed, warehouse
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
    # Before anything is made there: making the rooms gives roles new passwords.
    reason = not_fit(coordinator)
    if reason:
        return _absent(reason)
    with tempfile.TemporaryDirectory(prefix="vroegsignaal-distributed-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        landing, config = Path(folder, "landing"), Path(folder, "config")
        setting = write(landing, config, SEED, municipalities=MUNICIPALITIES, months=MONTHS)
        given = {"LANDING": str(landing), "CONFIG": str(config)}
        home = Path(folder, "many", "home")
        home.mkdir(parents=True)
        many = stack.enter_context(platform(home, **given, WAREHOUSE=coordinator))
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


def not_fit(coordinator: str) -> str | None:
    """Why the database of a URI cannot be checked; None when it can. Changes nothing there."""
    try:
        with psycopg.connect(coordinator, connect_timeout=10, autocommit=True) as connection:
            if not distributed.is_distributed(connection):
                return "the database of VROEGSIGNAAL_WAREHOUSE does not have the extension Citus"
            if warehouse.is_there(connection, "config.prepared"):
                return "the database of VROEGSIGNAAL_WAREHOUSE is a warehouse already: name an empty one"
    except psycopg.OperationalError as error:
        return f"the database of VROEGSIGNAAL_WAREHOUSE cannot be reached: {error}"
    return None


def plans(here: Settings, month: Month) -> list[str]:
    """The models of a month, without those that gather on purpose, of which a statement moves spread rows."""
    found = []
    with warehouse.connect(here, "transformer") as connection:
        # For the views of the policy, which ask for it where the statement is planned.
        for setting in ("month", "as_of"):
            connection.execute("select set_config(%s, %s, true)", [f"vroegsignaal.{setting}", str(month.first_day)])
        for node in compiled_models(here, month):
            name = f"{node['schema']}.{node['alias']}"
            kept = node["config"]["materialized"] != "view"
            if node["schema"] != "core" or not kept or name in GATHERS:
                continue
            # As dbt adds the rows of a month: from table to table.
            columns = ", ".join(node["columns"])
            added = f"insert into {name} ({columns}) select {columns} from ({node['compiled_code']}) as made"
            lines = connection.execute(f"explain (costs off) {added}").fetchall()
            found += [f"{name}: {move}" for move in moves("\n".join(line for (line,) in lines))]
    return found


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PlatformError as error:
        sys.exit(f"{error}")
