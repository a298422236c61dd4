"""Broken deliveries, generated from a seed: good ones with one thing wrong, for all kinds of feeds."""

from __future__ import annotations

from .case import Case
from .write import MONTH, MUNICIPALITY, SECRET, write

__all__ = ["MONTH", "MUNICIPALITY", "SECRET", "Case", "write"]
