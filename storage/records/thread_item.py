"""Thread item rows, and pages of the items of many turns in one statement."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from storage.database.compiled_select import CompiledSelect
from storage.database.database import Database
from storage.database.row_types import Columns, Wanted, columns_for, reads_columns, select_columns
from storage.database.tables import thread_item
from storage.records.page import Page, PageRequest, Scope, SharedRead
from storage.records.position_page import PositionPage, rows_by_owner
from storage.records.position_range import UNCOUNTED, PositionRange, position_table
from storage.records.transcript_items import OTHER, TOOL_CALL


class ThreadItemRow(NamedTuple):
    """An item of a turn as clients see it. `type` is the name of its GraphQL type; `detail` is JSON text."""

    thread_id: str
    turn_position: int
    position: int
    type: str
    status: str
    summary: str
    kind: str | None
    name: str | None
    tool_use_id: str | None
    detail: str | None
    text: str | None

    @property
    @reads_columns("type", by=str)
    def typename(self) -> str:
        """The name of the GraphQL type."""
        return self.type

    @property
    @reads_columns("detail")
    def input(self) -> orjson.Fragment | None:
        """The arguments of a tool call, if it has any."""
        return None if self.detail is None else orjson.Fragment(self.detail)

    @property
    @reads_columns("kind")
    def block_kind(self) -> str | None:
        """The kind of block that an OtherItem was made from."""
        return self.kind

    @property
    @reads_columns("detail")
    def raw(self) -> orjson.Fragment:
        """The block that an OtherItem was made from."""
        return orjson.Fragment(self.detail or "null")

    @property
    @reads_columns("text")
    def output(self) -> str | None:
        """The result of a tool call; None when none was saved."""
        return self.text

    @property
    @reads_columns("thread_id", "turn_position", "position")
    def id(self) -> str:
        """Unique across threads, and the same however the thread was seeded."""
        return item_id(self.thread_id, self.turn_position, self.position)

    def as_json(self) -> dict[str, object]:
        """The item as a JSON object with the field names of the API, for the payload of its event."""
        fields: dict[str, object] = {
            "id": self.id,
            "type": self.type,
            "turnId": turn_id(self.thread_id, self.turn_position),
            "position": self.position,
            "status": self.status,
            "summary": self.summary,
        }
        detail = orjson.Fragment(self.detail or "null")
        if self.type == TOOL_CALL:
            call = {"kind": self.kind, "name": self.name, "toolUseId": self.tool_use_id, "input": detail}
            return fields | call | {"output": self.text}
        if self.type == OTHER:
            return fields | {"blockKind": self.kind, "raw": detail}
        return fields | {"text": self.text}


class TurnKey(NamedTuple):
    """A turn whose items are requested."""

    thread_id: str
    position: int


class ItemKey(NamedTuple):
    """The key of an item."""

    thread_id: str
    turn_position: int
    position: int


def turn_id(thread_id: str, position: int) -> str:
    """The id of a turn: `turn_`, the thread's hex digits and the turn's position."""
    return f"turn_{thread_id.removeprefix('thr_')}_{position}"


def item_id(thread_id: str, turn_position: int, position: int) -> str:
    """The id of an item: `item_`, the thread's hex digits, the turn's position and the item's position in it."""
    return f"item_{thread_id.removeprefix('thr_')}_{turn_position}_{position}"


def _scope(key: TurnKey) -> Scope:
    return Scope("items", *key)


async def item_pages(
    database: Database, turns: Sequence[TurnKey], request: PageRequest, wanted: Wanted = None
) -> list[Page[ThreadItemRow]]:
    """A page of each turn in their order, by one statement. Raises InvalidCursor and Unavailable."""
    starts = [_start(key, request) for key in turns]
    columns = columns_for(ThreadItemRow, wanted, ("thread_id", "turn_position", "position"))
    rows = await database.read(
        _pages(columns, is_sqlite=database.is_sqlite),
        owner=[key.thread_id for key in turns],
        turn=[key.position for key in turns],
        start=starts,
        # One more row than the page tells whether more follow.
        end=[start + request.size + 1 for start in starts],
    )
    found = rows_by_owner(rows, turns, columns, ["thread_id", "turn_position"])
    counts = SharedRead(lambda: _read_counts(database, turns))
    return [_page(found[key], key, start, request.size, counts) for key, start in zip(turns, starts, strict=True)]


def _page(
    rows: list[ThreadItemRow], key: TurnKey, start: int, size: int, counts: SharedRead[TurnKey, int]
) -> PositionPage[ThreadItemRow]:

    async def count() -> int:
        return await counts.get(key) or 0

    scope = functools.partial(_scope, key)
    return PositionPage(rows[:size], start, scope, count, has_more=len(rows) > size)


@functools.lru_cache(maxsize=64)
def _pages(columns: Columns, *, is_sqlite: bool) -> CompiledSelect[ThreadItemRow]:
    ranges = position_table("turn", "start", "end", is_sqlite=is_sqlite)
    turn, start, end = ranges.numbers
    is_within = sa.and_(
        thread_item.c.thread_id == ranges.owner,
        thread_item.c.turn_position == turn,
        thread_item.c.position >= start,
        thread_item.c.position < end,
    )
    statement = sa.select(*select_columns(thread_item, columns)).join_from(ranges.source, thread_item, is_within)
    return CompiledSelect(statement, ThreadItemRow, columns, is_sqlite=is_sqlite)


async def items_at(database: Database, keys: Sequence[ItemKey], wanted: Wanted = None) -> dict[ItemKey, ThreadItemRow]:
    """The items with these keys by key, read by one statement. Raises Unavailable."""
    rows = await database.read(
        _at(columns_for(ThreadItemRow, wanted, ItemKey._fields), is_sqlite=database.is_sqlite),
        owner=[key.thread_id for key in keys],
        turn=[key.turn_position for key in keys],
        position=[key.position for key in keys],
    )
    return {ItemKey(row.thread_id, row.turn_position, row.position): row for row in rows}


@functools.lru_cache(maxsize=64)
def _at(columns: Columns, *, is_sqlite: bool) -> CompiledSelect[ThreadItemRow]:
    keys = position_table("turn", "position", is_sqlite=is_sqlite)
    turn, position = keys.numbers
    is_wanted = sa.and_(
        thread_item.c.thread_id == keys.owner,
        thread_item.c.turn_position == turn,
        thread_item.c.position == position,
    )
    statement = sa.select(*select_columns(thread_item, columns)).join_from(keys.source, thread_item, is_wanted)
    return CompiledSelect(statement, ThreadItemRow, columns, is_sqlite=is_sqlite)


def _start(key: TurnKey, request: PageRequest) -> int:
    return PositionRange.of(key.thread_id, UNCOUNTED, functools.partial(_scope, key), request).start


class _Count(NamedTuple):
    """The number of items of a turn."""

    thread_id: str
    turn_position: int
    total: int


@functools.lru_cache
def _counts(*, is_sqlite: bool) -> CompiledSelect[_Count]:
    turns = position_table("turn", is_sqlite=is_sqlite)
    key = (thread_item.c.thread_id, thread_item.c.turn_position)
    is_of_turn = sa.and_(thread_item.c.thread_id == turns.owner, thread_item.c.turn_position == turns.numbers[0])
    statement = sa.select(*key, sa.func.count()).join_from(turns.source, thread_item, is_of_turn).group_by(*key)
    return CompiledSelect(statement, _Count, _Count._fields, is_sqlite=is_sqlite)


async def _read_counts(database: Database, turns: Sequence[TurnKey]) -> dict[TurnKey, int]:
    rows = await database.read(
        _counts(is_sqlite=database.is_sqlite),
        owner=[key.thread_id for key in turns],
        turn=[key.position for key in turns],
    )
    return {TurnKey(row.thread_id, row.turn_position): row.total for row in rows}
