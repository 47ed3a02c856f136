"""Checks of one session: its columns, its messages, what is counted of them, and its entries in the search index."""

from collections.abc import AsyncIterator
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.database.tables.message import message
from storage.database.transaction import DatabaseConnection
from storage.documents.document import is_prompt, stored_role
from storage.json_codec import load
from storage.records.content_block import ContentBlock
from storage.records.searched_text import searched_texts
from storage.records.session_counts import count_messages
from storage.records.session_statistics import stored_statistics
from storage.records.stored_blocks import read_blocks
from storage.records.tool_links import ToolLinks, note
from storage.records.transcript_items import own_item_count
from storage.search.index.drafts import entry_checksums
from storage.search.index.entries import entry_ids
from storage.search.index.verification import IndexedEntries

_BATCH = 100
"""Messages that are read at a time."""

CHECKED_COLUMNS = ("number", "id", "title", "message_count", "prompt_count", "newest_count", "item_count")
"""The columns of a session that `contradictions` needs."""

_MESSAGE_COLUMNS = (
    "position",
    "place",
    "role",
    "is_injected",
    "created_at",
    "usage",
    "extra",
    "tool_links",
    "item_count",
    "content",
)

_messages = (
    sa.select(*(message.c[name] for name in _MESSAGE_COLUMNS))
    .where(message.c.session_id == sa.bindparam("session_id"), message.c.position >= sa.bindparam("start"))
    .order_by(message.c.position)
    .limit(_BATCH)
)


class MessageBatch(NamedTuple):
    """Consecutive messages and their blocks; None for a message that cannot be parsed."""

    rows: list[Any]
    blocks: list[list[ContentBlock] | None]
    is_last: bool

    def texts(self) -> list[list[str]]:
        """The texts of each message that are searched."""
        return [[] if blocks is None else searched_texts(blocks) for blocks in self.blocks]


class _Counted(NamedTuple):
    """The values of a message that the statistics of a session count."""

    created_at: datetime | None
    usage: str | None
    tool_links: str | None


class Repair(Enum):
    """The parts of a session that can be rebuilt from its messages."""

    INDEX = "index"
    STATISTICS = "statistics"


class Contradiction(NamedTuple):
    """What is inconsistent in a session, and the part whose rebuilding corrects it; None if nothing does."""

    text: str
    repair: Repair | None = None


async def contradictions(
    connection: DatabaseConnection, row: Any, indexed: IndexedEntries
) -> AsyncIterator[Contradiction]:
    """Yield the inconsistencies of a session. `row` has CHECKED_COLUMNS.

    `indexed` holds its entries in the index, and perhaps those of others.
    """
    count = prompts = wrong = item_count = 0
    notes: list[tuple[int, str | None]] = []
    counted: list[_Counted] = []
    async for batch in message_batches(connection, row.id):
        start, count = count, count + len(batch.rows)
        if [one.position for one in batch.rows] != list(range(start, count)):
            yield Contradiction(f"the positions of its messages have gaps after {start}.")
            return
        for one, blocks in zip(batch.rows, batch.blocks, strict=True):
            if blocks is None:
                yield Contradiction(f"message {one.position} cannot be parsed.")
                return
            links = note(blocks)
            if links != one.tool_links:
                yield Contradiction(f"message {one.position} differs from its stored tool links.")
            counted.append(_Counted(one.created_at, one.usage, links))
            prompts += is_prompt(one.role, one.is_injected, one.item_count)
            if one.place is None:
                continue
            own_items = own_item_count(stored_role(one.role, one.extra), blocks)
            if own_items != one.item_count:
                yield Contradiction(f"message {one.position} makes {own_items} items instead of {one.item_count}.")
            item_count += own_items
            notes.append((one.place, links))
        wrong += indexed.differences(entry_ids(row.number, start, len(batch.rows)), entry_checksums(batch.texts()))
    wrong += indexed.title_differs(row.number, entry_checksums([[row.title]])[0])
    wrong += indexed.count_beyond(row.number, count)
    newest_count = len(notes)
    if count != row.message_count:
        yield Contradiction(f"message_count is {row.message_count}, but it has {count} messages.")
    if prompts != row.prompt_count:
        yield Contradiction(f"prompt_count is {row.prompt_count}, but {prompts} messages are prompts.")
    if newest_count != row.newest_count:
        yield Contradiction(f"newest_count is {row.newest_count}, but {newest_count} messages have a place.")
    notes.sort(key=lambda note: note[0])
    if [place for place, _ in notes] != list(range(newest_count)):
        yield Contradiction(f"the places of its messages are not the numbers below {newest_count}.")
    if await stored_statistics(connection, row.id) != count_messages(counted):
        yield Contradiction("what is counted of its messages differs from them.", Repair.STATISTICS)
    item_count += ToolLinks(notes).orphan_count
    if item_count != row.item_count:
        yield Contradiction(f"item_count is {row.item_count}, but its messages make {item_count} items.")
    if wrong:
        yield Contradiction(f"{wrong} entries of the search index differ from its text.", Repair.INDEX)


async def message_batches(connection: DatabaseConnection, session_id: str) -> AsyncIterator[MessageBatch]:
    """Yield all messages of a session, in order."""
    start = 0
    is_last = False
    while not is_last:
        rows = list((await connection.execute(_messages, {"session_id": session_id, "start": start})).all())
        is_last = len(rows) < _BATCH
        yield MessageBatch(rows, list(map(_blocks, rows)), is_last)
        start = rows[-1].position + 1 if rows else start


def _blocks(row: Any) -> list[ContentBlock] | None:
    try:
        stored_role(row.role, row.extra)
        return read_blocks(load(row.content))
    except ValueError:
        return None
