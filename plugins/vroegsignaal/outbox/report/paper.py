"""The report as PDF/UA: typeset by Typst, which refuses what a screen reader could not read."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from vroegsignaal.months import AMSTERDAM, Month
from vroegsignaal.outbox.report.document import Chart, Report, Table

MOST_COLUMNS = 12
"""Of a table on a page that lies on its side."""


def render(report: Report, as_of: Month) -> bytes:
    """The PDF. It is dated on the 25th of the month as of which is told: the same facts give the same file."""
    import typst

    day = as_of.match_day
    with tempfile.TemporaryDirectory(prefix="vroegsignaal-") as folder:
        root = Path(folder)
        told = asdict(report) | {"title": report.title}
        told["sections"] = _on_pages(told["sections"])
        for number, block in enumerate(_charts(told)):
            block["file"] = f"{number}.svg"
            (root / block["file"]).write_text(block.pop("svg"), encoding="utf-8")
        (root / "report.json").write_text(json.dumps(told, default=str), encoding="utf-8")
        (root / "paper.typ").write_bytes(Path(__file__).with_name("paper.typ").read_bytes())
        return typst.compile(
            root / "paper.typ",
            root=root,
            # The fonts that come with Typst: the same page on every machine.
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            timestamp=int(datetime(day.year, day.month, day.day, 12, tzinfo=AMSTERDAM).timestamp()),
        )


def _on_pages(sections: list[dict]) -> list[dict]:
    """The sections with tables that are wider than a page in parts, each with the first column."""
    return [
        {**section, "blocks": [part for block in section["blocks"] for part in _parts(block)]} for section in sections
    ]


def _parts(block: dict) -> list[dict]:
    if block["kind"] != Table.kind or len(block["headings"]) <= MOST_COLUMNS:
        return [block]
    starts = range(1, len(block["headings"]), MOST_COLUMNS - 1)
    parts = []
    for start in starts:
        taken = [0, *range(start, min(start + MOST_COLUMNS - 1, len(block["headings"])))]
        rows = [[row[place] for place in taken] for row in block["rows"]]
        parts.append(
            {
                **block,
                "caption": block["caption"] if start == 1 else f"{block['caption']} (vervolg)",
                "headings": [block["headings"][place] for place in taken],
                "rows": rows,
                "total": [block["total"][place] for place in taken] if block["total"] else [],
            }
        )
    return parts


def _charts(told: dict) -> list[dict]:
    return [block for section in told["sections"] for block in section["blocks"] if block["kind"] == Chart.kind]
