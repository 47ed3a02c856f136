"""Reads the sessions that matching entries belong to, by statements that also check the snapshot of the segments."""

import functools
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.lru_cache import LRUCache
from storage.database.row_types import Wanted, columns_for
from storage.records.message import MessageRow, messages_at
from storage.records.page import Key
from storage.records.session_filter import SessionFilter, narrowing
from storage.search.index.entries import Ids
from storage.search.index.segment_snapshot import SegmentSnapshot, SnapshotChanged, read_snapshot
from storage.search.query.cached_sessions import CachedSessions, OrderedSessions
from storage.search.query.filtered_numbers import filtered_numbers
from storage.search.query.hit import FoundSession
from storage.search.query.session_statements import (
    all_sessions,
    confirmation,
    current_messages,
    newest_sessions,
    numbered_sessions,
    session_with_id,
)

MAX_SESSIONS = 2_000
"""The most matching sessions that are read by number; with more, the newest of all sessions are read."""

FIRST_PAGE = 64
"""Sessions of the first page that is read of them."""

# Sessions that are read into the cache at once.
_MAX_MISSING = 1_000

T = TypeVar("T")


class _CachedResult(NamedTuple, Generic[T]):
    last_change: int
    result: T


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
            if not await self._are_unchanged(cached.last_change):
                cached.is_outdated = True
                raise SnapshotChanged
            self._unconfirmed = None

    async def _are_unchanged(self, last_change: int) -> bool:
        """Whether the segments are those of the snapshot, and no session has changed since."""
        values = {"segments": self._snapshot.name, "last_change": last_change}
        return bool(await self._reader.read(confirmation(is_sqlite=self._reader.is_sqlite), **values))

    async def messages(self, places: Sequence[tuple[str, int]], wanted: Wanted) -> dict[tuple[str, int], MessageRow]:
        """Messages by their places, without those that are gone. The statement also confirms what the cache had."""
        cached = self._unconfirmed
        if cached is not None and places:
            columns = columns_for(MessageRow, wanted, ("session_id", "position"))
            owners, positions = zip(*places, strict=True)
            rows = await self._reader.read(
                current_messages(columns, is_sqlite=self._reader.is_sqlite),
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
            statement = all_sessions(archived, tuple(values), is_sqlite=self._reader.is_sqlite)
            return await self._rows(statement, **values)
        if not numbers:
            await self._check()
            return []
        statement = numbered_sessions(archived, tuple(values), is_sqlite=self._reader.is_sqlite)
        return [row for row in await self._rows(statement, **values, numbers=numbers) if row.number is not None]

    async def cached_result(
        self, key: Hashable, compute: Callable[[Sequence[FoundSession]], Awaitable[T]], size_of: Callable[[T], int]
    ) -> T:
        """What `compute` returns for all of the sessions; from the cache if no session has changed since."""
        key = (key, self._snapshot.name, repr(self._filter))
        cached: _CachedResult[T] | None = self._cache.get(key)
        if cached is not None and await self._are_unchanged(cached.last_change):
            return cached.result
        rows = await self.all()
        result = await compute(rows)
        if rows:
            self._cache.put(key, _CachedResult(rows[0].last_change, result), size_of(result))
        return result

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
        rows = await self._rows(session_with_id(is_sqlite=self._reader.is_sqlite), id=id)
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
        statement = newest_sessions(
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
            statement = numbered_sessions(self._filter.archived, (), is_sqlite=self._reader.is_sqlite)
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
