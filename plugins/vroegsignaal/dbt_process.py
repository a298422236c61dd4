"""dbt as a process: it lives no longer than the step that started it, and its errors repeat no value of a row.

A step can be killed without its children: a machine without memory picks one process, a lost connection to the
scheduler ends the task alone. Its dbt would go on beside that of the next attempt, and each would take tables away from
the other. So standard input is a pipe of which the step holds the other end: when that closes, dbt ends too.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

import psycopg2

from vroegsignaal.discreet import discreet_psycopg2


def main() -> None:
    """Run dbt with the arguments that were given; ends the process with its exit code."""
    prepare()
    from dbt.cli.main import cli

    cli()


def prepare() -> None:
    """Make this process one in which dbt may run."""
    threading.Thread(target=_end_with_the_step, daemon=True).start()
    # dbt has no setting for it, and logs an error before it tells anybody.
    psycopg2.connect = discreet_psycopg2(psycopg2.connect)


def _end_with_the_step() -> None:
    """Nothing is ever written to the pipe, so reading ends when nobody is left who could."""
    # Not through Python's buffer: its lock would be held when dbt is done and the process ends.
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
