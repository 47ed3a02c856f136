"""Summaries of messages, for lists."""

from collections.abc import Iterator, Sequence

from storage.records.content_block import (
    CompactionBlock,
    ContentBlock,
    OtherBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from storage.records.injected import split_block
from storage.records.transcript_items import call_line

MAX_LENGTH = 2_000
"""The longest summary, in code points."""

_READ_FACTOR = 8
"""Code points of a text that are read for each code point of its summary, since white space is shortened."""


def message_summary(blocks: Sequence[ContentBlock], max_length: int) -> str:
    """The first words of a message in one line: of a text, else of a call, of thinking or of any other block.

    Injected text is left out unless there is nothing else.
    """
    summaries = (summarized(text, max_length) for text in _texts(blocks))
    return next(filter(None, summaries), "")


def summarized(text: str, max_length: int) -> str:
    """The beginning of a text in one line."""
    return " ".join(text.lstrip()[: _READ_FACTOR * max_length].split())[:max_length].rstrip()


def _texts(blocks: Sequence[ContentBlock]) -> Iterator[str]:
    """The texts that may make a summary, the best first."""
    texts = [block for block in blocks if isinstance(block, TextBlock)]
    for block in texts:
        yield split_block(block).own
    for kind in (ToolUseBlock, ThinkingBlock, ToolResultBlock, CompactionBlock, OtherBlock):
        for other in blocks:
            if isinstance(other, kind):
                yield _text(other)
    for block in texts:
        yield block.text


def _text(block: ContentBlock) -> str:
    match block:
        case ToolUseBlock():
            return call_line(block)
        case ThinkingBlock(thinking=text) | CompactionBlock(summary=text) | ToolResultBlock(text=text):
            return text
        case OtherBlock(block_kind=kind):
            return kind
    return ""
