"""Names are read after a note of it that stands: whoever reads, however, and whatever becomes of what was read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import stepping
from conftest import forget_everything, places, platform, rows
from deciding import Chosen, approve
from oracle.small_landing import JAN, A, B, Small, signal
from psycopg import sql

from vroegsignaal import reading, warehouse
from vroegsignaal.errors import UsageError
from vroegsignaal.settings import Settings

LIST = f"select rang, achternaam from vault.walking_list('{A}', '{JAN}-01')"
OPEN = f"select vault.open_list('{A}', '{JAN}-01', 'walking_list')"
NOTED = "select municipality_code, list, read_by from quality.list_read order by read_at"
NOTE = (A, "walking_list", "caseworker")
READ = [(1, "Proef")]


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory, server_home: Path) -> Iterator[Settings]:
    """A month with one household that was selected, of which no list was made yet."""
    small = Small(tmp_path_factory.mktemp("opened"))
    for creditor in ("rood", "wit"):
        small.signals(JAN, creditor, signal(JAN, 1, "200"))
    with platform(server_home, **places(small)) as here:
        forget_everything(here)
        stepping.receive(JAN)
        approve(here, JAN, Chosen(1))
        yield here


@pytest.fixture
def here(decided: Settings) -> Settings:
    with warehouse.connect(decided, "owner") as connection:
        connection.execute("truncate quality.list_read")
    return decided


@contextmanager
def refused(sqlstate: str = "VS001") -> Iterator[None]:
    with pytest.raises(psycopg.Error) as told:
        yield
    assert told.value.sqlstate == sqlstate
    assert "Proef" not in str(told.value)


def test_who_did_not_open_a_list_gets_none_of_it_and_is_told_how(here: Settings) -> None:
    with warehouse.open_connection(here, "caseworker") as connection:
        with pytest.raises(psycopg.Error) as told:
            connection.execute(LIST)
        assert OPEN in str(told.value)
        connection.execute(OPEN)
        assert connection.execute(LIST).fetchall() == READ
    assert rows(here, NOTED) == [NOTE]


def test_a_note_that_can_still_be_undone_is_none(here: Settings) -> None:
    with warehouse.open_connection(here, "caseworker") as connection:
        for undone in ((OPEN,), ("savepoint one", OPEN, "release one")):
            connection.execute("begin")
            for statement in undone:
                connection.execute(statement)
            with refused():
                connection.execute(LIST)
            connection.execute("rollback")
        connection.execute(OPEN)
        connection.execute("begin")
        assert connection.execute(LIST).fetchall() == READ
        connection.execute("rollback")
    assert rows(here, NOTED) == [NOTE]


@pytest.mark.parametrize(
    "other",
    [OPEN.replace(A, B), OPEN.replace(JAN, "2021-12"), OPEN.replace("walking", "review")],
    ids=["municipality", "month", "list"],
)
def test_a_note_is_of_one_list(here: Settings, other: str) -> None:
    with warehouse.open_connection(here, "caseworker") as connection:
        connection.execute(other)
        with refused():
            connection.execute(LIST)


def test_a_note_is_of_one_session_and_not_for_ever(here: Settings) -> None:
    with warehouse.open_connection(here, "caseworker") as one:
        one.execute(OPEN)
        assert one.execute(LIST).fetchall() == READ
        one.execute("set application_name = 'another'")
        with refused():
            one.execute(LIST)
        one.execute("reset application_name")
        with warehouse.open_connection(here, "caseworker") as later, refused():
            later.execute(LIST)
        with warehouse.connect(here, "owner") as owner:
            owner.execute("update quality.list_read set read_at = read_at - interval '1 hour'")
        with refused():
            one.execute(LIST)


def test_a_query_that_is_typed_opens_what_it_reads(here: Settings) -> None:
    written = io.StringIO()
    both = f"{LIST} union all select null, rol from vault.walking_list('{B}', '{JAN}-01') order by 1"
    reading.query(here, both, "caseworker", None, "csv", written)
    assert written.getvalue() == "rang,achternaam\n1,Proef\n"
    assert sorted(rows(here, NOTED)) == [NOTE, (B, *NOTE[1:])]


def test_a_query_is_noted_before_its_first_row_is_written(here: Settings) -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            assert rows(here, NOTED) == [NOTE]
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        reading.query(here, LIST, "caseworker", None, "csv", Gone())


def test_a_session_of_one_municipality_gets_no_list_of_another(here: Settings) -> None:
    with warehouse.open_connection(here, "caseworker") as connection:
        connection.execute(OPEN)
        warehouse.limit_to(connection, A)
        assert connection.execute(LIST).fetchall() == READ
        warehouse.limit_to(connection, B)
        for statement in (LIST, f"select * from vault.customers('{A}', '{JAN}-01')"):
            with refused("42501"):
                connection.execute(statement)
    with pytest.raises(UsageError, match="may read of one municipality"):
        reading.query(here, LIST, "caseworker", B, "csv", io.StringIO())


def test_who_has_a_login_of_his_own_is_noted_by_it(here: Settings) -> None:
    """As SECURITY.md says to make one."""
    name = sql.Identifier("jansen")
    with warehouse.connect(here, "owner") as owner:
        owner.execute(sql.SQL("create role {} login in role caseworker password 'voor-een-test'").format(name))
    try:
        place = psycopg.conninfo.conninfo_to_dict(warehouse.uri(here, "caseworker"))
        mine = psycopg.conninfo.make_conninfo(**place | {"user": "jansen", "password": "voor-een-test"})
        with psycopg.connect(mine, autocommit=True) as connection:
            connection.execute("set role caseworker")
            connection.execute(OPEN)
            assert connection.execute(LIST).fetchall() == READ
    finally:
        with warehouse.connect(here, "owner") as owner:
            owner.execute(sql.SQL("drop role {}").format(name))
    assert rows(here, NOTED) == [(*NOTE[:2], "jansen")]
