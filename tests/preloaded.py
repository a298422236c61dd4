"""A server of processes that has loaded what takes seconds to load; what tests start hundreds of times is its fork.

`multiprocessing` has one such server in a process, so what it is to load stands here together.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection
from pathlib import Path

from vroegsignaal import dbt_process

MODULES = ("survival.child", *dbt_process.MODULES, "parsed_project")
# The variables of a process are those of all its threads.
_STARTING = threading.Lock()


def ensure_running() -> None:
    """Start the server; it does not take our path, but the variable."""
    with _STARTING:
        get_context("forkserver").set_forkserver_preload([*MODULES])
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
        try:
            forkserver.ensure_running()
        finally:
            del os.environ["PYTHONPATH"]
            if before:
                os.environ["PYTHONPATH"] = before


def run_dbt(words: list[str], variables: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess:
    """As `dbt_process.run`, from a process that has loaded dbt and read its project."""
    ensure_running()
    context = get_context("forkserver")
    answer, answering = context.Pipe(duplex=False)
    process = context.Process(target=_run_dbt, args=(answering, words, dict(variables), folder))
    process.start()
    answering.close()
    done = answer.recv()
    process.join()
    return done


def _run_dbt(answering: Connection, words: list[str], variables: dict[str, str], folder: Path) -> None:
    import parsed_project

    dbt_process.main = parsed_project.main
    answering.send(dbt_process.run(words, variables, folder))
