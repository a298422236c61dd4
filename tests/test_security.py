"""What SECURITY.md promises, each promise tried: secrets, connections, SQL, headers of mail, the terminal."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from conftest import platform

from vroegsignaal import contract, settings, warehouse
from vroegsignaal.errors import UsageError
from vroegsignaal.outbox import mail
from vroegsignaal.outbox.mail import Mail
from vroegsignaal.settings import SECRET, Settings
from vroegsignaal.shown import printable

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "s3cr3t-of-a-test"  # noqa: S105
VALUES = {
    "VROEGSIGNAAL_WAREHOUSE": f"postgresql://me:{PASSWORD}@db.example.org/vs?sslmode=verify-full",
    "VROEGSIGNAAL_SMTP": f"smtps://me:{PASSWORD}@mail.example.org",
    "VROEGSIGNAAL_LANDING": f"sftp://me:{PASSWORD}@files.example.org/landing",
}


# --- secrets


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.startswith("VROEGSIGNAAL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VROEGSIGNAAL_HOME", str(tmp_path / "home"))
    return monkeypatch


def test_every_secret_may_be_a_file_and_goes_to_other_processes_as_one(
    plain: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert set(VALUES) == set(SECRET)
    for name, value in VALUES.items():
        (tmp_path / name).write_text(f"{value}\n")
        plain.setenv(f"{name}_FILE", str(tmp_path / name))
    here = settings.load()
    assert (here.warehouse, here.smtp, here.landing) == tuple(VALUES.values())
    assert PASSWORD not in repr(here.environment())
    for name, value in here.environment().items():
        plain.setenv(name, value)
    assert settings.load() == here


def test_a_secret_and_its_file_do_not_go_together_and_neither_is_repeated(
    plain: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    for name, value in VALUES.items():
        with plain.context() as patch:
            file.write_text(value)
            patch.setenv(f"{name}_FILE", str(file))
            patch.setenv(name, value)
            with pytest.raises(UsageError, match="both set") as refused:
                settings.load()
            patch.delenv(name)
            for text in (None, "", " \n"):
                file.unlink() if text is None else file.write_text(text)
                with pytest.raises(UsageError, match=r"cannot be read|is empty"):
                    settings.load()
        assert PASSWORD not in str(refused.value)


def test_no_secret_stands_in_what_is_printed_of_the_settings(plain: pytest.MonkeyPatch) -> None:
    for name, value in VALUES.items():
        plain.setenv(name, value)
    here = settings.load()
    assert PASSWORD not in settings.without_password(here.landing)
    assert settings.without_password("/srv/landing") == "/srv/landing"
    assert settings.without_password("s3://bucket/landing") == "s3://bucket/landing"
    assert PASSWORD not in repr(here)


# --- connections


PLACES = [
    ("db.example.org/vs", False),
    ("db.example.org/vs?sslmode=prefer", False),
    ("10.0.0.5:5432/vs", False),
    ("127.0.0.1,db.example.org/vs", False),
    ("localhost/vs?hostaddr=10.0.0.5", False),
    ("db.example.org/vs?sslmode=require", True),
    ("db.example.org/vs?sslmode=verify-full", True),
    ("db.example.org/vs?sslmode=disable", True),
    ("127.0.0.1:5432/vs", True),
    ("localhost/vs", True),
    ("[::1]/vs", True),
    ("%2Fvar%2Frun%2Fpostgresql/vs", True),
]


@pytest.mark.parametrize(("place", "allowed"), PLACES)
def test_another_machine_is_not_spoken_to_without_encryption_unless_on_purpose(
    plain: pytest.MonkeyPatch, place: str, allowed: bool
) -> None:
    for variable in ("PGSSLMODE", "PGHOST", "PGHOSTADDR"):
        plain.delenv(variable, raising=False)
    here = replace(settings.load(), warehouse=f"postgresql://me:{PASSWORD}@{place}")
    if allowed:
        assert PASSWORD in warehouse.uri(here)
        return
    with pytest.raises(UsageError, match="sslmode=verify-full") as refused:
        warehouse.uri(here)
    assert PASSWORD not in str(refused.value)
    plain.setenv("PGSSLMODE", "verify-full")
    assert "sslmode" in place or warehouse.uri(here)


# --- SQL


STATEMENT = re.compile(
    r"\bselect\b.*\bfrom\b|\bselect \w+\(|\binsert\s+into\b|\bupdate\s+\S*\s+set\b|\bdelete\s+from\b|\bgrant\s.*\bto\b"
    r"|\b(create|alter|drop)\s+(or\s+replace\s+)?(table|view|role|schema|database|index|function|temporary|sequence)\b"
    r"|\brevoke\s.*\bfrom\b|\btruncate\s|\bcopy\s+\S+\s*\(|\bcomment on\b|^\s*call\b",
    re.IGNORECASE | re.DOTALL,
)
COMPOSED_ON_PURPOSE = {
    "configuration/tables.py: table_definition": "names of tables and columns are constants of that file",
    "warehouse.py: _feed_tables": "names are those of the contracts in the repository, which are plain words (below)",
    "warehouse.py: _analyzing": "as in _feed_tables",
    "door/history.py: lay_out_history": "one of two constants of that file",
    "door/cases.py: lay_out_cases_known": "one of two constants of that file",
    "door/checks.py: _write_findings": "the query that Great Expectations makes of a rule of the contracts",
    "door/outcome.py: _register_households": "a constant of that file",
    "door/outcome.py: _keep_accepted": "a constant of that file",
    "door/work_tables.py: _rows_with_values": "expressions of the contracts in the repository",
    "door/work_tables.py: _reading": "a constant for each type of column; names of the contracts",
    "erasing/rows.py: _add": "constants of that file, and of functions of constants",
    "erasing/rows.py: ": "constants of that file",
    "erasing/rows.py: _at_home": "constants of that file",
    "erasing/rows.py: _doubtful": "constants of that file",
    "erasing/rows.py: _older_than": "names of terms, which are constants of that file",
    "warehouse.py: _erasing": "names are those of the contracts in the repository, which are plain words (below)",
    "outbox/notices.py: _of_feed": "constants of that function",
    "replay.py: _mark": "a constant of that function; names go in as identifiers",
}


def test_no_statement_is_put_together_from_text_but_where_it_is_said_why() -> None:
    found = {
        f"{path.relative_to(LIBRARY)}: {function}"
        for path in LIBRARY.rglob("*.py")
        for function in composing(ast.parse(path.read_text()))
    }
    assert found == set(COMPOSED_ON_PURPOSE)
    # The other rooms speak to the warehouse through the library.
    for folder in ("dags", "dashboards", "docker", "expectations"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix == ".py" or path.name == "first-admin":
                assert not list(composing(ast.parse(path.read_text()))), path


LIBRARY = ROOT / "plugins" / "vroegsignaal"


def composing(tree: ast.AST, function: str = "") -> Iterator[str]:
    """The functions that make a statement of pieces of text, or hand text that is no constant to SQL or execute."""
    for node in ast.iter_child_nodes(tree):
        inside = node.name if isinstance(node, ast.FunctionDef) else function
        if (is_composed(node) and STATEMENT.search(constant_text(node))) or takes_text(node):
            yield inside
        yield from composing(node, inside)


def is_composed(node: ast.AST) -> bool:
    """Whether a text is made of others: f"…", % and +, .format, .replace and .join."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(value, ast.FormattedValue) for value in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod | ast.Add)
    called = node.func if isinstance(node, ast.Call) else None
    return (
        isinstance(called, ast.Attribute)
        and called.attr in ("format", "format_map", "replace", "join")
        and not is_sql(called.value)
    )


def takes_text(node: ast.AST) -> bool:
    """Whether a call is one of `sql.SQL` with something else than a constant, or of `execute` with a composed text."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    if is_sql(node):
        return not isinstance(node.args[0], ast.Constant)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    return name in ("execute", "executemany", "copy", "fetch") and any(map(is_composed, node.args))


def is_sql(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "SQL"


def constant_text(node: ast.AST) -> str:
    return " ".join(
        each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )


@pytest.mark.parametrize(
    "source",
    [
        'def f(x): run(f"select * from {x}")',
        'def f(x): run("delete from " + x)',
        'def f(x): run("insert into %s values (1)" % x)',
        'def f(x): run("drop table {}".format(x))',
        "def f(x): connection.execute(TEXT.format(x))",
        'def f(x): connection.execute("select 1" + x)',
        "def f(x): sql.SQL(x)",
        'def f(x): sql.SQL(f"{x}")',
    ],
)
def test_a_statement_of_pieces_would_be_seen(source: str) -> None:
    assert set(composing(ast.parse(source))) == {"f"}


@pytest.mark.parametrize(
    "source",
    [
        'def f(x): connection.execute("select * from t where a = %s", [x])',
        'def f(x): sql.SQL("select * from {}").format(sql.Identifier(x))',
        'def f(x): f"the update of {x} is set"',
    ],
)
def test_one_with_places_for_values_is_not(source: str) -> None:
    assert not list(composing(ast.parse(source)))


def test_the_names_that_go_into_statements_are_plain_words() -> None:
    word = re.compile(r"[a-z][a-z0-9_]{0,39}")
    for feed in contract.feeds().values():
        assert word.fullmatch(feed.name)
        assert all(word.fullmatch(column.name) for column in feed.columns)


def test_no_model_puts_a_variable_into_its_sql() -> None:
    for path in (ROOT / "dbt_project").rglob("*.sql"):
        assert not re.search(r"\{\{[^}]*\b(var|env_var)\(", path.read_text()), path


def test_a_query_is_one_statement(new_home: Callable[[], Path]) -> None:
    from vroegsignaal import reading

    with platform(new_home()) as here:
        for statement in ("select 1; select 2", "select 1; set transaction read write; create table mart.x ()"):
            with pytest.raises(UsageError, match="does not run"):
                reading.query(here, statement, "transformer", None, "csv")


# --- mail, terminal and log


NAMES = [
    "Rood\r\nBcc: x@y.nl",
    "Rood\nBcc: x@y.nl",
    "Rood\rBcc: x@y.nl",
    "Rood\u2028Bcc: x@y.nl",
    "Rood\x0bBcc: x@y.nl",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_makes_no_header_of_its_own(name: str) -> None:
    letter = Mail("a@example.org", f"Gemeente {name}: geweigerd", name, f"<p>{name}</p>", (f"{name}.csv", "a;b\n"))
    written = mail.message(letter, "b@example.org", "c@example.org", "1").as_bytes()
    read = message_from_bytes(written, policy=policy.default)
    assert "Bcc" not in read
    assert not re.search(rb"(?im)^bcc:", written.partition(b"\r\n\r\n")[0])
    assert read["To"] == "a@example.org"


@pytest.mark.parametrize(
    "address",
    ["a@b.nl\r\nBcc: x@y.nl", "a@b.nl, x@y.nl", "A <a@b.nl>", "a@b.nl\n", "a b@c.nl", "@b.nl", "a@b", "", None],
)
def test_what_is_no_single_address_is_none(address: str | None) -> None:
    assert mail.usable_address(address) is None


@pytest.mark.parametrize("text", ["a\nb", "a\x1b[31mb", "a\rb", "a\u202eb", "a\x9bb", "a\u2028b", "a\udc80b", "a\x00b"])
def test_what_is_shown_is_one_printable_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert shown.startswith("a\\")
    assert shown.endswith("b")
    assert printable("Crédit & zn. 'Ő'") == "Crédit & zn. 'Ő'"


def test_a_value_of_the_configuration_does_not_reach_the_terminal_as_a_command(
    new_home: Callable[[], Path], tmp_path: Path
) -> None:
    from oracle.small_landing import JAN, Small, signal
    from test_cli import typed

    small = Small(tmp_path)
    (small.config / "creditors.csv").write_text("creditor,name,sector,contact_email\n\x1b[2Jrood,Rood,rent,\n")
    small.signals(JAN, "rood", signal(JAN, 1))
    done = typed(new_home(), "evaluate", VROEGSIGNAAL_LANDING=str(small.landing), VROEGSIGNAAL_CONFIG=str(small.config))
    assert done.returncode == 1
    assert "\\x1b[2Jrood" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_a_value_in_a_table_does_not_either(new_home: Callable[[], Path], capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    from vroegsignaal import reading

    def printed(here: Settings) -> str:
        reading.query(here, "select E'a\\x1b[2Jb' as name", "bi", None, "table", sys.stdout)
        return capsys.readouterr().out

    with platform(new_home()) as here:
        assert "a\\x1b[2Jb" in printed(here)
