"""Which households were reported by whom and became which dossiers, as solved once by `pilot.solve` and kept.

`signals.csv`: the signals of the households that match (amounts in euros; `wrong_amount` is a second, wrong row of the
same delivery). `single_signals.csv`: how many signals of each delivery belong to households that never match.
`dossiers.csv` and `dossier_signals.csv`: what the RIS says: an empty creditor or amount is not known there, a
dossier without a walking month is January's, loaded again in February, and one without an outcome was withdrawn. A
household that had refused and stands in the place of another names that one under `instead_of`. A total is a figure of
its own where an amount is missing.
`casework.csv`, `attempts.csv` and `help.csv`: what became of the dossiers day by day, as it would stand in the RIS.
"""

import csv
from pathlib import Path

FOLDER = Path(__file__).parent


def read(name: str) -> list[dict[str, str]]:
    """The rows of a plan file such as `signals`, as text."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def write(name: str, columns: tuple[str, ...], rows: list[tuple]) -> None:
    """Replace a plan file; only `pilot.solve` does so."""
    with (FOLDER / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
