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
    """Whom a request is about: an address with all who are known there, a citizen service number, or both."""

    municipality: str
    bsn: str | None = None
    postcode: str | None = None
    number: int | None = None
    letter: str | None = None
    addition: str | None = None
    also: tuple[tuple[str, int], ...] = ()
    """Rows that may be theirs and, as somebody saw, are: by file and line."""


@dataclass(frozen=True)
class Found:
    """The rows of an erasure, and the households that it leaves nothing of."""

    rows: Rows
    households: list[int]
    shared: frozenset[tuple[str, int, int]] = frozenset()
    """Of the rows (feed, drop and line) those that may be of who else was registered there in that month."""
    people: int = 0
    """How many people the rows name by number."""
    staying: int = 0
    """Households that have erased rows, and stay because others were reported there as well."""
    homes: tuple[tuple[int, date | None, bool], ...] = ()
    """The households that are meant, in which month (None: in every one), and whether others lived there then."""
    doubtful: tuple[tuple[str, int], ...] = ()
    """Other rows that may be meant, by file and line: see `of_person`."""

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of each feed."""
        return {feed: len(places) for feed, places in self.rows.items() if places}

    @property
    def drops(self) -> list[int]:
        """The drops in which these rows lie."""
        return sorted({drop for places in self.rows.values() for drop, _ in places})


def of_person(connection: psycopg.Connection, person: Person) -> Found:
    """Every row about a person, those that were held or rejected included.

    By address: of all who are or were known there. By number: those with the number, and those that name nobody, at an
    address in months in which the register of residents has the person there; never those with another number. Either
    way also rows without a whole address of a customer among them. What is alike in other respects is doubtful: it is
    for a person to look at, and to name. Raises UsageError when it is not said who is meant.
    """
    values: dict = {"code": person.municipality, "bsn": person.bsn, "by_address": person.postcode is not None}
    values["key"] = _address_key(connection, person)
    connection.execute("drop table if exists pg_temp.home")
    connection.execute(_HOMES, values)
    homes = connection.execute("select household_id, address_key, signal_month, is_shared from pg_temp.home").fetchall()
    values["keys"] = [*{address for _, address, *_ in homes} | ({values["key"]} - {None})]
    values["lived_in"] = [household for household, *_ in homes]
    _begin(connection)
    feeds = contract.feeds()
    for feed in feeds.values():
        if _has(feed, "bsn"):
            _add(connection, feed, f"{_NUMBER} = %(bsn)s", values)
    for values["shared"] in (False, True):
        for feed in feeds.values():
            if feed.has_address:
                _add(connection, feed, _at_home(feed), values)
        _add(connection, feeds["ris_walking_list"], _ON_WALKING_LIST, values)
        _add(connection, feeds["signals"], _OF_A_CUSTOMER, values)
    values["shared"] = False
    doubtful = _doubtful(connection, values)
    _add_named(connection, person, doubtful, values)
    for values["shared"] in (False, True):
        _add_what_belongs_to_it(connection, values)
    gone, staying = _households(connection, values)
    return Found(
        _collected(connection),
        gone,
        frozenset(connection.execute("select feed, drop_id, line_no from pg_temp.to_erase where is_shared").fetchall()),
        people=_people(connection),
        staying=staying,
        homes=tuple((household, month, shared) for household, _, month, shared in homes if household is not None),
        doubtful=tuple(place for place in doubtful if place not in person.also),
    )


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


def _address_key(connection: psycopg.Connection, person: Person) -> str | None:
    """The normalised address that is meant; raises UsageError when it is none, and nobody is meant by number either."""
    if not person.bsn and not (person.postcode and person.number):
        raise UsageError("say whose data: --bsn, or --postcode and --number (and --letter, --addition).")
    if not person.postcode:
        return None
    (key,) = connection.execute(
        "select quality.address_key(quality.read_postcode(%s), %s, %s, %s)",
        [person.postcode, person.number, person.letter, person.addition],
    ).fetchone()
    if key is None:
        raise UsageError(f"--postcode: '{person.postcode}' is not a postcode: write it as 1234AB.")
    return key


def _households(connection: psycopg.Connection, values: dict) -> tuple[list[int], int]:
    """The households that nothing is left of but registrations, and how many stay for what is known of others."""
    with_address = [feed for feed in contract.feeds().values() if feed.has_address]
    touched, left = (
        sql.SQL(" union ").join(each.format(_accepted(feed), sql.Literal(feed.name)) for feed in among)
        for each, among in (
            (_HOUSEHOLDS_OF_TAKEN, with_address),
            (_HOUSEHOLDS_OF_LEFT, [feed for feed in with_address if feed.name not in REGISTERS]),
        )
    )
    rows = connection.execute(
        sql.SQL(
            "select household_id, address_key is distinct from %(key)s and household_id in ({left}) as stays"
            " from vault.household where municipality_code = %(code)s and erased_at is null"
            " and (address_key = %(key)s or household_id in ({touched})) order by household_id"
        ).format(left=left, touched=touched),
        values,
    ).fetchall()
    gone = [household for household, stays in rows if not stays]
    return gone, len(rows) - len(gone)


def _doubtful(connection: psycopg.Connection, values: dict) -> list[tuple[str, int]]:
    """The rows that may be meant and are not taken: see `_ALIKE`."""
    found: set[tuple[str, int]] = set()
    for name, surname in _SURNAMES.items():
        found.update(
            connection.execute(
                _ALIKE.format(feed=sql.Literal(name), raw=sql.Identifier("raw", name), surname=sql.Identifier(surname),
                              customer=_SAME_CUSTOMER if name == "signals" else sql.SQL("false")),
                values,
            ).fetchall()
        )  # fmt: skip
    return sorted(found)


def _add_named(connection: psycopg.Connection, person: Person, doubtful: list[tuple[str, int]], values: dict) -> None:
    """Add the rows that somebody named; raises UsageError for one that is not among the doubtful ones."""
    for file, line in person.also:
        if (file, line) not in doubtful:
            raise UsageError(
                f"--also: line {line} of that file is not among the rows that may be meant: see --dry-run."
            )
    for name in _SURNAMES:
        files, lines = zip(*person.also, strict=True) if person.also else ((), ())
        _add(connection, contract.feeds()[name], _NAMED, {**values, "files": list(files), "lines": list(lines)})


def _people(connection: psycopg.Connection) -> int:
    numbers = sql.SQL(" union ").join(
        sql.SQL(
            "select quality.read_bsn(quality.trimmed(given.bsn)) as bsn from {} as given"
            " inner join pg_temp.to_erase as taken using (drop_id, line_no) where taken.feed = {}"
        ).format(sql.Identifier("raw", feed.name), sql.Literal(feed.name))
        for feed in contract.feeds().values()
        if _has(feed, "bsn")
    )
    return connection.execute(sql.SQL("select count(bsn) from ({}) as named").format(numbers)).fetchone()[0]


def _begin(connection: psycopg.Connection) -> None:
    connection.execute("drop table if exists pg_temp.to_erase")
    connection.execute(
        "create temp table to_erase (feed text, drop_id bigint, line_no bigint, is_shared boolean,"
        " primary key (feed, drop_id, line_no)) on commit drop"
    )


def _add(connection: psycopg.Connection, feed: Feed, which: str, values: dict) -> None:
    """Add the rows of a feed of a municipality for which something holds; `kept` is the row as it was accepted."""
    connection.execute(
        sql.SQL(
            "insert into pg_temp.to_erase select {feed}, given.drop_id, given.line_no, %(shared)s from {raw} as given"
            " inner join raw.drop_ledger as ledger using (drop_id)"
            " left join {accepted} as kept on kept.drop_id = given.drop_id and kept.line_no = given.line_no"
            " where ledger.municipality_code = %(code)s and not given.erased and {which} on conflict do nothing"
        ).format(
            feed=sql.Literal(feed.name),
            raw=sql.Identifier("raw", feed.name),
            accepted=_accepted(feed),
            which=sql.SQL(which),  # type: ignore[arg-type]
        ),
        {"shared": False, **values},
    )


def _add_what_belongs_to_it(connection: psycopg.Connection, values: dict) -> None:
    """Add what is told of the cases and the signals among them elsewhere: claims, attempts, help, withdrawals.

    And rows about a case without a whole address.
    """
    for feed in contract.feeds().values():
        if _has(feed, "dossier_id"):
            _add(connection, feed, f"{_ADDRESS} is null and {_OF_A_CASE}" if feed.has_address else _OF_A_CASE, values)
    _add(connection, contract.feeds()["withdrawals"], _OF_A_SIGNAL, values)


def _collected(connection: psycopg.Connection) -> Rows:
    rows: Rows = {}
    for feed, drop, line in connection.execute(_COLLECTED):
        rows.setdefault(feed, []).append((drop, line))
    return rows


def _has(feed: Feed, column: str) -> bool:
    return any(each.name == column for each in feed.columns)


def _accepted(feed: Feed) -> sql.Identifier:
    return sql.Identifier("quality", f"accepted_{feed.name}")


_COLLECTED = "select feed, drop_id, line_no from pg_temp.to_erase order by feed, drop_id, line_no"
_NUMBER = "quality.read_bsn(quality.trimmed(given.bsn))"
_ADDRESS = """
    quality.address_key(
        quality.read_postcode(quality.trimmed(given.postcode)),
        quality.read_house_number(quality.trimmed(given.huisnummer)),
        quality.trimmed(given.huisletter),
        quality.trimmed(given.huisnummertoevoeging)
    )
"""
# Where somebody is meant: an address in every month; by number where the register known in each month has the person.
_HOMES = """
    create temp table home on commit drop as
    select household.household_id, %(key)s::text as address_key, null::date as signal_month, false as is_shared
    from (select 1) as one
    left join vault.household as household
        on household.municipality_code = %(code)s and household.address_key = %(key)s and household.erased_at is null
    where %(key)s::text is not null
    union all
    select
        household.household_id, household.address_key, month.day,
        bool_or(
            exists (
                select 1 from quality.accepted_brp as other
                where
                    other.drop_id = register.drop_id and other.household_id = person.household_id
                    and other.bsn <> person.bsn and other.opschorting is null
            )
            or exists (
                select 1 from quality.accepted_signals as signal
                where
                    signal.household_id = person.household_id and signal.signal_month = month.day
                    and signal.bsn <> person.bsn
            )
        )
    from (
        select distinct ledger.signal_month as day from raw.drop_ledger as ledger where municipality_code = %(code)s
        union
        select dossier.matchmaand from quality.accepted_ris_dossiers as dossier where municipality_code = %(code)s
    ) as month
    cross join lateral raw.population_register(month.day) as register
    inner join quality.accepted_brp as person on person.drop_id = register.drop_id
    inner join vault.household as household on household.household_id = person.household_id
    where
        register.municipality_code = %(code)s and register.state = 'usable' and person.bsn = %(bsn)s
        and person.opschorting is null and household.erased_at is null
    group by household.household_id, household.address_key, month.day
"""
_ON_WALKING_LIST = """
    quality.trimmed(given.zaaknummer) in (
        select listed.case_number
        from decision.listed_cases('infinity') as listed
        inner join pg_temp.home using (household_id)
        where
            listed.municipality_code = %(code)s and home.is_shared = %(shared)s
            and (
                home.signal_month is null
                or home.signal_month = decision.case_month(listed.municipality_code, listed.case_number)
            )
    )
"""
_OTHERS_OWN = f"(not %(by_address)s and {_NUMBER} <> %(bsn)s)"
_OF_A_CUSTOMER = f"""
    {_ADDRESS} is null and {_OTHERS_OWN} is not true
    and (
        (ledger.creditor, quality.trimmed(given.klantnummer)) in (
            select of_own.creditor, quality.trimmed(own.klantnummer)
            from raw.signals as own
            inner join pg_temp.to_erase as taken using (drop_id, line_no)
            inner join raw.drop_ledger as of_own using (drop_id)
            where taken.feed = 'signals' and taken.is_shared = %(shared)s
        )
        -- A creditor may begin its numbers anew each month.
        or (ledger.creditor, ledger.signal_month, quality.trimmed(given.signaal_id)) in (
            select of_own.creditor, of_own.signal_month, quality.trimmed(own.signaal_id)
            from raw.signals as own
            inner join pg_temp.to_erase as taken using (drop_id, line_no)
            inner join raw.drop_ledger as of_own using (drop_id)
            where taken.feed = 'signals' and taken.is_shared = %(shared)s
        )
    )
"""  # noqa: S608 (constants)
_NAMED = """
    (ledger.file, given.line_no) in (select * from unnest(%(files)s::text[], %(lines)s::bigint[]))
"""
REGISTERS = ("brp", "shv")
"""Whole registers: who is left in them goes on under another number of a household."""
_SURNAMES = {"signals": "achternaam", "brp": "geslachtsnaam"}
"""The feeds that give names, and the surname in each."""
# Alike: the surname with the street, or with the house number where there is no whole address; a creditor's customer.
_ALIKE = sql.SQL(f"""
    with own as (
        select given.bsn, given.achternaam as surname, given.straatnaam, given.huisnummer
        from raw.signals as given
        inner join pg_temp.to_erase as taken using (drop_id, line_no)
        where taken.feed = 'signals' and not taken.is_shared
        union
        select given.bsn, given.geslachtsnaam, given.straatnaam, given.huisnummer
        from raw.brp as given
        inner join pg_temp.to_erase as taken using (drop_id, line_no)
        where taken.feed = 'brp'
    )

    select ledger.file, given.line_no
    from {{raw}} as given
    inner join raw.drop_ledger as ledger using (drop_id)
    where
        ledger.municipality_code = %(code)s and not given.erased and {_OTHERS_OWN} is not true
        and not exists (
            select 1 from pg_temp.to_erase as taken
            where taken.feed = {{feed}} and taken.drop_id = given.drop_id and taken.line_no = given.line_no
        )
        and (
            {{customer}}
            or (
                (
                    lower(quality.trimmed(given.straatnaam)) in (select lower(quality.trimmed(straatnaam)) from own)
                    or {_ADDRESS} is null
                    and quality.trimmed(given.huisnummer) in (select quality.trimmed(huisnummer) from own)
                )
                and vault.folded_name(given.{{surname}}, '-') in (select vault.folded_name(surname, '-') from own)
            )
        )
""")  # noqa: S608 (constants)
_SAME_CUSTOMER = sql.SQL("""
    (ledger.creditor, quality.trimmed(given.klantnummer)) in (
        select of_own.creditor, quality.trimmed(customer.klantnummer)
        from raw.signals as customer
        inner join pg_temp.to_erase as taken using (drop_id, line_no)
        inner join raw.drop_ledger as of_own using (drop_id)
        where taken.feed = 'signals' and not taken.is_shared
    )
""")
_HOUSEHOLDS_OF_TAKEN = sql.SQL("""
    select kept.household_id
    from {} as kept
    inner join pg_temp.to_erase as taken using (drop_id, line_no)
    where taken.feed = {}
""")
_HOUSEHOLDS_OF_LEFT = sql.SQL("""
    select kept.household_id
    from {} as kept
    left join pg_temp.to_erase as taken
        on taken.feed = {} and taken.drop_id = kept.drop_id and taken.line_no = kept.line_no
    where taken.feed is null and not kept.erased and kept.household_id is not null
""")
_OF_A_CASE = """
    quality.trimmed(given.dossier_id) in (
        select quality.trimmed(dossier.dossier_id)
        from raw.ris_dossiers as dossier
        inner join pg_temp.to_erase as erased using (drop_id, line_no)
        where erased.feed = 'ris_dossiers' and erased.is_shared = %(shared)s
    )
"""
_OF_A_SIGNAL = """
    (ledger.creditor, quality.trimmed(given.signaal_id)) in (
        select of_signal.creditor, quality.trimmed(signal.signaal_id)
        from raw.signals as signal
        inner join pg_temp.to_erase as erased using (drop_id, line_no)
        inner join raw.drop_ledger as of_signal using (drop_id)
        where erased.feed = 'signals' and erased.is_shared = %(shared)s
    )
"""


def _at_home(feed: Feed) -> str:
    """That a row is about a home that is meant; by number only where the row names nobody."""
    month = (
        "coalesce(quality.read_month(quality.trimmed(given.matchmaand)), ledger.signal_month)"
        if _has(feed, "matchmaand")
        else "ledger.signal_month"
    )
    # A register of residents names everybody.
    names_nobody = "false" if feed.name == "brp" else f"{_NUMBER} is null" if _has(feed, "bsn") else "true"
    return f"""
        (kept.household_id = any(%(lived_in)s) or {_ADDRESS} = any(%(keys)s))
        and exists (
            select 1 from pg_temp.home
            where
                (home.household_id = kept.household_id or home.address_key = {_ADDRESS})
                and home.is_shared = %(shared)s
                and (home.signal_month is null or (home.signal_month = {month} and {names_nobody}))
        )
    """  # noqa: S608 (constants)


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
