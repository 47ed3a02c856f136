"""Ranges of positions, for lists that are numbered from 0 without gaps."""

from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

from storage.database.list_parameters import lists_table
from storage.database.types import KeyText
from storage.records.page import PageRequest, Scope

UNCOUNTED = 2**31 - 1000
"""The length of a list that was not counted: more than any list has."""


class PositionRange(NamedTuple):
    """The positions from `start` up to but not including `end`."""

    start: int
    end: int

    @classmethod
    def of(cls, count: int, scope_of: Callable[[], Scope], request: PageRequest) -> "PositionRange":
        """The range that a request is for, in a list of `count` rows. Raises InvalidCursor."""
        if request.after is None and request.before is None:
            return cls(0, count)._cut(request)
        scope = scope_of()
        after, before = (
            None if cursor is None else int(scope.key(cursor, (int,))[0]) for cursor in (request.after, request.before)
        )
        start = 0 if after is None else min(max(after + 1, 0), count)
        end = count if before is None else max(min(before, count), start)
        return cls(start, end)._cut(request)

    def _cut(self, request: PageRequest) -> "PositionRange":
        """The range from the position of a request on, or up to it for a page from the end."""
        if request.position is None:
            return self
        start, end = self
        if request.is_backward:
            return PositionRange(start, max(min(request.position, end), start))
        return PositionRange(min(max(request.position, start), end), end)

    def page(self, request: PageRequest) -> tuple[int, int]:
        """Start and end of the requested page."""
        start, end = self
        if request.is_backward:
            return max(start, end - request.size), end
        return start, min(end, start + request.size)


class PositionTable(NamedTuple):
    """A table of owners and of positions in the list of each."""

    source: sa.FromClause
    owner: ColumnElement[str]
    numbers: list[ColumnElement[int]]


def position_table(*names: str, is_sqlite: bool) -> PositionTable:
    """A table made of the list parameters `owner` and `names`, which have the same length."""
    types: dict[str, TypeEngine[Any]] = {"owner": KeyText, **dict.fromkeys(names, sa.Integer())}
    source, [owner, *numbers] = lists_table(types, is_sqlite=is_sqlite)
    return PositionTable(source, owner, numbers)
