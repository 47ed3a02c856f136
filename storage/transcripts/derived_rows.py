"""The rows of a session that a format derived from transcripts: its columns and its messages, without any database."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson

from storage.cancellation import check_cancelled
from storage.documents.derived_session import DIGEST_SIZE, MAX_FIRST_PROMPT_LENGTH, DerivedMessage, DerivedSession
from storage.documents.document import DocumentRow, NewMessage
from storage.documents.formats.agent_json import UNTITLED, prompt_title
from storage.errors import InvalidDocument
from storage.json_codec import canonical, dump, storable, storable_text
from storage.records.injected import is_injected_block
from storage.records.plain_text import strip_controls
from storage.records.searched_text import searched_texts
from storage.records.stored_blocks import message_block, read_blocks
from storage.records.tool_links import note
from storage.records.transcript_items import own_item_count
from storage.records.workspace_key import workspace_key
from storage.search.index.pieces import encode_entry
from storage.transcripts.summaries import MessageSummary

_TOO_DEEP = [{"type": "nested_too_deeply"}]


class SessionHead(NamedTuple):
    """A derived session without its messages. `columns` are those that each derivation sets."""

    id: str
    source: str
    title: str
    is_archived: bool
    columns: dict[str, object]


def session_head(derived: DerivedSession, version: int) -> SessionHead:
    """The columns of a session that was derived by this version of its format."""
    prompt = strip_controls(storable_text(derived.first_prompt or "")).strip()
    title = strip_controls(storable_text(derived.title or "")).strip() or prompt_title(prompt) or UNTITLED
    metadata = _storable(derived.metadata, {})
    header = {"metadata": metadata, "title": title, "archived": derived.is_archived}
    workspace = storable_text(derived.workspace)
    usage = derived.usage.bounded()
    columns: dict[str, object] = {
        "source": derived.source,
        "is_source_certain": True,
        "workspace": workspace,
        "workspace_key": workspace_key(workspace),
        "model": storable_text(derived.model),
        "mode": _text(derived.mode),
        "system_prompt": _text(derived.system_prompt),
        "total_tokens": sum(usage),
        "created_at": derived.created_at,
        "updated_at": derived.updated_at,
        "kind": derived.kind,
        "parent_id": _text(derived.parent_id),
        "first_prompt": prompt[:MAX_FIRST_PROMPT_LENGTH] or None,
        "agent_version": _text(derived.agent_version),
        "git_branch": _text(derived.git_branch),
        **{f"{name}_tokens": count for name, count in usage._asdict().items()},
        "recorded_cost": derived.recorded_cost,
        "is_automated": derived.is_automated,
        "parser_version": version,
    }
    columns["header_hash"] = hashlib.blake2b(canonical([header, columns]), digest_size=32).digest()
    columns["header"] = dump(header)
    return SessionHead(derived.id, derived.source, title, derived.is_archived, columns)


def _text(value: str | None) -> str | None:
    return None if value is None else storable_text(value)


def _storable(value: object, otherwise: object) -> object:
    """A JSON value with what cannot be stored of its texts replaced; `otherwise` if it is nested too deeply."""
    try:
        return storable(value)
    except InvalidDocument:
        return otherwise


def row_digests(derived: DerivedSession, version: int) -> list[bytes]:
    """The digest of each message's row: of its content, its columns and the version of the format."""
    return [_row_digest(message, version) for message in derived.messages]


def _row_digest(message: DerivedMessage, version: int) -> bytes:
    columns = (
        f"{version}\0{message.role}\0{message.created_at}\0{message.model}\0{message.usage}\0{message.is_injected}\0"
    )
    return hashlib.blake2b(columns.encode(errors="replace") + message.digest, digest_size=DIGEST_SIZE).digest()


def places(derived: DerivedSession) -> list[int | None]:
    """The place of each message in what the model sees, None for those of earlier windows and abandoned branches."""
    found: list[int | None] = [None] * len(derived.messages)
    for place, index in enumerate(derived.live):
        found[index] = place
    return found


class RowBatch(NamedTuple):
    """The rows of consecutive messages from position `start` on."""

    start: int
    rows: list[DocumentRow]

    def summaries(self) -> list[MessageSummary]:
        """The values that later derivations compare with."""
        return [
            MessageSummary(
                one.digest,
                place,
                one.role,
                one.is_injected,
                one.item_count,
                one.tool_links,
                one.created_at,
                one.usage,
            )
            for place, one, _ in self.rows
        ]


def build_rows(
    messages: Sequence[DerivedMessage],
    digests: Sequence[bytes],
    places: Sequence[int | None],
    start: int,
    most_bytes: int,
) -> Iterator[RowBatch]:
    """The rows of the messages from `start` on, in batches of about `most_bytes` characters; at least one batch.

    Raises WorkCancelled.
    """
    rows: list[DocumentRow] = []
    size = 0
    for position in range(start, len(messages)):
        check_cancelled()
        row = _build_row(messages[position], digests[position], places[position])
        rows.append(row)
        size += row.message.size
        if size >= most_bytes:
            yield RowBatch(start, rows)
            start, rows, size = position + 1, [], 0
    yield RowBatch(start, rows)


def _build_row(message: DerivedMessage, digest: bytes, place: int | None) -> DocumentRow:
    content: object = message.build()
    try:
        text = orjson.dumps(content).decode()
        is_storable = "\\u0000" not in text
    except TypeError:
        # Lone surrogates, integers beyond 64 bits, or deep nesting.
        is_storable = False
    if not is_storable:
        content = _storable(content, _TOO_DEEP)
        text = dump(content)
    blocks = read_blocks(content)
    is_injected = message.is_injected or (
        bool(blocks) and all(is_injected_block(message.role, message_block(message.role, block)) for block in blocks)
    )
    return DocumentRow(
        place,
        NewMessage(
            message.role,
            message.created_at,
            is_injected,
            _text(message.model),
            None if message.usage is None else orjson.dumps(list(message.usage.bounded())).decode(),
            own_item_count(message.role.lower(), blocks),
            len(text),
            note(blocks),
            digest,
            None,
            text,
        ),
        encode_entry(searched_texts(blocks)),
    )


class StoredSession(NamedTuple):
    """A stored session, as far as a derivation is compared with it."""

    id: str
    source: str
    is_source_certain: bool
    number: int
    title: str
    is_renamed: bool
    message_count: int
    newest_count: int
    updated_at: datetime
    header_hash: bytes
    parser_version: int
    transcript_version: int
    transcript_rewrites: int
