"""Imports of transcripts in tests, and all that is stored by them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import storage.transcripts.opened_transcript
import storage.transcripts.session_derivation
import storage.transcripts.transcript_taking
from storage.archive.transcript_rows import TranscriptRow
from storage.archive.transcripts import read_transcript
from storage.database.database import Database
from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.database.tables.transcript import transcript, transcript_key
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.transcripts.transcript_imports import find_transcripts, import_found

_CHANGING = {"number", "saved_at", "transcript_version", "transcript_rewrites", "created_seq", "changed_seq"}


@contextmanager
def small_pieces() -> Iterator[None]:
    """Transactions, chunks and transcripts that are stored in pieces, at the size of examples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage.transcripts.transcript_taking, "MOST_TAKEN_BYTES", 300)
        patch.setattr(storage.transcripts.opened_transcript, "PIECE_BYTES", 150)
        patch.setattr(storage.transcripts.session_derivation, "PIECE_BYTES", 100)
        yield


async def take(database: Database, format: TranscriptFormat, home: Path, **options: Any) -> dict[str, str | None]:
    """Import what has changed below a home; the result or the reason of its refusal by name."""
    found = await find_transcripts(database, format, [home], **options)
    include_deleted = options.get("include_deleted", False)
    return {
        one.found.name: one.result or one.reason
        async for outcomes in import_found(database, found, include_deleted=include_deleted)
        for one in outcomes
    }


async def stored_rows(database: Database) -> dict[str, Any]:
    """All sessions with their messages, without what differs from import to import."""
    async with database.snapshot() as connection:
        sessions = (await connection.execute(sa.select(session).order_by(session.c.id))).mappings().all()
        messages = (
            (await connection.execute(sa.select(message).order_by(message.c.session_id, message.c.position)))
            .mappings()
            .all()
        )
    return {
        row["id"]: (
            {name: value for name, value in row.items() if name not in _CHANGING and not name.startswith("previous_")},
            [dict(one) for one in messages if one["session_id"] == row["id"]],
        )
        for row in sessions
    }


async def stored_transcripts(database: Database) -> list[TranscriptRow]:
    """All transcripts, sorted."""
    columns = [transcript.c[name] for name in TranscriptRow._fields]
    statement = sa.select(*columns).order_by(transcript.c.name, transcript.c.generation)
    async with database.snapshot() as connection:
        return [TranscriptRow._make(row) for row in await connection.execute(statement)]


async def archived_bytes(database: Database) -> dict[tuple[str, int], bytes]:
    """The bytes of all transcripts by name and generation."""
    return {
        (row.name, row.generation): b"".join([piece async for piece in read_transcript(database, row)])
        for row in await stored_transcripts(database)
    }


async def stored_keys(database: Database) -> set[tuple[str, bool]]:
    """All keys of transcripts, and whether they are their own."""
    async with database.snapshot() as connection:
        return {(row.key, row.is_own) for row in await connection.execute(sa.select(transcript_key))}


async def texts(database: Database, session_id: str, *, only_live: bool = False) -> list[Any]:
    """The contents of a session's messages as stored, in order; of those that the model sees by their places."""
    statement = sa.select(message.c.content, message.c.place).where(message.c.session_id == session_id)
    async with database.snapshot() as connection:
        rows = (await connection.execute(statement.order_by(message.c.position))).all()
    if only_live:
        rows = sorted((row for row in rows if row.place is not None), key=lambda row: row.place)
    return [row.content for row in rows]
