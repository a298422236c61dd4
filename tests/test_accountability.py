"""What a municipality has to account for says what contracts, roles and code say."""

from __future__ import annotations

import re

import pytest
from test_roles import MAY_CALL
from test_warehouse import MAY_ENTER

from vroegsignaal import accountability, contract
from vroegsignaal import privacy as privacy_classes

PAGES = {accountability.REGISTER: accountability.register, accountability.DPIA: accountability.dpia}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_the_page_is_what_they_say(file: object) -> None:
    assert file.read_text(encoding="utf-8") == PAGES[file](), "run `make docs`"


@pytest.mark.parametrize("page", PAGES.values())
def test_every_column_of_every_feed_stands_on_it_once_for_its_feed_with_its_class(page: object) -> None:
    text = " ".join(page().split())
    assert set(accountability.CLASSES) == set(privacy_classes.OF_FEEDS)
    for feed in contract.feeds().values():
        about = text.partition(f"**{feed.title}**")[2].partition("**")[0]
        for privacy, words in accountability.CLASSES.items():
            names = [column.name for column in feed.columns if column.privacy == privacy]
            said = re.search(rf"- {words}: ([a-z0-9_, ]+)", about)
            assert (said[1].strip().split(", ") if said else []) == names, (feed.name, privacy)


@pytest.mark.parametrize("page", PAGES.values())
def test_every_room_stands_on_it_with_the_roles_that_may_enter(page: object) -> None:
    # Who may enter is written by hand in that test, and tried there on a server.
    assert set(accountability.ROLES_IN_WORDS) == set(MAY_ENTER)
    rooms = set().union(*MAY_ENTER.values())
    assert set(accountability.ROOMS) == rooms
    for room in rooms:
        roles = ", ".join(role for role in MAY_ENTER if room in MAY_ENTER[role])
        assert re.search(rf"\| `{room}` \| [^|]+ \| {roles} \|", page()), room


@pytest.mark.parametrize("page", PAGES.values())
def test_what_functions_give_a_role_stands_on_it_beside_the_tables(page: object) -> None:
    # Whom they are granted to is written by hand in that test, and tried there on a server.
    assert {role: set(names) for role, names in accountability.lent().items()} == MAY_CALL
    for role, names in MAY_CALL.items():
        (reads,) = re.findall(rf"^\| `{role}` \| [^|]+ \| ([^|]+) \|$", page(), re.MULTILINE)
        said = set(re.findall(r"met `([\w.]+)` \w", reads))
        giving = {name for name in names if not name.startswith(accountability.GIVE_NOTHING)}
        assert said == giving - {"vault.open_list"}
    assert "met `vault.walking_list` wie op een vastgestelde looplijst staat: naam, adres" in page()


@pytest.mark.parametrize(("page", "blanks"), [(accountability.register, 8), (accountability.dpia, 20)])
def test_what_only_a_municipality_can_say_is_a_blank_that_says_so(page: object, blanks: int) -> None:
    assert "Wat tussen \\<haken> staat" in " ".join(page().split())
    assert page().count("\\<") > blanks
