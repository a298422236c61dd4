"""Who and when: the municipality, the months and the creditors of the pilot, in the report's order."""

MUNICIPALITY = "0637"

MONTHS = tuple(f"2018-{month:02d}" for month in range(9, 13)) + tuple(f"2019-{month:02d}" for month in range(1, 9))
"""The signal months; a place in this tuple is a month's index."""

REGISTERED_MONTHS = (*MONTHS, "2019-09", "2019-10")
"""The months of the case registration: what came of August's matches is known in October."""

SECTORS = {
    "de_goede_woning": "wonen",
    "vestia": "wonen",
    "vidomes": "wonen",
    "menzis": "zorg",
    "zorg_en_zekerheid": "zorg",
    "dunea": "water",
    "eneco": "energie",
}
"""Creditor -> sector, as the report names it."""

CREDITORS = tuple(SECTORS)

UNKNOWN = ""
"""The creditor of a dossier signal whose creditor the RIS does not know."""


def next_month(month: str) -> str:
    """`2018-12` -> `2019-01`: the walking month of the matches of a month."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"
