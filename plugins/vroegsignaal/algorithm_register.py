"""The entry for the Dutch algorithm register: `docs/algorithm-register.md`, with its numbers from code and seeds.

`make docs` writes it (`python -m vroegsignaal.algorithm_register`); a test sees to it that it is what they say.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vroegsignaal import approval, contract, months, settings
from vroegsignaal.configuration.files import Row, read
from vroegsignaal.configuration.tables import TABLES
from vroegsignaal.settings import ROOT

PAGE = ROOT / "docs" / "algorithm-register.md"
_TABLES = {"plugin": {"tables": {"compact_tables": True}}}
"""As `.mdformat.toml` has it."""


def page() -> str:
    """The whole page, in the form that mdformat gives it."""
    return rendered("algorithm_register.md.j2", _facts())


def rendered(template: str, facts: dict) -> str:
    """A page of `docs/` from its template, in the form that mdformat gives it."""
    import mdformat
    from jinja2 import Environment, StrictUndefined

    text = Path(__file__).with_name(template).read_text(encoding="utf-8")
    # Markdown is not HTML: nothing is to be escaped.
    pages = Environment(trim_blocks=True, autoescape=False, undefined=StrictUndefined)  # noqa: S701
    written = pages.from_string(text).render(facts)
    return mdformat.text(written, extensions={"gfm"}, options={"wrap": 120, **_TABLES})


def _facts() -> dict:
    defaults = {row["parameter"]: row["default_value"] for row in _seed("policy_parameters")}
    severities = [words.severity for words in contract.wordings().values()]
    return {
        "working_days": approval.WORKING_DAYS,
        "match_day": months.MATCH_DAY,
        "rules": len(severities),
        "holding": sum(severity != "info" for severity in severities),
        "cool_off": defaults["cool_off_months"],
        "window": defaults["window_months"],
        "creditors": defaults["minimum_creditors"],
        # Who is left for want of places was not ruled out.
        "reasons": [words for reason, words in approval.REASONS_IN_WORDS.items() if reason != "over_capacity"],
        "feeds": [
            {
                "title": feed.title,
                "columns": feed.columns,
                "direct": [column.name for column in feed.columns if column.privacy == "direct"],
                "other": [column.name for column in feed.columns if column.privacy != "direct"],
            }
            for feed in contract.feeds().values()
        ],
        "parameters": _parameters(),
    }


def _parameters() -> str:
    presets = sorted({str(row["preset"]) for row in _seed("policy_presets")})
    lines = [f"| waarde | zonder beleid | {' | '.join(presets)} | wat het is |", "| -- " * (3 + len(presets)) + "|"]
    for row in _seed("policy_parameters"):
        of_presets = " | ".join(_in_preset(preset, row["parameter"]) for preset in presets)
        lines.append(f"| `{row['parameter']}` | {row['default_value']} | {of_presets} | {row['description']} |")
    return "\n".join(lines)


def _in_preset(preset: str, parameter: str | None) -> str:
    """The values of a parameter in a preset: one for a sector with its name, a later one with its month."""
    values = [row for row in _seed("policy_presets") if (row["preset"], row["parameter"]) == (preset, parameter)]
    return "; ".join(
        f"{row['value']}"
        + (f" ({row['sector']})" if row["sector"] else "")
        + (f" na {row['months_after']} maanden" if row["months_after"] != "0" else "")
        for row in values
    )


def _seed(name: str) -> list[Row]:
    """The rows of the project's own configuration, whatever this home's is."""
    here = settings.load()
    return read(replace(here, config=here.default_config), TABLES[name])


def write(path: Path = PAGE) -> None:
    """Write the page."""
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
