"""Our own log: a line for every step, with what it was about, its counts and its seconds. Never a value.

With `VROEGSIGNAAL_LOG=json` each line is a JSON object; else it is words. In Airflow the lines are in the log of the
task; a command writes them to the standard error, where they are JSON.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from vroegsignaal.months import Month, now_here

Given, Gives = ParamSpec("Given"), TypeVar("Gives")
_LOGGER = logging.getLogger("vroegsignaal")
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
"""What a text in the log may be: a code, a name of a step or of a class."""


def configure() -> None:
    """Have a command write the lines to its standard error, where the setting asks for JSON."""
    if _as_json() and not _LOGGER.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        _LOGGER.addHandler(handler)
        _LOGGER.setLevel(logging.INFO)
        _LOGGER.propagate = False


def tell(event: str, level: int = logging.INFO, **facts: object) -> None:
    """Write a line. Facts are numbers, months, days and codes: raises TypeError for anything that could be a value."""
    for name, fact in facts.items():
        if not (fact is None or isinstance(fact, int | float | Month | date) or _is_code(fact)):
            raise TypeError(f"{name} of {event} is no number, month, day or code: it does not belong in a log.")
    if _as_json():
        told = {"time": now_here().isoformat(), "level": logging.getLevelName(level).lower(), "event": event} | facts
        line = json.dumps(told, default=str)
    else:
        line = " ".join([event, *(f"{name}={fact}" for name, fact in facts.items())])
    _LOGGER.log(level, "%s", line)


def step(name: str) -> Callable[[Callable[Given, Gives]], Callable[Given, Gives]]:
    """Tell of each call of a function: its month or day, the counts that it returned or the class of its error."""

    def telling(function: Callable[Given, Gives]) -> Callable[Given, Gives]:
        @wraps(function)
        def told(*given: Given.args, **by_name: Given.kwargs) -> Gives:
            about = {type(each).__name__.lower(): each for each in given if isinstance(each, Month | date)}
            started = time.monotonic()
            try:
                result = function(*given, **by_name)
            except BaseException as error:
                tell(f"{name} failed", logging.ERROR, **about, error=type(error).__name__, seconds=_since(started))
                raise
            tell(f"{name} done", **about, **_counts(result), seconds=_since(started))
            return result

        return told

    return telling


def _counts(result: object) -> dict[str, Any]:
    if not isinstance(result, dict):
        return {}
    return {f"n_{name}".replace(" ", "_"): count for name, count in result.items() if isinstance(count, int)}


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)


def _is_code(fact: object) -> bool:
    return isinstance(fact, str) and _CODE.fullmatch(fact) is not None


def _as_json() -> bool:
    return os.environ.get("VROEGSIGNAAL_LOG") == "json"
