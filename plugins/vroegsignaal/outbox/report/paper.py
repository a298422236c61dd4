"""The report as PDF/UA: typeset by Typst, which refuses what a screen reader could not read."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from vroegsignaal.months import AMSTERDAM, Month
from vroegsignaal.outbox.report.document import Chart, Report


def render(report: Report, as_of: Month) -> bytes:
    """The PDF. It is dated on the 25th of the month as of which is told: the same facts give the same file."""
    import typst

    day = as_of.match_day
    with tempfile.TemporaryDirectory(prefix="vroegsignaal-") as folder:
        root = Path(folder)
        told = asdict(report) | {"title": report.title}
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


def _charts(told: dict) -> list[dict]:
    return [block for section in told["sections"] for block in section["blocks"] if block["kind"] == Chart.kind]
