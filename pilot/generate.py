"""Write the pilot's landing area: what the creditors and the municipality would have delivered, month by month.

Everything is drawn from seeded generators, so the files are the same, byte for byte, wherever they are made.
"""

import csv
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from pilot.deliveries import COLUMNS, Row, Writer, number_rows
from pilot.faults import CHANGES, Drop, doubles, faults_per_drop, faulty_row
from pilot.households import Household, Signal, all_households, spare_homes
from pilot.registers import DEBT_HELP_COLUMNS, RESIDENT_COLUMNS, Registers
from pilot.ris import COLUMNS as REGISTRATION_COLUMNS
from pilot.ris import Registration
from pilot.scope import CREDITORS, MONTHS, MUNICIPALITY, REGISTERED_MONTHS


def write_landing(to: Path) -> None:
    """Write what was delivered in all months under `<to>/0637/<jjjj-mm>/`, in the default dialect."""
    households = all_households()
    registers = Registers(households)
    root = Path(to) / MUNICIPALITY
    for (month, creditor), rows in deliveries(households):
        _write(root / month / "signals" / f"{creditor}.csv", COLUMNS, rows)
    for month in MONTHS:
        _write(root / month / "brp" / "personen.csv", RESIDENT_COLUMNS, registers.residents(month))
        _write(root / month / "shv" / "trajecten.csv", DEBT_HELP_COLUMNS, registers.debt_help(month))
    registration = Registration({household.plan_id: household.address for household in households})
    for month in REGISTERED_MONTHS:
        for name, rows in registration.export(month).items():
            _write(root / month / "ris" / f"{name}.csv", REGISTRATION_COLUMNS[name], rows)


def deliveries(households: list[Household]) -> Iterator[tuple[Drop, list[Row]]]:
    """Every delivery that was made; where the report prints a dash there is no file at all."""
    reported = _by_drop(households)
    faults = faults_per_drop(list(reported))
    # Faulty rows are few, and none of the households lives at the last homes.
    spare = iter(spare_homes(sum(count for _, count in CHANGES.values())))
    writers = {creditor: Writer(creditor) for creditor in CREDITORS}
    for (month, creditor), signals in reported.items():
        rng = random.Random(f"file {month} {creditor}")
        writer = writers[creditor]
        accepted = [writer.row(household, signal) for household, signal in signals]
        faulty = [faulty_row(f, writer, month, next(spare), rng) for f in faults[month, creditor] if f in CHANGES]
        rows = accepted + faulty
        rng.shuffle(rows)
        number_rows(rows, creditor, month)
        wrong = [
            row | {"signaal_id": f"{row['signaal_id']}-1", "bedrag": signal.wrong_amount}
            for row, (_, signal) in zip(accepted, signals, strict=True)
            if signal.wrong_amount
        ]
        yield (month, creditor), rows + wrong + doubles(accepted, faults[month, creditor], rng)


def _by_drop(households: list[Household]) -> dict[Drop, list[tuple[Household, Signal]]]:
    """The signals of each delivery, months in order."""
    found: dict[Drop, list[tuple[Household, Signal]]] = {(m, c): [] for m in MONTHS for c in CREDITORS}
    for household in households:
        for signal in household.signals:
            found[signal.month, signal.creditor].append((household, signal))
    return {drop: signals for drop, signals in found.items() if signals}


def _write(path: Path, columns: Sequence[str], rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
