"""The most memory that each kind of process holds while something runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil

# Often enough to see a dbt, which lives for seconds; each look costs some milliseconds of processor time.
EVERY_SECONDS = 0.2


@contextmanager
def watched(roots: list[psutil.Process], kind: Callable[[psutil.Process], str]) -> Iterator[dict[str, float]]:
    """While the block runs: for each kind of process, the most megabytes that one of it held at a time.

    Watched are the roots and all that they start. What a process shares with the one that it was forked from counts in
    full (resident memory), so the sum over the processes would be too high.
    """
    most: dict[str, float] = {}
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(roots, kind, most, done))
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


def _watch(
    roots: list[psutil.Process], kind: Callable[[psutil.Process], str], most: dict[str, float], done: threading.Event
) -> None:
    while not done.wait(EVERY_SECONDS):
        for process in _all(roots):
            # It may end while it is looked at.
            with suppress(psutil.Error):
                held = process.memory_info().rss / 1024 / 1024
                name = kind(process)
                most[name] = max(held, most.get(name, 0))


def _all(roots: list[psutil.Process]) -> set[psutil.Process]:
    found = set(roots)
    for root in roots:
        with suppress(psutil.Error):
            found.update(root.children(recursive=True))
    return found
