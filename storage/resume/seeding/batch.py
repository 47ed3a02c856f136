"""A batch: some messages of the session, as the turns, items and events to insert into the thread."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, NamedTuple, cast

from storage.documents.document import stored_role
from storage.errors import Unreadable
from storage.json_codec import load
from storage.records.content_block import ContentBlock, ToolResultBlock, read_blocks
from storage.records.tool_links import ToolLinks
from storage.records.transcript_items import COMPLETED, FAILED, Item, items_of, prompt_of, summarize

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


class _OpenMessage(NamedTuple):
    """A message whose items are not all in a batch yet."""

    items: Iterator[Item]
    bytes: int


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
        parsed: dict[int, list[ContentBlock]] = {}
        contents = {**elsewhere, **{position: content for position, _, _, content in messages}}

        def blocks_at(position: int) -> list[ContentBlock]:
            if position not in parsed:
                parsed[position] = _blocks(position, contents[position])
            return parsed[position]

        if self._open is not None:
            self._add_items(batch, self._open, most_items)
        for position, stored, extra, content in messages:
            if self._open is not None or len(batch.items) >= most_items:
                break
            answers = {
                call: cast("ToolResultBlock", blocks_at(place[0])[place[1]])
                for call, place in self._links.answers_to(position).items()
            }
            role, blocks = _role(position, stored, extra), blocks_at(position)
            items = items_of(role, blocks, answers, self._links.answering_in(position))
            if batch.cursor.message_items:
                items = islice(items, batch.cursor.message_items, None)
            else:
                items = self._open_turn(batch, prompt_of(role, blocks), items)
            self._add_items(batch, _OpenMessage(items, _utf8_length(content)), most_items)
        return batch

    def _open_turn(self, batch: SeedBatch, prompt: str | None, items: Iterator[Item]) -> Iterator[Item]:
        first = next(items, None)
        cursor = batch.cursor
        if prompt is not None or (first is not None and cursor.turns_written == 0):
            summary = "" if prompt is None else summarize(prompt)
            batch.turns.append((self._thread_id, cursor.turns_written, COMPLETED, summary))
            batch.cursor = cursor._replace(turns_written=cursor.turns_written + 1, turn_items=0)
        return items if first is None else chain((first,), items)

    def _add_items(self, batch: SeedBatch, message: _OpenMessage, most_items: int) -> None:
        cursor = batch.cursor
        turn, before = cursor.turns_written - 1, len(batch.items)
        items = islice(message.items, most_items - before)
        batch.items += ((self._thread_id, turn, place, *item) for place, item in enumerate(items, cursor.turn_items))
        added = len(batch.items) - before
        cursor = cursor._replace(
            message_items=cursor.message_items + added,
            items_written=cursor.items_written + added,
            turn_items=cursor.turn_items + added,
        )
        following = next(message.items, None) if len(batch.items) == most_items else None
        if following is not None:
            self._open = message._replace(items=chain((following,), message.items))
        else:
            self._open = None
            cursor = cursor._replace(messages_read=cursor.messages_read + 1, message_items=0)
            batch.bytes_read += message.bytes
        batch.cursor = cursor


def _utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _blocks(position: int, content: str) -> list[ContentBlock]:
    try:
        return read_blocks(load(content))
    except ValueError:
        raise Unreadable(f"Message {position} of the session could not be parsed.") from None


def _role(position: int, role: str, extra: str | None) -> str:
    try:
        return stored_role(role, extra)
    except (ValueError, KeyError):
        raise Unreadable(f"Message {position} of the session could not be parsed.") from None
