"""dbt as a process: it lives no longer than the step that started it, and its errors repeat no value of a row.

A step can be killed without its children: a machine without memory picks one process, a lost connection to the
scheduler ends the task alone. Its dbt would go on beside that of the next attempt, and each would take tables away from
the other. So standard input is a pipe of which the step holds the other end: when that closes, dbt ends too.

Loading dbt takes seconds. Where the step's own process has loaded it already, as Airflow's workers do, dbt is its fork.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from setproctitle import setproctitle

from vroegsignaal.discreet import discreet_psycopg2

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

MODULES = ("dbt.cli.main", "dbt.adapters.postgres", "dbt.task.build", "dbt.parser.manifest")
"""What takes seconds to load."""

RESULTS = "results.json"
"""What became of each node: a list of objects with unique_id, status, message and seconds."""


def run(words: list[str], variables: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess:
    """Run dbt with these arguments and variables in a folder, to its end; with what it printed."""
    return (_forked if all(name in sys.modules for name in MODULES) else _started)(words, variables, folder)


def main(words: list[str] | None = None, manifest: Manifest | None = None) -> NoReturn:
    """Run dbt with these arguments, else those that were given; ends the process with dbt's exit code.

    Its results stand in `RESULTS` in the folder that `--target-path` names. `manifest`: the project, if parsed already.
    """
    prepare()
    from dbt.cli.main import dbtRunner

    words = sys.argv[1:] if words is None else words
    done = dbtRunner(manifest).invoke(words)
    if done.exception:
        sys.stdout.write(f"{done.exception}\n")
    if "--target-path" in words:
        _write_results(Path(words[words.index("--target-path") + 1], RESULTS), getattr(done.result, "results", ()))
    sys.exit(2 if done.exception else 0 if done.success else 1)


def _write_results(path: Path, results: Iterable[Any]) -> None:
    """What the step asks of each node; dbt's own files hold the whole project, which takes a tenth of a run."""
    told = [
        {
            "unique_id": one.node.unique_id,
            "status": str(one.status),
            "message": one.message,
            "seconds": one.execution_time,
        }
        for one in results
    ]
    path.write_text(json.dumps(told))


def prepare() -> None:
    """Make this process one in which dbt may run."""
    import psycopg2

    threading.Thread(target=_end_with_the_step, daemon=True).start()
    # dbt has no setting for it, and logs an error before it tells anybody.
    psycopg2.connect = discreet_psycopg2(psycopg2.connect)
    # What was loaded stays, and so does most of what dbt makes: to look through it for garbage takes a sixth of a run.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _end_with_the_step() -> None:
    """Nothing is ever written to the pipe, so reading ends when nobody is left who could."""
    # Not through Python's buffer: its lock would be held when dbt is done and the process ends.
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGKILL)


def _started(words: list[str], variables: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess:
    with _held_end_of_pipe() as standard_input:
        return subprocess.run(
            [sys.executable, "-m", "vroegsignaal.dbt_process", *words],
            env=variables,
            cwd=folder,
            stdin=standard_input,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def _forked(words: list[str], variables: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess:
    with tempfile.TemporaryFile("w+") as printed, _held_end_of_pipe() as standard_input:
        child = os.fork()
        if not child:
            _become_dbt(words, variables, folder, (standard_input, printed.fileno(), printed.fileno()))
        _, status = os.waitpid(child, 0)
        printed.seek(0)
        return subprocess.CompletedProcess(words, os.waitstatus_to_exitcode(status), printed.read())


def _become_dbt(
    words: list[str], variables: Mapping[str, str], folder: Path, standard: tuple[int, int, int]
) -> NoReturn:
    """What a new process has by itself: nothing of the step's files, connections, log and answers to signals."""
    code: object = 1
    kept: list[object] = []
    try:
        setproctitle(f"dbt {' '.join(words)}")
        for number, file in enumerate(standard):
            os.dup2(file, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        # Those of before are kept: one that nobody has any more closes its file, and that is ours by now.
        kept.extend((sys.stdout, sys.stderr))
        sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        logging.root.handlers.clear()
        # The one of the step, if any, was spoken to through a file that is closed.
        importlib.reload(resource_tracker)
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(folder)
        main(words)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 (whatever it is, what called the step must not go on in here)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


@contextmanager
def _held_end_of_pipe() -> Iterator[int]:
    """The end to read of a pipe whose other end closes with this block, or with this process."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


if __name__ == "__main__":
    main()
