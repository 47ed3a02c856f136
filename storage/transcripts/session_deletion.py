"""Deletes sessions. Those that stay keep what they continue of the deleted ones, up to where they left them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from storage.archive.companions import read_companion
from storage.archive.kept_bases import kept_base
from storage.archive.transcript_rows import NewCompanion, TranscriptRow
from storage.archive.transcripts import transcript_of_key, transcripts_by_id
from storage.cancellation import run_in_cancellable_thread
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables.transcript import transcript, transcript_key
from storage.documents import session_deletions
from storage.errors import Unreadable

if TYPE_CHECKING:
    from storage.documents.formats.transcript_format import Continued, TranscriptFormat
    from storage.transcripts.archive_reader import ArchiveReader


async def delete_sessions(
    database: Database, formats: "Mapping[str, TranscriptFormat]", ids: Sequence[str], *, with_threads: bool
) -> None:
    """Delete sessions as `session_deletions.delete_sessions` does, which see.

    A fork of Codex has none of the lines that it continues, and one of Claude Code has no long outputs of its source:
    derived again, it would lose them. Raises UnknownSessions and Unavailable.
    """
    kept = await _kept(database, formats, ids)
    await session_deletions.delete_sessions(database, ids, with_threads=with_threads, kept=kept)


async def _kept(
    database: Database, formats: "Mapping[str, TranscriptFormat]", ids: Sequence[str]
) -> list[NewCompanion]:
    async with database.snapshot() as connection:
        asking = [id for (id,) in await connection.execute(_asking(ids))]
        rows = await transcripts_by_id(connection, asking) if asking else {}
    if not rows:
        return []
    # Imported when there are any, as everything that a server does not need for reading: see docs/speed.md.
    from storage.transcripts.archive_reader import ArchiveReader
    from storage.transcripts.derived_writer import SessionChanged

    reader = ArchiveReader(database)
    kept: list[NewCompanion] = []
    for row in rows.values():
        try:
            continued = await run_in_cancellable_thread(_continued, formats[row.source], reader, row)
        except (SessionChanged, Unreadable):
            # What cannot be read cannot be kept either.
            continue
        async with database.snapshot() as connection:
            for key, name, content in continued:
                base = await transcript_of_key(connection, row.source, key)
                if base is None or base.session_id in ids:
                    kept.append(kept_base(row.id, key, name, content))
            for base, name in reader.companions_of_bases.get(row.id, ()):
                companion = await read_companion(connection, base, name) if base.session_id in ids else None
                if companion is not None:
                    kept.append(NewCompanion.make(row.id, name, companion))
    return kept


def _asking(ids: Sequence[str]) -> sa.Select[Any]:
    """The ids of the transcripts of other sessions that ask for one of these sessions."""
    own, asked, base = transcript_key.alias(), transcript_key.alias(), transcript.alias()
    return (
        sa.select(transcript.c.id)
        .join(asked, sa.and_(asked.c.transcript_id == transcript.c.id, ~asked.c.is_own))
        .join(own, sa.and_(own.c.key == asked.c.key, own.c.source == asked.c.source, own.c.is_own))
        .join(base, base.c.id == own.c.transcript_id)
        .where(is_any_of(base.c.session_id, "ids", list(ids)), ~is_any_of(transcript.c.session_id, "ids", list(ids)))
        .distinct()
    )


def _continued(format: "TranscriptFormat", reader: "ArchiveReader", row: TranscriptRow) -> list[tuple[str, str, bytes]]:
    """Key, name and content of what a transcript continues. The reader notes which companions of others it reads."""
    format.derive([reader.open(row)])
    return [(one.key, one.transcript.name, _beginning(one)) for one in format.continued(reader.open(row))]


def _beginning(continued: "Continued") -> bytes:
    lines = (data + b"\n" for offset, data in continued.transcript.lines() if offset < continued.size)
    return b"".join(lines)
