"""The texts of a message that are indexed and searched."""

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
    """The texts of a stored content that are searched, each for itself."""
    if isinstance(content, list):
        texts = [block.get("text") for block in content if isinstance(block, dict) and block.get("type") == "text"]
        # So are most messages: there is no need to make blocks of them.
        if len(texts) == len(content) and all(isinstance(text, str) for text in texts):
            return list(filter(None, texts))
    return searched_texts(read_blocks(content))


def searched_texts(blocks: Sequence[ContentBlock]) -> list[str]:
    """The texts of a message that are searched, each for itself."""
    return [text for block in blocks for text in searched_text(block) if text]


def searched_text(block: ContentBlock) -> Iterator[str]:
    """The texts of a block that are searched, each for itself."""
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
