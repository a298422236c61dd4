"""The report of a period: what `contents.yml` says stands in it, filled with the facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path

import yaml

from vroegsignaal import contract
from vroegsignaal.approval import REASONS_IN_WORDS
from vroegsignaal.configuration.files import read
from vroegsignaal.configuration.tables import TABLES
from vroegsignaal.outbox.notices import SEVERITIES
from vroegsignaal.outbox.report import charts, told
from vroegsignaal.outbox.report.document import Block, Chart, Section, Table, Text
from vroegsignaal.outbox.report.facts import Facts, Row
from vroegsignaal.outbox.report.tables import TOTAL, Column, Words, pivoted, table
from vroegsignaal.outbox.report.told import Making
from vroegsignaal.settings import Settings

_MADE: dict[str, Callable[[Making], Iterator[Block]]] = {
    "summary": told.summary,
    "open_cases": told.open_cases,
    "significance": told.significance,
    "method": told.method,
    "policy": told.policy,
    "terms": told.terms,
}
_NUMBERED = {Table: "Tabel", Chart: "Figuur"}


def sections(here: Settings, facts: Facts) -> list[Section]:
    """The sections of the report about the period of `facts`; its tables and charts are numbered."""
    making = Making(here, facts, _words(here))
    numbers = {kind: count(1) for kind in _NUMBERED}
    return [
        Section(
            section["section"],
            section["title"],
            [_numbered(block, numbers) for block in _blocks(making, section["blocks"])],
        )
        for section in _declared("contents.yml")
    ]


def _numbered(block: Block, numbers: dict[type, Iterator[int]]) -> Block:
    name = _NUMBERED.get(type(block))
    return replace(block, caption=f"{name} {next(numbers[type(block)])}. {block.caption}") if name else block


def _blocks(making: Making, declared: Sequence[dict]) -> Iterator[Block]:
    for block in declared:
        if "text" in block:
            yield Text(block["text"])
        elif "made" in block:
            yield from _MADE[block["made"]](making)
        else:
            yield from _table(making, block)


def _table(making: Making, block: dict) -> Iterator[Block]:
    """A table with perhaps its chart before it; of nothing there is only a line that says so."""
    caption, words, rows = block["table"], making.words, making.facts.rows(block["rows"])
    if not rows:
        yield Text(f"{caption}: over deze periode is er niets.")
        return
    if "order" in block:
        rows = _in_order(rows, words, **block["order"])
    if "chart" in block:
        yield _chart(block, rows, words)
    if "pivot" in block:
        rows, columns = _pivot(rows, words, **block["pivot"])
    else:
        columns = [_column(column) for column in block["columns"]]
    with_total = "pivot" in block or block.get("total", False)
    source, note = f"mart.{block['source']}", block.get("note", "")
    yield table(caption, source, columns, rows, words, with_total=with_total, note=note)


def _chart(block: dict, rows: Sequence[Row], words: Words) -> Chart:
    declared = block["chart"]
    drawing = charts.Drawing(**{**declared, "values": tuple(map(tuple, declared.get("values", ())))})
    if drawing.series_words:
        rows = _in_order_of_words(rows, words.get(drawing.series_words, {}), drawing.series)
    return charts.draw(block["table"], drawing, rows, words)


def _pivot(
    rows: Sequence[Row], words: Words, *, down: str, label: str, kind: str, across: str, value: str, words_of: str
) -> tuple[list[Row], list[Column]]:
    names = dict.fromkeys(str(row[across]) for row in _in_order_of_words(rows, words.get(words_of, {}), across))
    heads = [Column(name, words.get(words_of, {}).get(name, name), "count") for name in names]
    return pivoted(rows, down, across, value), [Column(down, label, kind), *heads, Column(TOTAL, TOTAL, "count")]


def _column(declared: dict) -> Column:
    return Column(**{**declared, "of": tuple(declared.get("of", ()))})


def _in_order(
    rows: Sequence[Row],
    words: Words,
    *,
    column: str,
    words_of: str,
    then: str = "",
    then_words: Sequence[str] = (),
) -> list[Row]:
    """Rows in the order in which their codes are listed; and then in that of a column that holds labels already."""
    if then:
        labels = dict.fromkeys(label for name in then_words for label in words.get(name, {}).values())
        places = {label: place for place, label in enumerate(labels)}
        rows = sorted(rows, key=lambda row: places.get(str(row[then]), len(places)))
    return _in_order_of_words(rows, words.get(words_of, {}), column)


def _in_order_of_words(rows: Sequence[Row], words: dict[str, str], column: str) -> list[Row]:
    places = {code: place for place, code in enumerate(words)}
    return sorted(rows, key=lambda row: places.get(str(row[column]), len(places)))


def _words(here: Settings) -> Words:
    """What codes are called: of the report, the contracts and the configuration."""
    words: Words = {
        **deepcopy(_declared("words.yml")),
        "reason": REASONS_IN_WORDS,
        "severity": SEVERITIES,
        "rule": {rule: wording.finding.format(column="…") for rule, wording in contract.wordings().items()},
        "creditor": _names_of_creditors(here),
        "sector": {str(row["sector"]): str(row["label"]) for row in _in_position(read(here, TABLES["sectors"]))},
    }
    for row in _in_position(read(here, TABLES["labels"])):
        words.setdefault(str(row["list"]), {})[str(row["code"])] = str(row["label"])
    # A municipality's own labels.csv may leave lists out.
    words["case_finding"] |= words.get("prevented", {})
    return words


def _names_of_creditors(here: Settings) -> dict[str, str]:
    """What creditors are called; those with the same name are told apart by their codes."""
    names = {str(row["creditor"]): str(row["name"]) for row in read(here, TABLES["creditors"])}
    often = Counter(names.values())
    return {code: f"{name} ({code})" if often[name] > 1 else name for code, name in names.items()}


def _in_position(rows: list) -> list:
    return sorted(rows, key=lambda row: int(row["position"] or 0))


@cache
def _declared(file: str) -> list | dict:
    return yaml.safe_load(Path(__file__).with_name(file).read_text(encoding="utf-8"))
