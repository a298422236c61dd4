"""Erasing: on request or past a term, what points at somebody goes; what was counted stays, and so do the tables.

Rows are emptied and never taken out: amounts, dates and months stay, under a number of a household that no address has
any more. A drop with such rows is not read or judged again. Every erasure leaves a proof, which holds numbers only;
with the proofs what a restored backup brought back is erased again.

First the warehouse, in one transaction that also notes what is left to do; then files and tables. What breaks off in
between is gone on with the next time.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from vroegsignaal import configuration, contract, door, intake, transform, warehouse
from vroegsignaal.erasing import files
from vroegsignaal.erasing.files import Files
from vroegsignaal.erasing.rows import Found, Person, of_person, past_their_term, registers_in_use
from vroegsignaal.errors import PlatformError, UsageError
from vroegsignaal.intake import ledger
from vroegsignaal.months import Month
from vroegsignaal.outbox import ddas
from vroegsignaal.outbox.files import replaced
from vroegsignaal.settings import Settings
from vroegsignaal.shown import printable

PROOFS = "gewist"
"""The folder of a municipality's proofs, in the folder for results."""


@dataclass
class Erasure:
    """What an erasure comes to: rows per feed, households, files; and where its proof is, once it was done."""

    municipality: str
    kind: str
    counts: dict[str, int]
    households: int
    files: Files = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)
    """Files of which only a person can tell whom they hold."""
    remarks: list[str] = field(default_factory=list)
    """What to mind, such as rows of others that go with it."""
    proof: Path | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to erase."""
        return not (self.counts or self.households or self.files)

    def told(self) -> str:
        """In a sentence or two, without anything of a person but in the names that others gave files."""
        rows = ", ".join(f"{count} of {feed}" for feed, count in self.counts.items()) or "none"
        done = "Erased" if self.proof else "Would be erased"
        lines = [f"{self.municipality}: {done}: rows: {rows}; households: {self.households}; files: {len(self.files)}."]
        lines += [f"  {printable(name)}" for name in self.files]
        lines += self.remarks
        if self.unclear:
            lines += ["Look at these yourself: nobody else can tell whom they hold.", *_listed(self.unclear)]
        return "\n".join([*lines, f"Proof: {self.proof}"] if self.proof else lines)


def held(here: Settings, person: Person) -> dict[str, Any]:
    """All that is held about a person: rows as they were delivered, and what was said of them and decided on them.

    By number, of what is shared with others only that it exists.
    """
    with warehouse.connect(here, "loader") as connection:
        person = _checked(here, connection, person)
        found = of_person(connection, person)
        rows = {feed: _as_delivered(connection, feed, places, found) for feed, places in found.rows.items()}
        told = _told_of(connection, _own_signals(found))
        released = _released(connection, found)
    with warehouse.connect(here, "transformer") as connection:
        exchanged = _exchanged(connection, found)
    with warehouse.connect(here, "caseworker") as connection:
        warehouse.limit_to(connection, person.municipality)
        decided = (
            _as_dicts(
                connection,
                "select explanation.*, home.is_shared from casework.explanation as explanation"
                " inner join unnest(%s::bigint[], %s::date[], %s::boolean[]) as home (household_id, month, is_shared)"
                " on home.household_id = explanation.household_id"
                " and coalesce(home.month, explanation.signal_month) = explanation.signal_month"
                " order by explanation.signal_month",
                _columns(found.homes, 3),
            )
            if warehouse.is_there(connection, "casework.explanation")
            else []
        )
    return {
        "gemeente": person.municipality,
        "aangeleverd": rows,
        "vrijgegeven": released,
        "besluiten": [
            {"signal_month": row["signal_month"], "gedeeld": True} if is_shared else row
            for row in decided
            for is_shared in [row.pop("is_shared")]
        ],
        "gewisseld": exchanged,
        "teruggekoppeld": told,
        "twijfelachtig": [{"bestand": file, "regel": line} for file, line in found.doubtful],
    }


def erase(here: Settings, person: Person, by: str, reason: str, *, dry_run: bool = False) -> Erasure:
    """Erase a person's household; or only say what that comes to, of what was received.

    Raises UsageError without a name or a reason, or for whom nobody can be; PlatformError when nothing is held, or
    while files are left: the next erasure goes on with them.
    """
    if not dry_run and not (by.strip() and reason.strip()):
        raise UsageError("an erasure needs a name and a reason: --by and --reason.")
    with warehouse.connect(here, "loader") as connection:
        person = _checked(here, connection, person)
    if not dry_run:
        _take_in(here, settled_only=False)
    with _erasing(here) as connection:
        found = of_person(connection, person)
        months = _months(connection, found.drops)
        erasure = Erasure(person.municipality, "request", found.counts, len(found.households))
        erasure.remarks = _remarks(found)
        sought = files.Sought(person.bsn, person.postcode, person.number)
        deliveries, erasure.unclear = files.of_person(here, connection, person.municipality, found.drops, sought)
        erasure.files = _not_noted(connection, deliveries | files.strays(here, person.municipality, months))
        if not (dry_run or erasure.is_nothing):
            _check_judged(connection, person.municipality)
            erasure.proof = _enter(here, connection, erasure, found, by, reason, {}, months)
            _apply(connection, found, moved=registers_in_use(connection, person.municipality))
    if dry_run:
        return erasure
    finished = [proof for proof in _finish(here) if proof.is_relative_to(here.out / person.municipality)]
    if erasure.is_nothing and not finished:
        unclear = ["But look at these files yourself:", *_listed(erasure.unclear)] if erasure.unclear else []
        doubts = "\n".join([*erasure.remarks, *unclear])
        raise PlatformError(
            "nothing is held about this household: nothing was erased, and there is no proof. Is the address written as"
            f" in the deliveries, with letter and addition?\n{doubts}".rstrip()
        )
    if erasure.is_nothing:
        # The same request once more, after it broke off.
        erasure.proof = finished[-1]
    return erasure


def purge(here: Settings, day: date, by: str, *, dry_run: bool = False) -> list[Erasure]:
    """Erase what is past its term on a day, of every municipality; or only say what that comes to, by the last figures.

    Raises PlatformError while files are left: the next time goes on with them.
    """
    done = []
    if not dry_run:
        _take_in(here, settled_only=True)
        transform.count_terms()
    with warehouse.connect(here, "loader") as connection:
        municipalities = warehouse.fetch(connection, "select municipality_code from config.municipalities order by 1")
    for (code,) in municipalities:
        with _erasing(here) as connection:
            found = past_their_term(connection, code, day)
            policy = _policy(connection, code, day)
            erasure = Erasure(code, "term", found.counts, len(found.households))
            gone, erasure.unclear = files.past_their_term(here, connection, code, day, policy)
            erasure.files = _not_noted(connection, gone)
            done.append(erasure)
            if dry_run or erasure.is_nothing:
                continue
            _check_judged(connection, code)
            months = _months(connection, found.drops)
            erasure.proof = _enter(here, connection, erasure, found, by, f"term, on {day}", policy, months)
            _apply(connection, found, moved=registers_in_use(connection, code))
    if not dry_run and not _finish(here):
        transform.publish_again()
    return done


def past_their_term_since(here: Settings, day: date) -> list[str]:
    """The municipalities of which rows or addresses are held whose term had passed on a day."""
    with warehouse.connect(here, "loader") as connection:
        codes = warehouse.fetch(connection, "select municipality_code from config.municipalities order by 1")
        held = {code: past_their_term(connection, code, day) for (code,) in codes}
    return [code for code, found in held.items() if found.rows or found.households]


def erase_again(here: Settings) -> list[str]:
    """Erase again what a restored backup brought back: of what there is a proof, and the warehouse knows nothing.

    What is not there yet is erased as soon as it is delivered and judged. Raises PlatformError when there is no proof.
    """
    proofs = sorted(here.out.glob(f"*/{PROOFS}/*.json"))
    if not proofs:
        raise PlatformError(
            f"there is no proof of an erasure in {here.out}/*/{PROOFS}, so nothing was erased again. Put the folders"
            f" `{PROOFS}` of before back there."
        )
    _take_in(here, settled_only=False)
    done, of_before = [], []
    for path in proofs:
        told = json.loads(path.read_text(encoding="utf-8"))
        with _erasing(here) as connection:
            if connection.execute("select 1 from quality.erasure where proof = %s", [path.stem]).fetchone():
                continue
            if isinstance(told["rijen"], dict):
                of_before.append(path.name)
                continue
            _enter_again(here, connection, path.stem, told)
            connection.execute("call quality.erase_awaited()")
        done.append(path.stem)
    _finish(here)
    if of_before:
        raise PlatformError(
            f"erased again: {', '.join(done) or 'nothing'}. Of an earlier version, and to be done by hand with"
            f" `vroegsignaal erase`: {', '.join(of_before)}."
        )
    return done


def _checked(here: Settings, connection: psycopg.Connection, person: Person) -> Person:
    """The person as the deliveries have it; raises UsageError for a municipality or number that nobody has."""
    configuration.load(here, connection)
    known = connection.execute(
        "select 1 from config.municipalities where municipality_code = %(code)s"
        " union all select 1 from raw.drop_ledger where municipality_code = %(code)s limit 1",
        {"code": person.municipality},
    ).fetchone()
    if not known:
        raise UsageError("--municipality: there is no such code in municipalities.csv.")
    if person.bsn is None:
        return person
    (bsn,) = connection.execute("select quality.read_bsn(quality.trimmed(%s))", [person.bsn]).fetchone()
    if bsn is None:
        raise UsageError("--bsn: that is not a citizen service number: write its nine digits, without dots or spaces.")
    return replace(person, bsn=bsn)


def _take_in(here: Settings, *, settled_only: bool) -> None:
    """Receive and judge what waits, so that of every delivery the rows are known that may have to go.

    For the flows it stays news: they have the rest of its month to do.
    """
    with warehouse.connect(here, "loader") as connection:
        waiting = ledger.months_awaiting_judgement(connection)
    for month in sorted({*waiting, *intake.months_with_news(settled_only=settled_only)}):
        intake.receive(month, settled_only=settled_only)
        door.judge(month, stays_news=True)


@contextmanager
def _erasing(here: Settings) -> Iterator[psycopg.Connection]:
    """A transaction in which nothing is received, judged or derived."""
    with transform.publishing(here), warehouse.connect(here, "loader") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('vroegsignaal receive'))")
        yield connection


def _check_judged(connection: psycopg.Connection, municipality: str) -> None:
    """Raise PlatformError for a delivery that came in since the others were judged: its rows could not be counted."""
    waits = connection.execute(
        "select 1 from raw.drop_ledger where municipality_code = %s and status = 'received' limit 1", [municipality]
    ).fetchone()
    if waits:
        raise PlatformError("a delivery is being received: run this again when that is done.")


def _apply(connection: psycopg.Connection, found: Found, moved: list[int]) -> None:
    """Empty the rows and take the addresses away; `moved`: the registers that go on under new numbers."""
    # Known to nobody once this has run.
    key = secrets.token_hex(32)
    for feed, places in found.rows.items():
        procedure = sql.Identifier("quality", f"erase_{feed}")
        drops, lines = zip(*places, strict=True)
        connection.execute(sql.SQL("call {}(%s, %s, %s)").format(procedure), [key, list(drops), list(lines)])
    if moved:
        connection.execute("call vault.move_residents(%s, %s)", [found.households, moved])
    connection.execute("call vault.erase_households(%s)", [found.households])
    connection.execute("call quality.mark_erased(%s)", [found.drops])


def _enter(
    here: Settings,
    connection: psycopg.Connection,
    erasure: Erasure,
    found: Found,
    by: str,
    reason: str,
    policy: dict,
    months: list[Month],
) -> Path:
    """Note the erasure in the ledger, and what is left to do once it is final; where its proof will be."""
    name = f"{_today(connection)}-{erasure.kind}-{secrets.token_hex(4)}"
    told = {
        "gemeente": erasure.municipality,
        "soort": erasure.kind,
        "door": by.strip(),
        "reden": reason.strip(),
        "beleid": policy,
        "aantallen": erasure.counts,
        "bestanden": files.told(erasure.files),
        "niet_beoordeeld": files.told(erasure.unclear),
        "huishoudens": found.households,
        "rijen": _places(connection, found),
    }
    _record(connection, name, told, erasure.files, months)
    return _path(here, erasure.municipality, name)


def _enter_again(here: Settings, connection: psycopg.Connection, name: str, told: dict[str, Any]) -> None:
    """Note an erasure of which there is a proof, with what it is about: to be erased as soon as it is there."""
    shas = {place["sha256"] for place in told["rijen"]}
    months = sorted({Month.parse(place["maand"]) for place in told["rijen"]})
    gone = files.of_contents(here, told["gemeente"], shas) | files.strays(here, told["gemeente"], months)
    _record(connection, name, told, gone, months)
    connection.cursor().executemany(
        "insert into quality.erasure_awaited values (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            [
                *(name, told["gemeente"], Month.parse(place["maand"]).first_day, place["feed"], place["crediteur"]),
                *(place["sha256"], place["regels"], place["huishouden"]),
            ]
            for place in told["rijen"]
        ],
    )


def _record(connection: psycopg.Connection, name: str, told: dict[str, Any], gone: Files, months: list[Month]) -> None:
    connection.execute(
        "insert into quality.erasure (proof, kind, municipality_code, erased_by, reason, households, counts, policy)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(name, told["soort"], told["gemeente"], told["door"], told["reden"], told["huishoudens"]),
            *(Jsonb(told["aantallen"]), Jsonb(told["beleid"])),
        ],
    )
    connection.execute(
        "insert into quality.erasure_open (proof, months, files, told) values (%s, %s, %s, %s)",
        [name, [month.first_day for month in months], Jsonb(gone), Jsonb(told)],
    )


def _not_noted(connection: psycopg.Connection, gone: Files) -> Files:
    """Of files the ones that no other erasure is still to take away."""
    noted = {
        (name, contents)
        for (those,) in connection.execute("select files from quality.erasure_open")
        for name, contents in those.items()
    }
    return {name: contents for name, contents in gone.items() if (name, contents) not in noted}


def _places(connection: psycopg.Connection, found: Found) -> list[dict[str, Any]]:
    """Where the rows stand, by what stays the same when a backup is restored: contents and lines of files.

    And which of them are rows of a household that goes.
    """
    places = []
    for feed, rows in found.rows.items():
        drops, lines = zip(*rows, strict=True)
        told = connection.execute(
            sql.SQL(
                "select ledger.signal_month, ledger.creditor, ledger.sha256,"
                " array_agg(given.line_no order by given.line_no),"
                " coalesce(array_agg(given.line_no order by given.line_no)"
                " filter (where kept.household_id = any(%s)), '{{}}')"
                " from unnest(%s::bigint[], %s::bigint[]) as given (drop_id, line_no)"
                " inner join raw.drop_ledger as ledger using (drop_id)"
                " left join {} as kept using (drop_id, line_no)"
                " group by ledger.drop_id order by ledger.drop_id"
            ).format(sql.Identifier("quality", f"accepted_{feed}")),
            [found.households, list(drops), list(lines)],
        ).fetchall()
        places += [
            {"maand": str(Month.of(day)), "feed": feed, "crediteur": creditor, "sha256": sha}
            | {"regels": lines, "huishouden": of_household}
            for day, creditor, sha, lines, of_household in told
        ]
    return places


def _finish(here: Settings) -> list[Path]:
    """What is left of erasures that are final: proof, files, lists and notices, tables; the proofs of those.

    Also of those that broke off here before. All is tried; raises PlatformError when files are left, and these are
    tried again the next time.
    """
    with warehouse.connect(here, "loader") as connection:
        opened = warehouse.fetch(
            connection,
            "select proof, open.told, open.files, open.months from quality.erasure_open as open"
            " inner join quality.erasure using (proof) order by erasure_id",
        )
    if not opened:
        return []
    proofs, done, left = [], [], []
    deliveries: dict[str, set[tuple[Month, Month]]] = {}
    for name, told, gone, days in opened:
        path = _path(here, told["gemeente"], name)
        with replaced(path) as fresh:
            fresh.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
        proofs.append(path)
        months = [Month.of(day) for day in days]
        failed = files.remove(here, gone) + files.write_anew(here, told["gemeente"], months)
        left += failed
        done += [] if failed else [name]
        deliveries.setdefault(told["gemeente"], set()).update(ddas.take_away(here, told["gemeente"]))
    transform.publish_again()
    # To Statistics Netherlands, from the tables as they are derived from what is left.
    for municipality, spans in deliveries.items():
        for first, last in sorted(spans):
            ddas.write(here, municipality, first, last)
    with warehouse.connect(here, "loader") as connection:
        connection.execute("delete from quality.erasure_open where proof = any(%s)", [done])
    if left:
        raise PlatformError(
            "erased in the warehouse, but not in every file. These could not be removed or written anew:"
            f" {', '.join(files.told(left))}. See to it that they can be, and run `vroegsignaal purge`: it goes on with"
            " them."
        )
    return proofs


def _path(here: Settings, municipality: str, name: str) -> Path:
    return here.out / municipality / PROOFS / f"{name}.json"


def _listed(names: list[str]) -> list[str]:
    return [f"  {printable(name)}" for name in names]


def _months(connection: psycopg.Connection, drops: list[int]) -> list[Month]:
    rows = connection.execute(
        "select distinct signal_month from raw.drop_ledger where drop_id = any(%s) order by 1", [drops]
    ).fetchall()
    return [Month.of(day) for (day,) in rows]


def _policy(connection: psycopg.Connection, municipality: str, day: date) -> dict[str, Any]:
    rows = connection.execute(
        "select parameter, max(value)::integer, max(valid_from)::text from config.policy_on(%s)"
        " where municipality_code = %s and starts_with(parameter, 'retain_') group by parameter order by parameter",
        [day, municipality],
    ).fetchall()
    return {parameter: {"maanden": months, "sinds": since} for parameter, months, since in rows}


def _remarks(found: Found) -> list[str]:
    """What to mind before an erasure, in words."""
    told = []
    if found.people > 1:
        told.append(f"Mind: these rows name {found.people} people by number. All of them go: they were at the address.")
    if found.shared:
        told.append(
            f"Mind: {len(found.shared)} rows may be of others: they name nobody, and others lived there too. They go."
        )
    if found.staying:
        told.append(
            f"Mind: {found.staying} households stay, since creditors reported others there. What the rows counted stays"
            " with the address."
        )
    if found.doubtful:
        told.append("These rows may be meant as well. Look at them, and name those that are with --also FILE:LINE:")
        told += [f"  {printable(file)}:{line}" for file, line in found.doubtful]
    return told


def _as_dicts(connection: psycopg.Connection, query: str | sql.Composed, values: list) -> list[dict]:
    """The rows that a query gives, each by the names of its columns."""
    return connection.cursor(row_factory=dict_row).execute(query, values).fetchall()


def _columns(places: Sequence[tuple], width: int) -> list[list]:
    """Rows as an array for each of their columns."""
    return [[place[number] for place in places] for number in range(width)]


def _as_delivered(connection: psycopg.Connection, feed: str, places: list[tuple[int, int]], found: Found) -> list[dict]:
    """The rows as they were delivered; of those that are shared with others only where they stand."""
    columns = [column.name for column in contract.feeds()[feed].columns]
    shared = [(feed, *place) in found.shared for place in places]
    rows = _as_dicts(
        connection,
        sql.SQL(
            "select ledger.file as bestand, given.line_no as regel, wanted.is_shared, ledger.status, {}"
            " from {} as given"
            " inner join unnest(%s::bigint[], %s::bigint[], %s::boolean[]) as wanted (drop_id, line_no, is_shared)"
            " using (drop_id, line_no)"
            " inner join raw.drop_ledger as ledger using (drop_id) order by ledger.signal_month, given.drop_id, 2"
        ).format(sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier("raw", feed)),
        [*_columns(places, 2), shared],
    )
    return [
        {"bestand": row["bestand"], "regel": row["regel"], "gedeeld": True}
        if is_shared
        else {name: value for name, value in row.items() if value is not None}
        for row in rows
        for is_shared in [row.pop("is_shared")]
    ]


def _own_signals(found: Found) -> list[tuple[int, int]]:
    """Drop and line of the signals that are not shared with others."""
    return [place for place in found.rows.get("signals", []) if ("signals", *place) not in found.shared]


def _released(connection: psycopg.Connection, found: Found) -> list[dict]:
    """What was said of the rows that somebody let through."""
    return _as_dicts(
        connection,
        "select ledger.file as bestand, told.line_no as regel, told.amount_eur as bedrag, told.reason as reden,"
        " told.released_by as door, told.released_at as op from quality.release as told"
        " inner join unnest(%s::bigint[], %s::bigint[]) as wanted (drop_id, line_no) using (drop_id, line_no)"
        " inner join raw.drop_ledger as ledger using (drop_id) order by told.release_id",
        _columns(_own_signals(found), 2),
    )


def _exchanged(connection: psycopg.Connection, found: Found) -> list[dict]:
    """Why somebody exchanged the household for another, or another for it."""
    return _as_dicts(
        connection,
        "select exchange.signal_month as maand, exchange.household_in = home.household_id as gekozen,"
        " exchange.reason as reden, exchange.exchanged_by as door, exchange.exchanged_at as op"
        " from decision.exchange as exchange"
        " inner join unnest(%s::bigint[], %s::date[], %s::boolean[]) as home (household_id, month, is_shared)"
        " on home.household_id in (exchange.household_out, exchange.household_in)"
        " and coalesce(home.month, exchange.signal_month) = exchange.signal_month"
        " where not home.is_shared order by exchange.exchanged_at",
        _columns(found.homes, 3),
    )


def _told_of(connection: psycopg.Connection, places: list[tuple[int, int]]) -> list[dict]:
    """What creditors were told of signals."""
    return _as_dicts(
        connection,
        "select told.creditor, told.signal_id, told.told_month, told.told_status, told.told_outcome,"
        " told.status_on, told.collection, told.is_correction from decision.feedback as told"
        " inner join unnest(%s::bigint[], %s::bigint[]) as wanted (drop_id, line_no) using (drop_id, line_no)"
        " order by told.told_month, told.creditor, told.drop_id, told.line_no, told.turn",
        _columns(places, 2),
    )


def _today(connection: psycopg.Connection) -> date:
    return connection.execute("select (now() at time zone 'Europe/Amsterdam')::date").fetchone()[0]


def write_export(here: Settings, person: Person, path: Path) -> int:
    """Write all that is held about a person as JSON, for the owner's eyes; the number of rows delivered."""
    told = held(here, person)
    with replaced(path) as fresh:
        fresh.write_text(json.dumps(told, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
    return sum(map(len, told["aangeleverd"].values()))
