"""The content blocks of a long content, parsed in short steps between which other work can be done."""

import itertools
from collections.abc import Iterator

from storage.json_codec import type_name
from storage.records.content_block import (
    ContentBlock,
    ImageBlock,
    OtherBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from storage.records.json_steps import JsonReader, JsonText, Steps
from storage.records.stored_blocks import is_file, is_tool_result, read_block, result_images


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
        return read_block(position, value), end
    if not reader.has(place, "{"):
        value, end = yield from reader.value(place)
        return _other_block(position, value), end
    members, end = yield from _long_object(reader, place)
    images: list[ImageBlock] | None = None
    match members:
        case {"type": str(kind), "content": JsonText() as result} if is_tool_result(kind):
            members["content"], images = yield from _long_result(result)
    block = read_block(position, members)
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
    file_count = 0
    # The places of the runs of other blocks than files.
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
        block = read_block(position, item)
        if isinstance(block, TextBlock):
            texts.append(block.text)
        if is_file(block):
            file_count += 1
            images += [block] if isinstance(block, ImageBlock) else []
        elif runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((place, end))
        yield
        if not reader.has(end, ","):
            break
    if len(texts) + file_count == position + 1:
        return "\n".join(texts), images
    if not file_count:
        return content.text, images
    return f"[{','.join([content.text[start:stop] for start, stop in runs])}]", images
