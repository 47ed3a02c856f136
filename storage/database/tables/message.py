"""The messages of sessions."""

from datetime import datetime

import sqlalchemy as sa

from storage.database.long_text import LongText
from storage.database.tables.session import session
from storage.database.tables.table import Table, column, table_of
from storage.database.types import Instant, KeyText


class Message(Table, table=True):
    """A message. `content` is JSON text; `extra` is the message without its content, if it has other unmodelled keys.

    `place` is its index in the session's newest document, null if that does not hold it. `digest` is equal for equal
    messages. `usage` is a JSON list of the tokens of the reply, in the order of `TokenUsage`. `item_count` counts the
    thread items that it makes, its tool results left out. The small columns come first, so that SQLite reads them
    without the overflow pages of a long content.
    """

    session_id: str = column(KeyText, sa.ForeignKey(session.c.id, ondelete="CASCADE"), primary_key=True)
    position: int = column(sa.Integer, primary_key=True, autoincrement=False)
    place: int | None = column(sa.Integer, nullable=True)
    role: str = column(sa.Text)
    created_at: datetime | None = column(Instant, nullable=True)
    is_injected: bool = column(sa.Boolean)
    model: str | None = column(sa.Text, nullable=True)
    usage: str | None = column(sa.Text, nullable=True)
    item_count: int = column(sa.Integer)
    size: int = column(sa.Integer)
    digest: bytes = column(sa.LargeBinary)
    tool_links: str | None = column(sa.Text, nullable=True)
    extra: str | None = column(sa.Text, nullable=True)
    content: str = column(LongText)


message = table_of(Message)
