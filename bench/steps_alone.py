"""The steps of a month one after the other in one process, without Airflow."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection

import psutil

from bench import steps
from vroegsignaal import dbt_process
from vroegsignaal.months import Month

# As far as it is not Airflow itself, what Airflow's workers have loaded too; with the steps, our own library.
_LOADED = ("great_expectations.expectations", *dbt_process.MODULES, "bench.steps")


@dataclass(frozen=True)
class Alone:
    """The seconds of each step and of all, and the megabytes of their process at the end."""

    steps: dict[str, float]
    seconds: float
    megabytes: float


def run(variables: Mapping[str, str], month: Month) -> Alone:
    """Run the month with these variables in a fork of a process that has loaded what takes long to load.

    Raises RuntimeError when a step fails, which says why on the standard error.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(list(_LOADED))
    answer, answering = context.Pipe(duplex=False)
    process = context.Process(target=_take_steps, args=(answering, dict(variables), month))
    process.start()
    answering.close()
    try:
        return answer.recv()
    except EOFError:
        raise RuntimeError("a step failed: what it says stands above") from None
    finally:
        process.join()


def _take_steps(answering: Connection, variables: dict[str, str], month: Month) -> None:
    os.environ.update(variables)
    began = time.perf_counter()
    took = steps.run(month)
    answering.send(Alone(took, time.perf_counter() - began, psutil.Process().memory_info().rss / 1024 / 1024))
