"""One batch: some messages of the session, as turns, items and events of the thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.content_block import ContentBlock, ToolResultBlock, ToolUseBlock, read_blocks
from storage.document import stored_role
from storage.errors import Unreadable
from storage.jsontext import load
from storage.seeding.lease import Held
from storage.seeding.transcript import COMPLETED, FAILED, items_of, prompt_of, summarize
from storage.tool_links import Place, ToolLinks

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
"""`thread.started` is every log's first event, so the n-th item's event has the number n + 1."""


@dataclass(slots=True)
class Batch:
    """Rows to write, and where the cursor then stands."""

    messages_read: int
    items_written: int
    turns_written: int
    turn_items: int
    turns: list[tuple[Any, ...]] = field(default_factory=list)
    items: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)


def build_batch(
    thread_id: str,
    held: Held,
    now: object,
    links: ToolLinks,
    messages: Sequence[Any],
    elsewhere: Mapping[int, str],
) -> Batch:
    """The batch of `messages` (position, role, extra, content), which follow the cursor in `held`.

    `elsewhere` has the contents of messages outside the batch that answer its calls, by position; `now` is the time of
    the events, as the database takes it. Raises Unreadable when a message cannot be understood.
    """
    batch = Batch(held.messages_read + len(messages), held.items_written, held.turns_written, held.turn_items)
    contents = {position: content for position, _, _, content in messages}
    contents.update(elsewhere)
    parsed: dict[int, list[ContentBlock]] = {}

    def blocks_of(position: int) -> list[ContentBlock]:
        if position not in parsed:
            try:
                parsed[position] = read_blocks(load(contents[position]))
            except ValueError:
                raise Unreadable(f"Message {position} of the session could not be understood.") from None
        return parsed[position]

    for position, role, extra, _ in messages:
        blocks = blocks_of(position)
        said_by = _role(position, role, extra)
        _write_message(batch, thread_id, now, position, said_by, blocks, links, blocks_of)
    return batch


def _role(position: int, role: str, extra: str | None) -> str:
    try:
        return stored_role(role, extra)
    except (ValueError, KeyError):
        raise Unreadable(f"Message {position} of the session could not be understood.") from None


def _write_message(
    batch: Batch,
    thread_id: str,
    now: object,
    position: int,
    role: str,
    blocks: list[ContentBlock],
    links: ToolLinks,
    blocks_of: Any,
) -> None:
    def answer(call: ToolUseBlock) -> ToolResultBlock | None:
        place: Place | None = links.answer((position, call.position))
        if place is None:
            return None
        result = blocks_of(place[0])[place[1]]
        assert isinstance(result, ToolResultBlock)
        return result

    def is_answer(result: ToolResultBlock) -> bool:
        return links.is_answer((position, result.position))

    prompt = prompt_of(role, blocks)
    items = items_of(role, blocks, answer, is_answer)
    if prompt is not None or (items and batch.turns_written == 0):
        summary = "" if prompt is None else summarize(prompt)
        batch.turns.append((thread_id, batch.turns_written, COMPLETED, summary))
        batch.turns_written += 1
        batch.turn_items = 0
    turn = batch.turns_written - 1
    for item in items:
        batch.items.append((thread_id, turn, batch.turn_items, *item))
        batch.items_written += 1
        event = "item.failed" if item.status == FAILED else "item.completed"
        batch.events.append((thread_id, STARTED_SEQ + batch.items_written, event, now, turn, batch.turn_items))
        batch.turn_items += 1
