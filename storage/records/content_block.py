"""The content blocks of a message. No content is an error: an unknown or malformed block is an OtherBlock."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from storage.json_codec import dump, type_name
from storage.records.json_steps import JsonReader, JsonText, Steps

COMPACTION_MARK = "[compaction summary]"
"""What CodeWhale begins the system message with that replaces compacted messages."""


@dataclass(slots=True)
class TextBlock:
    """Plain text. `raw` is the block as stored."""

    typename: ClassVar[str] = "TextBlock"

    position: int
    text: str
    raw: object


@dataclass(slots=True)
class ThinkingBlock:
    """The model's visible reasoning."""

    typename: ClassVar[str] = "ThinkingBlock"

    position: int
    thinking: str


MessagePlace = tuple[str, int]
"""The session's id and the position of a message."""


@dataclass(slots=True)
class ToolUseBlock:
    """A tool call of the model. `input` is a JSON value, `message_place` that of its message where it is known."""

    typename: ClassVar[str] = "ToolUseBlock"

    position: int
    tool_use_id: str
    name: str
    input: object
    message_place: MessagePlace | None = None

    @property
    def input_value(self) -> object:
        """The value of the input."""
        return self.input

    @property
    def input_text(self) -> str | None:
        """The input as JSON text; None if it is null."""
        return None if self.input is None else dump(self.input)


@dataclass(slots=True)
class ImageBlock:
    """An image. `raw` is the block as stored."""

    typename: ClassVar[str] = "ImageBlock"

    position: int
    url: str
    raw: dict[str, object]


@dataclass(slots=True)
class ToolResultBlock:
    """The result of a tool call. `raw` is the block as stored, `message_place` tells its message where it is known.

    `images` has the images of a block that was read in steps.
    """

    typename: ClassVar[str] = "ToolResultBlock"

    position: int
    tool_use_id: str
    text: str
    is_error: bool
    raw: dict[str, object]
    message_place: MessagePlace | None = None
    images: list[ImageBlock] | None = None


@dataclass(slots=True)
class CompactionBlock:
    """The summary by which a compaction replaced earlier messages for the model. `raw` is the block as stored."""

    typename: ClassVar[str] = "CompactionBlock"

    position: int
    summary: str
    raw: object


@dataclass(slots=True)
class OtherBlock:
    """A block of any other kind. `raw` is the block as stored."""

    typename: ClassVar[str] = "OtherBlock"

    position: int
    block_kind: str
    raw: object


ContentBlock = TextBlock | ThinkingBlock | ToolUseBlock | ToolResultBlock | ImageBlock | CompactionBlock | OtherBlock


def read_blocks(content: object) -> list[ContentBlock]:
    """The blocks of a stored content: those of a list, or one text block for a string."""
    if isinstance(content, str):
        return [TextBlock(0, content, content)]
    if not isinstance(content, list):
        return [OtherBlock(0, type_name(content), content)]
    return [_read_block(position, raw) for position, raw in enumerate(content)]


def result_images(block: ToolResultBlock) -> list[ImageBlock]:
    """The images in a tool result."""
    if block.images is not None:
        return block.images
    return [image for image in read_blocks(block.raw.get("content")) if isinstance(image, ImageBlock)]


def message_blocks(role: str, content: object) -> list[ContentBlock]:
    """The blocks of a stored message by its role: in a SYSTEM message a text may be the summary of a compaction."""
    return [message_block(role, block) for block in read_blocks(content)]


def message_block(role: str, block: ContentBlock) -> ContentBlock:
    """A block by the role of its message."""
    if role == "SYSTEM" and isinstance(block, TextBlock) and block.text.startswith(COMPACTION_MARK):
        return CompactionBlock(block.position, block.text.removeprefix(COMPACTION_MARK).strip(), block.raw)
    return block


def iterate_blocks(content: str) -> Iterator[ContentBlock | None]:
    """The blocks of stored JSON text, parsed in short steps: None wherever only a part of a block has been parsed.

    Lists and objects in long blocks stay a JsonText. Raises ValueError when it is not JSON.
    """
    reader = JsonReader(content)
    if content == "[]":
        return
    if not content.startswith("["):
        value, end = yield from reader.value(0)
        yield TextBlock(0, value, value) if isinstance(value, str) else _other_block(0, value)
    else:
        end = 0
        for position in itertools.count():
            block, end = yield from _next_block(reader, position, end + 1)
            yield block
            if not reader.has(end, ","):
                break
        reader.expect(end, "]")
        end += 1
    if end != len(content):
        raise ValueError("not JSON")


def _next_block(reader: JsonReader, position: int, place: int) -> Steps[tuple[ContentBlock, int]]:
    """The block at a place, and its end."""
    short = reader.short_value(place)
    if short is not None:
        value, end = short
        return _read_block(position, value), end
    if not reader.has(place, "{"):
        value, end = yield from reader.value(place)
        return _other_block(position, value), end
    members, end = yield from _long_object(reader, place)
    images: list[ImageBlock] | None = None
    match members:
        case {"type": str(kind), "content": JsonText() as result} if is_tool_result(kind):
            members["content"], images = yield from _long_result(result)
    block = _read_block(position, members)
    if isinstance(block, ToolResultBlock):
        block.images = result_images(block) if images is None else images
    if not isinstance(block, ThinkingBlock | ToolUseBlock):
        block.raw = reader.text(place, end)
    return block, end


def _long_object(reader: JsonReader, place: int) -> Steps[tuple[dict[str, object], int]]:
    """The members of the object at a place, with those of the image in it, and its end."""
    members, end = yield from reader.members(place)
    for name in ("image_url", "source"):
        match members.get(name):
            case JsonText(is_object=True) as inner:
                members[name], _ = yield from JsonReader(inner.text).members(0)
    return members, end


def _other_block(position: int, value: object) -> OtherBlock:
    if isinstance(value, JsonText):
        return OtherBlock(position, "object" if value.is_object else "list", value)
    return OtherBlock(position, type_name(value), value)


def _long_result(content: JsonText) -> Steps[tuple[str, list[ImageBlock]]]:
    """The text of a tool result, as by `result_text`, and the images in it."""
    texts: list[str] = []
    images: list[ImageBlock] = []
    # The places of the runs of other blocks than images.
    runs: list[tuple[int, int]] = []
    if content.is_object:
        return content.text, images
    reader = JsonReader(content.text)
    end = 0
    for position in itertools.count():
        place = end + 1
        short = reader.short_value(place)
        if short is not None:
            item, end = short
        elif reader.has(place, "{"):
            item, end = yield from _long_object(reader, place)
        else:
            item, end = yield from reader.value(place)
        block = _read_block(position, item)
        if isinstance(block, TextBlock):
            texts.append(block.text)
        if isinstance(block, ImageBlock):
            images.append(block)
        elif runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((place, end))
        yield
        if not reader.has(end, ","):
            break
    if len(texts) + len(images) == position + 1:
        return "\n".join(texts), images
    if not images:
        return content.text, images
    return f"[{','.join([content.text[start:stop] for start, stop in runs])}]", images


def _read_block(position: int, raw: object) -> ContentBlock:
    if not isinstance(raw, dict):
        return OtherBlock(position, type_name(raw), raw)
    kind = raw.get("type")
    block: ContentBlock | None = None
    if kind == "text":
        text = raw.get("text")
        block = TextBlock(position, text, raw) if isinstance(text, str) else None
    elif kind == "thinking":
        thinking = raw.get("thinking")
        block = ThinkingBlock(position, thinking) if isinstance(thinking, str) else None
    elif kind == "tool_use" or kind == "server_tool_use":
        tool_use_id, name = raw.get("id"), raw.get("name")
        if isinstance(tool_use_id, str) and isinstance(name, str):
            block = ToolUseBlock(position, tool_use_id, name, raw.get("input"))
    elif kind == "image_url" or kind == "image":
        url = _image_url(raw)
        block = None if url is None else ImageBlock(position, url, raw)
    elif kind == "compaction":
        summary = raw.get("summary")
        block = CompactionBlock(position, summary, raw) if isinstance(summary, str) else None
    elif isinstance(kind, str) and is_tool_result(kind):
        tool_use_id = raw.get("tool_use_id")
        if isinstance(tool_use_id, str):
            text = result_text(raw.get("content"))
            block = ToolResultBlock(position, tool_use_id, text, raw.get("is_error") is True, raw)
    if block is not None:
        return block
    return OtherBlock(position, kind if isinstance(kind, str) else type_name(raw), raw)


def _image_url(raw: dict[str, object]) -> str | None:
    match raw:
        case {"type": "image_url", "image_url": {"url": str(url)} | str(url)}:
            return url
        case {"type": "image", "source": {"type": "url", "url": str(url)}}:
            return url
        case {"type": "image", "source": {"type": "base64", "media_type": str(media_type), "data": str(data)}}:
            return f"data:{media_type};base64,{data}"
    return None


def is_tool_result(kind: str) -> bool:
    """Whether a block kind is a tool result: `tool_result`, or that of a server tool."""
    return kind == "tool_result" or kind.endswith("_tool_result")


def result_text(content: object) -> str:
    """The text of a tool result: a string itself, the joined texts of text blocks, else compact JSON; no images."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if isinstance(content, list):
        blocks = [block for block in read_blocks(content) if not isinstance(block, ImageBlock)]
        texts = [block.text for block in blocks if isinstance(block, TextBlock)]
        if len(texts) == len(blocks):
            return "\n".join(texts)
        return dump([content[block.position] for block in blocks])
    return dump(content)


def joined_text(blocks: list[ContentBlock]) -> str:
    """The texts of the text blocks joined by newlines."""
    return "\n".join(block.text for block in blocks if isinstance(block, TextBlock))
