"""Thread item rows, and pages of the items of many turns in one statement."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from storage.database.database import Database
from storage.database.row_types import Wanted, reads_columns
from storage.database.tables.thread import thread_item
from storage.records.numbered_lists import NumberedLists
from storage.records.page import Page, PageRequest
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


_ITEMS: NumberedLists[ItemKey, ThreadItemRow] = NumberedLists("items", thread_item, ThreadItemRow)


async def item_pages(
    database: Database, turns: Sequence[TurnKey], request: PageRequest, wanted: Wanted = None
) -> list[Page[ThreadItemRow]]:
    """A page of the items of each turn, in their order. Raises InvalidCursor and Unavailable."""
    return await _ITEMS.pages(database, turns, request, wanted)


async def items_at(database: Database, keys: Sequence[ItemKey], wanted: Wanted = None) -> dict[ItemKey, ThreadItemRow]:
    """The items with these keys by key, read by one statement. Raises Unavailable."""
    return await _ITEMS.rows_at(database, keys, wanted)
