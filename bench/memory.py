"""How much memory processes held at most, their children included."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

_LOOK_SECONDS = 0.05
_PEAK = re.compile(r"VmHWM:\s+(\d+)")


@dataclass
class Peak:
    """The most that one process held, in megabytes (of 2^20 bytes)."""

    mb: float = 0.0

    def look(self, process: psutil.Process) -> None:
        """Count a process in, if it is there still."""
        try:
            self.mb = max(self.mb, _held(process) / 1024**2)
        except (psutil.Error, OSError):
            return


@contextmanager
def watched(*, own: bool = True) -> Iterator[Peak]:
    """The peak of this process and of all below it, for as long as the block runs.

    Not `own`: of those below it alone, where a peer works in this process.

    A server that a process started and that outlives it is not below it.
    """
    peak, done = Peak(), threading.Event()
    watch = threading.Thread(target=_watch, args=(peak, done, own), daemon=True)
    _forget_own_peak()
    watch.start()
    try:
        yield peak
    finally:
        done.set()
        watch.join()


def _watch(peak: Peak, done: threading.Event, own: bool) -> None:
    this = psutil.Process()
    while True:
        for each in ([this] if own else []) + this.children(recursive=True):
            peak.look(each)
        if done.wait(_LOOK_SECONDS):
            return


def _held(process: psutil.Process) -> int:
    """Bytes: where the system keeps it, the most so far, so that nothing between two looks is missed."""
    status = Path(f"/proc/{process.pid}/status")
    if status.exists() and (peak := _PEAK.search(status.read_text())):
        return int(peak[1]) * 1024
    return process.memory_info().rss


def _forget_own_peak() -> None:
    """What this process held before does not count; Linux alone keeps it."""
    switch = Path("/proc/self/clear_refs")
    if switch.exists():
        switch.write_text("5")
