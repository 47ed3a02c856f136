"""A message in the making: where its parts are in the rollouts, and how they become blocks."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, auto
from hashlib import blake2b
from typing import NamedTuple

from storage.documents.derived_session import DIGEST_SIZE, DerivedMessage
from storage.documents.formats.blocks import Block, other_block, text_block
from storage.documents.formats.codex.commands import command_of
from storage.documents.formats.codex.content_parts import content_blocks
from storage.documents.formats.codex.entries import ToolEvent
from storage.documents.formats.codex.injected_text import SUMMARY_PREFACE
from storage.documents.formats.codex.item_blocks import (
    answer_blocks,
    call_blocks,
    event_blocks,
    injected_blocks,
    prompt_blocks,
    thinking_blocks,
)
from storage.documents.formats.codex.item_entries import is_sealed_summary
from storage.documents.formats.codex.tool_outputs import output_block
from storage.documents.formats.json_values import as_list, as_object, as_text
from storage.documents.formats.record_reader import RecordReader
from storage.records.token_usage import NO_TOKENS, TokenUsage


class Form(IntEnum):
    """The form in which a line is a part of a message."""

    PROMPT = auto()
    INJECTED = auto()
    ANSWER = auto()
    OUTPUT = auto()
    EVENT = auto()
    SUMMARY = auto()
    REPLACEMENT = auto()
    RAN = auto()
    OTHER = auto()


class LineReader(RecordReader):
    """Reads lines of a rollout again by their offsets."""

    def payload(self, offset: int) -> dict[str, object]:
        """The payload of the line at an offset."""
        line = self.record(offset)
        return as_object(line["payload"]) if isinstance(line.get("payload"), dict) else line


class DraftPart(NamedTuple):
    """The part of a message that one line gives.

    `number` tells apart what has no id: it is the place in the history that a compaction left, or the line's offset.
    `event_offset` is that of a line with more of a tool's output.
    """

    form: Form
    offset: int
    number: int = 0
    event_offset: int | None = None
    is_failure: bool = False


@dataclass(slots=True)
class RolloutDraft:
    """A message in the making, of lines of one rollout.

    `digest` is that of its parts. `content` is a hash of what a message of one item says. `is_prompt`: a person's;
    `is_sent`: the model gets it.
    """

    role: str
    lines: LineReader
    parts: list[DraftPart] = field(default_factory=list)
    digest: bytes = b""
    content: int = 0
    created_at: datetime | None = None
    model: str | None = None
    usage: TokenUsage = NO_TOKENS
    is_prompt: bool = False
    is_injected: bool = False
    is_sent: bool = False

    def add(self, part: DraftPart, digest: bytes) -> None:
        """Add what a line with a digest gives."""
        self.parts.append(part)
        self._mix(b"%b%d %d;" % (digest, part.form, part.number))

    def add_event(self, index: int, event: ToolEvent) -> None:
        """Take what an event tells of a tool's output, which is the part at an index."""
        part = self.parts[index]
        offset = event.place.offset if event.is_fuller and part.event_offset is None else part.event_offset
        self.parts[index] = part._replace(event_offset=offset, is_failure=part.is_failure or event.is_failure)
        self._mix(event.place.digest)

    def _mix(self, value: bytes) -> None:
        self.digest = blake2b(self.digest + value, digest_size=DIGEST_SIZE).digest()

    def message(self) -> DerivedMessage:
        """The finished message."""
        return DerivedMessage(
            role=self.role,
            digest=self.digest,
            build=functools.partial(_build, self.lines, tuple(self.parts)),
            created_at=self.created_at,
            model=self.model,
            usage=None if self.usage == NO_TOKENS else self.usage,
            is_injected=self.is_injected,
        )


def _build(lines: LineReader, parts: tuple[DraftPart, ...]) -> list[Block]:
    return [block for part in parts for block in _BUILDERS[part.form](lines, part)]


def _answer(lines: LineReader, part: DraftPart) -> list[Block]:
    return item_blocks(lines.payload(part.offset), f"line-{part.number}")


def item_blocks(payload: dict[str, object], fallback_id: str) -> list[Block]:
    """The blocks of an item of a reply."""
    kind = as_text(payload.get("type"))
    if kind == "message":
        return answer_blocks(payload.get("content"))
    if kind == "reasoning":
        return thinking_blocks(payload)
    if kind.endswith("_call"):
        return call_blocks(payload, fallback_id)
    return [other_block(payload)]


def _output(lines: LineReader, part: DraftPart) -> list[Block]:
    payload = dict(lines.payload(part.offset))
    event = None if part.event_offset is None else as_object(lines.payload(part.event_offset).get("item"))
    return [output_block(payload, event, is_failure=part.is_failure)]


def _replacement(lines: LineReader, part: DraftPart) -> list[Block]:
    item = as_object(as_list(lines.payload(part.offset).get("replacement_history"))[part.number])
    if item.get("type") == "agent_message" or (item.get("type") == "message" and item.get("role") != "assistant"):
        return injected_blocks(item)
    return item_blocks(item, f"line-{part.offset}-{part.number}")


def _summary(lines: LineReader, part: DraftPart) -> list[Block]:
    payload = lines.payload(part.offset)
    summary = as_text(payload.get("message"))
    items = [as_object(item) for item in as_list(payload.get("replacement_history"))]
    if not summary and not any(is_sealed_summary(item.get("type")) for item in items):
        # Newer versions tell it only as an item of the history.
        texts = (as_text(block.get("text")) for item in items for block in content_blocks(item.get("content")))
        summary = next((text for text in texts if text.startswith(SUMMARY_PREFACE)), "")
    return [{"type": "compaction", "summary": summary}]


def _ran(lines: LineReader, part: DraftPart) -> list[Block]:
    item = as_object(lines.payload(part.offset).get("item"))
    return [text_block(f"Command that ran: {command_of(item.get('command'))}", is_injected=True)]


def _other(lines: LineReader, part: DraftPart) -> list[Block]:
    line = lines.record(part.offset)
    value = line.get("payload", line)
    item = as_object(value).get("item")
    if as_object(value).get("type") == "item_completed" and isinstance(item, dict):
        value = item
    has_type = isinstance(value, dict) and isinstance(value.get("type"), str)
    return [other_block(value, "" if has_type else as_text(line.get("type")))]


_BUILDERS: dict[Form, Callable[[LineReader, DraftPart], list[Block]]] = {
    Form.PROMPT: lambda lines, part: prompt_blocks(lines.payload(part.offset)),
    Form.INJECTED: lambda lines, part: injected_blocks(lines.payload(part.offset)),
    Form.ANSWER: _answer,
    Form.OUTPUT: _output,
    Form.EVENT: lambda lines, part: event_blocks(lines.payload(part.offset)),
    Form.SUMMARY: _summary,
    Form.REPLACEMENT: _replacement,
    Form.RAN: _ran,
    Form.OTHER: _other,
}
