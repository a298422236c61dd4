"""The peer of matching: DuckDB, with tables of its own that hold the same rows."""

from __future__ import annotations

from pathlib import Path

import duckdb

from vroegsignaal import warehouse
from vroegsignaal.months import Month
from vroegsignaal.settings import Settings

STATEMENTS = (Path(__file__).parent / "match_duckdb.sql").read_text()
THREADS = 2
_SIGNAL = """
    select municipality_code, household_id, creditor, signal_month, signaal_id, bedrag, ontstaansdatum, line_no,
        coalesce(crisissignaal, false)
    from quality.accepted_signals inner join raw.drop_ledger using (drop_id, municipality_code, signal_month, creditor)
    where status = 'accepted'
"""
_DOSSIER = """
    select municipality_code, household_id, dossier_id, signal_month, drop_id, line_no, aangemaakt_op, matchmaand,
        afgesloten_op, ingetrokken_op
    from quality.accepted_ris_dossiers
"""
_PARAMETERS = (
    "capacity", "reserve_size", "minimum_creditors", "window_months", "cool_off_months", "closing_working_days",
)  # fmt: skip
_VALUES = ", ".join(f"max(value) filter (where parameter = '{each}')::integer" for each in _PARAMETERS)
_POLICY = f"select municipality_code, {_VALUES} from config.policy_on({{day}}) group by municipality_code"
TABLES = {
    "signal": (
        _SIGNAL,
        "municipality_code varchar, household_id bigint, creditor varchar, signal_month date, signal_id varchar,"
        " amount_eur decimal(12, 2), arrears_since date, line_no bigint, is_crisis boolean",
    ),
    "withdrawal": (
        "select municipality_code, creditor, signaal_id, signal_month from quality.accepted_withdrawals",
        "municipality_code varchar, creditor varchar, signal_id varchar, signal_month date",
    ),
    "resident": (
        "select municipality_code, household_id, wijk, opschorting from quality.accepted_brp",
        "municipality_code varchar, household_id bigint, district varchar, suspension varchar",
    ),
    "debt_help": (
        "select municipality_code, household_id, startdatum, einddatum from quality.accepted_shv",
        "municipality_code varchar, household_id bigint, started_on date, ended_on date",
    ),
    "dossier": (
        _DOSSIER,
        "municipality_code varchar, household_id bigint, dossier_id varchar, register_month date, drop_id bigint,"
        " line_no bigint, created_on date, match_month date, closed_on date, withdrawn_on date",
    ),
    "creditor": ("select creditor, sector from config.creditors", "creditor varchar, sector varchar"),
    "threshold": (
        "select municipality_code, sector, value from config.policy_on({day}) where parameter = 'threshold_eur'",
        "municipality_code varchar, sector varchar, threshold_eur decimal(12, 2)",
    ),
    "policy": (
        _POLICY,
        f"municipality_code varchar, {', '.join(f'{each} integer' for each in _PARAMETERS)}",
    ),
    "holiday": ("select day from config.holiday union select day from config.equated_days", "day date"),
}
"""Of each table the query in PostgreSQL that its rows come from, and its columns."""


class Peer:
    """DuckDB with the month's rows in tables of its own, in memory."""

    def __init__(self, here: Settings, month: Month, folder: Path) -> None:
        """Load the rows from the warehouse, through files in the folder: no row passes through Python."""
        self.connection = duckdb.connect(config={"threads": THREADS})
        self.connection.execute(f"set variable month = date '{month.first_day}'")
        self.connection.execute(f"set variable match_day = date '{month.match_day}'")
        day = f"date '{month.match_day}'"
        with warehouse.connect(here, "owner") as source:
            for name, (query, columns) in TABLES.items():
                file = folder / f"{name}.csv"
                statement = f"copy ({query.format(day=day)}) to stdout (format csv, header)"
                with file.open("wb") as target, source.cursor().copy(statement) as out:  # type: ignore[arg-type]
                    for chunk in out:
                        target.write(chunk)
                self.connection.execute(f"create table {name} ({columns})")
                self.connection.execute(
                    f"insert into {name} from read_csv('{file}', header = true, all_varchar = true)"
                )
                file.unlink()

    def match_and_select(self) -> None:
        """Make its tables of matches, candidates and proposals anew."""
        self.connection.execute(STATEMENTS)

    def rows(self, query: str) -> list[tuple]:
        """What a query gives."""
        return self.connection.execute(query).fetchall()
