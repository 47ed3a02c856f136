"""Message."""

import orjson

from resolvers.context import Context
from resolvers.errors import NotFound
from storage.content_block import ContentBlock, OtherBlock, ToolUseBlock
from storage.jsontext import dump
from storage.message import MessageRow
from storage.session import SessionRow


async def session(context: Context, row: MessageRow) -> SessionRow:
    """The session it belongs to. Raises NotFound when that was deleted since."""
    found = await context.session(row.session_id)
    if found is None:
        raise NotFound("The message's session was deleted a moment ago.")
    return found


def content(row: MessageRow) -> list[ContentBlock]:
    """What it says, block by block. Raises Unreadable."""
    return [_passed_on(block) for block in row.blocks()]


def _passed_on(block: ContentBlock) -> ContentBlock:
    # As text: whole numbers beyond 64 bits and deep nesting are more than the encoder of responses takes.
    match block:
        case ToolUseBlock(input=dict() | list() | int() as value):
            block.input = orjson.Fragment(dump(value))
        case OtherBlock(raw=value):
            block.raw = orjson.Fragment(dump(value))
    return block


def text(row: MessageRow) -> str:
    """The text blocks joined by newlines. Raises Unreadable."""
    return row.text()
