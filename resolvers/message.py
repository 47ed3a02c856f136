"""Resolvers of Message and its blocks."""

import sys
from collections.abc import Awaitable, Sequence

import orjson

from resolvers.context import Context
from resolvers.errors import BadUserInput, NotFound
from resolvers.time_slices import time_slices
from storage.json_codec import dump
from storage.records.common_block import TYPENAMES as COMMON_TYPENAMES
from storage.records.common_block import CommonBlock, common_blocks
from storage.records.content_block import ContentBlock, OtherBlock, TextBlock, ToolResultBlock, ToolUseBlock
from storage.records.json_steps import JsonText
from storage.records.message import MessageRow
from storage.records.message_summary import MAX_LENGTH, message_summary
from storage.records.session import SessionRow
from storage.records.stored_blocks import message_block, result_images
from storage.records.token_usage import TokenCounts, stored_counts
from storage.records.tool_result import CallPlace

__all__ = ["COMMON_TYPENAMES", "MessageRow", "OtherBlock", "ToolResultBlock", "ToolUseBlock", "result_images"]

MAX_BLOCKS = 1_000
"""The largest page of blocks."""

LONG_CONTENT = 16 * 1024
"""Characters of a content that is parsed in steps."""


async def session(context: Context, row: MessageRow) -> SessionRow:
    """The session of the message. Raises NotFound when it was deleted meanwhile."""
    found = await context.session(row.session_id)
    if found is None:
        raise NotFound("The message's session was deleted a moment ago.")
    return found


def content(row: MessageRow, *, first: int, from_: int) -> list[ContentBlock] | Awaitable[list[ContentBlock]]:
    """Its blocks from a position on, at most `first` of them. Raises BadUserInput and Unreadable."""
    if first < 0 or from_ < 0:
        raise BadUserInput("`first` and `from` must not be negative.")
    end = from_ + min(max(first, 1), MAX_BLOCKS)
    if len(row.content) > LONG_CONTENT:
        return _blocks_in_slices(row, from_, end)
    blocks = row.blocks()
    shown = blocks if from_ == 0 and end >= len(blocks) else blocks[from_:end]
    for block in shown:
        if isinstance(block, ToolUseBlock | ToolResultBlock):
            block.message_place = (row.session_id, row.position)
    return shown


def common_contents(rows: Sequence[MessageRow], *, first: int, from_: int) -> list[list[CommonBlock] | None]:
    """The result of `content` for each row, as blocks without positions; None where it has to be called."""
    if from_ != 0:
        return [None] * len(rows)
    most = min(first, MAX_BLOCKS)
    contents: list[list[CommonBlock] | None] = []
    for row in rows:
        text = row.content
        blocks = None if len(text) > LONG_CONTENT else common_blocks(row.role, text)
        contents.append(None if blocks is None or len(blocks) > most else blocks)
    return contents


async def _blocks_in_slices(row: MessageRow, start: int, end: int) -> list[ContentBlock]:
    """Blocks of a long content, parsed without blocking the event loop."""
    slices = time_slices()
    blocks = []
    for block in row.iterate_blocks():
        if block is not None:
            if block.position >= end:
                break
            if block.position >= start:
                if isinstance(block, ToolUseBlock | ToolResultBlock):
                    block.message_place = (row.session_id, row.position)
                blocks.append(message_block(row.role, block))
        if slices.is_over():
            await slices.next()
    return blocks


def usage(row: MessageRow) -> TokenCounts | None:
    """Tokens of the reply it belongs to."""
    return None if row.usage is None else stored_counts(row.usage)


def result(context: Context, block: ToolUseBlock) -> Awaitable[ToolResultBlock | None]:
    """The result of a tool call, wherever in the session it is. Raises Unreadable and AnswerTooLarge."""
    assert block.message_place is not None
    return context.result(CallPlace(*block.message_place, block.position))


async def message_of(context: Context, block: ToolResultBlock) -> MessageRow:
    """The message of a tool result. Raises NotFound when it was deleted meanwhile."""
    assert block.message_place is not None
    found = await context.message_at(*block.message_place)
    if found is None:
        raise NotFound("The session was deleted a moment ago.")
    return found


def json_fragment(value: object) -> orjson.Fragment:
    """A JSON value as text that is copied into the response.

    orjson, which encodes responses, refuses integers beyond 64 bits and deep nesting.
    """
    return orjson.Fragment(value.text if isinstance(value, JsonText) else dump(value))


def text(row: MessageRow, max_length: int | None) -> str | Awaitable[str]:
    """The text blocks joined by newlines, at most `max_length` code points of them. Raises BadUserInput, Unreadable."""
    if max_length is not None and max_length < 0:
        raise BadUserInput("`maxLength` must not be negative.")
    return _text_in_slices(row, max_length) if len(row.content) > LONG_CONTENT else row.text()[:max_length]


def summary(row: MessageRow, max_length: int) -> str | Awaitable[str]:
    """The first words. Raises BadUserInput and Unreadable."""
    if max_length < 0:
        raise BadUserInput("`maxLength` must not be negative.")
    length = min(max(max_length, 1), MAX_LENGTH)
    if len(row.content) > LONG_CONTENT:
        return _summary_in_slices(row, length)
    return message_summary(row.blocks(), length)


async def _summary_in_slices(row: MessageRow, length: int) -> str:
    return message_summary(await _blocks_in_slices(row, 0, sys.maxsize), length)


async def _text_in_slices(row: MessageRow, max_length: int | None) -> str:
    slices = time_slices()
    texts = []
    for block in row.iterate_blocks():
        if isinstance(block, TextBlock):
            texts.append(block.text)
        if slices.is_over():
            await slices.next()
    return "\n".join(texts)[:max_length]
