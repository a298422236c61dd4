"""`python -m bench.ddas [--signals N]`: a delivery to Statistics Netherlands, its seconds and its memory.

The rows are made in the database, in the tables that a delivery is made from: every tenth signal is of a case, with
two attempts. The delivery is written by a process of its own, as it is in a flow. Ends with 1 when that took more than
500 MB, or a signal is missing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence

from bench.figures import Figure, table
from bench.warehouse_of_its_own import folder_of_its_own, warehouse_in
from vroegsignaal import settings, transform, warehouse
from vroegsignaal.months import Month

MONTH, MUNICIPALITY = Month.parse("2019-01"), "0637"
MOST_MEGABYTES = 500
_ONE_RUN = """
import json, re, sys, time
from pathlib import Path
from vroegsignaal import settings
from vroegsignaal.months import Month
from vroegsignaal.outbox import ddas
started = time.perf_counter()
month = Month.parse(sys.argv[2])
first = ddas.write(settings.load(), sys.argv[1], month, month)
print(json.dumps({
    "seconds": time.perf_counter() - started,
    # Its own alone: what getrusage tells counts what the process was before it became this program.
    "megabytes": int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024,
    "pages": len(ddas.of_folder(first.parent)),
    "written_megabytes": sum(page.stat().st_size for page in ddas.of_folder(first.parent)) / 1024 / 1024,
}))
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether it needs little enough."""
    parser = argparse.ArgumentParser(prog="bench.ddas", description=__doc__)
    parser.add_argument("--signals", type=int, default=1_000_000)
    measured = figures(1, parser.parse_args(arguments).signals)
    print(table(measured))
    return int(any(each.is_missed for each in measured))


def figures(runs: int = 1, signals: int = 1_000_000) -> list[Figure]:
    """Seconds of a delivery of one month's signals, and the memory of the process that writes it.

    Raises ValueError when it does not hold every signal.
    """
    with folder_of_its_own() as folder, warehouse_in(folder) as here:
        transform.derive(MONTH)
        transform.publish(MONTH)
        fill(here, signals)
        command = [sys.executable, "-c", _ONE_RUN, MUNICIPALITY, str(MONTH)]
        measured = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(runs)]
        told = count(here)["signals"]
    if told != signals:
        raise ValueError(f"{told} of {signals} signals were delivered")
    seconds, megabytes = (statistics.median(each[name] for each in measured) for name in ("seconds", "megabytes"))
    size = f"{signals:,} signals"
    return [
        Figure("DDAS delivery", size, seconds, memory_mb=megabytes),
        Figure("DDAS delivery, memory", size, megabytes, "MB", limit=MOST_MEGABYTES),
    ]


def fill(here: settings.Settings, signals: int) -> None:
    """So many signals of one month, a tenth of them in cases."""
    values = {"municipality": MUNICIPALITY, "month": MONTH.first_day, "signals": signals}
    with warehouse.connect(here, "owner") as connection:
        connection.execute(
            "insert into raw.drop_ledger (drop_id, municipality_code, signal_month, feed, creditor, delivery, sha256,"
            " file, status, rows_read, rows_accepted, decimal_separator, thousands_separator) values"
            " (1, %(municipality)s, %(month)s, 'signals', 'menzis', 1, '', '', 'accepted', %(signals)s, %(signals)s,"
            " ',', '.')",
            values,
        )
        for statement in _ROWS.split(";\n\n"):
            connection.execute(statement, values)  # type: ignore[arg-type]
    with warehouse.open_connection(here, "owner") as connection:
        connection.execute("analyze")


def count(here: settings.Settings) -> dict[str, int]:
    """How many signals and cases the pages hold, each read on its own."""
    counts = {"signals": 0, "cases": 0}
    for page in (here.out / MUNICIPALITY / str(MONTH)).glob("ddas*.json"):
        (delivery,) = json.loads(page.read_text(encoding="utf-8"))["leveringen"]
        counts["signals"] += len(delivery["vroegsignalen"])
        counts["cases"] += len(delivery["vroegsignaalzaken"])
    return counts


_ROWS = """
insert into quality.accepted_signals (
    drop_id, line_no, municipality_code, signal_month, creditor, household_id, signaal_id, klantnummer, bsn, achternaam,
    geboortedatum, huisnummer, postcode, bedrag, ontstaansdatum, signaaldatum
)
select
    1, n, %(municipality)s, %(month)s, 'menzis', n, 's' || n, 'k' || n, case when n %% 2 = 0 then '999990019' end,
    'Proef', '1980-01-01', 1 + n %% 999, '2711AA', 50 + n %% 1000, %(month)s, %(month)s + 9
from generate_series(1, %(signals)s) as n;

insert into core.ddas_signal (
    municipality_code, signal_month, drop_id, line_no, household_id, creditor, signal_id, dossier_id, status,
    partner_type, is_crisis, is_warm_handover, whole_eur, arrears_since, signal_date
)
select
    municipality_code, signal_month, drop_id, line_no, household_id, creditor, signaal_id,
    case when line_no %% 10 = 0 then 'd' || line_no / 20 end,
    case when line_no %% 10 = 0 then 'Opgepakt' else 'Niet opgepakt: andere reden' end,
    'Zorg', false, false, bedrag, ontstaansdatum, signaaldatum
from quality.accepted_signals;

insert into core.ddas_case (
    municipality_code, signal_month, dossier_id, household_id, matched_on, window_starts_on, window_ends_on,
    picked_up_on, outcome
)
select
    %(municipality)s, %(month)s, 'd' || n, n, %(month)s + 24, %(month)s - 67, %(month)s + 24, %(month)s + 27,
    'Definitief geen contact kunnen krijgen'
from generate_series(0, %(signals)s / 20) as n;

insert into core.ddas_attempt (municipality_code, dossier_id, attempted_on, part_of_day, contact_kind, is_reached)
select municipality_code, dossier_id, picked_up_on + attempt, 'Avond', 'Huisbezoek', attempt = 2
from core.ddas_case
cross join generate_series(1, 2) as attempt;

-- As of that month.
insert into core.signal_status (municipality_code, as_of, status, status_on)
values (%(municipality)s, %(month)s, 'ended', %(month)s)
"""


if __name__ == "__main__":
    sys.exit(main())
