"""Extracts the texts of a message that are indexed and searched."""

from collections.abc import Iterator, Sequence

from storage.records.content_block import (
    ContentBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
    read_blocks,
)


def content_texts(content: object) -> list[str]:
    """The searched texts of a stored content."""
    if isinstance(content, list):
        texts = [block.get("text") for block in content if isinstance(block, dict) and block.get("type") == "text"]
        # Fast path for most messages, which have only text blocks.
        if len(texts) == len(content) and all(isinstance(text, str) for text in texts):
            return list(filter(None, texts))
    return searched_texts(read_blocks(content))


def searched_texts(blocks: Sequence[ContentBlock]) -> list[str]:
    """The searched texts of a message. No phrase matches across two of them."""
    return [text for block in blocks for text in searched_text(block) if text]


def searched_text(block: ContentBlock) -> Iterator[str]:
    """The searched texts of a block."""
    match block:
        case TextBlock(text=text) | ToolResultBlock(text=text):
            yield text
        case ThinkingBlock(thinking=thinking):
            yield thinking
        case ToolUseBlock(name=name, input=value):
            yield name
            yield from _strings(value)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
