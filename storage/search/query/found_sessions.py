"""Reads the sessions that matching entries belong to, by statements that also check the snapshot of the segments."""

import functools
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from storage.database.compiled_select import CompiledSelect, Reader
from storage.database.list_parameters import numbers_table
from storage.database.lru_cache import LRUCache
from storage.database.row_types import select_columns
from storage.database.tables import session
from storage.database.types import Instant
from storage.records.page import Key
from storage.records.session import SessionFilter, conditions, narrowing
from storage.search.index.entries import Ids
from storage.search.index.segment_snapshot import SegmentSnapshot, SnapshotChanged, is_current, read_snapshot
from storage.search.query.hit import FoundSession

MAX_SESSIONS = 2_000
"""Matching sessions up to which they are read by number; of more, the newest of all sessions are read."""

_FIRST_PAGE, _LAST_PAGE, _GROWTH = 64, 1024, 4
_MAX_STATEMENTS = 64
_sessions = sa.select(*select_columns(session, FoundSession._fields))


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

    def of(self, numbers: Ids) -> "FoundSessions":
        """Those of other sessions, in the same snapshot."""
        return FoundSessions(self._reader, self._cache, self._snapshot, self._filter, numbers)

    async def all(self) -> Sequence[FoundSession]:
        """All of them in any order, and others where they are many."""
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

    async def with_id(self, id: str) -> FoundSession | None:
        """The session with an id, whatever the filter; None when there is none."""
        rows = await self._rows(_session_with_id(is_sqlite=self._reader.is_sqlite), id=id)
        return rows[0] if rows else None

    async def newest(self, size: int, since: Key | None) -> AsyncGenerator[Sequence[FoundSession], None]:
        """Pages of them, newest first, from `since` (updated_at, id) on; the first is sized for `size` hits."""
        numbers = self._numbers
        # Numbers are consecutive, so the last one bounds the number of sessions: here most of them match.
        are_most = len(numbers) > MAX_SESSIONS or (len(numbers) > _FIRST_PAGE and 2 * len(numbers) > int(numbers[-1]))
        if not len(numbers):
            await self._check()
            return
        archived, values = narrowing(self._filter)
        names = tuple(values)
        if not are_most:
            values["numbers"] = numbers.tolist()
        key, is_inclusive, wanted = since, True, min(_FIRST_PAGE, size)
        while True:
            statement = _newest_sessions(
                archived,
                names,
                None if key is None else is_inclusive,
                are_numbered=not are_most,
                is_sqlite=self._reader.is_sqlite,
            )
            bound = {} if key is None else {"updated_at": key[0], "id": key[1]}
            rows = await self._rows(statement, **values, **bound, size=wanted)
            page = [row for row in rows if row.number is not None]
            yield page
            if len(page) < wanted:
                return
            key, is_inclusive, wanted = (page[-1].updated_at, page[-1].id), False, min(_GROWTH * wanted, _LAST_PAGE)

    async def _rows(self, statement: CompiledSelect[FoundSession], **values: Any) -> list[FoundSession]:
        rows = await self._reader.read(statement, **values, segments=self._snapshot.name)
        if not rows:
            await self._check()
        return rows

    async def _check(self) -> None:
        if (await read_snapshot(self._reader, self._cache)).name != self._snapshot.name:
            raise SnapshotChanged


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
    joined = table.outerjoin(session, sa.and_(session.c.number == number, *filters))
    return _sessions.select_from(joined).where(is_current(is_sqlite=is_sqlite))


@functools.lru_cache(maxsize=_MAX_STATEMENTS)
def _newest_sessions(
    archived: str, names: tuple[str, ...], is_inclusive: bool | None, *, are_numbered: bool, is_sqlite: bool
) -> CompiledSelect[FoundSession]:
    """A page of sessions that pass a filter, newest first: behind `updated_at` and `id`, or from them on, or all.

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
