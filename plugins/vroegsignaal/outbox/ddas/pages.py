"""Writing a delivery in pages, row by row: what is in memory does not grow with the number of signals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from vroegsignaal.outbox.files import replaced

MOST_SIGNALS = 50_000
"""On a page, by the agreement on the exchange."""

Unit = tuple[dict[str, Any] | None, list[dict[str, Any]]]
"""A case with its signals, which stay together; or one signal without a case."""


class Pages:
    """The files of a delivery: `ddas.json`, `ddas.2.json` and so on, each complete in itself.

    Pages take the place of those that were there when all of them are done; of what is left over the files go.
    """

    def __init__(self, path: Path, heading: dict[str, Any], most: int = MOST_SIGNALS) -> None:
        self._path, self._heading, self._most = path, heading, most

    def path_of(self, page: int) -> Path:
        """The file of a page."""
        return self._path if page == 1 else self._path.with_suffix(f".{page}.json")

    def write(self, deliveries: Iterator[dict[str, Any]], units: Iterable[Unit]) -> int:
        """Write all units, each page with the next of `deliveries` at its head; how many pages. There is always one."""
        with ExitStack() as all_of_them:
            number, page = 0, None
            for case, signals in units:
                if page is None or not page.has_room(len(signals)):
                    if page:
                        page.end()
                    number += 1
                    page = self._begin(all_of_them, number, next(deliveries))
                page.add(case, signals)
            if page is None:
                number, page = 1, self._begin(all_of_them, 1, next(deliveries))
            page.end()
        while (left_over := self.path_of(number + 1)).exists():
            left_over.unlink()
            number += 1
        return page.number

    def _begin(self, stack: ExitStack, number: int, delivery: dict[str, Any]) -> _Page:
        fresh = stack.enter_context(replaced(self.path_of(number)))
        file = stack.enter_context(fresh.open("w", encoding="utf-8", newline="\n"))
        return _Page(file, number, self._heading, delivery, self._most)


class _Page:
    """One file while it is written: signals go into it at once, cases wait until the signals are done."""

    def __init__(self, file: TextIO, number: int, heading: dict, delivery: dict, most: int) -> None:
        self.number = number
        self._file, self._most, self._signals = file, most, 0
        self._cases: list[str] = []
        file.write(f'{_open(heading)}, "leveringen": [\n{_open(delivery)}, "vroegsignalen": [')

    def has_room(self, signals: int) -> bool:
        # A page without room for one case alone would never be left.
        return (self._signals + signals <= self._most and len(self._cases) < self._most) or not (
            self._signals or self._cases
        )

    def add(self, case: dict[str, Any] | None, signals: list[dict[str, Any]]) -> None:
        for signal in signals:
            self._file.write(f"{',' if self._signals else ''}\n{_line(signal)}")
            self._signals += 1
        if case is not None:
            self._cases.append(_line(case))

    def end(self) -> None:
        cases = ",\n".join(self._cases)
        self._file.write(f'\n], "vroegsignaalzaken": [\n{cases}\n]}}\n]}}\n')
        self._file.close()


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _open(value: dict[str, Any]) -> str:
    """An object that goes on."""
    return _line(value).removesuffix("}")
