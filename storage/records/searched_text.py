"""Extracts the texts of a message that are indexed and searched."""

import re
from collections.abc import Iterator, Sequence

from storage.cancellation import check_cancelled
from storage.records.content_block import (
    CompactionBlock,
    ContentBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from storage.records.injected import is_marked
from storage.records.plain_text import plain_text
from storage.records.stored_blocks import read_blocks

_MEDIA_TYPE_KEYS = ("mimeType", "mime_type", "mediaType", "media_type")
_MEDIA_TYPES = {"image", "audio", "video", "file", "base64", "blob", "input_audio", "input_image"}
_DATA_KEYS = {"data", "blob", "bytes", "base64", "b64_json", "file_data", "image", "audio"}
# Values that only the model's provider can read.
_OPAQUE_KEYS = {"signature", "thinking_signature", "encrypted_content", "encrypted_index"}
_BASE64 = re.compile(r"[A-Za-z0-9+/_=\r\n-]*")


class InjectedText(str):
    """A searched text of a block that is marked as injected: hits in it rank below others."""

    __slots__ = ()


def content_texts(content: object) -> list[str]:
    """The searched texts of a stored content."""
    return list(iterate_texts(content))


def iterate_texts(content: object) -> Iterator[str]:
    """As `content_texts`, each text read when it is asked for. Raises WorkCancelled."""
    if not isinstance(content, list):
        yield from searched_texts(read_blocks(content))
        return
    for raw in content:
        text = _only_text(raw)
        if text is None:
            yield from searched_texts(read_blocks([raw]))
        elif plain := plain_text(text):
            yield plain


def _only_text(raw: object) -> str | None:
    """The text of a block of a kind that most blocks have, if it has no other; None for any other block."""
    if not isinstance(raw, dict):
        return None
    kind = raw.get("type")
    if kind == "text" and "is_injected" not in raw:
        text = raw.get("text")
    elif kind == "thinking":
        text = raw.get("thinking")
    elif kind == "tool_result" and "content_blocks" not in raw and isinstance(raw.get("tool_use_id"), str):
        text = raw.get("content")
    else:
        return None
    return text if isinstance(text, str) else None


def searched_texts(blocks: Sequence[ContentBlock]) -> list[str]:
    """The searched texts of a message. No phrase matches across two of them."""
    texts: list[str] = []
    for block in blocks:
        if isinstance(block, TextBlock):
            check_cancelled()
            if plain := plain_text(block.text):
                texts.append(InjectedText(plain) if is_marked(block.raw) else plain)
        else:
            texts += filter(None, map(plain_text, searched_text(block)))
    return texts


def searched_text(block: ContentBlock) -> Iterator[str]:
    """The searched texts of a block. Raises WorkCancelled."""
    check_cancelled()
    match block:
        case TextBlock(text=text):
            yield text
        case ToolResultBlock(raw=raw):
            text = _rendered(raw.get("content"))
            yield text
            more = _rendered(raw.get("content_blocks"))
            if more != text:
                yield more
        case ThinkingBlock(thinking=thinking):
            yield thinking
        case CompactionBlock(summary=summary):
            yield summary
        case ToolUseBlock(name=name, input=value):
            yield name
            yield from _strings(value)


def _strings(value: object) -> Iterator[str]:
    """The keys, strings and numbers of a JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not _is_encoded(value, key, item):
                yield key
                yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    else:
        yield _scalar(value)


def _rendered(value: object) -> str:
    """A tool's answer as lines of text: texts as they are, objects as `key: value`."""
    if isinstance(value, list):
        return "\n".join(filter(None, map(_rendered, value)))
    if not isinstance(value, dict):
        return _scalar(value)
    if value.get("type") == "text" and isinstance(value.get("text"), str):
        return str(value["text"])
    return "\n".join(f"{key}: {_rendered(item)}" for key, item in value.items() if not _is_encoded(value, key, item))


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _is_encoded(parent: dict[str, object], key: str, value: object) -> bool:
    """Whether an item of an object is base64 of a file, or readable only by a provider."""
    if not isinstance(value, str) or not (key in _DATA_KEYS or key in _OPAQUE_KEYS) or not _BASE64.fullmatch(value):
        return False
    media_type = next((parent[name] for name in _MEDIA_TYPE_KEYS if name in parent), None)
    if isinstance(media_type, str):
        return not media_type.startswith("text/")
    return key in _OPAQUE_KEYS or key == "b64_json" or parent.get("type") in _MEDIA_TYPES
