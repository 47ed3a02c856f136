"""Message."""

import orjson

from resolvers.context import Context
from resolvers.errors import NotFound
from storage.json_codec import dump
from storage.records.content_block import ContentBlock
from storage.records.message import MessageRow
from storage.records.session import SessionRow


async def session(context: Context, row: MessageRow) -> SessionRow:
    """The session it belongs to. Raises NotFound when that was deleted since."""
    found = await context.session(row.session_id)
    if found is None:
        raise NotFound("The message's session was deleted a moment ago.")
    return found


def content(row: MessageRow) -> list[ContentBlock]:
    """What it says, block by block. Raises Unreadable."""
    return row.blocks()


def passed_on(value: object) -> orjson.Fragment:
    """A JSON value as responses take it."""
    # As text: whole numbers beyond 64 bits and deep nesting are more than the encoder of responses takes.
    return orjson.Fragment(dump(value))


def text(row: MessageRow) -> str:
    """The text blocks joined by newlines. Raises Unreadable."""
    return row.text()
