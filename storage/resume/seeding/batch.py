"""A batch: some messages of the session, as the turns, items and events to insert into the thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from storage.documents.document import stored_role
from storage.errors import Unreadable
from storage.json_codec import load
from storage.records.content_block import ContentBlock, ToolResultBlock, read_blocks
from storage.records.tool_links import ToolLinks
from storage.records.transcript_items import COMPLETED, FAILED, Item, items_of, prompt_of, summarize
from storage.resume.seeding.lease import HeldLease

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


@dataclass(slots=True)
class SeedBatch:
    """Rows to insert, and the cursor after them. `bytes_read` counts the UTF-8 bytes of the messages."""

    messages_read: int
    items_written: int
    turns_written: int
    turn_items: int
    bytes_read: int = 0
    turns: list[tuple[Any, ...]] = field(default_factory=list)
    items: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)


def build_batch(
    thread_id: str,
    held: HeldLease,
    now: object,
    links: ToolLinks,
    messages: Sequence[Any],
    elsewhere: Mapping[int, str],
) -> SeedBatch:
    """Build the batch of `messages` (position, role, extra, content), which follow the cursor in `held`.

    `elsewhere` maps positions to the contents of messages outside the batch that answer its calls. `now` is the time of
    the events in the database's own form. Raises Unreadable for a message that cannot be parsed.
    """
    batch = SeedBatch(held.messages_read + len(messages), held.items_written, held.turns_written, held.turn_items)
    blocks_at = {position: _blocks(position, content) for position, _, _, content in messages}
    blocks_at.update((position, _blocks(position, content)) for position, content in elsewhere.items())
    for position, stored, extra, content in messages:
        batch.bytes_read += _utf8_length(content)
        answers = {
            call: cast("ToolResultBlock", blocks_at[place[0]][place[1]])
            for call, place in links.answers_to(position).items()
        }
        role, blocks = _role(position, stored, extra), blocks_at[position]
        items = items_of(role, blocks, answers, links.answering_in(position))
        prompt = prompt_of(role, blocks)
        if prompt is not None or (items and batch.turns_written == 0):
            summary = "" if prompt is None else summarize(prompt)
            batch.turns.append((thread_id, batch.turns_written, COMPLETED, summary))
            batch.turns_written += 1
            batch.turn_items = 0
        _add_items(batch, thread_id, now, items)
    return batch


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


def _add_items(batch: SeedBatch, thread_id: str, now: object, items: list[Item]) -> None:
    turn = batch.turns_written - 1
    for item in items:
        batch.items.append((thread_id, turn, batch.turn_items, *item))
        batch.items_written += 1
        event = "item.failed" if item.status == FAILED else "item.completed"
        batch.events.append((thread_id, STARTED_SEQ + batch.items_written, event, now, turn, batch.turn_items))
        batch.turn_items += 1
