"""Turn rows, and pages of the turns of many threads in one statement."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.row_types import Columns, Wanted, columns_for, reads_columns, select_columns
from storage.database.tables import thread, turn
from storage.records.page import Page, PageRequest, Scope, SharedRead
from storage.records.position_page import PositionPage, rows_by_owner
from storage.records.position_range import UNCOUNTED, PositionRange, position_table
from storage.records.thread_item import TurnKey, turn_id


class TurnRow(NamedTuple):
    """A turn as clients see it."""

    thread_id: str
    position: int
    status: str
    summary: str

    @property
    @reads_columns()
    def typename(self) -> str:
        """The name of the GraphQL type."""
        return "Turn"

    @property
    @reads_columns("thread_id", "position")
    def id(self) -> str:
        """Unique across threads, and the same however the thread was seeded."""
        return turn_id(self.thread_id, self.position)


async def turn_pages(
    database: Database, thread_ids: Sequence[str], request: PageRequest, wanted: Wanted = None
) -> list[Page[TurnRow]]:
    """A page of the turns of each thread, in their order. Raises InvalidCursor and Unavailable.

    It takes one statement, and a second one for pages that are counted from the end.
    """
    counts = SharedRead(lambda: _read_counts(database, thread_ids))
    ranges = [await _range(counts, thread_id, request) for thread_id in thread_ids]
    spans = [span.page(request) for span in ranges]
    columns = columns_for(TurnRow, wanted, ("thread_id", "position"))
    rows = await database.read(
        _pages(columns, is_sqlite=database.is_sqlite),
        owner=thread_ids,
        start=[start for start, _ in spans],
        # One more row than the page tells whether more follow.
        end=[end + 1 for _, end in spans],
    )
    found = rows_by_owner(rows, thread_ids, columns, ["thread_id"])
    return [_page(found[id], id, *span, counts) for id, span in zip(thread_ids, spans, strict=True)]


def _page(
    rows: list[TurnRow], thread_id: str, start: int, end: int, counts: SharedRead[str, int]
) -> PositionPage[TurnRow]:
    has_more = bool(rows) and rows[-1].position == end

    async def count() -> int:
        return await counts.get(thread_id) or 0

    scope = functools.partial(_scope, thread_id)
    return PositionPage(rows[:-1] if has_more else rows, start, scope, count, has_more=has_more)


@functools.lru_cache(maxsize=64)
def _pages(columns: Columns, *, is_sqlite: bool) -> CompiledSelect[TurnRow]:
    ranges = position_table("start", "end", is_sqlite=is_sqlite)
    start, end = ranges.numbers
    is_within = sa.and_(turn.c.thread_id == ranges.owner, turn.c.position >= start, turn.c.position < end)
    statement = sa.select(*select_columns(turn, columns)).join_from(ranges.source, turn, is_within)
    return CompiledSelect(statement, TurnRow, columns, is_sqlite=is_sqlite)


async def turns_at(database: Database, keys: Sequence[TurnKey], wanted: Wanted = None) -> dict[TurnKey, TurnRow]:
    """The turns with these keys by key, read by one statement. Raises Unavailable."""
    rows = await database.read(
        _at(columns_for(TurnRow, wanted, TurnKey._fields), is_sqlite=database.is_sqlite),
        owner=[key.thread_id for key in keys],
        position=[key.position for key in keys],
    )
    return {TurnKey(row.thread_id, row.position): row for row in rows}


@functools.lru_cache(maxsize=64)
def _at(columns: Columns, *, is_sqlite: bool) -> CompiledSelect[TurnRow]:
    keys = position_table("position", is_sqlite=is_sqlite)
    is_wanted = sa.and_(turn.c.thread_id == keys.owner, turn.c.position == keys.numbers[0])
    statement = sa.select(*select_columns(turn, columns)).join_from(keys.source, turn, is_wanted)
    return CompiledSelect(statement, TurnRow, columns, is_sqlite=is_sqlite)


async def _range(counts: SharedRead[str, int], thread_id: str, request: PageRequest) -> PositionRange:
    count = (await counts.get(thread_id) or 0) if request.is_backward else UNCOUNTED
    return PositionRange.of(thread_id, count, functools.partial(_scope, thread_id), request)


def _scope(thread_id: str) -> Scope:
    return Scope("turns", thread_id)


class _Count(NamedTuple):
    """The number of turns of a thread."""

    id: str
    total: int | None


@functools.lru_cache
def _counts(*, is_sqlite: bool) -> CompiledSelect[_Count]:
    """The number of turns of each thread: positions have no gaps, so that the last one tells it."""
    last = sa.select(sa.func.max(turn.c.position) + 1).where(turn.c.thread_id == thread.c.id).scalar_subquery()
    statement = sa.select(thread.c.id, last.label("total")).where(is_any_of(thread.c.id, "thread_ids"))
    return CompiledSelect(statement, _Count, _Count._fields, is_sqlite=is_sqlite)


async def _read_counts(database: Database, thread_ids: Sequence[str]) -> dict[str, int]:
    rows = await database.read(_counts(is_sqlite=database.is_sqlite), thread_ids=thread_ids)
    return {row.id: row.total or 0 for row in rows}
