"""Reads the sessions that matching entries belong to, by statements that also check the snapshot of the segments."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.list_parameters import numbers_table
from storage.database.lru_cache import LRUCache
from storage.database.row_types import Columns, Wanted, columns_for, select_columns
from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.database.types import Instant, without_index
from storage.records.message import MessageRow, messages_at
from storage.records.page import Key
from storage.records.position_range import position_table
from storage.records.session import LAST_CHANGE
from storage.records.session_filter import SessionFilter, conditions, narrowing
from storage.search.index.entries import Ids
from storage.search.index.segment_snapshot import SegmentSnapshot, SnapshotChanged, is_current, read_snapshot
from storage.search.query.cached_sessions import CachedSessions, OrderedSessions
from storage.search.query.filtered_numbers import filtered_numbers
from storage.search.query.hit import FoundSession

MAX_SESSIONS = 2_000
"""The most matching sessions that are read by number; with more, the newest of all sessions are read."""

FIRST_PAGE = 64
"""Sessions of the first page that is read of them."""

# Sessions that are read into the cache at once.
_MAX_MISSING = 1_000
_MAX_STATEMENTS = 64
_sessions = sa.select(*select_columns(session, FoundSession._fields[:-1]), LAST_CHANGE.label("last_change"))


class FoundSessions:
    """The sessions with the given numbers that pass a filter. Its methods raise SnapshotChanged and Unavailable."""

    def __init__(
        self, reader: Reader, cache: LRUCache, snapshot: SegmentSnapshot, filter: SessionFilter, numbers: Ids
    ) -> None:
        self._reader = reader
        self._cache = cache
        self._snapshot = snapshot
        self._filter = filter
        self._numbers = numbers
        self._unconfirmed: CachedSessions | None = None

    def of(self, numbers: Ids) -> "FoundSessions":
        """The sessions with other numbers, in the same snapshot."""
        return FoundSessions(self._reader, self._cache, self._snapshot, self._filter, numbers)

    async def confirm(self) -> None:
        """Check that the sessions from the cache have not changed, unless a statement has checked it."""
        cached = self._unconfirmed
        if cached is not None:
            values = {"segments": cached.segments, "last_change": cached.last_change}
            if not await self._reader.read(_confirmation(is_sqlite=self._reader.is_sqlite), **values):
                cached.is_outdated = True
                raise SnapshotChanged
            self._unconfirmed = None

    async def messages(self, places: Sequence[tuple[str, int]], wanted: Wanted) -> dict[tuple[str, int], MessageRow]:
        """Messages by their places, without those that are gone. The statement also confirms what the cache had."""
        cached = self._unconfirmed
        if cached is not None and places:
            columns = columns_for(MessageRow, wanted, ("session_id", "position"))
            owners, positions = zip(*places, strict=True)
            rows = await self._reader.read(
                _current_messages(columns, is_sqlite=self._reader.is_sqlite),
                owner=owners,
                position=positions,
                segments=cached.segments,
                last_change=cached.last_change,
            )
            if rows:
                self._unconfirmed = None
                return {(row.session_id, row.position): row for row in rows}
        await self.confirm()
        return await messages_at(self._reader, places, wanted) if places else {}

    async def all(self) -> Sequence[FoundSession]:
        """All of the sessions in any order; if they are many, also others."""
        archived, values = narrowing(self._filter)
        numbers = self._numbers.tolist()
        if len(numbers) > MAX_SESSIONS:
            statement = _all_sessions(archived, tuple(values), is_sqlite=self._reader.is_sqlite)
            return await self._rows(statement, **values)
        if not numbers:
            await self._check()
            return []
        statement = _numbered_sessions(archived, tuple(values), is_sqlite=self._reader.is_sqlite)
        return [row for row in await self._rows(statement, **values, numbers=numbers) if row.number is not None]

    async def filtered(self) -> Ids:
        """The numbers of those that pass the filter; if they are many, also of others."""
        if len(self._numbers) <= MAX_SESSIONS:
            return np.array([row.number for row in await self.all()], np.int64)
        numbers = await filtered_numbers(self._reader, self._filter, self._snapshot.name)
        if not len(numbers):
            await self._check()
        return numbers

    async def with_id(self, id: str) -> FoundSession | None:
        """The session with an id, whatever the filter; None when there is none."""
        rows = await self._rows(_session_with_id(is_sqlite=self._reader.is_sqlite), id=id)
        return rows[0] if rows else None

    async def are_none(self) -> bool:
        """Whether no entry matches; then the snapshot is checked."""
        if len(self._numbers):
            return False
        await self._check()
        return True

    async def page(self, key: Key | None, size: int, *, is_inclusive: bool) -> list[FoundSession]:
        """A page of them, newest first, read from the database: after a key, from a key on, or the first page."""
        archived, values = narrowing(self._filter)
        statement = _newest_sessions(
            archived,
            tuple(values),
            None if key is None else is_inclusive,
            are_numbered=not self.are_most,
            is_sqlite=self._reader.is_sqlite,
        )
        if not self.are_most:
            values["numbers"] = self._numbers.tolist()
        if key is not None:
            values |= {"updated_at": key[0], "id": key[1]}
        return [row for row in await self._rows(statement, **values, size=size) if row.number is not None]

    @functools.cached_property
    def are_cacheable(self) -> bool:
        """Whether the filter leaves so many sessions that their rows are cached."""
        return not narrowing(self._filter)[1]

    @functools.cached_property
    def are_most(self) -> bool:
        """Whether so many are found that the newest of all sessions are read instead, of which most are found."""
        numbers = self._numbers
        # Numbers are consecutive, so the last one bounds the number of sessions.
        return len(numbers) > MAX_SESSIONS or (len(numbers) > FIRST_PAGE and 2 * len(numbers) > int(numbers[-1]))

    async def cached_page(self, start: int, size: int) -> Sequence[FoundSession]:
        """The `size` newest of all sessions from an index on, from the cache as far as it has them."""
        cached = self._cached()
        is_confirmed = False
        while cached is None or (len(cached.newest) < start + size and not cached.are_all):
            count = 0 if cached is None else len(cached.newest)
            key = None if cached is None or not count else (cached.newest[-1].updated_at, cached.newest[-1].id)
            rows = await self.page(key, size, is_inclusive=False)
            is_confirmed = bool(rows)
            if rows:
                cached = self._belonging(cached, rows[0])
            elif cached is None:
                return []
            cached.add_newest(count, rows, are_last=len(rows) < size)
        if not is_confirmed:
            self._unconfirmed = self._unconfirmed or cached
        return cached.newest[start : start + size]

    async def cached_rows(self, since: Key | None) -> OrderedSessions | None:
        """All of the sessions, newest first, from the cache as far as it has them; None when too many are missing
        there.
        """
        cached = self._cached()
        numbers = self._numbers.tolist()
        missing = numbers if cached is None else cached.missing(numbers)
        if len(missing) > _MAX_MISSING:
            return None
        if missing:
            statement = _numbered_sessions(self._filter.archived, (), is_sqlite=self._reader.is_sqlite)
            rows = await self._rows(statement, numbers=missing)
            cached = self._belonging(cached, rows[0])
            cached.add(missing, (row for row in rows if row.number is not None))
        else:
            self._unconfirmed = self._unconfirmed or cached
        assert cached is not None, "all numbers would be missing"
        return cached.of(numbers, since)

    def _cached(self) -> CachedSessions | None:
        return CachedSessions.current(self._cache, self._filter.archived, self._snapshot.name)

    def _belonging(self, cached: CachedSessions | None, row: FoundSession) -> CachedSessions:
        """The cached rows that a row which was just read belongs to."""
        if cached is None:
            return CachedSessions(self._cache, self._filter.archived, self._snapshot.name, row.last_change)
        if cached.last_change != row.last_change:
            cached.is_outdated = True
            raise SnapshotChanged
        return cached

    async def _rows(self, statement: CompiledSelect[FoundSession], **values: Any) -> list[FoundSession]:
        rows = await self._reader.read(statement, **values, segments=self._snapshot.name)
        if not rows:
            await self._check()
        return rows

    async def _check(self) -> None:
        if (await read_snapshot(self._reader, self._cache)).name != self._snapshot.name:
            raise SnapshotChanged


@functools.lru_cache
def _confirmation(*, is_sqlite: bool) -> CompiledSelect[tuple[int]]:
    """A row if neither the segments nor the sessions have changed."""
    return CompiledSelect(
        sa.select(LAST_CHANGE).where(*_are_unchanged(is_sqlite=is_sqlite)), tuple, (), is_sqlite=is_sqlite
    )


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def _current_messages(columns: Columns, *, is_sqlite: bool) -> CompiledSelect[MessageRow]:
    """Messages by their places, if neither the segments nor the sessions have changed."""
    keys = position_table("position", is_sqlite=is_sqlite)
    is_wanted = sa.and_(message.c.session_id == keys.owner, message.c.position == keys.numbers[0])
    statement = sa.select(*select_columns(message, columns)).join_from(keys.source, message, is_wanted)
    return CompiledSelect(
        statement.where(*_are_unchanged(is_sqlite=is_sqlite)), MessageRow, columns, is_sqlite=is_sqlite
    )


def _are_unchanged(*, is_sqlite: bool) -> list[ColumnElement[bool]]:
    last_change = sa.bindparam("last_change", type_=sa.BigInteger())
    return [is_current(is_sqlite=is_sqlite), last_change == LAST_CHANGE]


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def _all_sessions(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[FoundSession]:
    """All sessions that pass a filter."""
    statement = _sessions.where(is_current(is_sqlite=is_sqlite), *conditions(archived, dict.fromkeys(names)))
    return CompiledSelect(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)


@functools.lru_cache
def _session_with_id(*, is_sqlite: bool) -> CompiledSelect[FoundSession]:
    is_it = session.c.id == sa.bindparam("id", type_=session.c.id.type)
    statement = _sessions.where(is_current(is_sqlite=is_sqlite), is_it)
    return CompiledSelect(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def _numbered_sessions(archived: str, names: tuple[str, ...], *, is_sqlite: bool) -> CompiledSelect[FoundSession]:
    """The sessions with given numbers that pass a filter, and a row of nulls for each other number."""
    statement = _numbered(*conditions(archived, dict.fromkeys(names)), is_sqlite=is_sqlite)
    return CompiledSelect(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)


def _numbered(*filters: ColumnElement[bool], is_sqlite: bool) -> sa.Select[Any]:
    table, number = numbers_table("numbers", is_sqlite=is_sqlite)
    # An outer join keeps the planner from scanning all sessions by another index.
    joined = table.outerjoin(session, sa.and_(session.c.number == number, without_index(sa.and_(*filters))))
    return _sessions.select_from(joined).where(is_current(is_sqlite=is_sqlite))


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def _newest_sessions(
    archived: str, names: tuple[str, ...], is_inclusive: bool | None, *, are_numbered: bool, is_sqlite: bool
) -> CompiledSelect[FoundSession]:
    """A page of sessions that pass a filter, newest first: after `updated_at` and `id`, from them on, or all.

    If `are_numbered`, only those with given numbers, and a row of nulls for each other number.
    """
    filters = conditions(archived, dict.fromkeys(names))
    if is_inclusive is not None:
        order = sa.tuple_(session.c.updated_at, session.c.id)
        bound = sa.tuple_(sa.bindparam("updated_at", type_=Instant()), sa.bindparam("id", type_=session.c.id.type))
        filters.append(order <= bound if is_inclusive else order < bound)
    latest = session.c.updated_at.desc()
    if are_numbered:
        statement = _numbered(*filters, is_sqlite=is_sqlite).order_by(latest.nulls_last(), session.c.id.desc())
    else:
        statement = _sessions.where(is_current(is_sqlite=is_sqlite), *filters).order_by(latest, session.c.id.desc())
    statement = statement.limit(sa.bindparam("size", type_=sa.Integer()))
    return CompiledSelect(statement, FoundSession, FoundSession._fields, is_sqlite=is_sqlite)
