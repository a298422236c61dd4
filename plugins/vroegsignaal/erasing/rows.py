"""Which rows an erasure is about: those of a person's household, or those whose term has passed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import sql

from vroegsignaal import contract
from vroegsignaal.contract import Feed
from vroegsignaal.errors import UsageError

Rows = dict[str, list[tuple[int, int]]]
"""Feed -> the drop and line of each row."""


@dataclass(frozen=True)
class Person:
    """Whom a request is about: an address, a citizen service number, or both."""

    municipality: str
    bsn: str | None = None
    postcode: str | None = None
    number: int | None = None
    letter: str | None = None
    addition: str | None = None


@dataclass(frozen=True)
class Found:
    """The rows of an erasure, and the households that it leaves nothing of."""

    rows: Rows
    households: list[int]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of each feed."""
        return {feed: len(places) for feed, places in self.rows.items() if places}

    @property
    def drops(self) -> list[int]:
        """The drops in which these rows lie."""
        return sorted({drop for places in self.rows.values() for drop, _ in places})


def of_person(connection: psycopg.Connection, person: Person) -> Found:
    """Every row about the household(s) of a person, those that were held or rejected included.

    What is known of a household is known by its address: whoever else lives there is part of it. Raises UsageError
    when it is not said who is meant.
    """
    keys, households = _households(connection, person)
    values = {"code": person.municipality, "bsn": person.bsn, "keys": keys, "households": households}
    _begin(connection)
    for feed in contract.feeds().values():
        if feed.has_address:
            _add(connection, feed, f"(kept.household_id = any(%(households)s) or {_AT_ADDRESS})", values)
        if _has(feed, "bsn"):
            _add(connection, feed, "quality.read_bsn(quality.trimmed(given.bsn)) = %(bsn)s", values)
    _add_what_belongs_to_it(connection, values)
    _add(connection, contract.feeds()["ris_walking_list"], _ON_WALKING_LIST, values)
    return Found(_collected(connection), households)


def past_their_term(connection: psycopg.Connection, municipality: str, day: date) -> Found:
    """Every row whose term has passed on a day, by the policy of that day."""
    connection.execute("drop table if exists pg_temp.expiry")
    connection.execute(
        "create temp table expiry on commit drop as select * from vault.expiry(%s, %s)", [municipality, day]
    )
    connection.execute("create index on pg_temp.expiry (household_id, signal_month)")
    _begin(connection)
    feeds, values = contract.feeds(), {"code": municipality, "day": day}
    # What is not held about a household in a month that still runs: accepted before, held, replaced or rejected.
    _add(connection, feeds["signals"], f"{_older_than('unmatched')} and not {_runs('ledger.signal_month')}", values)
    _add(connection, feeds["withdrawals"], _older_than("closed"), values)
    of_case = f"({_runs_out('kept.matchmaand')} or {_older_than('closed')}) and not {_runs('kept.matchmaand')}"
    _add(connection, feeds["ris_dossiers"], of_case, values)
    _add(connection, feeds["ris_walking_list"], _older_than("closed"), values)
    for name in ("brp", "shv"):
        _add(connection, feeds[name], f"{_older_than('register')} and ledger.drop_id <> all(%(in_use)s)",
             {**values, "in_use": registers_in_use(connection, municipality)})  # fmt: skip
    _add_what_belongs_to_it(connection, values)
    gone = connection.execute(
        "select household_id from vault.household where erased_at is null"
        " and household_id in (select expiry.household_id from pg_temp.expiry where is_last) order by 1"
    ).fetchall()
    return Found(_collected(connection), [household for (household,) in gone])


def registers_in_use(connection: psycopg.Connection, municipality: str) -> list[int]:
    """The newest registers of residents and of debt help."""
    rows = connection.execute("select drop_id from raw.registers_in_use(%s)", [municipality]).fetchall()
    return [drop for (drop,) in rows]


def _households(connection: psycopg.Connection, person: Person) -> tuple[list[str], list[int]]:
    """The normalised addresses that are meant, and their households."""
    if not person.bsn and not (person.postcode and person.number):
        raise UsageError("say whose data: --bsn, or --postcode and --number (and --letter, --addition).")
    key = None
    if person.postcode:
        (key,) = connection.execute(
            "select quality.address_key(quality.read_postcode(%s), %s, %s, %s)",
            [person.postcode, person.number, person.letter, person.addition],
        ).fetchone()
        if key is None:
            raise UsageError(f"--postcode: '{person.postcode}' is not a postcode: write it as 1234AB.")
    by_bsn = sql.SQL(" union ").join(
        sql.SQL("select household_id from {} where municipality_code = %(code)s and bsn = %(bsn)s").format(
            _accepted(feed)
        )
        for feed in contract.feeds().values()
        if feed.has_address and _has(feed, "bsn")
    )
    rows = connection.execute(
        sql.SQL(
            "select household_id, address_key from vault.household where municipality_code = %(code)s"
            " and erased_at is null and (address_key = %(key)s or household_id in ({})) order by household_id"
        ).format(by_bsn),
        {"code": person.municipality, "bsn": person.bsn, "key": key},
    ).fetchall()
    return [*{address for _, address in rows} | ({key} if key else set())], [household for household, _ in rows]


def _begin(connection: psycopg.Connection) -> None:
    connection.execute("drop table if exists pg_temp.to_erase")
    connection.execute(
        "create temp table to_erase (feed text, drop_id bigint, line_no bigint, primary key (feed, drop_id, line_no))"
        " on commit drop"
    )


def _add(connection: psycopg.Connection, feed: Feed, which: str, values: dict) -> None:
    """Add the rows of a feed of a municipality for which something holds; `kept` is the row as it was accepted."""
    connection.execute(
        sql.SQL(
            "insert into pg_temp.to_erase select {feed}, given.drop_id, given.line_no from {raw} as given"
            " inner join raw.drop_ledger as ledger using (drop_id)"
            " left join {accepted} as kept on kept.drop_id = given.drop_id and kept.line_no = given.line_no"
            " where ledger.municipality_code = %(code)s and not given.erased and {which} on conflict do nothing"
        ).format(
            feed=sql.Literal(feed.name),
            raw=sql.Identifier("raw", feed.name),
            accepted=_accepted(feed),
            which=sql.SQL(which),  # type: ignore[arg-type]
        ),
        values,
    )


def _add_what_belongs_to_it(connection: psycopg.Connection, values: dict) -> None:
    """Add what is told of the cases and the signals among them elsewhere: claims, attempts, help, withdrawals."""
    for feed in contract.feeds().values():
        if not feed.has_address and _has(feed, "dossier_id"):
            _add(connection, feed, _OF_A_CASE, values)
    _add(connection, contract.feeds()["withdrawals"], _OF_A_SIGNAL, values)


def _collected(connection: psycopg.Connection) -> Rows:
    rows: Rows = {}
    for feed, drop, line in connection.execute("select * from pg_temp.to_erase order by feed, drop_id, line_no"):
        rows.setdefault(feed, []).append((drop, line))
    return rows


def _has(feed: Feed, column: str) -> bool:
    return any(each.name == column for each in feed.columns)


def _accepted(feed: Feed) -> sql.Identifier:
    return sql.Identifier("quality", f"accepted_{feed.name}")


_AT_ADDRESS = """
    quality.address_key(
        quality.read_postcode(quality.trimmed(given.postcode)),
        quality.read_house_number(quality.trimmed(given.huisnummer)),
        quality.trimmed(given.huisletter),
        quality.trimmed(given.huisnummertoevoeging)
    ) = any(%(keys)s)
"""
_ON_WALKING_LIST = """
    quality.trimmed(given.zaaknummer) in (
        select listed.case_number from decision.listed_cases('infinity') as listed
        where listed.municipality_code = %(code)s and listed.household_id = any(%(households)s)
    )
"""
_OF_A_CASE = """
    quality.trimmed(given.dossier_id) in (
        select quality.trimmed(dossier.dossier_id)
        from raw.ris_dossiers as dossier
        inner join pg_temp.to_erase as erased using (drop_id, line_no)
        where erased.feed = 'ris_dossiers'
    )
"""
_OF_A_SIGNAL = """
    (ledger.creditor, quality.trimmed(given.signaal_id)) in (
        select of_signal.creditor, quality.trimmed(signal.signaal_id)
        from raw.signals as signal
        inner join pg_temp.to_erase as erased using (drop_id, line_no)
        inner join raw.drop_ledger as of_signal using (drop_id)
        where erased.feed = 'signals'
    )
"""


def _older_than(term: str) -> str:
    """That the term of what lies in a drop has passed on the day."""
    return f"""
        ledger.signal_month + 24 + make_interval(months => (
            select max(policy.value)::integer from config.policy_on(%(day)s) as policy
            where policy.municipality_code = %(code)s and policy.parameter = 'retain_{term}_months'
        )) <= %(day)s
    """  # noqa: S608 (constants)


def _runs(month: str) -> str:
    """That something is held about the household in a month, and its term has not passed."""
    return f"({_EXPIRY} and held.signal_month = {month} and not held.is_expired))"


def _runs_out(month: str) -> str:
    """That the term of all that is held about the household in a month has passed."""
    return f"({_EXPIRY} and held.signal_month = {month} and held.is_expired))"


_EXPIRY = "exists (select 1 from pg_temp.expiry as held where held.household_id = kept.household_id"
