"""Municipalities divided into shares, so that those of a country may be derived side by side.

`VROEGSIGNAAL_SHARES` says how many shares there are. One is enough for one machine, where a month is derived faster as
a whole: each share starts dbt anew.
"""

from __future__ import annotations

import psycopg

from vroegsignaal import settings, warehouse

POOL = "shares"
"""The pool of Airflow with as many slots as shares may be derived at once."""
NOBODY = "-"
"""A share without a municipality."""


def numbers() -> list[int]:
    """The numbers of the shares, from 1; raises UsageError when the setting is no number of shares."""
    return list(range(1, settings.share_count() + 1))


def municipalities(connection: psycopg.Connection, number: int) -> str:
    """The codes of the municipalities in a share, as the setting `vroegsignaal.share` of a session has them."""
    known = warehouse.fetch(connection, _KNOWN)
    return ",".join(divided(dict(known), len(numbers()))[number - 1]) or NOBODY


def divided(inhabitants: dict[str, int], shares: int) -> list[list[str]]:
    """Municipalities in shares of about as many inhabitants: the largest first, each to the share with the fewest."""
    given: list[list[str]] = [[] for _ in range(shares)]
    sizes = [0] * shares
    for code, size in sorted(inhabitants.items(), key=lambda each: (-each[1], each[0])):
        smallest = sizes.index(min(sizes))
        given[smallest].append(code)
        sizes[smallest] += max(size, 1)
    return given


# Also those of whom only the files are known.
_KNOWN = """
    select municipality_code, coalesce(max(municipality.inhabitants), 0)
    from (
        select municipality_code from raw.drop_ledger
        union
        select municipality_code from config.municipalities
    ) as known
    left join config.municipalities as municipality using (municipality_code)
    group by municipality_code
"""
