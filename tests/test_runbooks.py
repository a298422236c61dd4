"""What the documentation says to type can be typed; the backup of the runbook is restored for real."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stepping
import typer
from composed import composed
from conftest import places, platform, rows
from oracle.small_landing import JAN, A, Small, signal
from typing_home import COMMAND, Home

from vroegsignaal import cli
from vroegsignaal.embedded import find_binaries

ROOT = Path(__file__).resolve().parents[1]
RUNBOOKS = ROOT / "docs" / "runbooks"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "dags").glob("*.py")])
PROGRAM = re.compile(r"(?:\.venv/bin/|docker/entrypoint )?vroegsignaal ([a-z].*)")


def blocks(page: Path) -> list[str]:
    """The blocks of commands of a page, without the indentation of the list that they are in."""
    found = re.findall(r"^( *)```sh\n(.*?)^ *```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(indent) for line in text.splitlines()) for indent, text in found]


def commands(page: Path) -> Iterator[str]:
    """The command lines of a page: lines of its blocks, and what stands between backticks."""
    for text in (*(line for block in blocks(page) for line in block.splitlines()), *inline(page)):
        if typed := PROGRAM.fullmatch(text.strip()):
            yield typed[1]


def inline(page: Path) -> list[str]:
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [" ".join(each.split()) for each in re.findall(r"`([^`]+)`", text)]


def words(command: str) -> list[str]:
    """A command as it would be typed: with what may be left out, and a month for its place."""
    plain = re.sub(r"[\[\]]", "", command).replace('"…"', '"words"')
    plain = plain.replace("<jjjj-mm>", "2019-01").replace("--line N", "--line 1")
    # The end of a command that is named in short.
    plain = re.sub(r"--amount$", "--amount 1", plain)
    # What a shell makes of the output is not typed to the command.
    typed = shlex.split(plain.partition(" > ")[0], comments=True)
    return [word for before, word in zip(["", *typed], typed, strict=False) if word != "…" or before.startswith("--")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_is_named_can_be_typed(page: Path) -> None:
    program = typer.main.get_command(cli.app)
    for command in commands(page):
        name, *given = words(command)
        assert name in program.commands, command
        if "--help" in given or (not given and name in ("month", "query", "policy", "erase", "grant-bi")):
            # Named, not typed.
            continue
        try:
            program.commands[name].make_context(name, given)
        except typer.BadParameter.__mro__[1] as error:
            pytest.fail(f"vroegsignaal {command}: {error.message}")


def test_every_runbook_is_listed_and_says_how_you_notice_and_when_it_is_done() -> None:
    listed = (RUNBOOKS / "README.md").read_text()
    pages = [page for page in RUNBOOKS.glob("*.md") if page.name != "README.md"]
    assert len(pages) >= 7
    for page in pages:
        assert f"({page.name})" in listed
        assert "**You notice**" in page.read_text()
        assert "**It is done** when" in page.read_text()
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory, new_home: Callable[[], Path]) -> Iterator[Home]:
    """A home in which a month was matched and published."""
    small = Small(tmp_path_factory.mktemp("small"))
    for creditor in ("rood", "blauw"):
        small.signals(JAN, creditor, signal(JAN, 1), signal(JAN, 2, "x"))
    small.residents(JAN, "1", "2")
    folder = new_home()
    with platform(folder, **places(small)):
        stepping.run_months(JAN)
        yield Home(folder, **{f"VROEGSIGNAAL_{name}": value for name, value in places(small).items()})


READING = ("query", "status", "uri")


def test_what_the_runbooks_have_people_read_can_be_read(matched: Home) -> None:
    typed = {command for page in RUNBOOKS.glob("*.md") for command in commands(page)}
    reading = [words(command) for command in typed if command.startswith(READING) or "release --list" in command]
    assert len(reading) >= 8
    for command in reading:
        done = matched.type(*command)
        # A check of health may well say no.
        assert done.returncode == 0 or "--check" in command, f"{command}: {done.stderr}"


def test_the_backup_of_the_runbook_is_restored_in_an_empty_home(
    matched: Home, new_home: Callable[[], Path], tmp_path: Path
) -> None:
    make, restore, erase_again, look, *_ = blocks(RUNBOOKS / "restore-from-backup.md")
    programs = f"{COMMAND.parent}:{find_binaries()}:{os.environ['PATH']}"

    def typed(block: str, home: Home) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],  # noqa: S607
            env=home.variables | {"PATH": programs},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    typed(make, matched)
    # Since then somebody was erased, of which the backup knows nothing.
    asked = ("--municipality", A, "--postcode", "1234QQ", "--number", "2", "--by", "A. de Vries", "--reason", "verzoek")
    erased = matched.type("erase", *asked)
    assert erased.returncode == 0, erased.stderr
    proofs = Path(matched.variables["VROEGSIGNAAL_OUT"]) / A / "gewist"
    with platform(new_home()) as fresh:
        shutil.copytree(proofs, fresh.out / A / "gewist")
        told = typed("\n".join((restore, erase_again, look)), Home(fresh.home))
        assert "Erased again: 2" in told
        assert "2022-01" in told
        approved = "select municipality_code, signal_month, approved_by from decision.approval"
        households = "select household_id, address_key from vault.household order by 1"
        restored = [rows(fresh, statement) for statement in (approved, households)]
        # Roles and their rights came along: the steps of a month go on from there.
        owner = "select tableowner from pg_tables where schemaname = 'core' group by 1"
        assert rows(fresh, owner) == [("transformer",)]
        assert matched_rows(matched, approved, households) == restored


def test_what_is_typed_with_containers_is_there() -> None:
    services, image = composed()["services"], composed()["x-steps"]
    *_, make, restore = blocks(RUNBOOKS / "restore-from-backup.md")
    lines = [shlex.split(line.partition(" > ")[0].partition(" < ")[0]) for line in f"{make}\n{restore}".splitlines()]
    inside = [line[4:] for line in lines if line[:4] == ["docker", "compose", "exec", "-T"]]
    assert [line[:2] for line in inside] == [["postgres", "pg_dump"], ["postgres", "pg_restore"]]
    # What holds a connection while its database is replaced is stopped, and what would have steps begin.
    (stopped,) = [line[3:] for line in lines if line[:3] == ["docker", "compose", "stop"]]
    enter = {name for name, service in services.items() if "warehouse_password" in service.get("secrets", [])}
    lasting = {name for name in enter if services[name]["restart"] != "no"}
    assert set(stopped) == lasting - {"postgres"} | {"superset", "scheduler"}
    # The platform's image has none of these programs, and writes in these folders only.
    assert "postgresql-client" not in (ROOT / "Dockerfile").read_text()
    writable = {volume.split(":")[-1] for volume in image["volumes"] if not volume.endswith(":ro")}
    for page in RUNBOOKS.glob("*.md"):
        for path in re.findall(r"`--export (/[^`]+)`", page.read_text()):
            assert str(Path(path).parent) in writable, page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_password_is_among_the_words_of_a_command(page: Path) -> None:
    for line in (line for block in blocks(page) for line in block.splitlines()):
        # What is printed for a shell to evaluate is nobody's word.
        assert "$(" not in line.replace('eval "$(', "") or " uri" not in line, line


def matched_rows(home: Home, *statements: str) -> list[list[tuple]]:
    from dataclasses import replace

    from vroegsignaal import settings

    here = replace(settings.load(), home=home.folder)
    return [rows(here, statement) for statement in statements]
