"""The transformations: dbt, started once for each layer, for the month it is given."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from signal import Signals
from subprocess import CompletedProcess

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from vroegsignaal import dbt_process, distributed, logs, settings, shares, warehouse
from vroegsignaal.errors import PlatformError
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings


@logs.step("derive")
def derive(month: Month) -> dict[str, int]:
    """Derive the month: staging and core, up to the proposed selection, with their tests."""
    here = settings.load()
    with publishing(here) as connection:
        counts = _with_staging(here, connection, month, "core")
        _remember(connection, month)
    return counts


@logs.step("lay out")
def lay_out(month: Month) -> dict[str, int]:
    """Before a month is derived in shares: staging, and the tables and views of core as they are now; no row."""
    here = settings.load()
    with publishing(here) as connection:
        return _with_staging(here, connection, month, "core", share=shares.NOBODY)


@logs.step("derive")
def derive_share(month: Month, number: int) -> dict[str, int]:
    """Derive the month for a share of the municipalities, beside other shares: as `derive`, between the other two."""
    here = settings.load()
    with publishing(here, alone=False) as connection:
        codes = shares.municipalities(connection, number)
        tables = "path:models/core,config.materialized:incremental"
        return run_dbt(here, month, f"core-{number}", *_BUILD, "--select", tables, share=codes)


@logs.step("conclude")
def conclude(month: Month) -> dict[str, int]:
    """The month is derived: all shares are."""
    here = settings.load()
    with warehouse.connect(here, "transformer") as connection:
        _remember(connection, month)
    return {"shares": len(shares.numbers())}


def _remember(connection: psycopg.Connection, month: Month) -> None:
    connection.execute("insert into decision.derived values (%s) on conflict do nothing", [month.first_day])


@logs.step("publish")
def publish(month: Month) -> dict[str, int]:
    """Bring what others read up to date: casework, evaluation and mart, with their tests.

    The cases are evaluated as of the last month that was matched, whatever month this is.
    """
    here = settings.load()
    with publishing(here):
        as_of = last_matched(here) or month
        return _build(here, month, "casework", "evaluation", "mart", as_of=as_of)


@logs.step("publish")
def publish_again() -> None:
    """As `publish`, of what is left once rows were erased: as of the month as of which was evaluated last."""
    here = settings.load()
    with publishing(here) as connection:
        last = last_matched(here)
        if last:
            _build(here, last, "casework", "evaluation", "mart", as_of=_evaluated_as_of(connection) or last)


@logs.step("count terms")
def count_terms() -> None:
    """Bring up to date from when the terms of what is held count: from all that is known now, not of an earlier month.

    Nothing that others read is made; `publish_again` evaluates as of the month of before.
    """
    here = settings.load()
    with publishing(here):
        last = last_matched(here)
        if last:
            # Tests look at what others read as well, which may be as of another month.
            run_dbt(
                here, last, "evaluation", *_BUILD, "--exclude-resource-type", "test", "--select",
                "path:models/evaluation", as_of=last,
            )  # fmt: skip


def _evaluated_as_of(connection: psycopg.Connection) -> Month | None:
    if not warehouse.is_there(connection, "mart.evaluation_periods"):
        return None
    ((day,),) = warehouse.fetch(connection, "select max(as_of) from mart.evaluation_periods")
    return Month.of(day) if day else None


def last_matched(here: Settings) -> Month | None:
    """The last month that was matched; None while none was."""
    with warehouse.connect(here, "transformer") as connection:
        ((last,),) = warehouse.fetch(connection, "select max(signal_month) from decision.derived")
    return Month.of(last) if last else None


def evaluate(as_of: Month) -> dict[str, int]:
    """Make the evaluation, and all that others read, anew; of cases nothing of a folder after the month is known."""
    here = settings.load()
    with publishing(here) as connection:
        # What an older version made lacks what is evaluated now.
        return _with_staging(here, connection, as_of, "casework", "evaluation", "mart", as_of=as_of)


@contextmanager
def publishing(here: Settings, *, alone: bool = True) -> Iterator[psycopg.Connection]:
    """A connection for as long as models are made, or marts read as a whole: two runs at once would take tables away.

    Deriving takes its turn too: what is published reads its tables, and both make staging. Not `alone`: beside others
    that are not, each of which fills tables with rows of its own.
    """
    with warehouse.open_connection(here, "transformer") as connection:
        lock = "pg_advisory_lock" if alone else "pg_advisory_lock_shared"
        connection.execute(sql.SQL("select {}(hashtext('vroegsignaal publish'))").format(sql.Identifier(lock)))
        yield connection


def derived_since(month: Month) -> list[Month]:
    """The months derived before on which a delivery of this month bears: itself, and those that look back at it."""
    here = settings.load()
    with warehouse.connect(here, "transformer") as connection:
        if not warehouse.is_there(connection, "core.population_register"):
            return []
        rows = warehouse.fetch(connection, _DERIVED_SINCE, {"month": month.first_day, "day": month.match_day})
    return [Month.of(day) for (day,) in rows]


_DERIVED_SINCE = """
    with horizon as (
        select coalesce(max(value), 0)::integer as months
        from config.policy_on(%(day)s)
        where parameter in ('window_months', 'cool_off_months', 'sleper_months', 'consecutive_months')
    )
    select signal_month
    from decision.derived
    cross join horizon
    where
        signal_month between %(month)s and %(month)s + make_interval(months => horizon.months)
        -- A register that comes late has matching go on wherever it stopped.
        or signal_month > %(month)s and exists (
            select 1
            from core.population_register as register
            where register.signal_month = derived.signal_month and register.state <> 'usable'
        )
    order by signal_month
"""


def _with_staging(
    here: Settings,
    connection: psycopg.Connection,
    month: Month,
    *layers: str,
    as_of: Month | None = None,
    share: str = "",
) -> dict[str, int]:
    """Build the layers, and before them staging, unless its views stand there as this version of the project has them.

    To replace views that stay what they are would take a quarter of the time in which a town's month is derived.
    """
    version = _version_of_staging(here, connection)
    names = [path.stem for path in here.dbt_project.glob("models/staging/*.sql")]
    stands = connection.execute(
        "select obj_description('staging'::regnamespace, 'pg_namespace') = %s"
        " and array(select viewname::text from pg_views where schemaname = 'staging') @> %s::text []",
        [version, names],
    ).fetchone()[0]
    if stands:
        return _build(here, month, *layers, as_of=as_of, share=share)
    counts = _build(here, month, "staging", *layers, as_of=as_of, share=share)
    connection.execute(sql.SQL("comment on schema staging is {}").format(sql.Literal(version)))
    return counts


def _version_of_staging(here: Settings, connection: psycopg.Connection) -> str:
    """The fingerprint of all that says what the views of staging are."""
    digest = sha256(distributed.target(connection).encode())
    made_of = ("dbt_project.yml", "macros/*.sql", "models/staging/*")
    for path in sorted(path for pattern in made_of for path in here.dbt_project.glob(pattern)):
        digest.update(path.name.encode() + path.read_bytes())
    return f"Views of the version {digest.hexdigest()}"


_BUILD = ("build", "--no-write-json", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "seed")


def _build(here: Settings, month: Month, *layers: str, as_of: Month | None = None, share: str = "") -> dict[str, int]:
    chosen = ["--select", *(f"path:models/{layer}" for layer in layers)]
    return run_dbt(here, month, layers[-1], *_BUILD, *chosen, as_of=as_of, share=share)


def run_dbt(
    here: Settings, month: Month, name: str, *arguments: str, as_of: Month | None = None, share: str = ""
) -> dict[str, int]:
    """Run dbt in a process of its own and count its results by status.

    `as_of` (else the month): for the evaluation. `share`: the municipalities that a month is derived for, else all.

    Raises PlatformError that names the models and tests that failed. `name` tells runs apart that may go side by side.
    """
    target = here.home / "dbt" / name
    target.mkdir(parents=True, exist_ok=True)
    results = target / dbt_process.RESULTS
    results.unlink(missing_ok=True)
    # Each statement stands in the folder `run` beside the log; to log them too takes a tenth of a run.
    words = ["--quiet", "--log-level-file", "info", *arguments]
    words += ["--project-dir", str(here.dbt_project), "--profiles-dir", str(here.dbt_project)]
    words += ["--target", _target(here)]
    words += ["--target-path", str(target), "--log-path", str(target / "logs")]
    done = dbt_process.run(words, os.environ | _environment(here, month, as_of, share), here.dbt_project)
    outcome = _outcome(results)
    if done.returncode:
        raise PlatformError(_complaint(month, outcome, done, target / "logs" / "dbt.log"))
    counts: dict[str, int] = {}
    for result in outcome:
        counts[result["status"]] = counts.get(result["status"], 0) + 1
    return counts


def _target(here: Settings) -> str:
    with warehouse.connect(here, "transformer") as connection:
        return distributed.target(connection)


_IN_PROFILE = ("host", "port", "user", "password", "dbname")


def _environment(here: Settings, month: Month, as_of: Month | None = None, share: str = "") -> dict[str, str]:
    """The variables with which dbt reaches the warehouse as transformer, for the month, as of that or another one."""
    there = conninfo_to_dict(warehouse.uri(here, "transformer"))
    run = {"month": month.first_day, "as_of": (as_of or month).first_day, "share": share}
    return {
        # dbt's profile has a place for these only, but dbt connects with PostgreSQL's library.
        **warehouse.client_variables({name: there[name] for name in there if name not in _IN_PROFILE}),
        "VROEGSIGNAAL_DB_HOST": str(there.get("host", "")),
        "VROEGSIGNAAL_DB_PORT": str(there.get("port", os.environ.get("PGPORT", "5432"))),
        "VROEGSIGNAAL_DB_USER": str(there["user"]),
        "VROEGSIGNAAL_DB_NAME": str(there["dbname"]),
        "DBT_ENV_SECRET_PASSWORD": str(there["password"]),
        # What a run is about are settings of dbt's database sessions: see the macros `month`, `as_of` and `in_share`.
        "PGOPTIONS": " ".join(
            [there.get("options", ""), *(f"-c vroegsignaal.{name}={value}" for name, value in run.items() if value)]
        ).strip(),
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
    }


def _outcome(results: Path) -> list[dict]:
    return json.loads(results.read_text()) if results.exists() else []


def _complaint(month: Month, outcome: list[dict], done: CompletedProcess, log: Path) -> str:
    failed = [result for result in outcome if result["status"] in ("error", "fail")]
    if failed:
        told = "\n".join(f"- {result['unique_id']}: {_first_lines(result['message'])}" for result in failed)
    else:
        told = _first_lines(done.stdout, 15) or _how_it_ended(done.returncode)
    return f"dbt could not derive {month}:\n{told}\nThe whole log: {log}. Nothing of the failed models was kept."


def _how_it_ended(code: int) -> str:
    """What is left to say of a process that said nothing itself."""
    if code < 0:
        return (
            f"It was killed ({Signals(-code).name}), by a person or because the machine had no memory left: see what"
            " the system's log says of it."
        )
    return f"It ended with exit code {code} and said nothing."


def _first_lines(text: str | None, lines: int = 8) -> str:
    return "\n".join((text or "").strip().splitlines()[:lines])
