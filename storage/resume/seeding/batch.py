"""A batch: some messages of the session, as the turns, items and events to insert into the thread."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, NamedTuple, cast

from storage.documents.document import stored_role
from storage.errors import Unreadable
from storage.json_codec import load
from storage.records.common_block import CommonBlock, common_stored_blocks
from storage.records.common_items import common_items
from storage.records.content_block import ContentBlock
from storage.records.stored_blocks import read_blocks
from storage.records.tool_links import Place, ToolLinks
from storage.records.transcript_items import (
    COMPLETED,
    FAILED,
    USER,
    USER_MESSAGE,
    Answer,
    Item,
    items_of,
    prompt_of,
    summarize,
)

TURN_COLUMNS = ("thread_id", "position", "status", "summary")
ITEM_COLUMNS = (
    "thread_id",
    "turn_position",
    "position",
    "type",
    "status",
    "summary",
    "kind",
    "name",
    "tool_use_id",
    "detail",
    "text",
)
EVENT_COLUMNS = ("thread_id", "seq", "event", "created_at", "turn_position", "item_position")

STARTED_SEQ = 1
"""Sequence number of `thread.started`, the first event of each log; the event of item n has the number n + 1."""


class Cursor(NamedTuple):
    """How far a thread is written. `message_items` counts the items of the message at `messages_read`, if it is begun.

    `turn_items` counts the items of the last turn.
    """

    messages_read: int = 0
    message_items: int = 0
    items_written: int = 0
    turns_written: int = 0
    turn_items: int = 0


@dataclass(slots=True)
class SeedBatch:
    """Rows to insert, and the cursor after them. `bytes_read` counts the UTF-8 bytes of the messages that it ends."""

    cursor: Cursor
    bytes_read: int = 0
    turns: list[tuple[Any, ...]] = field(default_factory=list)
    items: list[tuple[Any, ...]] = field(default_factory=list)

    def events(self, now: object) -> list[tuple[Any, ...]]:
        """Return the rows of the items' events. `now` is their time in the database's own form."""
        first = STARTED_SEQ + self.cursor.items_written - len(self.items) + 1
        return [
            (row[0], seq, "item.failed" if row[4] == FAILED else "item.completed", now, row[1], row[2])
            for seq, row in enumerate(self.items, first)
        ]


class _Contents:
    """The contents of messages by their places, each parsed only once in either form."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        self._texts = texts
        self._common: dict[int, list[CommonBlock] | None] = {}
        self._blocks: dict[int, list[ContentBlock]] = {}

    def common(self, message: int) -> list[CommonBlock] | None:
        if message not in self._common:
            self._common[message] = common_stored_blocks(self._texts[message])
        return self._common[message]

    def blocks(self, message: int) -> list[ContentBlock]:
        if message not in self._blocks:
            try:
                self._blocks[message] = read_blocks(load(self._texts[message]))
            except ValueError:
                raise _unreadable(message) from None
        return self._blocks[message]

    def answer(self, place: Place) -> Answer:
        message, block = place
        return cast("Answer", (self.common(message) or self.blocks(message))[block])


class _OpenMessage(NamedTuple):
    """A message with items that are not in a batch yet. `opened` is the summary of the turn that it opens."""

    items: Iterable[Item]
    bytes: int
    opened: str | None = None


class BatchBuilder:
    """Builds the batches of one thread, one after another.

    A message with very many blocks is parsed once and cut into several batches: what is left of it is held here.
    """

    def __init__(self, thread_id: str, links: ToolLinks) -> None:
        self._thread_id = thread_id
        self._links = links
        self._open: _OpenMessage | None = None

    @property
    def has_open_message(self) -> bool:
        """Whether the message at the cursor is held here, so that it need not be read again."""
        return self._open is not None

    def build(
        self, cursor: Cursor, messages: Sequence[Any], elsewhere: Mapping[int, str], most_items: int
    ) -> SeedBatch:
        """Build the batch that follows `cursor`, of at most `most_items` items.

        `messages` (place, role, extra, content) follow the cursor, without the open message. `elsewhere` maps
        places to the contents of messages outside the batch that answer its calls. Raises Unreadable for a message
        that cannot be parsed.
        """
        batch = SeedBatch(cursor)
        contents = _Contents({**elsewhere, **{position: content for position, _, _, content in messages}})
        if self._open is not None:
            self._add(batch, self._open, most_items)
        for position, stored, extra, content in messages:
            if self._open is not None or len(batch.items) >= most_items:
                break
            items, opened = self._read(position, _role(position, stored, extra), contents, most_items)
            if batch.cursor.message_items:
                items, opened = islice(items, batch.cursor.message_items, None), None
            self._add(batch, _OpenMessage(items, _utf8_length(content), opened), most_items)
        return batch

    def _read(self, message: int, role: str, contents: _Contents, most_items: int) -> tuple[Iterable[Item], str | None]:
        """The items of a message, and the summary of the turn that it opens."""
        answering = self._links.answering_in(message)
        answers = {call: contents.answer(place) for call, place in self._links.answers_to(message).items()}
        common = contents.common(message)
        if common is not None and len(common) <= most_items:
            found = common_items(role, common, answers, answering)
            if found is not None:
                return found, _opened(found) if role == USER else None
        blocks = contents.blocks(message)
        prompt = prompt_of(role, blocks)
        return items_of(role, blocks, answers, answering), None if prompt is None else summarize(prompt)

    def _add(self, batch: SeedBatch, message: _OpenMessage, most_items: int) -> None:
        room = most_items - len(batch.items)
        unread = iter(message.items)
        # One more tells whether the message is cut.
        items = list(islice(unread, room + 1))
        messages_read, message_items, items_written, turns, turn_items = batch.cursor
        if message.opened is not None or (items and turns == 0):
            batch.turns.append((self._thread_id, turns, COMPLETED, message.opened or ""))
            turns, turn_items = turns + 1, 0
        if len(items) > room:
            self._open = _OpenMessage(chain((items.pop(),), unread), message.bytes)
            message_items += len(items)
        else:
            self._open = None
            messages_read, message_items = messages_read + 1, 0
            batch.bytes_read += message.bytes
        batch.items += [(self._thread_id, turns - 1, place, *item) for place, item in enumerate(items, turn_items)]
        batch.cursor = Cursor(messages_read, message_items, items_written + len(items), turns, turn_items + len(items))


def _opened(items: Iterable[Item]) -> str | None:
    return next((item.summary for item in items if item.type == USER_MESSAGE), None)


def _utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _role(position: int, role: str, extra: str | None) -> str:
    try:
        return stored_role(role, extra)
    except (ValueError, KeyError):
        raise _unreadable(position) from None


def _unreadable(position: int) -> Unreadable:
    return Unreadable(f"Message {position} of the session could not be parsed.")
