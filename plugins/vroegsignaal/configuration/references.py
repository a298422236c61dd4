"""What one configuration file says of another, and values that are well formed but cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator

from vroegsignaal import contract, exchange_model
from vroegsignaal.configuration.files import Row
from vroegsignaal.errors import PlatformError

SEVERITY = "severity_"
"""What the parameters of a policy begin with that set the severity of a rule."""
_AT_LEAST = {"window_months": 1, "volume_factor": 1, "small_cell_minimum": 3}
"""Under three, what is withheld for being small would be known: it is one."""
_DIGITS_OF_A_YEAR = 4
_SIDES = ("kosten", "baten", "verhouding")
COST_BASES = ("inhabitants_year", "dossiers", "walked", "attempts", "contact", "plan", "accepted")
"""The numbers of a period that `mart.cost_scenarios` multiplies with, beside the costs themselves."""
SIGNAL_REASONS = ("open", "picked_up", "in_debt_help", "deceased", "moved_or_deceased", "address_unknown", "repeated")
SIGNAL_REASONS += ("unjust", "taken_back", "no_case", "reserve", "open_dossier", "approached_recently")
SIGNAL_REASONS += ("below_threshold", "over_capacity", "not_matched", "not_checked")
"""What becomes of a signal: each has a national status. See `core.signal_status`."""
GENERAL = "Niet opgepakt: andere reden"
"""What a creditor is told in the place of a status or an outcome that is not in feedback_codes.csv."""
_MAY_HAVE_DECIMALS = ("_eur", "_pct", "_factor", "_spreads")

Rows = dict[str, list[Row]]
"""The rows of every configuration file, by its name."""


def check(rows: Rows) -> None:
    """Raise PlatformError, with file and line, for a name that is not defined or a value that cannot be meant."""
    _check_creditors(rows)
    _check_policy(rows)
    _check_aliases(rows)
    _check_benchmarks(rows)
    _check_statuses(rows)
    _check_feedback(rows)
    _check_exchange(rows)
    _check_national_codes(rows)
    for row in rows["cost_items"]:
        _check_cost_item(row)
    for row in [*rows["agreements"], *rows["districts"]]:
        if row["valid_to"] is not None and row["valid_to"] < row["valid_from"]:
            raise PlatformError(f"{row['place']}: valid_to ({row['valid_to']}) lies before valid_from.")
    for row in rows["periods"]:
        if row["period_end"] < row["period_start"]:
            raise PlatformError(f"{row['place']}: period_end ({row['period_end']}) lies before period_start.")


def remarks(rows: Rows) -> list[str]:
    """Names that no other file knows: allowed, since files may be shared, but often a slip of the pen."""
    return list(_remarks(rows))


def _check_creditors(rows: Rows) -> None:
    sectors = {row["sector"] for row in rows["sectors"]}
    for row in rows["creditors"]:
        if row["sector"] not in sectors:
            raise PlatformError(
                f"{row['place']}, creditor {row['creditor']}: sector '{row['sector']}' is none of {sorted(sectors)}."
            )
    creditors = {row["creditor"] for row in rows["creditors"]}
    for row in rows["portals"]:
        if row["portal"] in creditors:
            raise PlatformError(f"{row['place']}: portal {row['portal']} has the name of a creditor in creditors.csv.")


def _check_policy(rows: Rows) -> None:
    sectors = {row["sector"] for row in rows["sectors"]}
    parameters = {row["parameter"] for row in rows["policy_parameters"]}
    for row in [*rows["policy"], *rows["policy_presets"]]:
        if row["parameter"].startswith(SEVERITY):
            _check_severity(row)
        elif row["parameter"] not in parameters:
            raise PlatformError(f"{row['place']}: parameter '{row['parameter']}' is none of {sorted(parameters)}.")
        else:
            _check_value(row)
        if row["sector"] is not None and row["sector"] not in sectors:
            raise PlatformError(f"{row['place']}: sector '{row['sector']}' is none of {sorted(sectors)}.")


def _check_severity(row: Row) -> None:
    """A policy may set the severity of a further rule on rows, not of an agreed one."""
    rule = row["parameter"].removeprefix(SEVERITY)
    if rule not in contract.raisable_rules():
        raise PlatformError(
            f"{row['place']}: '{rule}' is no rule of which a policy sets the severity; those are "
            f"{', '.join(sorted(contract.raisable_rules()))}."
        )
    if float(row["value"]) not in (1, 2):
        raise PlatformError(f"{row['place']}: the value of {row['parameter']} is 1 (info) or 2 (the row is held back).")


def _check_value(row: Row) -> None:
    value, parameter = float(row["value"]), row["parameter"]
    least = _AT_LEAST.get(parameter, 0)
    if value < least:
        raise PlatformError(f"{row['place']}: the value of {parameter} is {least} or more, not {row['value']}.")
    if not value.is_integer() and not parameter.endswith(_MAY_HAVE_DECIMALS):
        raise PlatformError(f"{row['place']}: the value of {parameter} is a whole number, not {row['value']}.")


def _check_cost_item(row: Row) -> None:
    """An item has a known basis and all its numbers, each in order, or none: then it is named and not counted."""
    if row["side"] not in _SIDES:
        raise PlatformError(f"{row['place']}, column side: '{row['side']}' is none of {', '.join(_SIDES)}.")
    # A return per euro is of the costs, and nothing else is.
    bases = ("costs",) if row["side"] == "verhouding" else COST_BASES
    if row["basis"] not in bases:
        raise PlatformError(
            f"{row['place']}, column basis: '{row['basis']}' is none of {', '.join(bases)}, which an item of"
            f" {row['side']} can be multiplied with."
        )
    numbers = [f"{kind}_{size}" for kind in ("rate", "unit_eur") for size in ("low", "mid", "high")]
    empty = [column for column in numbers if row[column] is None]
    if len(empty) == len(numbers):
        return
    if empty:
        raise PlatformError(
            f"{row['place']}, column {empty[0]}: an item has all six numbers, or none when it cannot be told in euros."
        )
    _check_in_order(row, numbers[:3], most=1)
    _check_in_order(row, numbers[3:], most=None)


def _check_in_order(row: Row, columns: list[str], most: int | None) -> None:
    """Each from 0 on, up to `most`, and none below the one before it."""
    before = None
    for column in columns:
        value = float(row[column])
        if value < 0 or (most is not None and value > most):
            allowed = "0 or more" if most is None else f"from 0 to {most}"
            raise PlatformError(f"{row['place']}, column {column}: {row[column]} is not {allowed}.")
        if before is not None and value < float(row[before]):
            raise PlatformError(
                f"{row['place']}, column {column}: {row[column]} is less than {before}, which is {row[before]}."
            )
        before = column


def _check_aliases(rows: Rows) -> None:
    columns = {column.name for feed in contract.feeds().values() for column in feed.columns}
    columns |= {row["creditor_column"].lower() for row in rows["portals"]}
    for row in rows["column_aliases"]:
        if row["column"] not in columns:
            raise PlatformError(
                f"{row['place']}: '{row['column']}' is no column of a feed; docs/data-dictionary.md lists them."
            )


def _check_benchmarks(rows: Rows) -> None:
    indicators = _codes(rows, "indicator")
    for row in rows["benchmarks"]:
        # A labels.csv from before there were indicators has none, and then nothing stands beside a benchmark.
        if indicators and row["indicator"] not in indicators:
            raise PlatformError(f"{row['place']}: indicator '{row['indicator']}' is none of {sorted(indicators)}.")
        if len(row["year"]) != _DIGITS_OF_A_YEAR:
            raise PlatformError(f"{row['place']}, column year: '{row['year']}' is not a year (jjjj).")
        if float(row["figure"]) < 0:
            raise PlatformError(f"{row['place']}: the figure is 0 or more, not {row['figure']}.")


def _check_statuses(rows: Rows) -> None:
    there = {row["reason"] for row in rows["signal_statuses"]}
    missing = [reason for reason in SIGNAL_REASONS if reason not in there]
    if missing:
        raise PlatformError(f"signal_statuses.csv has no status for {', '.join(missing)}: every signal has one.")


def _check_feedback(rows: Rows) -> None:
    """What a code is told as, is told as it is: else nobody could see from the file what is told."""
    as_they_are = {(row["list"], row["code"]) for row in rows["feedback_codes"] if row["code"] == row["told_as"]}
    for row in rows["feedback_codes"]:
        if row["list"] not in ("status", "outcome"):
            raise PlatformError(f"{row['place']}, column list: '{row['list']}' is neither status nor outcome.")
        if row["code"] == GENERAL != row["told_as"]:
            raise PlatformError(f"{row['place']}: '{GENERAL}' is told as it is, never why.")
        if (row["list"], row["told_as"]) not in as_they_are and row["told_as"] != GENERAL:
            raise PlatformError(f"{row['place']}, column told_as: '{row['told_as']}' is no code that is told as it is.")


def _check_exchange(rows: Rows) -> None:
    """What is delivered to Statistics Netherlands has to be on its lists, in a version that can be written."""
    for row in rows["ddas_senders"]:
        if row["version"] not in exchange_model.VERSIONS:
            raise PlatformError(
                f"{row['place']}: version {row['version']} of DDAS cannot be delivered; those that can: "
                f"{', '.join(exchange_model.VERSIONS)}."
            )
    for row in rows["ddas_codes"]:
        known = exchange_model.OF_LIST.get(row["list"], ())
        if row["ddas"] is not None and row["ddas"] not in known:
            raise PlatformError(
                f"{row['place']}: '{row['ddas']}' is no code of DDAS for {row['list']}; those are: "
                f"{', '.join(known) or 'none'}."
            )
    there = {(row["list"], row["code"]) for row in rows["ddas_codes"] if row["ddas"]}
    for name in ("sector", "contact_kind"):
        if (name, exchange_model.FOR_ALL_OTHERS) not in there:
            raise PlatformError(
                f"ddas_codes.csv has no row {name},{exchange_model.FOR_ALL_OTHERS}: it says what the codes without a "
                "row of their own become."
            )


def _check_national_codes(rows: Rows) -> None:
    """What becomes of a signal or a case is told in codes of DDAS."""
    for row in rows["signal_statuses"]:
        if row["status"] not in exchange_model.STATUSES or row["outcome"] not in (None, *exchange_model.OUTCOMES):
            raise PlatformError(f"{row['place']}: the status or the outcome is no code of DDAS.")
    registered = {row["code"] for row in rows["code_lists"] if row["list"] == "outcome"}
    for row in rows["labels"]:
        is_told = row["list"] == "national_outcome" and row["code"] in registered
        if is_told and row["label"] not in exchange_model.OUTCOMES:
            raise PlatformError(f"{row['place']}: '{row['label']}' is no outcome of DDAS.")


def _codes(rows: Rows, name: str) -> set[str]:
    return {row["code"] for row in rows["labels"] if row["list"] == name}


def _remarks(rows: Rows) -> Iterator[str]:
    creditors = {row["creditor"] for row in rows["creditors"]}
    municipalities = {row["municipality_code"] for row in rows["municipalities"]}
    registers = {feed.file.partition("/")[0] for feed in contract.feeds().values() if not feed.of_creditor}
    senders = creditors | {row["portal"] for row in rows["portals"]} | registers
    for row in rows["agreements"]:
        if row["creditor"] not in creditors:
            yield f"{row['place']}: creditor '{row['creditor']}' is not in creditors.csv; its deliveries are rejected."
    for row in [*rows["agreements"], *rows["policy"]]:
        if row["municipality_code"] not in municipalities:
            yield f"{row['place']}: municipality {row['municipality_code']} is not in municipalities.csv."
    for row in [*rows["dialects"], *rows["column_aliases"]]:
        if row["creditor"] not in senders:
            known = ", ".join(sorted(registers))
            yield f"{row['place']}: '{row['creditor']}' is no creditor, portal or register ({known})."
    labels = {row["label"] for row in [*rows["labels"], *rows["sectors"]]}
    for row in rows["benchmarks"]:
        if row["indicator"] in _codes(rows, "indicator") and row["dimension"] not in labels:
            yield f"{row['place']}: '{row['dimension']}' is no label of labels.csv or sectors.csv."
