"""Typed decoding of a rollout's lines, which takes only what a scan needs and skips the rest.

Values of a few characters are decoded as they are, whatever their type. What may be long stays undecoded.
"""

from typing import Any, TypeVar

import msgspec

from storage.documents.formats.json_values import json_text, parse_json

T = TypeVar("T")

NOTHING = msgspec.Raw()


class CompletedItem(msgspec.Struct, gc=False):
    """The item that the event `item_completed` shows."""

    type: Any = None
    id: Any = None
    status: Any = None
    exit_code: Any = None
    source: Any = None
    command: msgspec.Raw = NOTHING
    content: msgspec.Raw = NOTHING
    summary_text: msgspec.Raw = NOTHING
    raw_content: msgspec.Raw = NOTHING


class LinePayload(msgspec.Struct, gc=False):
    """The payload of a line: a response item, an event, or the settings of a turn."""

    type: Any = None
    id: Any = None
    role: Any = None
    name: Any = None
    call_id: Any = None
    turn_id: Any = None
    thread_id: Any = None
    response_id: Any = None
    num_turns: Any = None
    success: Any = None
    error: Any = None
    kind: Any = None
    cwd: Any = None
    model: Any = None
    approval_policy: Any = None
    sandbox_policy: Any = None
    content: msgspec.Raw = NOTHING
    arguments: msgspec.Raw = NOTHING
    summary: msgspec.Raw = NOTHING
    message: msgspec.Raw = NOTHING
    text: msgspec.Raw = NOTHING
    item: msgspec.Raw = NOTHING
    info: msgspec.Raw = NOTHING
    usage: msgspec.Raw = NOTHING
    thread_token_usage: msgspec.Raw = NOTHING
    replacement_history: msgspec.Raw = NOTHING
    ghost_commit: msgspec.Raw = NOTHING
    metadata: msgspec.Raw = NOTHING
    internal_chat_message_metadata_passthrough: msgspec.Raw = NOTHING


class RolloutLine(msgspec.Struct, gc=False):
    """A line with its envelope. Rollouts of the first versions have none: the line is the payload."""

    timestamp: Any = None
    ordinal: Any = None
    type: Any = None
    payload: LinePayload | None = None
    metadata: msgspec.Raw = NOTHING


class ContentPart(msgspec.Struct, gc=False):
    """A part of a message's content; a picture is skipped."""

    type: Any = None
    text: Any = None


class ItemMetadata(msgspec.Struct, gc=False):
    """The notes of newer versions on a message: the kind of each of its parts."""

    content_item_kinds: Any = None


class TokenNumbers(msgspec.Struct, gc=False):
    """Numbers of tokens."""

    input_tokens: Any = None
    cached_input_tokens: Any = None
    cache_write_input_tokens: Any = None
    output_tokens: Any = None
    reasoning_output_tokens: Any = None


class TokenInfo(msgspec.Struct, gc=False):
    """Tokens of the last reply, and of the thread."""

    last_token_usage: TokenNumbers | None = None
    total_token_usage: TokenNumbers | None = None


_LINES = msgspec.json.Decoder(RolloutLine)
_PAYLOADS = msgspec.json.Decoder(LinePayload)
_HISTORIES = msgspec.json.Decoder(list[LinePayload])
_ITEMS = msgspec.json.Decoder(CompletedItem)
_TEXTS = msgspec.json.Decoder(str)
_TOKEN_NUMBERS = msgspec.json.Decoder(TokenNumbers)
_TOKEN_INFOS = msgspec.json.Decoder(TokenInfo)
_PARTS = msgspec.json.Decoder(list[ContentPart])
_METADATA = msgspec.json.Decoder(ItemMetadata)


def read_line(data: bytes) -> RolloutLine | None:
    """A line; None when it is not a JSON object. A payload that is not an object is left out."""
    line = _decode(_LINES, data)
    if line is not None:
        return line
    value = parse_json(data)
    if not isinstance(value, dict):
        return None
    return _decode(_LINES, json_text({**value, "payload": None}).encode()) or RolloutLine()


def read_bare_payload(data: bytes) -> LinePayload | None:
    """The payload of a line that has no envelope."""
    return _decode(_PAYLOADS, data)


def read_payloads(raw: msgspec.Raw) -> list[LinePayload] | None:
    """The items of a history; None when there is none."""
    return _decode(_HISTORIES, raw)


def read_item(raw: msgspec.Raw) -> CompletedItem:
    """The item of an event; one without a type when it is not an object."""
    return _decode(_ITEMS, raw) or CompletedItem()


def read_text(raw: msgspec.Raw) -> str | None:
    """A text; None for anything else."""
    return _decode(_TEXTS, raw)


def read_token_numbers(raw: msgspec.Raw) -> TokenNumbers | None:
    """Numbers of tokens; None when there are none."""
    return _decode(_TOKEN_NUMBERS, raw)


def read_token_info(raw: msgspec.Raw) -> TokenInfo:
    """Tokens of a reply and of the thread; an empty one when there are none."""
    return _decode(_TOKEN_INFOS, raw) or TokenInfo()


def read_metadata(raw: msgspec.Raw) -> ItemMetadata:
    """The notes on a message; empty ones when there are none."""
    return _decode(_METADATA, raw) or ItemMetadata()


def read_parts(raw: msgspec.Raw) -> list[ContentPart]:
    """The parts of a content; a string is one part."""
    parts = _decode(_PARTS, raw)
    if parts is not None:
        return parts
    value = value_of(raw)
    if isinstance(value, str):
        return [ContentPart("text", value)]
    if not isinstance(value, list):
        return []
    return [
        ContentPart(part.get("type"), part.get("text")) if isinstance(part, dict) else ContentPart() for part in value
    ]


def value_of(raw: msgspec.Raw) -> object:
    """The value of a part of a line that was left undecoded; None when there is none."""
    return parse_json(bytes(raw))


def _decode(decoder: "msgspec.json.Decoder[T]", data: "bytes | msgspec.Raw") -> T | None:
    """The decoded value; None when it is of another type, or when it is not JSON to msgspec.

    msgspec refuses lone surrogates, NaN and invalid UTF-8, so that what it refuses is read once more without it.
    """
    if data is NOTHING:
        return None
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    value = parse_json(bytes(data))
    if value is None:
        return None
    try:
        return decoder.decode(json_text(value).encode())
    except (msgspec.DecodeError, RecursionError):
        return None
