"""Whether the judge of statements sees what it is for: wrong ones are found, at their line, and right ones are not."""

from __future__ import annotations

import pytest
from colocation.catalog import Catalog
from colocation.judge import Judge

from vroegsignaal.distributed import Place

COLUMNS = {"municipality_code": "text", "id": "bigint", "x": "bigint", "day": "date"}
VIEWS = {
    "staging.kept": "select municipality_code, id as number, x from core.a where x > 0",
    "staging.renamed": "select municipality_code as town, id, x from core.a",
    "staging.lost": "select id, x from core.a",
    "staging.two": "select * from core.a union all select * from core.b",
}


def catalog() -> Catalog:
    columns = {
        "core": {"a": COLUMNS, "b": COLUMNS, "c": COLUMNS},
        "config": {"town": {"municipality_code": "text", "name": "text"}, "label": {"code": "bigint", "name": "text"}},
        "quality": {"finding": {"id": "bigint", "rule": "text"}},
        "staging": {
            "kept": {"municipality_code": "text", "number": "bigint", "x": "bigint"},
            "renamed": {"town": "text", "id": "bigint", "x": "bigint"},
            "lost": {"id": "bigint", "x": "bigint"},
            "two": COLUMNS,
        },
    }
    places = {f"core.{name}": Place.SPREAD for name in "abc"}
    places |= {"config.town": Place.REFERENCE, "config.label": Place.REFERENCE, "quality.finding": Place.COORDINATOR}
    results = {"vault.names": ["id", "name"], "config.policy": ["municipality_code", "value"]}
    return Catalog(columns, places, VIEWS, results, frozenset({"vault.names"}))


def found(statement: str) -> list[tuple[int, str]]:
    judge = Judge(catalog())
    judge.statement("model", statement)
    return sorted((breach.line, breach.rule) for breach in judge.breaches)


RIGHT = {
    "using": "select * from core.a inner join core.b using (municipality_code, id)",
    "on": "select a.* from core.a inner join core.b on a.municipality_code = b.municipality_code and a.x = b.x",
    "where": "select a.* from core.a, core.b where a.municipality_code = b.municipality_code",
    "through another": """
        select a.* from core.a
        inner join core.b on a.municipality_code = b.municipality_code
        inner join core.c on c.municipality_code = b.municipality_code""",
    "using, three times": """
        select municipality_code from core.a
        left join core.b using (municipality_code, id) left join core.c using (municipality_code, x)""",
    "full": "select municipality_code, a.x, b.x as y from core.a full join core.b using (municipality_code, id)",
    "through configuration": """
        select a.* from core.a inner join config.town using (municipality_code)
        inner join core.b on town.municipality_code = b.municipality_code""",
    "through a view and other names": """
        select a.* from core.a inner join staging.renamed as other on a.municipality_code = other.town""",
    "everywhere": "select a.*, label.name from core.a left join config.label on a.x = label.code",
    "exists": """
        select * from core.a where not exists (
            select 1 from core.b where b.municipality_code = a.municipality_code and b.id = a.id)""",
    "in the same municipality": """
        select * from core.a where municipality_code in (select b.municipality_code from core.b)""",
    "row values": """
        select a.* from core.a inner join core.b on (a.municipality_code, a.id) = (b.municipality_code, b.id)""",
    "a number for each": """
        select a.municipality_code,
            (select max(b.x) from core.b where b.municipality_code = a.municipality_code) as most from core.a""",
    "lateral": """
        select a.*, other.x as y from core.a cross join lateral (
            select b.x from core.b where b.municipality_code = a.municipality_code order by b.x limit 1) as other""",
    "groups and windows": """
        with counted as (select municipality_code, id, count(*) as n from core.a group by municipality_code, id)
        select municipality_code, id, row_number() over (partition by municipality_code order by n) as place,
            sum(n) over town as total from counted window town as (partition by municipality_code)""",
    "distinct": "select distinct municipality_code, x from core.a",
    "distinct on": "select distinct on (municipality_code, x) * from core.a order by municipality_code, x, day",
    "several selects": "select municipality_code, x from core.a union select municipality_code, id from staging.two",
    "used twice, worked out twice": """
        with a as not materialized (select * from core.a)
        select one.* from a as one inner join a as two using (municipality_code)""",
    "configuration alone": "select max(name) from config.town union select name from config.label limit 1",
    "a setting for a function": "select * from config.policy(current_setting('a.month')::date)",
    "an array": "select a.municipality_code, part.n from core.a cross join unnest(array[a.x]) as part (n)",
}


@pytest.mark.parametrize("statement", RIGHT.values(), ids=RIGHT)
def test_what_stays_within_a_municipality_is_no_breach(statement: str) -> None:
    assert found(statement) == []


WRONG = {
    "another column": ("select a.* from core.a\ninner join core.b using (id)", [(2, "join")]),
    "no condition": ("select a.*\nfrom core.a\ncross join core.b", [(3, "join")]),
    "an inequality": (
        "select a.* from core.a\ninner join core.b on a.municipality_code >= b.municipality_code",
        [(2, "join")],
    ),
    "only in one case": (
        "select a.* from core.a\ninner join core.b on a.municipality_code = b.municipality_code or a.x = b.x",
        [(2, "join")],
    ),
    "an expression": (
        "select a.* from core.a\ninner join core.b on lower(a.municipality_code) = b.municipality_code",
        [(2, "join")],
    ),
    "with itself": (
        "select a.* from core.a\ninner join core.b on a.municipality_code = a.municipality_code",
        [(2, "join")],
    ),
    "of another name": ("select a.* from core.a\ninner join core.b on a.municipality_code = b.x::text", [(2, "join")]),
    "the third": (
        """select a.* from core.a inner join core.b using (municipality_code)
left join core.c on c.id = b.id""",
        [(2, "join")],
    ),
    "through a view that lost it": ("select a.* from core.a\ninner join staging.lost using (id)", [(2, "join")]),
    "through a view that renamed something else": (
        "select a.* from core.a\ninner join staging.renamed as other on a.municipality_code = other.x::text",
        [(2, "join")],
    ),
    "through a CTE that put another column in its place": (
        """with b as (select x::text as municipality_code, id from core.b)
select a.* from core.a
inner join b using (municipality_code, id)""",
        [(3, "join")],
    ),
    "through a CTE that took the wrong one of two": (
        """with b as (
    select b.municipality_code, c.municipality_code as other from core.b inner join core.c using (id)
)
select a.* from core.a inner join b on a.municipality_code = b.municipality_code""",
        [(2, "join")],
    ),
    "in brackets": (
        """select a.* from core.a inner join (core.b
inner join core.c on b.id = c.id) on a.municipality_code = b.municipality_code""",
        [(2, "join")],
    ),
    "coalesce of two that differ": (
        """select a.* from core.a cross join core.b
inner join core.c on coalesce(a.municipality_code, b.municipality_code) = c.municipality_code""",
        [(1, "join"), (2, "join")],
    ),
    "exists": (
        "select * from core.a where\nexists (select 1 from core.b where b.id = a.id)",
        [(2, "subquery")],
    ),
    "exists anywhere": ("select * from core.a where\nnot exists (select 1 from core.b)", [(2, "subquery")]),
    "in": ("select * from core.a where id in (\nselect b.id from core.b)", [(2, "subquery")]),
    "not in": (
        "select * from core.a where municipality_code not in (\nselect b.municipality_code from core.b)",
        [(2, "subquery")],
    ),
    "in, with another column": (
        "select * from core.a where municipality_code in (\nselect b.x::text from core.b)",
        [(2, "subquery")],
    ),
    "in the condition of a join": (
        """select a.* from core.a left join core.b on a.municipality_code = b.municipality_code
and b.id in (select c.id from core.c)""",
        [(2, "subquery")],
    ),
    "a number of all": (
        "select a.municipality_code, (\nselect max(b.x) from core.b) as most from core.a",
        [(2, "group")],
    ),
    "of rows that are everywhere": (
        """select * from config.town where
exists (select 1 from core.a where a.municipality_code = town.municipality_code)""",
        [(2, "subquery")],
    ),
    "lateral": (
        "select a.* from core.a cross join lateral (\nselect b.x from core.b where b.id = a.id) as other",
        [(2, "join")],
    ),
    "a group": ("select x, count(*) as n from core.a\ngroup by x", [(2, "group")]),
    "a group by the wrong one": (
        "select min(municipality_code) as municipality_code, x from core.a group by 2",
        [(1, "group")],
    ),
    "a sum": ("select sum(x) as total from core.a", [(1, "group")]),
    "a window": ("select municipality_code,\nrow_number() over (order by x) as place from core.a", [(2, "window")]),
    "a named window": (
        "select municipality_code,\nmax(x) over w as most from core.a window w as (partition by id)",
        [(2, "window")],
    ),
    "distinct": ("select distinct x from core.a", [(1, "distinct")]),
    "distinct on": ("select distinct on (x) municipality_code, x from core.a order by x", [(1, "distinct")]),
    "the first": ("select * from core.a order by x limit 10", [(1, "limit")]),
    "used twice": (
        """select municipality_code from (
with a as (select * from core.a)
select one.municipality_code from a as one inner join a as two using (municipality_code)) as both_""",
        [(2, "gathered")],
    ),
    "kept on purpose": ("with a as materialized (select * from core.a)\nselect * from a", [(1, "gathered")]),
    "another place in the set": (
        "select municipality_code, id::text from core.a union all\nselect id::text, municipality_code from core.b",
        [(1, "set")],
    ),
    "a set with what is everywhere": (
        "select municipality_code from core.a\nunion select municipality_code from config.town",
        [(1, "set")],
    ),
    "kept rows that are everywhere": (
        "select town.municipality_code from config.town\nleft join core.a using (municipality_code)",
        [(2, "outer")],
    ),
    "a full join with what is everywhere": (
        "select a.municipality_code from core.a\nfull join config.town using (municipality_code)",
        [(2, "outer")],
    ),
    "what lies in one place": (
        "select a.municipality_code, rule from core.a inner join quality.finding using (id)",
        [(1, "coordinator")],
    ),
    "a function that reads": ("select a.municipality_code,\nvault.names(a.id) as name from core.a", [(2, "function")]),
    "a function that gives rows": (
        "select a.* from core.a\ninner join vault.names(1) as known using (id)",
        [(2, "function")],
    ),
    "a setting": ("select * from core.a\nwhere day = current_setting('a.month')::date", [(2, "setting")]),
    "the result": ("select id, x from core.a", [(1, "lost")]),
    "the result, under another name": ("select municipality_code as town from core.a", [(1, "lost")]),
}


@pytest.mark.parametrize(("statement", "breaches"), WRONG.values(), ids=WRONG)
def test_what_leaves_the_municipality_is_found_at_its_line(statement: str, breaches: list[tuple[int, str]]) -> None:
    assert found(statement) == breaches


def test_what_is_not_known_is_not_taken_for_granted() -> None:
    with pytest.raises(KeyError):
        found("select * from core.nobody_knows")
    with pytest.raises(NotImplementedError):
        found("update core.a set x = 1")


def test_a_view_of_which_a_join_is_wrong_is_told_by_its_own_name() -> None:
    wrong = catalog()
    wrong.views["staging.kept"] = "select a.municipality_code, a.id as number, a.x from core.a\njoin core.b using (id)"
    judge = Judge(wrong)
    judge.statement("model", "select municipality_code from staging.kept")
    assert [(breach.model, breach.line, breach.rule) for breach in judge.breaches] == [("staging.kept", 2, "join")]
    assert "staging.kept:2: join: " in str(judge.breaches[0])
