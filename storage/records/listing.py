"""Keyset pagination: an index finds the row of a cursor, so that late pages cost no more than early ones."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.row_types import Columns, Wanted, columns_for
from storage.database.types import Instant
from storage.records.page import Key, Page, PageRequest, Scope

_MAX_STATEMENTS = 256


def _bound_type(column: sa.Column[Any]) -> Any:
    # The numbers in a forged cursor may be too large for the column.
    return sa.BigInteger() if isinstance(column.type, sa.Integer) else column.type


@dataclass(frozen=True, eq=False)
class Listing:
    """A list in one order: the rows of `source` that meet `condition`, sorted by the columns of `order`.

    Together the columns of `order` must be unique. Parameters in `condition` are named. Rows have the column `extra`,
    which is not an attribute of their type, only if a page asks for it.
    """

    row_type: Any
    source: sa.FromClause
    columns: Mapping[str, ColumnElement[Any]]
    condition: ColumnElement[bool]
    order: tuple[sa.Column[Any], ...]
    is_descending: bool
    extra: str | None = None

    @property
    def kinds(self) -> list[type]:
        """The types of a key's values."""
        return [datetime if isinstance(column.type, Instant) else column.type.python_type for column in self.order]

    @functools.cached_property
    def keys(self) -> Columns:
        """The names of a key's columns."""
        return tuple(column.key for column in self.order)


class _Bound(NamedTuple):
    """The rows after or before a key, with the row at the key if it is inclusive."""

    is_after: bool
    is_inclusive: bool = False

    @property
    def name(self) -> str:
        """The prefix of the names of its parameters."""
        return "after" if self.is_after else "before"

    def condition(self, listing: Listing) -> ColumnElement[bool]:
        key = sa.tuple_(*listing.order)
        # Each value has its column's type: SQLAlchemy would bind those of a plain tuple as text.
        bound = sa.tuple_(
            *(
                sa.bindparam(f"{self.name}_{index}", type_=_bound_type(column))
                for index, column in enumerate(listing.order)
            )
        )
        if self.is_after is listing.is_descending:
            return key <= bound if self.is_inclusive else key < bound
        return key >= bound if self.is_inclusive else key > bound

    def values(self, key: Key) -> dict[str, Any]:
        return {f"{self.name}_{index}": value for index, value in enumerate(key)}


_AFTER, _BEFORE = _Bound(is_after=True), _Bound(is_after=False)


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def _select_rows(
    listing: Listing, columns: Columns, bounds: tuple[_Bound, ...], *, is_backward: bool, is_sqlite: bool
) -> CompiledSelect[Any]:
    is_descending = listing.is_descending is not is_backward
    statement = (
        sa.select(*(listing.columns[name] for name in columns))
        .select_from(listing.source)
        .where(listing.condition, *(bound.condition(listing) for bound in bounds))
        .order_by(*(column.desc() if is_descending else column.asc() for column in listing.order))
        .limit(sa.bindparam("size", type_=sa.Integer()))
    )
    return CompiledSelect(statement, listing.row_type, columns, is_sqlite=is_sqlite)


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def _select_one(listing: Listing, bound: _Bound, *, is_sqlite: bool) -> CompiledSelect[Any]:
    statement: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(listing.source)
    statement = statement.where(listing.condition, bound.condition(listing)).limit(sa.literal_column("1"))
    return CompiledSelect(statement, FoundNumber, FoundNumber._fields, is_sqlite=is_sqlite)


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def _select_count(listing: Listing, *, is_sqlite: bool) -> CompiledSelect["FoundNumber"]:
    statement = sa.select(sa.func.count()).select_from(listing.source).where(listing.condition)
    return CompiledSelect(statement, FoundNumber, FoundNumber._fields, is_sqlite=is_sqlite)


class FoundNumber(NamedTuple):
    """A row with one number."""

    value: int


async def fetch_page(
    database: Database,
    listing: Listing,
    values: Mapping[str, Any],
    request: PageRequest,
    scope: Scope,
    wanted: Wanted = None,
    *,
    has_extra: bool = False,
) -> "ListPage":
    """A page of a list, with these values of its parameters. Raises InvalidCursor and Unavailable.

    `has_extra` reads the extra column of the listing too.
    """
    after = None if request.after is None else scope.key(request.after, listing.kinds)
    before = None if request.before is None else scope.key(request.before, listing.kinds)
    # One more row than the page tells whether more follow.
    parameters = {**values, "size": request.size + 1}
    bounds: tuple[_Bound, ...] = ()
    for bound, key in ((_AFTER, after), (_BEFORE, before)):
        if key is not None:
            bounds = (*bounds, bound)
            parameters |= bound.values(key)
    columns = columns_for(listing.row_type, wanted, listing.keys)
    if has_extra:
        assert listing.extra is not None
        columns = (*columns, listing.extra)
    select = _select_rows(listing, columns, bounds, is_backward=request.is_backward, is_sqlite=database.is_sqlite)
    rows = await database.read(select, **parameters)
    return ListPage(database, listing, values, request, scope, rows, after, before)


@dataclass(eq=False)
class ListPage(Page[Any]):
    """A page of a Listing, made of one row more than it has if more follow.

    `change_seq` is set for sessions: the number of the last change that it shows.
    """

    database: Database
    listing: Listing
    values: Mapping[str, Any]
    request: PageRequest
    scope: Scope
    nodes: list[Any]
    after: Key | None
    before: Key | None
    change_seq: int | None = None

    def __post_init__(self) -> None:
        self.has_more = len(self.nodes) > self.request.size
        self.nodes = self.nodes[: self.request.size]
        if self.request.is_backward:
            self.nodes.reverse()

    @functools.cached_property
    def _written_key(self) -> Callable[[Any], Key]:
        # Instants are texts both in rows and in cursors.
        columns = self.nodes[0].columns
        return itemgetter(*map(columns.index, self.listing.keys))

    def cursor(self, row: Any) -> str:
        return self.scope.cursor(self._written_key(row))

    async def has_next_page(self) -> bool:
        is_known = self.has_more and not self.request.is_backward
        if self.before is None or is_known:
            return is_known
        if self.nodes:
            return await self._exists(_AFTER, self._key(self.nodes[-1]))
        return await self._exists(_Bound(is_after=True, is_inclusive=True), self.before)

    async def has_previous_page(self) -> bool:
        is_known = self.has_more and self.request.is_backward
        if self.after is None or is_known:
            return is_known
        if self.nodes:
            return await self._exists(_BEFORE, self._key(self.nodes[0]))
        return await self._exists(_Bound(is_after=False, is_inclusive=True), self.after)

    async def total_count(self) -> int:
        select = _select_count(self.listing, is_sqlite=self.database.is_sqlite)
        [found] = await self.database.read(select, **self.values)
        return found.value

    def _key(self, row: Any) -> Key:
        return tuple(getattr(row, name) for name in self.listing.keys)

    async def _exists(self, bound: _Bound, key: Key) -> bool:
        select = _select_one(self.listing, bound, is_sqlite=self.database.is_sqlite)
        return bool(await self.database.read(select, **self.values, **bound.values(key)))
