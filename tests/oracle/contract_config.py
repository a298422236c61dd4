"""The configuration folder as the contract describes it: creditors, agreements, municipalities and policy."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

DEFAULTS = {
    "capacity": Decimal(0),
    "reserve_size": Decimal(0),
    "threshold_eur": Decimal(50),
    "plausible_maximum_eur": Decimal(17000),
    "maximum_age_days": Decimal(100),
    "window_months": Decimal(3),
    "cool_off_months": Decimal(3),
    "closing_working_days": Decimal(30),
}


@dataclass(frozen=True)
class Config:
    """The rows of the four required files; every question about a date is answered for the day that is given."""

    sectors: dict[str, str]
    municipalities: tuple[str, ...]
    agreements: tuple[dict[str, str], ...]
    policy: tuple[dict[str, str], ...]

    def has_agreement(self, municipality: str, creditor: str, day: date) -> bool:
        """Tell whether the creditor is registered and has an agreement that is valid on the day."""
        return creditor in self.sectors and creditor in self.agreed(municipality, day)

    def agreed(self, municipality: str, day: date) -> set[str]:
        """Return the creditors with an agreement valid on the day; first and last day belong to the agreement."""
        return {
            row["creditor"]
            for row in self.agreements
            if row["municipality_code"] == municipality
            and date.fromisoformat(row["valid_from"]) <= day
            and (not row["valid_to"] or day <= date.fromisoformat(row["valid_to"]))
        }

    def value(self, municipality: str, parameter: str, day: date, sector: str = "") -> Decimal:
        """Return the policy value in force on the day: the sector's own row, else the general one, else the default."""
        for wanted in [sector, ""] if sector else [""]:
            versions = [
                row
                for row in self.policy
                if (row["municipality_code"], row["parameter"], row["sector"]) == (municipality, parameter, wanted)
                and date.fromisoformat(row["valid_from"]) <= day
            ]
            if versions:
                return Decimal(max(versions, key=lambda row: row["valid_from"])["value"])
        return DEFAULTS[parameter]


def read_rows(path: Path) -> tuple[dict[str, str], ...]:
    """Read a configuration file (plain CSV with commas); an absent value is an empty text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(
            {name.strip(): (value or "").strip() for name, value in row.items()} for row in csv.DictReader(file)
        )


def read_config(folder: Path) -> Config:
    """Read the configuration folder."""
    return Config(
        sectors={row["creditor"]: row["sector"] for row in read_rows(folder / "creditors.csv")},
        municipalities=tuple(sorted(row["municipality_code"] for row in read_rows(folder / "municipalities.csv"))),
        agreements=read_rows(folder / "agreements.csv"),
        policy=read_rows(folder / "policy.csv"),
    )
