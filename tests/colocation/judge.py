"""The judgement of one statement: every place where rows of different municipalities would have to come together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from colocation.catalog import Catalog
from colocation.frames import Frame, Rows, conjuncts
from vroegsignaal.distributed import KEY, Place


@dataclass(frozen=True, order=True)
class Breach:
    """Where a statement leaves the municipality: in which model, at which line, which rule, and what is the matter."""

    model: str
    line: int
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.model}:{self.line}: {self.rule}: {self.what}"


@dataclass
class Judge:
    """Judges statements of one warehouse; views are looked through, and judged once."""

    catalog: Catalog
    breaches: list[Breach] = field(default_factory=list)
    seen: dict[str, Rows] = field(default_factory=dict)

    def statement(self, name: str, text: str, *, stays: bool = True) -> Rows:
        """Judge the query of a model; `stays`: its rows lie with their municipality, which has to be among them."""
        tree = _qualified(text, self.catalog)
        rows = _Query(self, name, tree).rows()
        if stays and rows.spread and KEY not in rows.keys:
            self.add(name, tree, "lost", f"its rows do not say, in {KEY}, with which others they lie")
        return rows

    def relation(self, name: str) -> Rows:
        """What is known of a table or view by its name with the schema."""
        if name not in self.seen:
            if name in self.catalog.views:
                self.seen[name] = self.statement(name, self.catalog.views[name], stays=False)
            else:
                self.seen[name] = self._table(name)
        return self.seen[name]

    def _table(self, name: str) -> Rows:
        schema, _, table = name.partition(".")
        # A table that is not known would be taken for one that is everywhere.
        place, columns = self.catalog.places[name], tuple(self.catalog.columns[schema][table])
        is_spread = place is Place.SPREAD
        return Rows(is_spread, frozenset({KEY} if is_spread else ()), place is Place.COORDINATOR, columns)

    def add(self, model: str, node: exp.Expr, rule: str, what: str) -> None:
        """Note a breach at the line of a part of the statement."""
        breach = Breach(model, _line(node), rule, what)
        if breach not in self.breaches:
            self.breaches.append(breach)


def _qualified(text: str, catalog: Catalog) -> exp.Expr:
    """The statement with every column under its source, `*` written out, and `using` as what it stands for."""
    tree = sqlglot.parse_one(text, dialect="postgres")
    return qualify(
        tree, dialect="postgres", schema=catalog.columns, quote_identifiers=False, validate_qualify_columns=False
    )


def _line(node: exp.Expr) -> int:
    lines = [part.meta["line"] for part in node.walk() if "line" in part.meta]
    return min(lines, default=1)


class _Query:
    """One `select`, or several put together, with the CTEs that it may use and the frame around it."""

    def __init__(
        self, judge: Judge, model: str, tree: exp.Expr, ctes: dict[str, Rows] | None = None, outer: Frame | None = None
    ) -> None:
        self.judge, self.model, self.tree = judge, model, tree
        self.ctes = dict(ctes or {})
        self.frame = Frame(outer)

    def rows(self) -> Rows:
        """Judge it, and say what it gives."""
        self._name_ctes()
        if isinstance(self.tree, exp.Subquery):
            return self._inside(self.tree.this, self.frame.outer)
        if isinstance(self.tree, exp.SetOperation):
            return self._put_together()
        if isinstance(self.tree, exp.Select):
            return self._selected()
        if isinstance(self.tree, exp.Values):
            return Rows()
        # What is not understood is not waved through.
        raise NotImplementedError(f"{self.model}: a query of the kind {type(self.tree).__name__}")

    def _add(self, node: exp.Expr, rule: str, what: str) -> None:
        self.judge.add(self.model, node, rule, what)

    def _inside(self, tree: exp.Expr, outer: Frame | None) -> Rows:
        return _Query(self.judge, self.model, tree, self.ctes, outer).rows()

    # --- CTEs

    def _name_ctes(self) -> None:
        used = Counter(table.name for table in self.tree.find_all(exp.Table) if not table.db)
        for cte in self.tree.ctes if isinstance(self.tree, exp.Query) else ():
            rows = self._inside(cte.this, self.frame.outer)
            kept = cte.args.get("materialized")
            if rows.spread and (kept or (kept is None and used[cte.alias] > 1)):
                self._add(cte, "gathered", f"`{cte.alias}` is kept for its uses: its rows are gathered in one place")
                rows = _gathered(rows.columns)
            self.ctes[cte.alias] = rows

    # --- sets

    def _put_together(self) -> Rows:
        legs = [self._inside(leg, self.frame.outer) for leg in (self.tree.left, self.tree.right)]
        if not any(leg.spread for leg in legs):
            return Rows(of_coordinator=any(leg.of_coordinator for leg in legs), columns=legs[0].columns)
        one, other = legs
        if not all(leg.spread for leg in legs):
            self._add(self.tree, "set", "puts spread rows together with rows that are everywhere")
            return _gathered(one.columns)
        pairs = zip(one.columns, other.columns, strict=False)
        keys = frozenset(mine for mine, theirs in pairs if mine in one.keys and theirs in other.keys)
        if not keys:
            self._add(self.tree, "set", f"its parts do not have {KEY} in the same place")
        return Rows(True, keys, columns=one.columns) if keys else _gathered(one.columns)

    # --- one select

    def _selected(self) -> Rows:
        select = self.tree
        for item, side, condition in _from(select):
            self._source(item, side, condition)
        self.frame.learn(select.args.get("where"))
        self._learn_memberships(select.args.get("where"))
        self._check_together()
        for part in _own_parts(select):
            self._expression(part)
        names = tuple(column.alias_or_name for column in select.selects)
        spread = self.frame.is_spread()
        keys = frozenset(column.alias_or_name for column in select.selects if self._is_key(column))
        if spread and self._is_gathered(keys):
            return _gathered(names)
        return Rows(spread, keys, self._of_coordinator(), names)

    def _of_coordinator(self) -> bool:
        return any(rows.of_coordinator for rows in self.frame.sources.values())

    def _is_key(self, expression: exp.Expr) -> bool:
        """Whether an expression is the municipality of the rows."""
        together = self.frame.together()
        if together is None:
            return False
        return any(self.frame.find(place) == self.frame.find(together) for place in self.frame.of(expression))

    def _source(self, item: exp.Expr, side: str, condition: exp.Expr | None) -> None:
        before = [rows.spread for rows in self.frame.sources.values()]
        rows = self._rows_of(item)
        self.frame.sources[item.alias_or_name] = rows
        self.frame.learn(condition)
        others = any(before)
        kept, filled = {"LEFT": (others, rows.spread), "RIGHT": (rows.spread, others)}.get(side, (True, False))
        if (filled and not kept) or (side == "FULL" and others != rows.spread):
            self._add(item, "outer", "an outer join that keeps rows which are everywhere, beside spread ones")

    def _rows_of(self, item: exp.Expr) -> Rows:
        if isinstance(item, exp.Lateral):
            return self._lateral(item.this) if isinstance(item.this, exp.Subquery) else self._function(item.this)
        if isinstance(item, exp.Subquery):
            return self._inside(item, self.frame.outer)
        if not isinstance(item, exp.Table):
            return self._function(item)
        if not isinstance(item.this, exp.Identifier):
            return self._function(item.this, item.db)
        if not item.db and item.name in self.ctes:
            return self.ctes[item.name]
        return self.judge.relation(f"{item.db}.{item.name}")

    def _lateral(self, item: exp.Subquery) -> Rows:
        """A query that follows the rows before it: what it finds of their municipality needs no further condition."""
        inner = _Query(self.judge, self.model, item.this, self.ctes, self.frame)
        rows = inner.rows()
        return Rows(columns=rows.columns) if rows.spread and self._hangs_together(inner.frame) else rows

    def _function(self, item: exp.Expr, schema: str = "") -> Rows:
        """A function gives rows that are everywhere: the machine that is asked works them out, and tells the others."""
        name = f"{schema}.{item.name}".lower()
        if isinstance(item, exp.Dot):
            name = item.sql().partition("(")[0].lower()
        if name in self.judge.catalog.readers:
            self._add(item, "function", f"`{name}` reads spread rows itself, and gives them out in one place")
        return Rows(columns=tuple(self.judge.catalog.results.get(name, ())))

    # --- rules

    def _check_together(self) -> None:
        spread = {alias: rows for alias, rows in self.frame.sources.items() if rows.spread}
        together = self.frame.together()
        for alias in spread:
            if together is None or together not in self.frame.keys_of(alias):
                others = ", ".join(name for name in spread if name != alias) or "the rest"
                if len(spread) > 1 or not spread[alias].keys:
                    node = next(item for item, _, _ in _from(self.tree) if item.alias_or_name == alias)
                    self._add(node, "join", f"`{alias}` is not joined with {others} by {KEY}")
        if spread and self._of_coordinator():
            self._add(self.tree, "coordinator", "joins spread rows with a table that lies in one place")

    def _learn_memberships(self, where: exp.Expr | None) -> None:
        """`key in (select key …)` holds a row to its municipality as a join does: noted, so that it is no breach."""
        self.memberships = {id(part) for part in conjuncts(where) if isinstance(part, exp.In)}

    def _expression(self, part: exp.Expr) -> None:
        """Judge what stands inside an expression: queries, windows, functions and settings."""
        for node in part.walk(prune=lambda each: isinstance(each, exp.Query)):
            if isinstance(node, exp.Query):
                self._subquery(node)
            elif isinstance(node, exp.Window):
                self._window(node)
            elif isinstance(node, exp.Dot):
                self._function(node)
            elif isinstance(node, exp.Anonymous | exp.Func) and "current_setting" in node.sql().lower()[:15]:
                self._add(node, "setting", "reads a setting of the session, which other machines do not have")

    def _subquery(self, query: exp.Query) -> None:
        inner = _Query(self.judge, self.model, query.unnest(), self.ctes, self.frame)
        rows = inner.rows()
        if not rows.spread:
            return
        inside = inner.frame if isinstance(inner.tree, exp.Select) else None
        member = query.find_ancestor(exp.In)
        is_member = member is not None and id(member) in self.memberships and self._is_key(member.this)
        if is_member and rows.columns and rows.columns[0] in rows.keys:
            return
        if inside is None or not self._hangs_together(inside):
            self._add(query, "subquery", f"a query of spread rows that does not follow the {KEY} of the row around it")

    @staticmethod
    def _hangs_together(inside: Frame) -> bool:
        """Whether the rows of a query inside another are of the municipality of the row outside."""
        outside, mine = inside.around(), inside.together()
        if outside is None or mine is None:
            return False
        theirs = outside.together()
        return theirs is not None and inside.find(mine) == inside.find(theirs)

    def _window(self, window: exp.Window) -> None:
        named = {each.name: each for each in self.tree.args.get("windows") or []}
        meant = named.get(window.alias, window)
        parts = meant.args.get("partition_by") or []
        if self.frame.is_spread() and not self._within(parts):
            self._add(window, "window", f"a window over rows of several municipalities: {KEY} is not in its partition")

    def _within(self, expressions: list[exp.Expr]) -> bool:
        """Whether rows that are alike in these are of one municipality: that of the rows, or of a row around them."""
        return any(self._is_key(each) for each in expressions) or self._hangs_together(self.frame)

    def _is_gathered(self, keys: frozenset[str]) -> bool:
        """Whether rows of several municipalities have to come to one place to be summed up, compared or counted off."""
        found = [*self._crossing_group(), *self._crossing_distinct(keys), *self._crossing_limit()]
        for node, rule, what in found:
            self._add(node, rule, what)
        return bool(found)

    def _crossing_group(self) -> Iterator[tuple[exp.Expr, str, str]]:
        group = self.tree.args.get("group")
        if group and not self._within([self._meant(each) for each in group.expressions]):
            yield group, "group", f"groups rows of several municipalities: {KEY} is not among what it groups by"
        if not group and any(map(_is_aggregate, _own_parts(self.tree))) and not self._within([]):
            yield self.tree, "group", "sums up the rows of all municipalities"

    def _crossing_distinct(self, keys: frozenset[str]) -> Iterator[tuple[exp.Expr, str, str]]:
        distinct = self.tree.args.get("distinct")
        if not distinct:
            return
        on = distinct.args.get("on")
        chosen = [self._meant(each) for each in (on.expressions if isinstance(on, exp.Tuple) else [on])] if on else []
        if not self._within(chosen) and (on or not keys):
            yield self.tree, "distinct", f"compares rows of several municipalities: {KEY} is not among what differs"

    def _crossing_limit(self) -> Iterator[tuple[exp.Expr, str, str]]:
        if any(self.tree.args.get(name) for name in ("limit", "offset")) and not self._within([]):
            yield self.tree, "limit", "takes the first rows of all municipalities"

    def _meant(self, expression: exp.Expr) -> exp.Expr:
        """What `group by 1` or a name of the result stands for."""
        if isinstance(expression, exp.Paren):
            return self._meant(expression.this)
        if isinstance(expression, exp.Literal) and expression.is_int:
            return self.tree.selects[int(expression.name) - 1]
        if isinstance(expression, exp.Column) and not expression.table:
            named = {column.alias_or_name: column for column in self.tree.selects}
            return named.get(expression.name, expression)
        return expression


def _gathered(columns: tuple[str, ...]) -> Rows:
    """Rows that were brought to one place, from where each machine gets all of them."""
    return Rows(columns=columns)


def _from(select: exp.Select) -> Iterator[tuple[exp.Expr, str, exp.Expr | None]]:
    """The sources of a `from` in order, with the side of an outer join and the condition."""
    start = select.args.get("from_")
    if start:
        yield from _flat(start.this)
    yield from _joined(select)
    for lateral in select.args.get("laterals") or []:
        yield lateral, "", None


def _flat(
    item: exp.Expr, side: str = "", condition: exp.Expr | None = None
) -> Iterator[tuple[exp.Expr, str, exp.Expr | None]]:
    """A source, or those that brackets hold together."""
    held = item.this if isinstance(item, exp.Subquery) else None
    if isinstance(held, exp.Subquery) or (held and not isinstance(held, exp.Query | exp.Values)):
        yield from _flat(held, side, condition)
    else:
        yield item, side, condition
    yield from _joined(item)


def _joined(item: exp.Expr) -> Iterator[tuple[exp.Expr, str, exp.Expr | None]]:
    for join in item.args.get("joins") or []:
        yield from _flat(join.this, (join.side or "").upper(), join.args.get("on"))


def _own_parts(select: exp.Select) -> Iterator[exp.Expr]:
    """The expressions of a select that are evaluated for its rows: not what its sources are made of."""
    yield from select.selects
    for name in ("where", "group", "having", "order", "qualify", "distinct"):
        if select.args.get(name):
            yield select.args[name]
    for join in select.args.get("joins") or []:
        if join.args.get("on"):
            yield join.args["on"]


def _is_aggregate(part: exp.Expr) -> bool:
    """Whether it sums up rows of the select itself: not inside a query, and not over a window."""
    for node in part.walk(prune=lambda each: isinstance(each, exp.Query | exp.Window)):
        if isinstance(node, exp.AggFunc | exp.WithinGroup) and not isinstance(node.parent, exp.Window):
            return True
    return False
