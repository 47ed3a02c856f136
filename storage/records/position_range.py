"""Ranges of positions, for lists that are numbered from 0 without a gap."""

from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.types import IntegerList, KeyText, TextList
from storage.records.page import PageRequest, Scope

UNCOUNTED = 2**31 - 1000
"""For a list whose length is not known: more than any has."""


class PositionRange(NamedTuple):
    """The positions from `start` on and before `end`, of the list that `owner` has."""

    owner: str
    start: int
    end: int

    @classmethod
    def of(cls, owner: str, count: int, scope_of: Callable[[], Scope], request: PageRequest) -> "PositionRange":
        """What lies between the cursors of a request, in a list of `count`. Raises InvalidCursor."""
        if request.after is None and request.before is None:
            return cls(owner, 0, count)
        scope = scope_of()
        after, before = (
            None if cursor is None else int(scope.key(cursor, (int,))[0]) for cursor in (request.after, request.before)
        )
        start = 0 if after is None else min(max(after + 1, 0), count)
        end = count if before is None else max(min(before, count), start)
        return cls(owner, start, end)

    def page(self, request: PageRequest) -> tuple[int, int]:
        """Start and end of the page asked for."""
        _, start, end = self
        if request.is_backward:
            return max(start, end - request.size), end
        return start, min(end, start + request.size)


class PositionTable(NamedTuple):
    """A table made of lists that a statement is given: of owners, and of numbers that go with each."""

    source: sa.FromClause
    owner: ColumnElement[str]
    numbers: tuple[ColumnElement[int], ...]


def position_table(*names: str, is_sqlite: bool) -> PositionTable:
    """A table to join with. Its parameters are `owner` and `names`, lists of one length."""
    owners = sa.bindparam("owner", type_=TextList())
    lists = [sa.bindparam(name, type_=IntegerList()) for name in names]
    if not is_sqlite:
        columns: list[sa.ColumnClause[Any]] = [sa.column("owner", KeyText)]
        columns += (sa.column(name, sa.Integer()) for name in names)
        table = sa.func.unnest(owners, *lists).table_valued(*columns).render_derived("place")
        return PositionTable(table, table.c.owner, tuple(table.c[name] for name in names))
    table = sa.func.json_each(owners).table_valued("key", "value", name="place")
    at = sa.func.printf("$[%d]", table.c.key)
    numbers = tuple(sa.func.json_extract(values, at, type_=sa.Integer()) for values in lists)
    return PositionTable(table, table.c.value, numbers)
