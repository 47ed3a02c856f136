"""Parts of the contents of messages and outputs, as blocks."""

from storage.documents.formats.blocks import Block, image_link, other_block, text_block
from storage.documents.formats.json_values import as_list, as_object, as_text

_TEXTS = {"input_text", "output_text", "summary_text", "reasoning_text", "text", "Text"}


def content_parts(content: object) -> list[dict[str, object]]:
    """The parts of a content; a string is one part."""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else as_list(content)
    return [as_object(part) for part in parts]


def content_block(part: dict[str, object]) -> Block:
    """The block of a part: a text, a picture, or the part as it is."""
    text, url = part.get("text"), part.get("image_url")
    if isinstance(text, str) and as_text(part.get("type")) in _TEXTS:
        return text_block(text)
    url = as_object(url).get("url") if isinstance(url, dict) else url
    return image_link(url) if isinstance(url, str) else other_block(part)


def content_blocks(content: object) -> list[Block]:
    """The blocks of all parts."""
    return [content_block(part) for part in content_parts(content)]
