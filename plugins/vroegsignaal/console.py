"""What the person who typed a command sees: a bar while months run, and what they came to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from vroegsignaal import configuration, health, landing, replay, warehouse
from vroegsignaal.months import Month
from vroegsignaal.orchestrator import RunResult, Step
from vroegsignaal.orchestrator.runs import Progress as Report
from vroegsignaal.replay import MonthTotals, Replay
from vroegsignaal.settings import Settings, without_password

STEPS_OF_A_MONTH = 7
MOST_REMARKS = 40
# Where nobody watches there is no window to fit in.
# Names of files are printed as they are.
out = Console(highlight=False, markup=False, soft_wrap=True, width=None if sys.stdout.isatty() else 120)


@contextmanager
def progress_bar(months: list[Month]) -> Iterator[Report]:
    """A bar that a run reports its steps to; where nobody watches (a log, a pipe), a line for each month done."""
    bar = Progress(
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=out,
        disable=not out.is_terminal,
        transient=True,
    )
    with bar:
        whole = bar.add_task("starting Airflow", total=STEPS_OF_A_MONTH * len(months))
        left = dict.fromkeys(months, STEPS_OF_A_MONTH)

        def report(month: Month, flow: str, task: str, state: str) -> None:
            if state == "running":
                bar.update(whole, description=f"{month} {flow}: {task}")
            elif state == "success":
                bar.advance(whole)
                left[month] -= 1
                if not left[month] and not out.is_terminal:
                    out.print(f"{month} is done: {list(left.values()).count(0)} of {len(months)}")

        yield report


def summarise(here: Settings, months: list[Month], result: Replay) -> None:
    """Print what the months came to, where the seconds went and where the results are."""
    out.print(_months_table(result.totals, result.run.steps))
    out.print(_steps_table(result.run))
    _print_deliveries(here, result.totals)
    _print_remarks([*result.remarks, *remarks_on_files(here, months)])
    _print_changes(result)
    out.print(f"Walking lists and notices: {here.out}")
    out.print("Tables: vroegsignaal query 'select * from mart.matches_by_month', or the address from vroegsignaal uri")


def _months_table(totals: list[MonthTotals], steps: list[Step]) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_footer=True,
        caption="signals: accepted rows; quarantined: rows; rejected, missing: drops; matches, selected: households",
    )
    names = ("signals", "quarantined", "rejected_drops", "missing_drops", "matches", "selected")
    seconds = {each.month: sum(step.seconds or 0 for step in steps if step.month == each.month) for each in totals}
    table.add_column("month", footer="all")
    for name in names:
        whole = sum(getattr(each, name) for each in totals)
        table.add_column(name.removesuffix("_drops"), footer=str(whole), justify="right")
    table.add_column("seconds", footer=f"{sum(seconds.values()):.1f}", justify="right")
    for each in totals:
        table.add_row(str(each.month), *(str(getattr(each, name)) for name in names), f"{seconds[each.month]:.1f}")
    return table


def _steps_table(run: RunResult) -> Table:
    """The seconds of each step. Steps of two months run side by side, so they add up to more than the whole took."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption=f"The months took {run.seconds:.0f} s in all.")
    for name in ("step", "runs", "seconds a month (median)", "longest", "in all"):
        table.add_column(name, justify="left" if name == "step" else "right")
    by_step: dict[str, list[float]] = {}
    for step in run.steps:
        by_step.setdefault(f"{step.flow}: {step.task}", []).append(step.seconds or 0)
    for name, took in by_step.items():
        table.add_row(name, str(len(took)), f"{median(took):.1f}", f"{max(took):.1f}", f"{sum(took):.1f}")
    return table


def _print_deliveries(here: Settings, totals: list[MonthTotals]) -> None:
    rejected = sum(each.rejected_drops for each in totals)
    missing = sum(each.missing_drops for each in totals)
    quarantined = sum(each.quarantined for each in totals)
    if rejected or missing or quarantined:
        out.print(
            f"{rejected} deliveries rejected, {missing} missing, {quarantined} rows quarantined: what was wrong and"
            f" what to do is in {here.out}/<gemeentecode>/<jjjj-mm>/, per creditor in meldingen/ and for the"
            " municipality's own registers in bevindingen.csv."
        )


def remarks_on_files(here: Settings, months: list[Month]) -> list[str]:
    """What lies in the landing area or the configuration that nothing was done with, and may have been meant."""
    remarks = configuration.remarks(here)
    for month in months:
        towns = landing.municipalities(here, month)
        remarks += [f"Not read, because it belongs to no feed: {name}" for name in landing.unrecognised(here, month)]
        if not towns:
            remarks.append(
                f"Nothing was delivered for {month}: no municipality has a folder for it in"
                f" {without_password(here.landing)}."
            )
    remarks += [
        f"Not looked at: {name} is no folder <gemeentecode>/<jjjj-mm>, such as 0637/2018-09."
        for name in landing.not_looked_at(here)
    ]
    return remarks


def _print_remarks(remarks: list[str]) -> None:
    for remark in remarks[:MOST_REMARKS]:
        out.print(remark)
    if len(remarks) > MOST_REMARKS:
        out.print(f"… and {len(remarks) - MOST_REMARKS} more like these.")


def _print_changes(result: Replay) -> None:
    if result.first:
        return
    if result.changed:
        out.print(f"Changed since before this replay: {', '.join(result.changed)}.")
    else:
        out.print("No row of core or mart changed.")


def print_status(here: Settings, *, as_json: bool = False) -> bool:
    """Print what runs, where things are and how far each municipality is; whether all is healthy."""
    if not as_json:
        out.print(f"Home: {here.home}\nLanding area: {without_password(here.landing)}")
        out.print(f"Results: {here.out}\nConfiguration: {here.config}")
    if not (here.warehouse or warehouse.server(here).exists()):
        if as_json:
            print_json(health.Health("down"))
        else:
            out.print(
                "Nothing was ever started here: `make run` replays the pilot, `vroegsignaal month` runs one month."
            )
        return False
    found = health.look(here)
    if as_json:
        print_json(found)
    else:
        _print_state(here, found)
    return not found.complaints


def print_json(found: health.Health) -> None:
    """Print it for machines: one object, with days and moments as ISO 8601 writes them."""
    sys.stdout.write(json.dumps(found.as_json(), default=lambda value: value.isoformat(), indent=2) + "\n")


def _print_state(here: Settings, found: health.Health) -> None:
    there = replay.airflow(here).status()
    told = f"{there.url} (user {there.user}, password in {there.password_file})" if there.running else found.airflow
    out.print(f"Airflow: {told}")
    if found.flows_switched_off and found.airflow == "up":
        out.print(f"Switched off in Airflow: {', '.join(found.flows_switched_off)}")
    embedded = "embedded, " + (
        "up" if found.warehouse == "up" else "down (it was started to answer this, and is stopped again)"
    )
    out.print(f"Warehouse: {f'VROEGSIGNAAL_WAREHOUSE, {found.warehouse}' if here.warehouse else embedded}")
    if found.warehouse == "unreachable":
        return
    with replay.warehouse_running(here):
        out.print(_ledger_table(here))
    out.print(_towns_table(found))
    out.print(
        "Healthy." if not found.complaints else "\n".join(["Not healthy:", *map("- {}".format, found.complaints)])
    )


def _towns_table(found: health.Health) -> Table:
    """How far each municipality is, as `health.Town` has it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption="held rows, mails refused: of the last month received")
    for name in ("municipality", "received", "matched", "approved", "waiting", "held rows", "mails refused", "late"):
        table.add_column(name)
    for town in found.municipalities:
        waiting = ", ".join(f"{each.month} since {each.since}, until {each.until}" for each in town.waiting)
        late = f"{town.late.month}: not {town.late.lacks}" if town.late else ""
        reached = (each or "" for each in (town.received, town.matched, town.approved))
        table.add_row(town.municipality_code, *reached, waiting, str(town.held_rows), str(town.mails_refused), late)
    return table


def _ledger_table(here: Settings) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("municipality", "month", "accepted", "superseded", "rejected", "approved"):
        table.add_column(name)
    with warehouse.connect(here, "transformer") as connection:
        rows = warehouse.fetch(
            connection,
            """
            select
                municipality_code, to_char(signal_month, 'YYYY-MM'),
                count(*) filter (where ledger.status = 'accepted'),
                count(*) filter (where ledger.status = 'superseded'),
                count(*) filter (where ledger.status = 'rejected'),
                case
                    when approval.approved_at is null then 'no' when approval.automatic then 'automatically' else 'yes'
                end
            from raw.month_received as received
            left join raw.drop_ledger as ledger using (municipality_code, signal_month)
            left join decision.approval as approval using (municipality_code, signal_month)
            group by municipality_code, signal_month, approval.approved_at, approval.automatic
            order by 1, 2
            """,
        )
    for row in rows:
        table.add_row(*map(str, row))
    return table
