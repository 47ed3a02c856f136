"""Message."""

from resolvers.context import Context
from resolvers.json import RawJSON
from storage.content_block import ContentBlock
from storage.message import MessageRow
from storage.session import SessionRow


async def session(context: Context, row: MessageRow) -> SessionRow | None:
    """The session it belongs to; None when that was deleted a moment ago."""
    return await context.sessions.load(row.session_id)


def content(row: MessageRow) -> list[ContentBlock]:
    """What it says, block by block. Raises Unreadable."""
    return row.blocks()


def raw_content(row: MessageRow) -> RawJSON:
    """The blocks as stored."""
    return RawJSON(row.content)


def text(row: MessageRow) -> str:
    """The text blocks joined by newlines. Raises Unreadable."""
    return row.text()
