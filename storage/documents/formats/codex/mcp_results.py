"""What a server's tool answered, of which the model may have got less: the event on the call has all of it."""

from collections.abc import Sequence

from storage.documents.formats.blocks import Block, image_block, text_block
from storage.documents.formats.json_values import as_list, as_object, as_text, json_text, parse_json

_HEAD = "Wall time:"
_OUTPUT = "Output:\n"


def whole_content(content: str | list[Block], item: dict[str, object]) -> str | list[Block]:
    """The content of an output with what the event's item has beyond it.

    The middle of a long answer is cut. Beside a structured answer, the model gets neither texts nor pictures.
    """
    result = as_object(item.get("result"))
    answered = [_block(as_object(part)) for part in as_list(result.get("content"))]
    if not isinstance(content, str):
        has_head = bool(content) and as_text(content[0].get("text")).startswith(_HEAD)
        return [content[0], *answered] if has_head and _length(answered) > _length(content[1:]) else content
    structured = result.get("structuredContent")
    head, mark, body = content.partition(_OUTPUT)
    if structured is None or not head.startswith(_HEAD):
        return content
    whole = json_text(structured)
    text = head + mark + (whole if len(whole) > len(body) else body)
    others = [block for block in answered if _value(block) != structured]
    return [text_block(text), *others] if others else text


def _block(part: dict[str, object]) -> Block:
    """The block of a part: a text, a picture, or anything else as the JSON text that the model gets."""
    text, data = part.get("text"), part.get("data")
    if part.get("type") == "text" and isinstance(text, str):
        return text_block(text)
    if part.get("type") == "image" and isinstance(data, str):
        return image_block(as_text(part.get("mimeType")), data)
    return text_block(json_text(part))


def _length(blocks: Sequence[Block]) -> int:
    return sum(len(as_text(block.get("text"))) for block in blocks)


def _value(block: Block) -> object:
    """The value of a text that is JSON."""
    return parse_json(as_text(block.get("text")).encode(errors="replace"))
