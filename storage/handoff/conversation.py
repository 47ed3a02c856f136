"""The live conversation of a session in the form that is handed over: calls hold their answers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storage.json_codec import dump
from storage.records.content_block import (
    CompactionBlock,
    ContentBlock,
    ImageBlock,
    OtherBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from storage.records.injected import is_branch_summary, is_from_editor, is_marked, split_block
from storage.records.stored_blocks import message_blocks, read_blocks
from storage.records.tool_links import ToolLinks, note

USER = "USER"
ASSISTANT = "ASSISTANT"
SYSTEM = "SYSTEM"


class Text(NamedTuple):
    """A text that was said."""

    text: str


class Injected(NamedTuple):
    """A text that the agent's program put in."""

    text: str


class Thinking(NamedTuple):
    """The model's reasoning. `is_sealed` tells whether only its provider can read a part of it or all of it."""

    text: str
    is_sealed: bool = False


class Picture(NamedTuple):
    """A picture: its media type and its content in base64, or its address."""

    media_type: str
    data: str
    url: str = ""

    @property
    def address(self) -> str:
        """The address, which holds the picture itself where it has no other."""
        return self.url or f"data:{self.media_type};base64,{self.data}"


class Summary(NamedTuple):
    """The summary by which a compaction replaced earlier messages."""

    text: str


class LeftBranch(NamedTuple):
    """The summary of a branch that was left, which the model sees in its place."""

    text: str


class Other(NamedTuple):
    """Anything else: a block of a kind that has no meaning outside of its agent."""

    kind: str
    value: object


class Answer(NamedTuple):
    """The answer of a tool."""

    content: tuple[Text | Picture | Other, ...]
    is_error: bool = False


class Call(NamedTuple):
    """A call of a tool, with its answer if one was saved. `input` is a JSON value."""

    name: str
    input: object
    answer: Answer | None


class Orphan(NamedTuple):
    """An answer whose call was not saved."""

    answer: Answer


Part = Text | Injected | Thinking | Picture | Summary | LeftBranch | Other | Call | Orphan


class ConversationMessage(NamedTuple):
    """One thing that was said. `role` is USER, ASSISTANT or SYSTEM."""

    role: str
    parts: tuple[Part, ...]
    created_at: datetime | None = None
    model: str | None = None


class SaidMessage(NamedTuple):
    """A message of a session as it was stored or derived. `content` is in the form of the Messages API."""

    role: str
    content: object
    created_at: datetime | None = None
    model: str | None = None
    is_injected: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """The conversation that the model sees when the session is continued.

    `left_messages` counts the messages of abandoned branches, `earlier_messages` those that compactions replaced.
    """

    session_id: str
    source: str
    title: str
    workspace: str
    created_at: datetime
    updated_at: datetime
    messages: tuple[ConversationMessage, ...]
    git_branch: str | None = None
    left_messages: int = 0
    earlier_messages: int = 0


def live_messages(said: Sequence[SaidMessage], *, is_copy: bool = False) -> tuple[ConversationMessage, ...]:
    """The messages, which are in the order in which the model sees them.

    In a copy that Reprise wrote, every text was said, even one that looks injected.
    """
    contents = [message_blocks(message.role, message.content) for message in said]
    links = ToolLinks((place, note(blocks)) for place, blocks in enumerate(contents))
    made = []
    for place, (message, blocks) in enumerate(zip(said, contents, strict=True)):
        answers = {call: contents[where][block] for call, (where, block) in links.answers_to(place).items()}
        answering = links.answering_in(place)
        parts = tuple(
            part
            for block in blocks
            if block.position not in answering
            for part in _parts(message, block, answers.get(block.position), is_copy=is_copy)
        )
        if parts:
            role = USER if message.role == "TOOL" else message.role
            made.append(ConversationMessage(role, parts, message.created_at, message.model))
    return tuple(made)


def _parts(message: SaidMessage, block: ContentBlock, answer: ContentBlock | None, *, is_copy: bool) -> Iterator[Part]:
    match block:
        case TextBlock():
            yield from [Text(block.text)] if is_copy else _texts(message, block)
        case ThinkingBlock():
            yield _thinking(message.content, block)
        case ImageBlock():
            yield _picture(block)
        case CompactionBlock():
            yield Summary(block.summary)
        case ToolUseBlock():
            yield Call(block.name, block.input, _answer(answer) if isinstance(answer, ToolResultBlock) else None)
        case ToolResultBlock():
            yield Orphan(_answer(block))
        case OtherBlock():
            yield (
                Thinking("", is_sealed=True)
                if block.block_kind == "redacted_thinking"
                else Other(block.block_kind, block.raw)
            )


def _texts(message: SaidMessage, block: TextBlock) -> Iterator[Part]:
    if is_branch_summary(block.raw):
        yield LeftBranch(block.text)
    elif is_from_editor(block.raw):
        yield Text(block.text)
    elif is_marked(block.raw) or (message.is_injected and message.role != ASSISTANT):
        yield Injected(block.text)
    elif message.role == USER:
        own, has_injected = split_block(block)
        if own:
            yield Text(own)
        if has_injected:
            yield Injected(block.text)
    else:
        yield Text(block.text)


def _thinking(content: object, block: ThinkingBlock) -> Thinking:
    raw = content[block.position] if isinstance(content, list) else None
    return Thinking(block.thinking, isinstance(raw, dict) and bool(raw.get("signature")))


def _picture(block: ImageBlock) -> Picture:
    head, mark, data = block.url.partition(";base64,")
    if head.startswith("data:") and mark:
        return Picture(head.removeprefix("data:"), data)
    return Picture("", "", block.url)


def _answer(block: ToolResultBlock) -> Answer:
    """The answer of a tool as the model got it: a long output may be more than another model's context holds."""
    content = block.raw.get("sent_content", block.raw.get("content"))
    if not isinstance(content, list):
        text = content if isinstance(content, str) else block.text
        return Answer((Text(text),) if text else (), block.is_error)
    return Answer(tuple(_answer_parts(read_blocks(content))), block.is_error)


def _answer_parts(blocks: Iterable[ContentBlock]) -> Iterator[Text | Picture | Other]:
    for block in blocks:
        match block:
            case TextBlock():
                if block.text:
                    yield Text(block.text)
            case ImageBlock():
                yield _picture(block)
            case OtherBlock():
                yield Other(block.block_kind, block.raw)
            case _:
                yield Text(dump(content_of(block)))


def content_of(block: ContentBlock) -> object:
    """A block as JSON, for a place where only texts and pictures are known."""
    return getattr(block, "raw", None) or {"type": block.typename}
