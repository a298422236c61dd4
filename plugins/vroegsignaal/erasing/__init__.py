"""Erasing: on request or past a term, what points at somebody goes; what was counted stays, and so do the tables.

Rows are emptied and never taken out: amounts, dates and months stay, under a number of a household that no address has
any more. A drop with such rows is not read or judged again. Every erasure leaves a proof, which holds numbers only;
with the proofs what a restored backup brought back is erased again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from vroegsignaal import contract, transform, warehouse
from vroegsignaal.erasing import files
from vroegsignaal.erasing.rows import Found, Person, of_person, past_their_term, registers_in_use
from vroegsignaal.errors import UsageError
from vroegsignaal.months import Month
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
    files: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What to mind, such as rows of others that go with it."""
    proof: Path | None = None

    def told(self) -> str:
        """In a sentence or two, without anything of a person."""
        rows = ", ".join(f"{count} of {feed}" for feed, count in self.counts.items()) or "none"
        done = "Erased" if self.proof else "Would be erased"
        lines = [f"{self.municipality}: {done}: rows: {rows}; households: {self.households}; files: {len(self.files)}."]
        lines += [f"  {name}" for name in self.files]
        lines += self.remarks
        return "\n".join([*lines, f"Proof: {self.proof}"] if self.proof else lines)


def held(here: Settings, person: Person) -> dict[str, Any]:
    """All that is held about a person: rows as they were delivered, and what was said of them and decided on them.

    By number, of what is shared with others only that it exists.
    """
    with warehouse.connect(here, "loader") as connection:
        found = of_person(connection, person)
        rows = {feed: _as_delivered(connection, feed, places, found) for feed, places in found.rows.items()}
        released = _released(connection, found)
    with warehouse.connect(here, "transformer") as connection:
        exchanged = _exchanged(connection, found)
    with warehouse.connect(here, "caseworker") as connection:
        warehouse.limit_to(connection, person.municipality)
        decided = (
            connection.cursor(row_factory=dict_row)
            .execute(
                "select explanation.*, home.is_shared from casework.explanation as explanation"
                " inner join unnest(%s::bigint[], %s::date[], %s::boolean[]) as home (household_id, month, is_shared)"
                " on home.household_id = explanation.household_id"
                " and coalesce(home.month, explanation.signal_month) = explanation.signal_month"
                " order by explanation.signal_month",
                _columns(found.homes, 3),
            )
            .fetchall()
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
        "twijfelachtig": [{"bestand": file, "regel": line} for file, line in found.doubtful],
    }


def erase(here: Settings, person: Person, by: str, reason: str, *, dry_run: bool = False) -> Erasure:
    """Erase a person's household; or only say what that comes to. Raises UsageError without a name or a reason."""
    if not dry_run and not (by.strip() and reason.strip()):
        raise UsageError("an erasure needs a name and a reason: --by and --reason.")
    with _erasing(here) as connection:
        found = of_person(connection, person)
        erasure = Erasure(person.municipality, "request", found.counts, len(found.households))
        erasure.remarks = _remarks(found)
        sought = [value for value in (person.bsn, person.postcode) if value]
        erasure.files = files.of_drops(connection, found.drops)
        erasure.files += files.that_name(here, connection, person.municipality, sought)
        if dry_run:
            return erasure
        months = _months(connection, found.drops)
        _apply(connection, found, moved=registers_in_use(connection, person.municipality))
        erasure.proof = _prove(here, connection, erasure, found, by, reason, {})
    _afterwards(here, person.municipality, months, erasure)
    return erasure


def purge(here: Settings, day: date, by: str, *, dry_run: bool = False) -> list[Erasure]:
    """Erase what is past its term on a day, of every municipality; or only say what that comes to."""
    done = []
    # The terms of cases count from what is known now, and not as of an earlier month.
    _publish(here)
    with warehouse.connect(here, "loader") as connection:
        municipalities = warehouse.fetch(connection, "select municipality_code from config.municipalities order by 1")
    for (code,) in municipalities:
        with _erasing(here) as connection:
            found = past_their_term(connection, code, day)
            policy = _policy(connection, code, day)
            erasure = Erasure(code, "term", found.counts, len(found.households))
            erasure.files = files.past_their_term(here, code, day, policy)
            done.append(erasure)
            if dry_run or not (found.rows or found.households or erasure.files):
                continue
            months = _months(connection, found.drops)
            _apply(connection, found, moved=registers_in_use(connection, code))
            erasure.proof = _prove(here, connection, erasure, found, by, f"term, on {day}", policy)
        _afterwards(here, code, months, erasure)
    return done


def past_their_term_since(here: Settings, day: date) -> list[str]:
    """The municipalities of which rows or addresses are held whose term had passed on a day."""
    with warehouse.connect(here, "loader") as connection:
        codes = warehouse.fetch(connection, "select municipality_code from config.municipalities order by 1")
        held = {code: past_their_term(connection, code, day) for (code,) in codes}
    return [code for code, found in held.items() if found.rows or found.households]


def erase_again(here: Settings) -> list[str]:
    """Erase again what a restored backup brought back: of what there is a proof, and the warehouse knows nothing."""
    done = []
    for proof in sorted(here.out.glob(f"*/{PROOFS}/*.json")):
        told = json.loads(proof.read_text(encoding="utf-8"))
        with _erasing(here) as connection:
            if connection.execute("select 1 from quality.erasure where proof = %s", [proof.stem]).fetchone():
                continue
            rows = {feed: [tuple(place) for place in places] for feed, places in told["rijen"].items()}
            found = Found(rows, told["huishoudens"])
            months = _months(connection, found.drops)
            _apply(connection, found, moved=registers_in_use(connection, told["gemeente"]))
            _record(
                connection,
                proof.stem,
                told["soort"],
                told["gemeente"],
                found,
                told["door"],
                told["reden"],
                told["beleid"],
            )
        _afterwards(here, told["gemeente"], months, Erasure(told["gemeente"], told["soort"], {}, 0, told["bestanden"]))
        done.append(proof.stem)
    return done


@contextmanager
def _erasing(here: Settings) -> Iterator[psycopg.Connection]:
    """A transaction in which nothing is received or judged."""
    with warehouse.connect(here, "loader") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('vroegsignaal receive'))")
        yield connection


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


def _prove(
    here: Settings,
    connection: psycopg.Connection,
    erasure: Erasure,
    found: Found,
    by: str,
    reason: str,
    policy: dict,
) -> Path:
    """Write the proof and note it in the ledger; before the erasure is final, so that there is none without."""
    name = f"{_today(connection)}-{erasure.kind}-{secrets.token_hex(4)}"
    path = here.out / erasure.municipality / PROOFS / f"{name}.json"
    told = {
        "gemeente": erasure.municipality,
        "soort": erasure.kind,
        "door": by.strip(),
        "reden": reason.strip(),
        "beleid": policy,
        "aantallen": erasure.counts,
        "bestanden": erasure.files,
        "huishoudens": found.households,
        "rijen": found.rows,
    }
    with replaced(path) as fresh:
        fresh.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    _record(connection, name, erasure.kind, erasure.municipality, found, by, reason, policy)
    return path


def _record(
    connection: psycopg.Connection,
    proof: str,
    kind: str,
    municipality: str,
    found: Found,
    by: str,
    reason: str,
    policy: dict,
) -> None:
    connection.execute(
        "insert into quality.erasure (proof, kind, municipality_code, erased_by, reason, households, counts, policy)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        [proof, kind, municipality, by.strip(), reason.strip(), found.households, Jsonb(found.counts), Jsonb(policy)],
    )


def _afterwards(here: Settings, municipality: str, months: list[Month], erasure: Erasure) -> None:
    """Once it is final: files go, lists and notices are written anew, the tables are derived from what is left."""
    files.remove(here, erasure.files)
    files.write_anew(here, municipality, months)
    _publish(here)


def _publish(here: Settings) -> None:
    """Derive from what is there all that others read, as of the last month that was matched."""
    last = transform.last_matched(here)
    if last:
        transform.publish(last)


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


def _columns(places: Sequence[tuple], width: int) -> list[list]:
    """Rows as an array for each of their columns."""
    return [[place[number] for place in places] for number in range(width)]


def _as_delivered(connection: psycopg.Connection, feed: str, places: list[tuple[int, int]], found: Found) -> list[dict]:
    """The rows as they were delivered; of those that are shared with others only where they stand."""
    columns = [column.name for column in contract.feeds()[feed].columns]
    shared = [(feed, *place) in found.shared for place in places]
    rows = (
        connection.cursor(row_factory=dict_row)
        .execute(
            sql.SQL(
                "select ledger.file as bestand, given.line_no as regel, wanted.is_shared, ledger.status, {}"
                " from {} as given"
                " inner join unnest(%s::bigint[], %s::bigint[], %s::boolean[]) as wanted (drop_id, line_no, is_shared)"
                " using (drop_id, line_no)"
                " inner join raw.drop_ledger as ledger using (drop_id) order by ledger.signal_month, given.drop_id, 2"
            ).format(sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier("raw", feed)),
            [*_columns(places, 2), shared],
        )
        .fetchall()
    )
    return [
        {"bestand": row["bestand"], "regel": row["regel"], "gedeeld": True}
        if is_shared
        else {name: value for name, value in row.items() if value is not None}
        for row in rows
        for is_shared in [row.pop("is_shared")]
    ]


def _released(connection: psycopg.Connection, found: Found) -> list[dict]:
    """What was said of the rows that somebody let through."""
    own = [place for place in found.rows.get("signals", []) if ("signals", *place) not in found.shared]
    return (
        connection.cursor(row_factory=dict_row)
        .execute(
            "select ledger.file as bestand, told.line_no as regel, told.amount_eur as bedrag, told.reason as reden,"
            " told.released_by as door, told.released_at as op from quality.release as told"
            " inner join unnest(%s::bigint[], %s::bigint[]) as wanted (drop_id, line_no) using (drop_id, line_no)"
            " inner join raw.drop_ledger as ledger using (drop_id) order by told.release_id",
            _columns(own, 2),
        )
        .fetchall()
    )


def _exchanged(connection: psycopg.Connection, found: Found) -> list[dict]:
    """Why somebody exchanged the household for another, or another for it."""
    return (
        connection.cursor(row_factory=dict_row)
        .execute(
            "select exchange.signal_month as maand, exchange.household_in = home.household_id as gekozen,"
            " exchange.reason as reden, exchange.exchanged_by as door, exchange.exchanged_at as op"
            " from decision.exchange as exchange"
            " inner join unnest(%s::bigint[], %s::date[], %s::boolean[]) as home (household_id, month, is_shared)"
            " on home.household_id in (exchange.household_out, exchange.household_in)"
            " and coalesce(home.month, exchange.signal_month) = exchange.signal_month"
            " where not home.is_shared order by exchange.exchanged_at",
            _columns(found.homes, 3),
        )
        .fetchall()
    )


def _today(connection: psycopg.Connection) -> date:
    return connection.execute("select (now() at time zone 'Europe/Amsterdam')::date").fetchone()[0]


def write_export(here: Settings, person: Person, path: Path) -> int:
    """Write all that is held about a person as JSON, for the owner's eyes; the number of rows delivered."""
    told = held(here, person)
    with replaced(path) as fresh:
        fresh.write_text(json.dumps(told, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
    return sum(map(len, told["aangeleverd"].values()))
