"""Export of transcripts: the bytes that an agent wrote, from the archive."""

from collections.abc import AsyncIterator

import sqlalchemy as sa

from storage.archive.transcript_rows import TranscriptRow
from storage.archive.transcripts import read_transcript, transcripts_of_session
from storage.database.database import Database
from storage.database.tables.session import session
from storage.errors import TooLarge

_source = sa.select(session.c.source).where(session.c.id == sa.bindparam("session_id"))


async def newest_transcripts(database: Database, session_id: str) -> list[TranscriptRow]:
    """The transcripts of a session, each in its newest generation, in order; none for one that a document holds whole.

    Raises Unavailable.
    """
    async with database.snapshot() as connection:
        source = (await connection.execute(_source, {"session_id": session_id})).scalar()
        rows = [] if source is None else await transcripts_of_session(connection, source, session_id)
    newest = {row.name: row for row in rows}
    return [row for row in rows if newest[row.name] is row]


async def export_transcripts(database: Database, session_id: str) -> AsyncIterator[bytes]:
    """The bytes of a session's transcripts one after another, piece by piece. Raises Unavailable."""
    for row in await newest_transcripts(database, session_id):
        async for piece in read_transcript(database, row):
            yield piece


async def transcript_text(database: Database, session_id: str, max_bytes: int) -> str | None:
    """A session's transcripts as text, with U+FFFD for what is no UTF-8; None for a session without any.

    Raises TooLarge, without reading them, when they have more than `max_bytes`, and Unavailable.
    """
    rows = await newest_transcripts(database, session_id)
    if not rows:
        return None
    size = sum(row.size for row in rows)
    if size > max_bytes:
        raise TooLarge(f"The transcript has {size:,} bytes.")
    pieces = [piece async for piece in export_transcripts(database, session_id)]
    return b"".join(pieces).decode(errors="replace")
