"""What holds of every choice, whatever the month: the models' own SQL on generated months."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import psycopg
import pytest
from conftest import platform
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vroegsignaal import configuration, transform, warehouse
from vroegsignaal.months import Month

CODE, MONTH = "0637", Month.parse("2019-03")
SECTORS = {
    "de_goede_woning": "rent",
    "vestia": "rent",
    "dunea": "water",
    "eneco": "energy",
    "menzis": "health",
}
THRESHOLD = 50
CHAIN = ("match_creditor", "match", "population_register", "customer_check", "verification", "candidate", "proposal")
"""The models from the signals to the proposal, in the order in which they are derived."""


@dataclass(frozen=True)
class Home:
    """A household of a generated month, and all that bears on it."""

    amounts: tuple[tuple[str, tuple[int, ...]], ...]
    """Per creditor what each of its customers at the address owes, in euros; all in the month itself."""
    district: str | None
    """None: nobody is registered there."""
    is_empty: bool
    in_debt_help: bool
    has_open_case: bool
    was_approached: bool
    is_crisis: bool

    @property
    def at_threshold(self) -> int:
        return sum(sum(owed) >= THRESHOLD for _, owed in self.amounts)

    @property
    def sectors(self) -> frozenset[str]:
        return frozenset(SECTORS[creditor] for creditor, _ in self.amounts)

    def is_match(self, policy: Policy) -> bool:
        return len(self.amounts) >= policy.minimum_creditors

    def reason(self, policy: Policy) -> str | None:
        """Why it cannot be chosen, in the words and the order of the agreement."""
        hindrances = {
            "address_unknown": self.district is None,
            "moved_or_deceased": self.is_empty,
            "in_debt_help": self.in_debt_help,
            "open_dossier": self.has_open_case,
            "approached_recently": self.was_approached,
            "below_threshold": self.at_threshold < policy.minimum_creditors
            and not (policy.crisis_first and self.is_crisis),
        }
        return next((reason for reason, holds in hindrances.items() if holds), None)


@dataclass(frozen=True)
class Policy:
    """The parameters that differ between generated months."""

    capacity: int
    reserve_size: int
    minimum_creditors: int
    crisis_first: int
    capacity_letter: int


@dataclass(frozen=True)
class Decided:
    """What the proposal says of a household."""

    role: str
    rank: int | None
    reason: str | None
    channel: str | None


amounts = st.integers(5, 400)
homes = st.builds(
    Home,
    amounts=st.dictionaries(
        st.sampled_from(sorted(SECTORS)), st.lists(amounts, min_size=1, max_size=3).map(tuple), min_size=1, max_size=4
    ).map(lambda owed: tuple(sorted(owed.items()))),
    # Most can be chosen; else little is left to choose from.
    district=st.sampled_from(["Centrum", "Rokkeveen", "Seghwaert", "Centrum", "Rokkeveen", "Oosterheem", None]),
    is_empty=st.sampled_from([False] * 7 + [True]),
    in_debt_help=st.sampled_from([False] * 7 + [True]),
    has_open_case=st.sampled_from([False] * 7 + [True]),
    was_approached=st.sampled_from([False] * 7 + [True]),
    is_crisis=st.sampled_from([False] * 5 + [True]),
)
policies = st.builds(
    Policy,
    capacity=st.integers(0, 9),
    reserve_size=st.integers(0, 4),
    minimum_creditors=st.sampled_from([2, 2, 1]),
    crisis_first=st.sampled_from([0, 0, 1]),
    capacity_letter=st.sampled_from([0, 0, 3]),
)
months = st.lists(homes, max_size=30)
tried = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


_COLUMNS = """
    select table_name, string_agg(column_name, ', ')
    from information_schema.columns where table_schema = 'core' group by table_name
"""


@pytest.fixture(scope="module")
def derive(new_home: Callable[[], Path]) -> Iterator[Callable[..., dict[int, Decided]]]:
    """A function that derives a generated month by the SQL that dbt made of the models, and forgets it again."""
    with platform(new_home()) as here:
        with warehouse.connect(here, "loader") as connection:
            configuration.load(here, connection)
        transform.derive(MONTH)
        compiled = here.home / "dbt" / "core" / "compiled" / "vroegsignaal" / "models" / "core"
        models = {name: (compiled / f"{name}.sql").read_text() for name in CHAIN}
        with warehouse.open_connection(here, "owner") as connection:
            connection.execute("select set_config('vroegsignaal.month', %s, false)", [str(MONTH.first_day)])
            columns_of = dict(warehouse.fetch(connection, _COLUMNS))

            def derived(homes: list[Home], policy: Policy, seed: int = 0) -> dict[int, Decided]:
                with connection.transaction(force_rollback=True):
                    labels = deliver(connection, homes, policy, seed)
                    for name, statement in models.items():
                        columns = columns_of[name]
                        connection.execute(f"insert into core.{name} ({columns}) select {columns} from ({statement}) m")
                    found = connection.execute("select household_id, role, rank, reason, channel from core.proposal")
                    decided = [(labels[household], Decided(*rest)) for household, *rest in found.fetchall()]
                assert len(dict(decided)) == len(decided), "a household stands in the proposal twice"
                return dict(decided)

            yield derived


def deliver(connection: psycopg.Connection, homes: list[Home], policy: Policy, seed: int) -> dict[int, int]:
    """Put a month in the warehouse as the door leaves it; household_id -> position in `homes`.

    Another seed gives the households other ids and puts the rows in another order; drops and lines stay the same.
    """
    rng = random.Random(seed)
    ids = rng.sample(range(1, 10_000), len(homes))
    numbered = list(enumerate(homes))
    rng.shuffle(numbered)
    connection.cursor().executemany(
        "insert into config.policy (municipality_code, valid_from, parameter, value) values (%s, '2019-03-01', %s, %s)",
        [(CODE, name, value) for name, value in vars(policy).items()],
    )
    before, day = MONTH.plus(-1).first_day, MONTH.match_day
    connection.cursor().executemany(
        "insert into raw.drop_ledger (drop_id, municipality_code, signal_month, feed, delivery, sha256, file, status,"
        " rows_read, rows_accepted, decimal_separator, thousands_separator)"
        " values (%s, %s, %s, %s, 1, %s, '', 'accepted', 1, 1, ',', '.')",
        [
            (drop, CODE, MONTH.first_day, feed, feed)
            for drop, feed in ((901, "brp"), (902, "shv"), (903, "ris_dossiers"))
        ],
    )
    connection.execute("insert into decision.approval values (%s, %s, now(), 'test', true)", [CODE, before])
    connection.cursor().executemany(
        "insert into core.signal (municipality_code, signal_month, drop_id, line_no, creditor, sector, household_id,"
        " signal_id, amount_eur, arrears_since, signal_date, is_crisis, is_warm_handover)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false)",
        [
            (CODE, MONTH.first_day, drop, line, creditor, SECTORS[creditor], ids[n], f"{drop}-{line}", owed, before,
             day, home.is_crisis)
            for n, home in numbered
            for creditor, customers in home.amounts
            for drop in [sorted(SECTORS).index(creditor) + 1]
            for line, owed in enumerate(customers, start=100 * n)
        ],
    )  # fmt: skip
    connection.cursor().executemany(
        "insert into quality.accepted_brp (drop_id, line_no, municipality_code, signal_month, household_id, wijk,"
        " opschorting) values (901, %s, %s, %s, %s, %s, %s)",
        [
            (n, CODE, MONTH.first_day, ids[n], home.district, "overleden" if home.is_empty else None)
            for n, home in numbered
            if home.district
        ],
    )
    connection.cursor().executemany(
        "insert into quality.accepted_shv (drop_id, line_no, municipality_code, signal_month, household_id, startdatum)"
        " values (902, %s, %s, %s, %s, %s)",
        [(n, CODE, MONTH.first_day, ids[n], before) for n, home in numbered if home.in_debt_help],
    )
    connection.cursor().executemany(
        "insert into quality.accepted_ris_dossiers (drop_id, line_no, municipality_code, signal_month, household_id,"
        " dossier_id, aangemaakt_op, matchmaand) values (903, %s, %s, %s, %s, %s, %s, %s)",
        [
            (n, CODE, MONTH.first_day, ids[n], f"d{n}", day.replace(day=1), before)
            for n, home in numbered
            if home.has_open_case
        ],
    )
    connection.cursor().executemany(
        "insert into decision.selection (municipality_code, signal_month, household_id, role, criterion, creditors,"
        " sectors, arrears_eur, heropaf, policy) values (%s, %s, %s, 'selected', '', '', '', 1, false, '{}')",
        [(CODE, before, ids[n]) for n, home in numbered if home.was_approached],
    )
    return {household: n for n, household in enumerate(ids)}


def selectable(homes: list[Home], policy: Policy) -> list[int]:
    return [n for n, home in enumerate(homes) if home.is_match(policy) and home.reason(policy) is None]


@tried
@given(homes=months, policy=policies)
def test_every_match_has_one_role_and_where_it_has_none_the_first_reason(
    derive: Callable[..., dict[int, Decided]], homes: list[Home], policy: Policy
) -> None:
    decided = derive(homes, policy)
    matches = {n: home for n, home in enumerate(homes) if home.is_match(policy)}
    assert decided.keys() == matches.keys()
    for n, home in matches.items():
        assert decided[n].role in ("selected", "reserve", "not_selected")
        is_chosen = decided[n].role != "not_selected"
        assert (decided[n].rank is not None) == is_chosen
        assert decided[n].reason == (None if is_chosen else home.reason(policy) or "over_capacity")
        # Nobody is chosen against a reason.
        assert not (is_chosen and home.reason(policy))
    ranks = sorted(each.rank for each in decided.values() if each.rank is not None)
    assert ranks == list(range(1, len(ranks) + 1))


@tried
@given(homes=months, policy=policies)
def test_as_many_are_chosen_as_places_and_candidates_allow_and_never_more(
    derive: Callable[..., dict[int, Decided]], homes: list[Home], policy: Policy
) -> None:
    decided = derive(homes, policy)
    left = len(selectable(homes, policy))
    for channel, places in (("home_visit", policy.capacity), ("letter", policy.capacity_letter)):
        found = sum(each.channel == channel for each in decided.values())
        assert found == min(places, left)
        left -= found
    assert sum(each.role == "reserve" for each in decided.values()) == min(policy.reserve_size, left)


@tried
@given(homes=months, policy=policies)
def test_every_sector_with_candidates_is_visited_when_the_places_allow(
    derive: Callable[..., dict[int, Decided]], homes: list[Home], policy: Policy
) -> None:
    decided = derive(homes, policy)
    visited = {n for n, each in decided.items() if each.channel == "home_visit"}
    left = selectable(homes, policy)
    # Who goes first has its place, whatever it represents; the others complete the sectors as far as places allow.
    fixed = {n for n in visited if policy.crisis_first and homes[n].is_crisis}
    kinds = {homes[n].sectors for n in left if n not in fixed and not (policy.crisis_first and homes[n].is_crisis)}
    first = frozenset().union(*(homes[n].sectors for n in fixed))
    represented = frozenset().union(*(homes[n].sectors for n in visited))
    most = max(
        len(first.union(*some))
        for count in range(min(policy.capacity - len(fixed), len(kinds), 4) + 1)
        for some in combinations(kinds, count)
    )
    assert len(represented) == most


@tried
@given(homes=months, policy=policies)
def test_a_crisis_that_goes_first_is_never_behind_another(
    derive: Callable[..., dict[int, Decided]], homes: list[Home], policy: Policy
) -> None:
    policy = replace(policy, crisis_first=1)
    decided = derive(homes, policy)
    order = ["home_visit", "letter", "reserve", "not_selected"]
    place = {n: order.index(each.channel or each.role) for n, each in decided.items()}
    left = selectable(homes, policy)
    crises = [place[n] for n in left if homes[n].is_crisis]
    others = [place[n] for n in left if not homes[n].is_crisis]
    assert max(crises, default=0) <= min(others, default=3)


@tried
@given(homes=months, policy=policies, seed=st.integers(1, 1000))
def test_the_order_of_rows_and_the_numbers_of_households_change_nothing(
    derive: Callable[..., dict[int, Decided]], homes: list[Home], policy: Policy, seed: int
) -> None:
    assert derive(homes, policy, seed) == derive(homes, policy)


def home(**changes: object) -> Home:
    """A household that can be chosen."""
    owed = (("dunea", (100,)), ("vestia", (100,)))
    usual = Home(owed, "Centrum", is_empty=False, in_debt_help=False, has_open_case=False, was_approached=False,
                 is_crisis=False)  # fmt: skip
    return replace(usual, **changes)


PILOT = Policy(capacity=2, reserve_size=1, minimum_creditors=2, crisis_first=0, capacity_letter=0)


def test_a_month_without_candidates_proposes_nobody(derive: Callable[..., dict[int, Decided]]) -> None:
    assert derive([], PILOT) == {}
    assert derive([home(in_debt_help=True)], PILOT)[0].reason == "in_debt_help"


def test_without_capacity_and_reserve_nobody_is_chosen(derive: Callable[..., dict[int, Decided]]) -> None:
    decided = derive([home(), home()], replace(PILOT, capacity=0, reserve_size=0))
    assert {each.reason for each in decided.values()} == {"over_capacity"}


def test_a_household_with_forty_signals_is_one_household(derive: Callable[..., dict[int, Decided]]) -> None:
    many = home(amounts=(("dunea", (10,) * 37), ("menzis", (20, 20)), ("vestia", (60,))))
    decided = derive([home(), many, home(), home()], PILOT)
    # It owes 470, more than any of the others.
    assert decided[1] == Decided("selected", 1, None, "home_visit")
    assert len(decided) == 4


def test_a_month_with_one_sector_is_chosen_from_by_district_and_arrears(
    derive: Callable[..., dict[int, Decided]],
) -> None:
    rent = (("de_goede_woning", (100,)), ("vestia", (100,)))
    decided = derive([home(amounts=rent, district=district) for district in ("Centrum", "Centrum", "Rokkeveen")], PILOT)
    assert {n for n, each in decided.items() if each.role == "selected"} == {0, 2}
