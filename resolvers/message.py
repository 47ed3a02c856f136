"""Resolvers of Message and its blocks."""

import orjson

from resolvers.context import Context
from resolvers.errors import NotFound
from storage.json_codec import dump
from storage.records.content_block import MessageBlock
from storage.records.message import MessageRow
from storage.records.session import SessionRow


async def session(context: Context, row: MessageRow) -> SessionRow:
    """The session of the message. Raises NotFound when it was deleted meanwhile."""
    found = await context.session(row.session_id)
    if found is None:
        raise NotFound("The message's session was deleted a moment ago.")
    return found


def content(row: MessageRow) -> list[MessageBlock]:
    """Its blocks. Raises Unreadable."""
    return row.blocks()


def json_fragment(value: object) -> orjson.Fragment:
    """A JSON value as text that is copied into the response.

    orjson, which encodes responses, refuses integers beyond 64 bits and deep nesting.
    """
    return orjson.Fragment(dump(value))


def text(row: MessageRow) -> str:
    """The text blocks joined by newlines. Raises Unreadable."""
    return row.text()
