"""The pilot's case registration: exports that know no later than their month, and the faults the report tells of."""

import datetime as dt
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from pilot_files import Accepted, Place, Row, address, csv_rows
from pilot_marts import NO_CONTACT, counted_dossiers, exported

from pilot.scope import MONTHS, REGISTERED_MONTHS
from vroegsignaal.calendar import holidays

FILES = {"dossiers", "dossier_signalen", "contactpogingen", "hulptrajecten"}
REFUSALS = {"klant wil het zelf oplossen", "klant wil niet geholpen worden"}
COOL_OFF = 3
DAYS = ("aangemaakt_op", "ingetrokken_op", "afgesloten_op", "flyer_op")

Exports = dict[str, dict[str, Row]]
Attempts = dict[str, list[Row]]


@pytest.fixture(scope="module")
def exports(landing: Path) -> Exports:
    """Month -> dossier -> the version of that month."""
    return {
        month: {row["dossier_id"]: row for row in csv_rows(landing / month / "ris" / "dossiers.csv")}
        for month in REGISTERED_MONTHS
    }


@pytest.fixture(scope="module")
def every(landing: Path) -> dict[str, Row]:
    """The newest version of every dossier, withdrawn or not."""
    return {name: row for name, (row,) in exported(landing, "dossiers").items()}


@pytest.fixture(scope="module")
def dossiers(landing: Path) -> dict[str, Row]:
    return counted_dossiers(landing)


@pytest.fixture(scope="module")
def signals(landing: Path) -> dict[str, list[Row]]:
    return exported(landing, "dossier_signalen")


@pytest.fixture(scope="module")
def attempts(landing: Path) -> Attempts:
    return exported(landing, "contactpogingen")


@pytest.fixture(scope="module")
def loaded_again(dossiers: dict[str, Row]) -> list[Row]:
    return [row for row in dossiers.values() if not row["loopmaand"]]


def date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def index(month: str) -> int:
    return MONTHS.index(month)


# --- the exports


def test_fourteen_months_have_an_export_and_the_last_two_nothing_else(landing: Path) -> None:
    for month in REGISTERED_MONTHS:
        assert {path.stem for path in (landing / month / "ris").iterdir()} == FILES
        assert {folder.name for folder in (landing / month).iterdir()} == (
            {"ris", "signals", "brp", "shv"} if month in MONTHS else {"ris"}
        )
    assert sorted(folder.name for folder in landing.iterdir()) == sorted(REGISTERED_MONTHS)


def test_an_export_knows_nothing_of_a_later_month(landing: Path, exports: Exports) -> None:
    for month, rows in exports.items():
        for row in rows.values():
            assert all(row[column][:7] <= month for column in (*DAYS, "matchmaand", "loopmaand"))
        assert all(row["datum"][:7] <= month for row in csv_rows(landing / month / "ris" / "contactpogingen.csv"))
        for row in csv_rows(landing / month / "ris" / "hulptrajecten.csv"):
            assert row["gestart_op"][:7] <= month
            assert row["afgerond_op"][:7] <= month


def test_a_dossier_is_exported_from_its_making_until_it_is_closed_and_then_no_more(
    exports: Exports, every: dict[str, Row]
) -> None:
    for name, row in every.items():
        until = (row["afgesloten_op"] or row["ingetrokken_op"] or REGISTERED_MONTHS[-1])[:7]
        stands = [month for month, rows in exports.items() if name in rows]
        assert stands == [m for m in REGISTERED_MONTHS if row["aangemaakt_op"][:7] <= m <= until]


def test_a_version_only_adds_to_the_one_before(exports: Exports) -> None:
    changed = Counter()
    for before, after in pairwise(exports.values()):
        for name in before.keys() & after.keys():
            for column, value in before[name].items():
                assert value in ("", after[name][column])
                changed[column] += value != after[name][column]
    assert {c for c, n in changed.items() if n} >= {"loopmaand", "resultaat", "afgesloten_op", "flyer_op", "oorzaken"}


def test_of_a_dossier_all_signals_and_attempts_stand_where_it_stands(landing: Path, exports: Exports) -> None:
    for month, rows in exports.items():
        held = {row["dossier_id"] for row in csv_rows(landing / month / "ris" / "dossier_signalen.csv")}
        tried = {row["dossier_id"] for row in csv_rows(landing / month / "ris" / "contactpogingen.csv")}
        assert held == set(rows)
        assert tried <= set(rows)


def test_dossiers_are_made_within_three_working_days_and_in_the_order_of_their_numbers(every: dict[str, Row]) -> None:
    free = holidays()
    for row in every.values():
        days, day = [], date(f"{row['matchmaand']}-25")
        while len(days) < 3:
            day += dt.timedelta(days=1)
            days += [day] if day.isoweekday() <= 5 and day not in free else []
        assert date(row["aangemaakt_op"]) in days
    made = [row["aangemaakt_op"] for _, row in sorted(every.items())]
    assert made == sorted(made)


def test_what_a_dossier_came_to_is_known_once_it_is_closed(exports: Exports) -> None:
    for rows in exports.values():
        for row in rows.values():
            assert not row["afgesloten_op"] or row["resultaat"]
    open_still = [row for row in exports[REGISTERED_MONTHS[-1]].values() if not row["afgesloten_op"]]
    assert [row["resultaat"] for row in open_still] == ["verwezen vrijwillig"]


def test_something_is_known_in_october_only(exports: Exports) -> None:
    assert any(row["afgesloten_op"] >= "2019-10-01" for row in exports["2019-10"].values())


# --- whom it is about


def test_a_dossier_is_about_the_household_of_a_match(
    dossiers: dict[str, Row], loaded_again: list[Row], matches: dict[Place, str]
) -> None:
    for row in dossiers.values():
        if row not in loaded_again:
            assert (row["matchmaand"], address(row)) in matches
    assert {("2019-01", address(row)) for row in loaded_again} <= set(matches)


def test_the_registration_spells_addresses_in_its_own_way(every: dict[str, Row], accepted: list[Accepted]) -> None:
    written = defaultdict(set)
    for _, _, row in accepted:
        written[address(row)].add((row["huisletter"], row["huisnummertoevoeging"]))
    assert any((row["huisletter"], row["huisnummertoevoeging"]) not in written[address(row)] for row in every.values())
    assert any(row["postcode"] != row["postcode"].upper() for row in every.values())
    assert any(" " in row["postcode"] for row in every.values())


def test_a_dossier_keeps_its_spelling_and_its_total(exports: Exports) -> None:
    seen = {}
    for rows in exports.values():
        for name, row in rows.items():
            what = (
                row["postcode"],
                row["huisnummer"],
                row["huisletter"],
                row["huisnummertoevoeging"],
                row["totaal_bedrag"],
            )
            assert seen.setdefault(name, what) == what


def test_the_registration_holds_no_name_and_no_number_of_a_person(landing: Path) -> None:
    columns = {name for path in landing.glob("*/ris/*.csv") for row in csv_rows(path) for name in row}
    assert columns.isdisjoint({"bsn", "achternaam", "voorletters", "geboortedatum", "telefoonnummer", "email"})


# --- contact


def test_whoever_was_spoken_to_was_reached_at_the_last_attempt_and_nobody_else(
    dossiers: dict[str, Row], attempts: Attempts
) -> None:
    for name, row in dossiers.items():
        reached = [attempt["bereikt"] for attempt in attempts.get(name, [])]
        assert reached.count("j") == (row["resultaat"] != NO_CONTACT)
        assert "j" not in reached[:-1]


def test_attempts_lie_in_the_walking_month_between_making_and_closing(
    dossiers: dict[str, Row], attempts: Attempts
) -> None:
    free = holidays()
    for name, tried in attempts.items():
        row = dossiers[name]
        days = [attempt["datum"] for attempt in tried]
        assert days == sorted(days)
        assert row["aangemaakt_op"] < days[0]
        assert not row["afgesloten_op"] or days[-1] <= row["afgesloten_op"]
        assert {day[:7] for day in days} == {row["loopmaand"]}
        assert all(date(day).isoweekday() <= 5 and date(day) not in free for day in days)


def test_every_household_on_the_walking_list_was_tried(dossiers: dict[str, Row], attempts: Attempts) -> None:
    assert {name for name, row in dossiers.items() if row["loopmaand"]} == set(attempts)


def test_evenings_came_in_the_summer_and_reached_more(dossiers: dict[str, Row], attempts: Attempts) -> None:
    tried = [(dossiers[name]["loopmaand"], row) for name, rows in attempts.items() for row in rows]
    assert {row["dagdeel"] for month, row in tried if month < "2019-07"} == {"Ochtend", "Middag"}
    summer = [row for month, row in tried if month >= "2019-07" and row["soort"] != "Kaartje"]
    reached = {
        evening: [row["bereikt"] == "j" for row in summer if (row["dagdeel"] == "Avond") == evening]
        for evening in (True, False)
    }
    assert sum(reached[True]) / len(reached[True]) > sum(reached[False]) / len(reached[False])


def test_calls_are_made_from_may_on_and_before_that_only_because_of_a_flyer(
    dossiers: dict[str, Row], attempts: Attempts
) -> None:
    called = [dossiers[name] for name, rows in attempts.items() for row in rows if row["soort"] == "Telefoon"]
    assert any(row["loopmaand"] >= "2019-05" and row["resultaat"] == NO_CONTACT for row in called)
    assert all(row["contact_na_flyer"] == "j" for row in called if row["loopmaand"] < "2019-05")
    assert {row["soort"] for rows in attempts.values() for row in rows} == {"Huisbezoek", "Telefoon", "Kaartje"}


def test_a_flyer_is_left_at_the_second_visit_in_vain(dossiers: dict[str, Row], attempts: Attempts) -> None:
    for name, row in dossiers.items():
        tried = attempts.get(name, [])
        cards = [attempt["datum"] for attempt in tried if attempt["soort"] == "Kaartje"]
        assert cards == ([row["flyer_op"]] if row["flyer_op"] else [])
        visits = [attempt for attempt in tried if attempt["soort"] == "Huisbezoek"]
        if cards:
            assert [(len(visits), visits[-1]["datum"], visits[-1]["bereikt"])] == [(2, row["flyer_op"], "n")]
            assert row["contact_na_flyer"] == ("n" if row["resultaat"] == NO_CONTACT else "j")


def test_durations_reach_both_ends_that_the_figure_prints(dossiers: dict[str, Row]) -> None:
    days = [
        (date(row["afgesloten_op"]) - date(row["aangemaakt_op"])).days
        for row in dossiers.values()
        if row["afgesloten_op"]
    ]
    assert (len(days), min(days), max(days)) == (234, 2, 43)


def test_those_who_were_referred_are_helped_and_nobody_else(landing: Path, dossiers: dict[str, Row]) -> None:
    programmes = exported(landing, "hulptrajecten")
    assert {name: {row["soort"] for row in rows} for name, rows in programmes.items()} == {
        name: {row["resultaat"].removeprefix("verwezen ")}
        for name, row in dossiers.items()
        if row["resultaat"].startswith("verwezen")
    }
    assert all(len(rows) == 2 for rows in programmes.values() if rows[0]["soort"] == "combi")


# --- what went wrong


def test_januarys_cases_were_loaded_again_in_february(
    dossiers: dict[str, Row], loaded_again: list[Row], signals: dict[str, list[Row]], attempts: Attempts
) -> None:
    def case(name: str) -> tuple:
        held = frozenset((row["crediteur"], row["bedrag"]) for row in signals[name])
        return address(dossiers[name]), held, dossiers[name]["totaal_bedrag"]

    january = {case(name) for name, row in dossiers.items() if row["matchmaand"] == "2019-01"}
    again = [row["dossier_id"] for row in loaded_again]
    assert len(january) == len(again) == 20
    assert {case(name) for name in again} == january
    assert {row["matchmaand"] for row in loaded_again} == {"2019-02"}
    assert {row["resultaat"] for row in loaded_again} == {NO_CONTACT}
    assert not any(name in attempts for name in again)


def test_one_case_was_withdrawn_in_november(every: dict[str, Row]) -> None:
    (row,) = [row for row in every.values() if row["ingetrokken_op"]]
    assert (row["matchmaand"], row["ingetrokken_op"][:7], row["resultaat"]) == ("2018-11", "2018-11", "")


def test_arrears_of_three_and_six_euros_and_one_that_was_wrong_became_cases(signals: dict[str, list[Row]]) -> None:
    amounts = {(row["crediteur"], row["bedrag"]) for rows in signals.values() for row in rows}
    assert amounts >= {("vidomes", "3"), ("de_goede_woning", "6"), ("dunea", "17693")}


def test_of_two_signals_the_creditor_is_not_known_and_of_22_the_amount(
    dossiers: dict[str, Row], signals: dict[str, list[Row]]
) -> None:
    held = [row for name in dossiers for row in signals[name]]
    assert (len(held), sum(not row["crediteur"] for row in held), sum(not row["bedrag"] for row in held)) == (
        473,
        2,
        22,
    )


def test_households_that_had_refused_were_selected_again_within_the_cool_off(
    dossiers: dict[str, Row], loaded_again: list[Row]
) -> None:
    by_home = defaultdict(list)
    for row in dossiers.values():
        by_home[address(row)].append(row)
    again = [
        later
        for rows in by_home.values()
        for first in rows
        for later in rows
        if first["resultaat"] in REFUSALS and 0 < index(later["matchmaand"]) - index(first["matchmaand"]) <= COOL_OFF
    ]
    assert len([row for row in again if row not in loaded_again]) == 1
    assert len([row for row in again if row in loaded_again]) == 2
