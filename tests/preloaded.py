"""A server of processes that has loaded what takes seconds to load; what tests start hundreds of times is its fork.

`multiprocessing` has one such server in a process, so what it is to load stands here together.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing import forkserver, get_context
from pathlib import Path

from vroegsignaal import dbt_process

MODULES = ("survival.child", *dbt_process.MODULES, "parsed_project")


def ensure_running() -> None:
    """Start the server; it does not take our path, but the variable."""
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
    """What `transform` does to run dbt, forked: the process, its variables and its end are dbt's own all the same."""
    ensure_running()
    with tempfile.TemporaryDirectory() as place:
        printed = Path(place, "printed")
        process = get_context("forkserver").Process(
            target=_dbt, args=(words, dict(variables), str(folder), str(printed))
        )
        process.start()
        process.join()
        return subprocess.CompletedProcess(words, process.exitcode, printed.read_text(), "")


def _dbt(words: list[str], variables: dict[str, str], folder: str, printed: str) -> None:
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    # What dbt waits for is the end of a pipe, which closes when nobody needs dbt any more: here, never.
    os.dup2(os.pipe()[0], 0)
    output = os.open(printed, os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    import parsed_project

    sys.exit(parsed_project.run(words))
