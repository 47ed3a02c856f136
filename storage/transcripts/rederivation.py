"""Derives sessions again, from the archive, that an older version of their format derived or that are not complete."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.session import session
from storage.database.tables.transcript import transcript
from storage.errors import Unavailable, Unreadable

if TYPE_CHECKING:
    from storage.documents.formats.transcript_format import TranscriptFormat

log = logging.getLogger("reprise.derivation")

_RETRY_SECONDS = 5
_COMPACTED = 50
"""Sessions after which the search index is compacted."""


async def outdated_sessions(
    database: Database, formats: "Mapping[str, TranscriptFormat]", session_id: str | None = None
) -> "list[tuple[TranscriptFormat, str]]":
    """The ids of sessions that an earlier version of their format derived, or not wholly. Raises Unavailable.

    What a later version derived stays: processes of two versions may share a database during an upgrade. With a
    `session_id`, only sessions with this id are looked at.
    """
    is_behind = sa.or_(
        sa.false(),
        *(
            sa.and_(session.c.source == format.source, session.c.parser_version < format.version)
            for format in formats.values()
        ),
    )
    is_archived = sa.exists().where(transcript.c.session_id == session.c.id, transcript.c.source == session.c.source)
    behind = sa.select(session.c.source, session.c.id).where(is_behind, is_archived)
    incomplete = sa.select(transcript.c.source, transcript.c.session_id).where(
        transcript.c.source.in_(list(formats)), ~transcript.c.is_derived, transcript.c.session_id.is_not(None)
    )
    if session_id is not None:
        behind = behind.where(session.c.id == session_id)
        incomplete = incomplete.where(transcript.c.session_id == session_id)
    async with database.snapshot() as connection:
        rows = [*await connection.execute(behind), *await connection.execute(incomplete)]
    return [(formats[source], id) for source, id in sorted({(row[0], row[1]) for row in rows})]


async def keep_derived(database: Database, formats: "Mapping[str, TranscriptFormat]") -> None:
    """Derive all outdated sessions in the background of a server; while the database is unavailable, try again."""
    while True:
        try:
            count = 0
            async for _ in rederive(database, formats):
                count += 1
        except Unavailable:
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            if count:
                log.info("Derived %d sessions anew from their transcripts", count)
            return


async def rederive(database: Database, formats: "Mapping[str, TranscriptFormat]") -> AsyncIterator[tuple[str, str]]:
    """Derive all outdated sessions; yields the id and the outcome of each. Raises Unavailable.

    What people set stays: ids, titles, archive marks, links to threads. Deleted sessions stay deleted.
    """
    # All at once: later ones may belong to imports that are running.
    outdated = await outdated_sessions(database, formats)
    # So that processes that begin together, such as the workers of a server, do not all derive the same session.
    random.shuffle(outdated)
    if not outdated:
        return
    # Imported when there are any, as everything that a server does not need for reading: see docs/speed.md.
    from storage.search.index.compaction import compact
    from storage.transcripts.session_derivation import derive_session

    count = 0
    for format, session_id in outdated:
        if not await outdated_sessions(database, {format.source: format}, session_id):
            # Another process has derived it meanwhile.
            continue
        try:
            outcome = await derive_session(database, format, session_id)
        except Unreadable as error:
            log.warning("Session %s could not be derived anew: %s", session_id, error)
            continue
        count += 1
        if count % _COMPACTED == 0:
            await compact(database)
        yield session_id, outcome
    if count:
        await compact(database)
