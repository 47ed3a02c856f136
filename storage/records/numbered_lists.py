"""Lists that are numbered from 0 without gaps: their rows, and pages of many of them in one statement."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.row_types import Columns, Wanted, columns_for, select_columns
from storage.records.page import Page, PageRequest, Scope, SharedRead
from storage.records.position_page import PositionPage, rows_by_owner
from storage.records.position_range import UNCOUNTED, PositionRange, position_table

Key = TypeVar("Key", bound=tuple[Any, ...])
Row = TypeVar("Row")
Owner = tuple[Any, ...]

_MAX_STATEMENTS = 128


@dataclass(frozen=True, eq=False)
class NumberedLists(Generic[Key, Row]):
    """The lists in a table whose key is the owner of a list, which is a text and perhaps a number, and the position.

    Cursors are valid for `name` and the owner. The row type begins with the columns of the key.
    """

    name: str
    table: sa.Table
    row_type: Any

    @functools.cached_property
    def key_columns(self) -> Columns:
        """The names of the columns of the table's key."""
        return tuple(column.name for column in self.table.primary_key)

    async def rows_at(self, database: Database, keys: Sequence[Key], wanted: Wanted) -> dict[Key, Row]:
        """The rows with these keys by key, read by one statement. Raises Unavailable."""
        columns = columns_for(self.row_type, wanted, self.key_columns)
        rows = await database.read(_select_at(self, columns, is_sqlite=database.is_sqlite), **self._parameters(keys))
        return dict(zip(map(itemgetter(slice(len(self.key_columns))), rows), rows, strict=True))

    async def pages(
        self, database: Database, owners: Sequence[Owner], request: PageRequest, wanted: Wanted
    ) -> list[Page[Row]]:
        """A page of each owner's list, in their order. Raises InvalidCursor and Unavailable.

        It takes one statement, and a second one for pages that are counted from the end.
        """
        counts = SharedRead(lambda: self._read_counts(database, owners))
        if request.is_backward:
            lengths = [await counts.get(owner) or 0 for owner in owners]
        else:
            lengths = [UNCOUNTED] * len(owners)
        spans = [
            PositionRange.of(length, functools.partial(_scope, self.name, owner), request).page(request)
            for length, owner in zip(lengths, owners, strict=True)
        ]
        columns = columns_for(self.row_type, wanted, self.key_columns)
        rows = await database.read(
            _select_ranges(self, columns, is_sqlite=database.is_sqlite),
            **self._parameters(owners),
            start=[start for start, _ in spans],
            # One more row than the page tells whether more follow.
            end=[end + 1 for _, end in spans],
        )
        found = rows_by_owner(rows, owners, columns, itemgetter(slice(len(self.key_columns) - 1)))
        pages: list[Page[Row]] = []
        for owner, (start, end) in zip(owners, spans, strict=True):
            nodes = found[owner]
            has_more = len(nodes) > end - start
            pages.append(_NumberedPage(nodes[:-1] if has_more else nodes, start, has_more, self.name, owner, counts))
        return pages

    async def _read_counts(self, database: Database, owners: Sequence[Owner]) -> dict[Owner, int]:
        select = _select_counts(self, is_sqlite=database.is_sqlite)
        return {row[:-1]: row[-1] for row in await database.read(select, **self._parameters(owners))}

    def _parameters(self, keys: Sequence[Owner]) -> dict[str, Sequence[Any]]:
        """The list parameters for keys, or for the owners that they begin with."""
        return dict(zip(("owner", *self.key_columns[1:]), zip(*keys, strict=True), strict=False))


@dataclass(eq=False)
class _NumberedPage(PositionPage[Row]):
    """A page of an owner's list."""

    name: str
    owner: Owner
    counts: SharedRead[Owner, int]

    @functools.cached_property
    def scope(self) -> Scope:
        return _scope(self.name, self.owner)

    async def total_count(self) -> int:
        return await self.counts.get(self.owner) or 0


def _scope(name: str, owner: Owner) -> Scope:
    return Scope(name, *owner)


def _has_key(table: sa.Table, values: Sequence[ColumnElement[Any]]) -> ColumnElement[bool]:
    """Whether the key of a row begins with these values."""
    return sa.and_(*(column == value for column, value in zip(table.primary_key, values, strict=False)))


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def _select_at(lists: NumberedLists[Any, Any], columns: Columns, *, is_sqlite: bool) -> CompiledSelect[Any]:
    keys = position_table(*lists.key_columns[1:], is_sqlite=is_sqlite)
    is_wanted = _has_key(lists.table, [keys.owner, *keys.numbers])
    statement = sa.select(*select_columns(lists.table, columns)).join_from(keys.source, lists.table, is_wanted)
    return CompiledSelect(statement, lists.row_type, columns, is_sqlite=is_sqlite)


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def _select_ranges(lists: NumberedLists[Any, Any], columns: Columns, *, is_sqlite: bool) -> CompiledSelect[Any]:
    ranges = position_table(*lists.key_columns[1:-1], "start", "end", is_sqlite=is_sqlite)
    *numbers, start, end = ranges.numbers
    position = lists.table.c[lists.key_columns[-1]]
    is_within = sa.and_(_has_key(lists.table, [ranges.owner, *numbers]), position >= start, position < end)
    statement = sa.select(*select_columns(lists.table, columns)).join_from(ranges.source, lists.table, is_within)
    return CompiledSelect(statement, lists.row_type, columns, is_sqlite=is_sqlite)


@functools.lru_cache
def _select_counts(lists: NumberedLists[Any, Any], *, is_sqlite: bool) -> CompiledSelect[Any]:
    """The owner of each list and its length, which the last position tells."""
    owners = position_table(*lists.key_columns[1:-1], is_sqlite=is_sqlite)
    values: list[ColumnElement[Any]] = [owners.owner, *owners.numbers]
    last = sa.select(sa.func.max(lists.table.c[lists.key_columns[-1]])).where(_has_key(lists.table, values))
    length = sa.func.coalesce(last.correlate(owners.source).scalar_subquery() + 1, 0)
    statement = sa.select(*values, length).select_from(owners.source)
    return CompiledSelect(statement, lists.row_type, lists.key_columns[:-1], is_sqlite=is_sqlite)
