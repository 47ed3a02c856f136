"""Export: a stored session as the document that its agent wrote."""

import asyncio
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.documents.document import stored_message
from storage.errors import TooLarge, Unreadable
from storage.json_codec import dump, load

_header = sa.select(session.c.header, session.c.title, session.c.is_renamed, session.c.is_archived).where(
    session.c.id == sa.bindparam("session_id")
)
_messages = (
    sa.select(message.c.role, message.c.content, message.c.extra)
    .where(message.c.session_id == sa.bindparam("session_id"), message.c.place.is_not(None))
    .order_by(message.c.position)
)


_size = sa.select(sa.func.coalesce(sa.func.sum(message.c.size), 0)).where(
    message.c.session_id == sa.bindparam("session_id"), message.c.place.is_not(None)
)


async def export_document(database: Database, session_id: str) -> dict[str, object] | None:
    """The newest document that was imported, with the title and archive mark set here since.

    None when the session is not stored. Raises Unreadable and Unavailable.
    """
    async with database.snapshot() as connection:
        row = (await connection.execute(_header, {"session_id": session_id})).first()
        if row is None:
            return None
        messages = (await connection.execute(_messages, {"session_id": session_id})).all()
    return _document(row, messages)


async def document_text(database: Database, session_id: str, max_characters: int) -> str | None:
    """The session as its agent wrote it, as text. None when the session is not stored.

    Raises TooLarge, without reading it, when it has more than `max_characters`, and Unreadable and Unavailable.
    """
    async with database.snapshot() as connection:
        row = (await connection.execute(_header, {"session_id": session_id})).first()
        if row is None:
            return None
        size = len(row.header) + (await connection.execute(_size, {"session_id": session_id})).scalar_one()
        if size > max_characters:
            raise TooLarge(f"The document has {size:,} characters.")
        messages = (await connection.execute(_messages, {"session_id": session_id})).all()
    return await asyncio.to_thread(lambda: dump(_document(row, messages)))


def _document(row: Any, messages: Sequence[Any]) -> dict[str, object]:
    """The document of a session's row and messages. Raises Unreadable."""
    try:
        header = load(row.header)
        assert isinstance(header, dict)
        document = {**header, "messages": [stored_message(*columns) for columns in messages]}
    except ValueError:
        raise Unreadable("The stored session could not be understood.") from None
    metadata = document["metadata"]
    if row.is_renamed:
        metadata["title"] = row.title
    if (metadata.get("archived") is True) != row.is_archived:
        metadata["archived"] = row.is_archived
    return document
