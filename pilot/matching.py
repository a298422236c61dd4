"""When one household's signals match: the pilot's two criteria, for making the plan. The warehouse has its own."""

from collections.abc import Iterable


def matches(signals: Iterable[tuple[str, int]]) -> set[tuple[int, str]]:
    """The (month index, criterion) pairs in which signals (creditor, month index) of one address match."""
    by_month: dict[int, set[str]] = {}
    for creditor, month in signals:
        by_month.setdefault(month, set()).add(creditor)
    found = set()
    for month, creditors in by_month.items():
        window = creditors | by_month.get(month - 1, set()) | by_month.get(month - 2, set())
        if len(creditors) > 1:
            found.add((month, "same_month"))
        elif len(window) > 1:
            found.add((month, "three_months"))
    return found
