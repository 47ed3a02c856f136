"""The model of a parsed session document, the same for every agent, in the form that is stored."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from storage.cancellation import check_cancelled
from storage.documents.derived_session import MAIN
from storage.json_codec import canonical, dump, load
from storage.records.injected import is_injected_block
from storage.records.searched_text import searched_texts
from storage.records.session_counts import SessionStatistics, count_messages
from storage.records.stored_blocks import message_block, read_blocks
from storage.records.token_usage import NO_TOKENS, TokenUsage
from storage.records.tool_links import ToolLinks, note
from storage.records.transcript_items import own_item_count
from storage.search.index.drafts import SegmentDraft, draft_encoded
from storage.search.index.entries import TITLE_POSITION
from storage.search.index.pieces import encode_entry
from storage.stored_values import instant_text, stored_text

_ROLES = {
    "user": "USER",
    "assistant": "ASSISTANT",
    "assistant_interrupted": "ASSISTANT",
    "tool": "TOOL",
}
_PLAIN_ROLES = {"user", "assistant", "system", "tool"}
_PLAIN_KEYS = {"role", "content"}
# Bytes of a message's digest.
_DIGEST_SIZE = 16


class NewMessage(NamedTuple):
    """A message to store; `size` counts the characters of `content`, `digest` is equal for equal JSON values.

    `usage` is a JSON list of the tokens of the reply, in the order of `TokenUsage`; `item_count` leaves out the items
    of tool results, which depend on the messages before.
    """

    role: str
    created_at: datetime | None
    is_injected: bool
    model: str | None
    usage: str | None
    item_count: int
    size: int
    tool_links: str | None
    digest: bytes
    extra: str | None
    content: str


def is_prompt(role: str, is_injected: bool, item_count: int) -> bool:
    """Whether a message is a prompt of the person: the program did not put it in, and it is not only tools' results."""
    return role == "USER" and not is_injected and item_count > 0


class DocumentRow(NamedTuple):
    """A message of a document's whole transcript: its place in `messages`, None if only the journal has it.

    `entry` is what the search index holds of it, in the form that `encode_entry` returns; empty if it is drafted.
    """

    place: int | None
    message: NewMessage
    entry: str


MESSAGE_COLUMNS = ("session_id", "position", "place", *NewMessage._fields)


def message_values(session_id: str, position: int, row: DocumentRow, *, is_sqlite: bool) -> tuple[object, ...]:
    """The values of MESSAGE_COLUMNS for a message, as `Transaction.insert` takes them."""
    message = row.message
    if not is_sqlite:
        return (session_id, position, row.place, *message)
    created_at = None if message.created_at is None else instant_text(message.created_at)
    return (session_id, position, row.place, message.role, created_at, *message[2:-1], stored_text(message.content))


def prompt_count(rows: Iterable[DocumentRow]) -> int:
    """How many of the messages are prompts."""
    return sum(is_prompt(row.message.role, row.message.is_injected, row.message.item_count) for row in rows)


@dataclass(slots=True)
class TranscriptBuilder:
    """Builds the messages of a document, with their searched texts and item count."""

    messages: list[NewMessage] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)

    def add(self, message: dict[str, object]) -> None:
        """Append a message, which must have a string `role` and a `content`. Raises WorkCancelled."""
        check_cancelled()
        role, content = str(message["role"]), message["content"]
        blocks = read_blocks(content)
        extra = None
        if role not in _PLAIN_ROLES or message.keys() != _PLAIN_KEYS:
            extra = dump({**message, "content": None})
        check_cancelled()
        text = dump(content)
        digest = hashlib.blake2b(canonical(message), digest_size=_DIGEST_SIZE).digest()
        stored_role = _ROLES.get(role, "SYSTEM")
        is_injected = bool(blocks) and all(
            is_injected_block(stored_role, message_block(stored_role, block)) for block in blocks
        )
        check_cancelled()
        items = own_item_count(role, blocks)
        self.messages.append(
            NewMessage(stored_role, None, is_injected, None, None, items, len(text), note(blocks), digest, extra, text)
        )
        self.entries.append(encode_entry(searched_texts(blocks)))

    def set_time(self, position: int, created_at: datetime | None) -> None:
        """Set when a message was written."""
        self.messages[position] = self.messages[position]._replace(created_at=created_at)

    def links(self) -> ToolLinks:
        """The pairs of tool calls and results."""
        return ToolLinks((position, message.tool_links) for position, message in enumerate(self.messages))

    def digest(self, count: int) -> bytes:
        """A digest of the first `count` messages, equal for equal JSON values."""
        return hashlib.blake2b(b"".join(message.digest for message in self.messages[:count]), digest_size=32).digest()


@dataclass(slots=True)
class Document:
    """A session with its transcript. `header` is the document with null in place of its messages.

    `is_source_certain` is false for a document that either agent may have written, which counts as that of `source`.
    `earlier` has the messages that only the document's journal holds, each with the number of messages of `transcript`
    that precede it.
    """

    id: str
    source: str
    is_source_certain: bool
    title: str
    workspace: str
    model: str
    mode: str | None
    system_prompt: str | None
    is_archived: bool
    total_tokens: int
    created_at: datetime
    updated_at: datetime
    parent_id: str | None
    first_prompt: str | None
    header: dict[str, object]
    transcript: TranscriptBuilder
    earlier: TranscriptBuilder = field(default_factory=TranscriptBuilder)
    earlier_places: list[int] = field(default_factory=list)
    kind: str = MAIN
    agent_version: str | None = None
    git_branch: str | None = None
    usage: TokenUsage = NO_TOKENS
    recorded_cost: float | None = None
    parser_version: int = 0
    header_digest: bytes = field(init=False)
    """A digest of everything but the messages."""
    item_count: int = field(init=False)
    """The number of thread items that seeding the whole transcript writes."""
    statistics: SessionStatistics = field(init=False)
    """The counts of all messages."""

    def __post_init__(self) -> None:
        self.header_digest = hashlib.blake2b(canonical(self.header), digest_size=32).digest()
        links = self.transcript.links()
        self.item_count = sum(message.item_count for message in self.transcript.messages) + links.orphan_count
        self.statistics = count_messages([row.message for row in self.rows()], None if self.earlier_places else links)

    @property
    def length(self) -> int:
        """The number of messages that the document holds, those of its journal included."""
        return len(self.transcript.messages) + len(self.earlier.messages)

    def rows(self) -> list[DocumentRow]:
        """All messages in order, those of earlier windows included."""
        newest = self.transcript
        places = range(len(newest.messages))
        rows = [DocumentRow(*columns) for columns in zip(places, newest.messages, newest.entries, strict=True)]
        if not self.earlier_places:
            return rows
        merged: list[DocumentRow] = []
        start = 0
        for end, message, entry in zip(self.earlier_places, self.earlier.messages, self.earlier.entries, strict=True):
            merged += [*rows[start:end], DocumentRow(None, message, entry)]
            start = end
        return merged + rows[start:]


def drafts_of_all(documents: Sequence[Document]) -> list[SegmentDraft]:
    """Search drafts of the titles and messages of documents, in order."""
    return draft_encoded(
        entry
        for document in documents
        for entry in (encode_entry([document.title]), *(row.entry for row in document.rows()[:TITLE_POSITION]))
    )


def stored_role(role: str, extra: str | None) -> str:
    """The role as the agent wrote it. Raises ValueError for a corrupt row."""
    return role.lower() if extra is None else str(_parsed_extra(extra)["role"])


def stored_message(role: str, content: str, extra: str | None) -> dict[str, object]:
    """The message as the agent wrote it. Raises ValueError for a corrupt row."""
    message = {"role": role.lower()} if extra is None else _parsed_extra(extra)
    return {**message, "content": load(content)}


def _parsed_extra(extra: str) -> dict[str, object]:
    message = load(extra)
    if not isinstance(message, dict):
        raise ValueError("`extra` is not a JSON object")
    return message
