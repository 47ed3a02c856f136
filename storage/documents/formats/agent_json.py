"""The JSON format of zagens and CodeWhale: one object a session, with `metadata` and `messages`.

Both agents write `schema_version` 1 and share most keys. A document with a key that only CodeWhale writes is
CodeWhale's; any other is zagens'.
"""

import re
from datetime import datetime

from storage.documents.derived_session import FORK, MAIN, MAX_FIRST_PROMPT_LENGTH, SUBAGENT
from storage.documents.document import Document, TranscriptBuilder
from storage.documents.formats.journal import earlier_messages
from storage.documents.sources import CODEWHALE as CODEWHALE
from storage.documents.sources import SOURCES as SOURCES
from storage.documents.sources import ZAGENS as ZAGENS
from storage.errors import InvalidDocument, InvalidId
from storage.json_codec import type_name
from storage.records.identifier import is_id, session_id
from storage.records.plain_text import strip_controls
from storage.records.stored_blocks import read_blocks
from storage.records.timestamp import parse_timestamp
from storage.records.transcript_items import own_text

SCHEMA_VERSION = 1
MAX_INTEGER = 2**53 - 1
UNTITLED = "New Session"
_DERIVED_TITLE_LENGTH = 50
_CODEWHALE_DOCUMENT_KEYS = {
    "journal",
    "leaf_id",
    "artifacts",
    "approval_receipts",
    "work_state",
    "window_title",
    "last_auto_route",
}
_CODEWHALE_METADATA_KEYS = {
    "model_provider",
    "model_provider_id",
    "cost",
    "parent_session_id",
    "forked_from_message_count",
    "cumulative_turn_secs",
    "archived",
    "spawn_depth",
}


def read(document: dict[str, object], source: str | None) -> Document:
    """Parse a document. Raises InvalidId, and InvalidDocument with the path of the invalid key."""
    _check_version(document.get("schema_version"))
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        raise InvalidDocument(_type_error("metadata", "an object", metadata), ("metadata",))
    messages = document.get("messages")
    if not isinstance(messages, list):
        raise InvalidDocument(_type_error("messages", "a list", messages), ("messages",))
    session_id = _id(metadata)
    transcript = TranscriptBuilder()
    for position, message in enumerate(messages):
        transcript.add(_checked_message(position, message))
    earlier, earlier_places = earlier_messages(document.get("journal"), messages, transcript)
    prompt = document.get("system_prompt") or metadata.get("system_prompt")
    parent_id = metadata.get("parent_session_id")
    return Document(
        id=session_id,
        source=source or (CODEWHALE if _is_codewhale(document, metadata) else ZAGENS),
        is_source_certain=source is not None or _is_certain(document, metadata),
        title=strip_controls(_text(metadata, "title")).strip() or derived_title(messages),
        workspace=_text(metadata, "workspace"),
        model=_text(metadata, "model"),
        mode=_text(metadata, "mode").strip() or None,
        system_prompt=prompt if isinstance(prompt, str) else None,
        is_archived=metadata.get("archived") is True,
        total_tokens=_token_count(metadata.get("total_tokens")),
        created_at=_timestamp(metadata, "created_at"),
        updated_at=_timestamp(metadata, "updated_at"),
        kind=_kind(metadata),
        parent_id=parent_id.strip() if isinstance(parent_id, str) and is_id(parent_id.strip()) else None,
        first_prompt=_first_prompt(messages)[:MAX_FIRST_PROMPT_LENGTH] or None,
        recorded_cost=_recorded_cost(metadata.get("cost")),
        header={**document, "metadata": {**metadata, "id": session_id}, "messages": None},
        transcript=transcript,
        earlier=earlier,
        earlier_places=earlier_places,
    )


def _check_version(version: object) -> None:
    if version is None:
        return
    if type(version) is not int or version < 0:
        raise InvalidDocument(_type_error("schema_version", "a whole number", version), ("schema_version",))
    if version > SCHEMA_VERSION:
        raise InvalidDocument(
            f"schema_version {version} is newer than {SCHEMA_VERSION}, the newest that can be read.",
            ("schema_version",),
        )


def _id(metadata: dict[str, object]) -> str:
    value = metadata.get("id")
    if not isinstance(value, str):
        raise InvalidDocument(_type_error("metadata.id", "a string", value), ("metadata", "id"))
    try:
        return session_id(value)
    except InvalidId as error:
        raise InvalidId(f"metadata.id: {error}") from None


def _checked_message(position: int, message: object) -> dict[str, object]:
    path = ("messages", str(position))
    if not isinstance(message, dict):
        raise InvalidDocument(_type_error(f"messages[{position}]", "an object", message), path)
    if not isinstance(message.get("role"), str):
        raise InvalidDocument(
            _type_error(f"messages[{position}].role", "a string", message.get("role")), (*path, "role")
        )
    content = message.get("content")
    if not isinstance(content, list | str):
        raise InvalidDocument(
            _type_error(f"messages[{position}].content", "a list of blocks or a string", content), (*path, "content")
        )
    return message


def _text(metadata: dict[str, object], key: str) -> str:
    value = metadata.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidDocument(_type_error(f"metadata.{key}", "a string", value), ("metadata", key))
    return value


def _token_count(value: object) -> int:
    if isinstance(value, str) and re.fullmatch("[0-9]{1,16}", value):
        value = int(value)
    if value is None:
        return 0
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:
        raise InvalidDocument(
            "metadata.total_tokens must be a whole number from 0 to 2^53 - 1.", ("metadata", "total_tokens")
        )
    return value


def _timestamp(metadata: dict[str, object], key: str) -> datetime:
    value = metadata.get(key)
    try:
        if isinstance(value, str):
            return parse_timestamp(value)
    except ValueError:
        pass
    raise InvalidDocument(
        f"metadata.{key} must be an RFC 3339 time with an offset, such as 2026-06-11T07:52:10Z.", ("metadata", key)
    )


def _is_codewhale(document: dict[str, object], metadata: dict[str, object]) -> bool:
    if document.keys() & _CODEWHALE_DOCUMENT_KEYS or metadata.keys() & _CODEWHALE_METADATA_KEYS:
        return "runtime_thread_id" not in metadata
    return False


def _is_certain(document: dict[str, object], metadata: dict[str, object]) -> bool:
    """Whether the document has a key that only this agent writes, with a value that it writes there."""
    cost, journal = metadata.get("cost"), document.get("journal")
    return (
        isinstance(metadata.get("runtime_thread_id"), str)
        or (isinstance(cost, dict) and "session_cost_usd" in cost)
        or (isinstance(journal, dict) and isinstance(journal.get("entries"), list))
    )


def derived_title(messages: list[dict[str, object]]) -> str:
    """The first line of the first user message with text, cut to 50 code points; `New Session` without one."""
    return prompt_title(_first_prompt(messages)) or UNTITLED


def prompt_title(prompt: str) -> str:
    """The first line of a prompt, cut to 50 code points; empty without one."""
    line = prompt.split("\n", 1)[0].strip()
    return line if len(line) <= _DERIVED_TITLE_LENGTH else line[: _DERIVED_TITLE_LENGTH - 3] + "..."


def _first_prompt(messages: list[dict[str, object]]) -> str:
    """The text of the first user message with text, empty without one."""
    prompts = (
        strip_controls(own_text(read_blocks(message["content"]))).strip()
        for message in messages
        if message["role"] == "user"
    )
    return next(filter(None, prompts), "")


def _kind(metadata: dict[str, object]) -> str:
    """CodeWhale counts how deep a subagent's session lies, and the messages that a fork begins with."""
    depth = metadata.get("spawn_depth")
    if isinstance(depth, int) and depth > 0:
        return SUBAGENT
    return MAIN if metadata.get("forked_from_message_count") is None else FORK


def _recorded_cost(cost: object) -> float | None:
    value = cost.get("session_cost_usd") if isinstance(cost, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _type_error(key: str, expected: str, value: object) -> str:
    kind = type_name(value)
    actual = "missing or null" if value is None else f"{'an' if kind == 'object' else 'a'} {kind}"
    return f"{key} must be {expected}, but is {actual}."
