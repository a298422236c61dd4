"""The data dictionary: `docs/data-dictionary.md`, written from the contracts of the feeds.

`make docs` writes it (`python -m vroegsignaal.dictionary`); a test sees to it that it is what the contracts say.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vroegsignaal import contract, privacy
from vroegsignaal.contract import Column, Feed
from vroegsignaal.settings import ROOT

PAGE = ROOT / "docs" / "data-dictionary.md"

TYPES = {
    "text": "as it is, without spaces around it",
    "date": "`jjjj-mm-dd` or `dd-mm-jjjj`",
    "month": "`jjjj-mm`; a date stands for its month",
    "amount": "a number with a decimal comma, unless the sender's dialect says otherwise",
    "postcode": "four digits and two letters; spaces and lower case are allowed",
    "house_number": "a whole number from 1 to 99999",
    "bsn": "a number of nine digits (eight when the leading zero was lost) that passes the eleven test",
    "flag": "`j` or `n`",
}
SEVERITIES = {
    "critical": "the whole delivery is rejected",
    "warning": "the row is quarantined: no signal, until it is corrected",
    "info": "accepted and recorded",
}


def page() -> str:
    """The whole page, in the form that mdformat gives it."""
    feeds = contract.feeds().values()
    parts = [_HEAD, _contents(feeds), *map(_feed, feeds), _types(), _rules(), _words()]
    return "\n\n".join(parts) + "\n"


_HEAD = """# Data dictionary

What senders deliver, what every column means, and which rules it is judged by. This page is written by `make docs` from
the contracts in [`expectations/`](../expectations): change those, not this page. The tables for BI are described in the
database itself, in [`_mart.yml`](../dbt_project/models/mart/_mart.yml) and, those of the star, in
[`_star.yml`](../dbt_project/models/mart/_star.yml)."""


def _contents(feeds: Iterable[Feed]) -> str:
    rows = [(f"[{feed.title}](#{feed.name})", f"`{feed.file.partition(',')[0]}`", _sender(feed)) for feed in feeds]
    return "## Feeds\n\n" + _table(("feed", "file", "sent by"), rows)


def _feed(feed: Feed) -> str:
    rejected = " A file without rows is rejected." if feed.needs_rows else ""
    file, comma, corrected = feed.file.partition(",")
    about = f"{feed.title}: {feed.grain}.\n\nFile: `{file}`{comma}{corrected}. Sent by {_sender(feed)}.{rejected}"
    columns = [
        (
            f"`{column.name}`",
            _type(column),
            "yes" if column.required else "",
            column.privacy,
            column.description,
            _rules_about(feed, column),
        )
        for column in feed.columns
    ]
    head = ("column", "type", "required", "privacy", "what it is", "rules")
    return f"### {feed.name}\n\n{about}\n\n{_table(head, columns)}"


def _sender(feed: Feed) -> str:
    return "the creditor" if feed.of_creditor else "the municipality"


def _type(column: Column) -> str:
    return f"code ({column.codes})" if column.codes else column.type


def _rules_about(feed: Feed, column: Column) -> str:
    names = dict.fromkeys(rule.rule for rule in feed.row_rules if rule.column == column.name)
    return ", ".join(f"`{name}`" for name in names)


def _types() -> str:
    types = [*TYPES.items(), ("code", "a value of the list that is named, in `code_lists.csv`")]
    return (
        f"## Types\n\n{_table(('type', 'how it is written'), types)}\n\n"
        f"## Privacy\n\n{_PRIVACY}\n\n{_table(_PRIVACY_HEAD, _classes())}"
    )


_PRIVACY = """Every column of the warehouse has a class, whether a sender, a model or the platform makes it, and each
class has the rooms in which it may be. In `mart` there is no personal data."""
_PRIVACY_HEAD = ("class", "what it means", "personal data", "where it may be")


def _classes() -> list[tuple[str, ...]]:
    return [
        (
            name,
            each.meaning,
            "yes" if each.is_personal else "",
            ", ".join(f"`{room}`" for room in each.rooms) if each.rooms != privacy.ALL_ROOMS else "everywhere",
        )
        for name, each in privacy.CLASSES.items()
    ]


def _rules() -> str:
    rows = [(f"**{severity}**", meaning) for severity, meaning in SEVERITIES.items()]
    return (
        f"## Rules\n\n{_table(('severity', 'what it does'), rows)}\n\n"
        "A rule marked ↑ is raised from info to warning by a row of `policy.csv`: parameter `severity_` and\n"
        "the rule's name, value 2, from the date on which it holds. The words are those that the sender reads."
    )


def _words() -> str:
    on_drops = {rule.rule for rule in (*contract.drop_rules(), *contract.delivery_rules())}
    names = contract.wordings()
    return (
        f"### On a delivery as a whole\n\n{_told(name for name in names if name in on_drops)}\n\n"
        f"### On a row\n\n{_told(name for name in names if name not in on_drops)}"
    )


def _told(names: Iterable[str]) -> str:
    rows = []
    for name in names:
        words = contract.wordings()[name]
        raised = " ↑" if name in contract.raisable_rules() else ""
        rows.append((f"`{name}`", words.severity + raised, words.finding.format(column="*kolom*"), words.action))
    return _table(("rule", "severity", "what is found", "what to do"), rows)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    lines = [head, ("--",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(path: Path = PAGE) -> None:
    """Write the page."""
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
