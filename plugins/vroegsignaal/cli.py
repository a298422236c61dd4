"""The command line: each command reads what was typed and calls the library."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from vroegsignaal import logs, settings
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.shown import printable

app = typer.Typer(
    name="vroegsignaal",
    help="Early signalling of household debt: from creditors' monthly files to the walking list.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
INTERRUPTED = 130
LINE_BREAK = "\n"


def main() -> None:
    """Run a command. What a person can put right is said without a traceback; exit codes are those of the README."""
    logs.configure()
    try:
        app()
    except PlatformError as error:
        _complain(str(error))
        sys.exit(error.exit_code)
    except psycopg.OperationalError as error:
        _complain(f"the warehouse was lost: {str(error).strip()}\nRun the command again.")
        sys.exit(1)
    except (OSError, ImportError) as error:
        # A folder that cannot be written, a landing area at an address that needs another package, and the like.
        _complain(f"{error}\nSee `vroegsignaal status` for the folders in use.")
        sys.exit(1)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            _complain("interrupted. What was done is kept; the same command goes on from there.")
        raise


def _complain(message: str) -> None:
    typer.echo(f"vroegsignaal: {printable(message, keep=LINE_BREAK)}", err=True)


# -- months


@app.command()
def run() -> None:
    """Write the pilot's landing area and run all its months through Airflow."""
    from pilot.choice import choices, format_choices
    from pilot.compare import compare, format_comparison
    from pilot.generate import write_landing
    from vroegsignaal import console, landing, reading, replay

    here = settings.load()
    as_bi = partial(reading.rows, here, role="bi")
    ours = here.landing == str(here.home / "landing")
    if ours or ("://" not in here.landing and not landing.months(here)):
        console.out.print(f"Writing the pilot's deliveries to {settings.without_password(here.landing)}")
        write_landing(Path(here.landing))
    _run_months(here, _months_there(here))
    if ours:
        with replay.warehouse_running(here):
            found = compare(as_bi)
            chosen = choices(as_bi)
        console.out.print("\nWhom the platform would have chosen in the pilot:")
        console.out.print(format_choices(chosen))
        console.out.print("\nBeside the published evaluation:")
        console.out.print(format_comparison(found))


@app.command(name="replay")
def replay_months(
    landing: Annotated[str | None, typer.Option(help="Landing area; else VROEGSIGNAAL_LANDING.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First month, jjjj-mm; else the first there is.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last month, jjjj-mm; else the last there is.")] = None,
) -> None:
    """Run months in order through Airflow; selections are approved automatically and recorded so."""
    from vroegsignaal.months import Month, months_between

    here = settings.load()
    if landing is not None:
        here = replace(here, landing=settings.landing_area(landing))
        here.files.pop("VROEGSIGNAAL_LANDING", None)
    there = _months_there(here)
    begin = Month.parse(first) if first else there[0]
    end = Month.parse(last) if last else there[-1]
    _run_months(here, months_between(begin, end))


@app.command()
def month(month: Annotated[str, typer.Argument(help="The month, jjjj-mm.")]) -> None:
    """Run one month through Airflow; its selection is approved automatically and recorded so."""
    from vroegsignaal.months import Month

    wanted = Month.parse(month)
    here = settings.load()
    _months_there(here)
    _run_months(here, [wanted])


def _months_there(here: settings.Settings) -> list:
    from vroegsignaal import landing

    there = landing.months(here)
    if not there:
        raise UsageError(
            f"the landing area {settings.without_password(here.landing)} holds no months: there should be folders "
            "<gemeentecode>/<jjjj-mm>/<feed>/, such as 0637/2018-09/signals/. Name one with --landing or "
            "VROEGSIGNAAL_LANDING, or write the pilot's with `vroegsignaal pilot --to DIR`."
        )
    return there


def _run_months(here: settings.Settings, months: list) -> None:
    from vroegsignaal import console, replay
    from vroegsignaal.outbox.files import check_writable

    check_writable(here.out)
    with console.progress_bar(months) as progress:
        result = replay.replay(here, months, progress)
    console.summarise(here, months, result)
    if result.run.failure:
        raise PlatformError(f"{result.run.failure}\nPut that right and run the command again; what was done is kept.")


# -- the evaluation


@app.command()
def evaluate(
    as_of: Annotated[
        str | None,
        typer.Option(help="The month as of which, jjjj-mm: nothing of a later folder is known; else the last."),
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(help="The period, of periods.csv or a year, that the report is about; else the current."),
    ] = None,
) -> None:
    """Evaluate the cases as of a month: receive what was not yet, make the tables anew, and write the report."""
    from vroegsignaal import evaluation, replay
    from vroegsignaal.months import Month

    wanted = Month.parse(as_of) if as_of else None
    here = settings.load()
    with replay.warehouse_running(here):
        done = evaluation.evaluate(here, wanted, period)
    typer.echo(evaluation.told(done))


# -- the delivery to Statistics Netherlands


@app.command()
def ddas(
    first: Annotated[str | None, typer.Option("--from", help="First month, jjjj-mm; else the last alone.")] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="Last month, jjjj-mm; else the one as of which the cases are told.")
    ] = None,
    municipality: Annotated[str | None, typer.Option(help="Only this municipality's.")] = None,
    at: Annotated[
        str | None, typer.Option(help="When it is delivered, jjjj-mm-ddTuu:mm; else the 25th as of which it is told.")
    ] = None,
) -> None:
    """Write the delivery to Statistics Netherlands (DDAS) about a month, a quarter or any months; it holds persons."""
    from vroegsignaal import replay
    from vroegsignaal.outbox import ddas as deliveries

    moment = _moment(at) if at else None
    here = settings.load()
    with replay.warehouse_running(here):
        for path in deliveries.deliver(here, first, last, municipality, moment):
            typer.echo(f"Written: {path}")


def _moment(written: str) -> datetime:
    from vroegsignaal.months import AMSTERDAM

    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        said = f"'{written}' is not a moment: write it as jjjj-mm-ddTuu:mm, such as 2019-04-10T09:00."
        raise UsageError(said) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=AMSTERDAM)


# -- the pilot


@app.command()
def pilot(
    to: Annotated[Path | None, typer.Option(help="Folder to write the pilot's landing area to.")] = None,
    compare: Annotated[bool, typer.Option(help="Lay the tables beside the published ones, cell by cell.")] = False,
    choice: Annotated[bool, typer.Option(help="Tell month by month whom the platform would have chosen.")] = False,
) -> None:
    """Write the landing area of the pilot of 2018-2019, or compare what came of it with what was published."""
    if to is None and not (compare or choice):
        raise UsageError(
            "say what to do: --to DIR writes the pilot's landing area, --compare lays the tables side by side, --choice"
            " tells who would have been chosen."
        )
    if to is not None:
        from pilot.generate import write_landing

        write_landing(to)
        typer.echo(f"Written: {to.absolute()}")
    if compare or choice:
        from pilot.choice import choices, format_choices
        from pilot.claims import format_claims
        from pilot.compare import compare as compared
        from pilot.compare import format_comparison
        from vroegsignaal import reading, replay

        here = settings.load()
        as_bi = partial(reading.rows, here, role="bi")
        with replay.warehouse_running(here):
            if choice:
                typer.echo(format_choices(choices(as_bi)))
            if compare:
                _warn_when_told_earlier(as_bi)
                found = compared(as_bi)
                typer.echo(format_comparison(found, every_cell=True))
                typer.echo(f"\n{format_claims()}")


def _warn_when_told_earlier(query: Callable[[str], list[dict]]) -> None:
    """Say so when the tables are told as of a month before the last one there is: they would differ for that alone."""
    (told,) = query(
        "select (select max(as_of) from mart.evaluation_periods) as as_of,"
        " (select max(signal_month) from mart.drops) as last"
    )
    if told["as_of"] and told["as_of"] < told["last"]:
        typer.echo(
            f"The tables are told as of {told['as_of']:%Y-%m}: `vroegsignaal evaluate` tells them as of"
            f" {told['last']:%Y-%m}.",
            err=True,
        )


# -- reading


@app.command()
def query(
    statement: Annotated[str, typer.Argument(help="A select statement.")],
    role: Annotated[str, typer.Option(help="bi, caseworker, transformer or loader.")] = "bi",
    municipality: Annotated[str | None, typer.Option(help="Only this municipality's rows.")] = None,
    format: Annotated[str, typer.Option("--format", help="table, csv or json.")] = "table",  # noqa: A002
) -> None:
    """Run a read-only query as one of the warehouse's roles."""
    from vroegsignaal import reading

    here = settings.load()
    _start_warehouse(here)
    reading.query(here, statement, role, municipality, format)


@app.command()
def uri(
    role: Annotated[str, typer.Option(help="bi, caseworker, transformer, loader, or owner.")] = "bi",
    municipality: Annotated[
        str | None, typer.Option(help="Of the login that sees this municipality's rows only; see grant-bi.")
    ] = None,
    format: Annotated[str, typer.Option("--format", help="uri or env.")] = "uri",  # noqa: A002
) -> None:
    """Print the warehouse's connection string, for a BI tool or psql; it holds a password.

    As env it is lines for a shell to evaluate: a password among the words of a program is for all to see.
    """
    from vroegsignaal import warehouse

    if format not in ("uri", "env"):
        raise UsageError(f"'{format}' is not a format: choose one of uri, env.")
    here = settings.load()
    _start_warehouse(here)
    if format == "uri":
        typer.echo(warehouse.uri(here, role, municipality))
    else:
        for name, value in warehouse.environment(here, role, municipality).items():
            typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def grant_bi(
    municipality: Annotated[str, typer.Argument(help="Code of the municipality.")],
    revoke: Annotated[bool, typer.Option("--revoke", help="Close the login; what was made with it stays.")] = False,
) -> None:
    """Make the login for BI that sees the rows of one municipality only, or give it another password."""
    from vroegsignaal import bi_logins

    here = settings.load()
    _start_warehouse(here)
    typer.echo(bi_logins.revoke(here, municipality) if revoke else bi_logins.grant(here, municipality))


def _start_warehouse(here: settings.Settings) -> None:
    from vroegsignaal import warehouse

    if warehouse.ensure_running(here):
        typer.echo("(the warehouse was started for this; `vroegsignaal down` stops it)", err=True)


# -- policy


@app.command()
def policy(
    preset: Annotated[str, typer.Argument(help="pilot_2018, wgs_2021 or another of policy_presets.csv.")],
    municipality: Annotated[str, typer.Option(help="Code of the municipality.")],
    start: Annotated[str, typer.Option("--from", help="The day from which it holds, jjjj-mm-dd.")],
) -> None:
    """Print the rows of policy.csv with which a municipality takes on a preset."""
    from vroegsignaal.configuration import presets

    day = _day(start)
    here = settings.load()
    taken_on = presets.policy_rows(here, preset, municipality, day)
    for row in taken_on:
        typer.echo(",".join(row))
    for row in presets.rows_that_go_on(here, municipality, taken_on):
        typer.echo(
            f"beside these goes on holding: {','.join(row)} (policy.csv); take it out if it should not", err=True
        )


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise UsageError(f"'{written}' is not a day: write it as jjjj-mm-dd, such as 2021-01-01.") from None


def _place(written: str) -> tuple[str, int]:
    file, _, line = written.rpartition(":")
    if not (file and line.isdecimal()):
        raise UsageError("--also: write a row as FILE:LINE, as --dry-run tells it.")
    return file, int(line)


# -- corrections


@app.command()
def release(
    list_held: Annotated[bool, typer.Option("--list", help="List the held rows.")] = False,
    municipality: Annotated[str | None, typer.Option(help="Code of the municipality.")] = None,
    month: Annotated[str | None, typer.Option(help="The signal month, jjjj-mm.")] = None,
    creditor: Annotated[str | None, typer.Option(help="Code of the creditor.")] = None,
    signal: Annotated[str | None, typer.Option(help="The row's signaal_id.")] = None,
    line: Annotated[int | None, typer.Option(help="The row's line, where the id is not unique or missing.")] = None,
    by: Annotated[str, typer.Option(help="Who releases it.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    amount: Annotated[str | None, typer.Option(help="The right amount in euros, such as 176,93.")] = None,
) -> None:
    """Release a held row, or correct its amount, with name and reason; or list the held rows."""
    from vroegsignaal import reading
    from vroegsignaal import release as releases
    from vroegsignaal.months import Month

    of_month = Month.parse(month) if month else None
    if list_held:
        _start_warehouse(settings.load())
        reading.write_table(releases.HELD, releases.held(municipality, of_month))
        return
    if not (municipality and of_month and creditor):
        raise UsageError("say which row: --municipality, --month, --creditor and --signal (or --line); or --list.")
    given = releases.parse_amount(amount) if amount is not None else None
    wanted = releases.Wanted(municipality, of_month, creditor, signal, line)
    _start_warehouse(settings.load())
    typer.echo(releases.release(wanted, by, reason, given))


# -- erasing


@app.command()
def erase(
    municipality: Annotated[str, typer.Option(help="Code of the municipality.")],
    bsn: Annotated[
        str | None, typer.Option(help="The citizen service number; - asks for it, so that no history keeps it.")
    ] = None,
    postcode: Annotated[str | None, typer.Option(help="Postcode of the address.")] = None,
    number: Annotated[int | None, typer.Option(help="House number.")] = None,
    letter: Annotated[str | None, typer.Option(help="House letter.")] = None,
    addition: Annotated[str | None, typer.Option(help="Addition to the house number.")] = None,
    also: Annotated[
        list[str] | None, typer.Option(help="FILE:LINE of a row that may be meant, and is; may be repeated.")
    ] = None,
    export: Annotated[Path | None, typer.Option(help="File (JSON) to write all that is held to.")] = None,
    by: Annotated[str, typer.Option(help="Who erases.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
) -> None:
    """Answer a person's request: write what is held (--export), erase it (--by, --reason)."""
    from vroegsignaal import erasing

    here = settings.load()
    if bsn == "-":
        bsn = typer.prompt("BSN", hide_input=True, err=True)
    person = erasing.Person(municipality, bsn, postcode, number, letter, addition, tuple(map(_place, also or [])))
    _start_warehouse(here)
    if export is not None:
        rows = erasing.write_export(here, person, export.absolute())
        typer.echo(f"Written: {export.absolute()} ({rows} rows as delivered). It holds personal data.")
    if by or reason or dry_run or export is None:
        typer.echo(erasing.erase(here, person, by, reason, dry_run=dry_run).told())


@app.command()
def purge(
    on: Annotated[str | None, typer.Option(help="The day, jjjj-mm-dd; else today.")] = None,
    by: Annotated[str, typer.Option(help="Who erases.")] = "vroegsignaal purge",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    restored: Annotated[
        bool, typer.Option("--restored", help="Erase again what a restored backup brought back, by the proofs.")
    ] = False,
) -> None:
    """Erase what is past the term that the policy sets (retain_…_months); every erasure leaves a proof."""
    from vroegsignaal import erasing
    from vroegsignaal.months import now_here

    here = settings.load()
    day = _day(on) if on else now_here().date()
    _start_warehouse(here)
    if restored:
        again = erasing.erase_again(here)
        typer.echo(f"Erased again: {', '.join(again) or 'nothing, all that was erased still is'}.")
        return
    for erasure in erasing.purge(here, day, by, dry_run=dry_run):
        typer.echo(erasure.told())


@app.command()
def reads(
    municipality: Annotated[str | None, typer.Option(help="Only of this municipality.")] = None,
    month: Annotated[str | None, typer.Option(help="Only of this month, jjjj-mm.")] = None,
) -> None:
    """Tell who read which list with names and addresses in the warehouse, and when."""
    from vroegsignaal import reading, warehouse
    from vroegsignaal.months import Month

    of_month = Month.parse(month).first_day if month else None
    here = settings.load()
    _start_warehouse(here)
    with warehouse.connect(here, "loader") as connection:
        rows = warehouse.fetch(
            connection,
            "select to_char(read_at at time zone 'Europe/Amsterdam', 'YYYY-MM-DD HH24:MI:SS'), municipality_code,"
            " to_char(signal_month, 'YYYY-MM'), list, read_by, read_from from quality.list_read"
            " where municipality_code = coalesce(%s, municipality_code) and signal_month = coalesce(%s, signal_month)"
            " order by read_at",
            [municipality, of_month],
        )
    reading.write_table(("when", "municipality", "month", "list", "login", "from"), rows, sys.stdout)


# -- the stack


@app.command()
def up() -> None:
    """Start the warehouse and Airflow, and leave them running."""
    from vroegsignaal import replay, warehouse

    here = settings.load()
    warehouse.ensure_running(here)
    warehouse.ensure_metadata(here)
    airflow = replay.airflow(here, detached=True)
    airflow.start()
    there = airflow.status()
    typer.echo(f"Airflow: {there.url} (user {there.user}, password in {there.password_file})")
    typer.echo("Warehouse: vroegsignaal uri --role bi. Stop both with vroegsignaal down.")


@app.command()
def down() -> None:
    """Stop Airflow and the embedded warehouse of this home."""
    from vroegsignaal import replay, warehouse

    here = settings.load()
    if not warehouse.server(here).exists():
        typer.echo(f"Nothing was ever started in {here.home}.")
        return
    replay.airflow(here, detached=True).stop()
    warehouse.server(here).stop()
    typer.echo("Stopped.")


@app.command()
def status(
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 unless all is healthy: for monitoring.")] = False,
    format: Annotated[str, typer.Option("--format", help="text or json.")] = "text",  # noqa: A002
) -> None:
    """Say what runs, where things are, how far each municipality is, and what waits, is late or failed."""
    from vroegsignaal import console

    if format not in ("text", "json"):
        raise UsageError(f"'{format}' is not a format: choose one of text, json.")
    is_healthy = console.print_status(settings.load(), as_json=format == "json")
    if check and not is_healthy:
        sys.exit(1)


if __name__ == "__main__":
    main()
