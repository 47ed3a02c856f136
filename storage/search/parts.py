"""What is indexed: a title, and of a message its texts, thinking, tool names, inputs and outputs, in parts.

Nearly every message is one part. A very long one is several, since no database takes any length; words that must all
match must then do so in one part. Parts overlap, so that no phrase is lost between two.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import sqlalchemy as sa

from storage.content_block import (
    ContentBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from storage.search.tokens import BARRIER, token_text

MOST_TOKENS = 10_000
MOST_CHARACTERS = 250_000
"""PostgreSQL's tsvector takes 2^20 bytes, and a character has up to four."""

OVERLAP = 256
"""Tokens that a part has in common with the one before it: as many as a query has at most."""

_PART_BITS = 12
_POSITION_BITS = 20
TITLE_POSITION = 2**_POSITION_BITS - 1
"""Where a session's title stands: behind all of its messages, so that it comes first when the latest comes first."""


class PartRow(NamedTuple):
    """A part as stored: its id tells the session's number, the message's position and the part's place.

    `tokens` have a blank on either side; `length` counts them.
    """

    id: int
    length: int
    tokens: str


def id_span(number: int) -> tuple[int, int]:
    """The first id of a session's parts, and the first beyond them."""
    bits = _PART_BITS + _POSITION_BITS
    return number << bits, (number + 1) << bits


def first_id(number: int, position: int) -> int:
    """The id of the first part of a message."""
    return ((number << _POSITION_BITS) | position) << _PART_BITS


def place_of(part_id: int) -> tuple[int, int]:
    """The number of the session and the position of the message that a part belongs to."""
    message = part_id >> _PART_BITS
    return message >> _POSITION_BITS, message & TITLE_POSITION


def message_of(part_id: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """What tells in SQL one message from every other."""
    return part_id.op(">>")(sa.literal(_PART_BITS, sa.Integer()))


def session_of(part_id: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The number of the session that a part belongs to, in SQL."""
    return part_id.op(">>")(sa.literal(_PART_BITS + _POSITION_BITS, sa.Integer()))


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


def message_tokens(blocks: Sequence[ContentBlock]) -> str:
    """The tokens of a message, a barrier between its texts."""
    texts = (token_text(text) for block in blocks for text in searched_text(block) if text)
    return f" {BARRIER} ".join([text for text in texts if text])


def message_rows(number: int, start: int, tokens: Sequence[str]) -> list[PartRow]:
    """The parts of messages by their tokens; the first message stands at position `start`.

    Beyond the first million of a session, which is what ids can tell apart, none is searched.
    """
    known = tokens[: max(TITLE_POSITION - start, 0)]
    return [row for position, text in enumerate(known, start) for row in part_rows(number, position, text)]


def part_rows(number: int, position: int, tokens: str) -> list[PartRow]:
    """The parts of a message, or of a title at TITLE_POSITION; none when it holds no word."""
    if not tokens:
        return []
    start = first_id(number, position)
    length = tokens.count(" ") + 1
    if length <= MOST_TOKENS and len(tokens) <= MOST_CHARACTERS:
        return [PartRow(start, length, f" {tokens} ")]
    # Beyond what ids can tell apart, some forty million words, nothing is searched.
    pieces = islice(_pieces(tokens.split(" ")), 2**_PART_BITS)
    return [PartRow(start + place, len(piece), f" {' '.join(piece)} ") for place, piece in enumerate(pieces)]


def _pieces(words: list[str]) -> Iterator[list[str]]:
    start = size = 0
    for place, word in enumerate(words):
        if place - start == MOST_TOKENS or size + len(word) >= MOST_CHARACTERS:
            yield words[start:place]
            start = place - OVERLAP
            size = sum(len(common) + 1 for common in words[start:place])
        size += len(word) + 1
    yield words[start:]
