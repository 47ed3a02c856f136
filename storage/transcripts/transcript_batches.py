"""Import of transcripts in batches: reader processes take them, and each batch is saved in one transaction."""

import asyncio
import functools
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext

from storage.archive.byte_batches import byte_batches
from storage.archive.companions import companion_names
from storage.archive.file_state import FileKey
from storage.archive.transcripts import transcripts_by_id, transcripts_of_names, transcripts_of_sessions
from storage.database.database import Database
from storage.database.transaction import DatabaseConnection
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.documents.readers import READER_ENDED, Readers, executor
from storage.errors import ReaderEnded
from storage.transcripts.batch_writer import ReadBatch, Result, save_batch
from storage.transcripts.derived_writer import (
    stored_sessions,
    stored_summaries,
)
from storage.transcripts.finding import Changed
from storage.transcripts.transcript_taking import (
    Job,
    take_batch,
    take_packed,
)

BATCH_TRANSCRIPTS = 500
BATCH_BYTES = 8 * 2**20
"""Largest total of file sizes in a batch, which takes several times as much memory.

A batch makes a search segment of more than half of `compaction.FULL_BYTES`, so that no two are merged.
"""

# Saving what one process reads takes a fourth of its time, or less.
_MOST_READERS = 4


def transcript_readers(size: int) -> AbstractContextManager[Readers]:
    """Readers for transcripts of `size` bytes."""
    return executor(size, _MOST_READERS)


async def import_batches(
    database: Database,
    format: TranscriptFormat,
    changed: Sequence[Changed],
    leave_deleted: frozenset[FileKey],
    readers: Readers | None = None,
) -> AsyncGenerator[list[Result], None]:
    """Import transcripts batch by batch, in order, reading ahead of what is saved. Raises Unavailable and ReaderEnded.

    Sessions of `leave_deleted` that were deleted here are not created again. Without `readers`, it has its own.
    """
    waiting = deque(byte_batches(changed, BATCH_TRANSCRIPTS, BATCH_BYTES))
    own = nullcontext(readers) if readers else transcript_readers(sum(one.size for one in changed))
    with own as readers:
        reads: deque[asyncio.Task[ReadBatch]] = deque()
        try:
            while waiting or reads:
                while waiting and len(reads) < readers.workers + 1:
                    reads.append(asyncio.create_task(_read(database, format, waiting.popleft(), readers)))
                batch = await reads.popleft()
                yield await save_batch(database, format, batch, leave_deleted)
        except BrokenProcessPool:
            raise ReaderEnded(READER_ENDED) from None
        finally:
            for task in reads:
                task.cancel()
            # Retrieves the exceptions, which asyncio would log otherwise.
            await asyncio.gather(*reads, return_exceptions=True)


async def _read(database: Database, format: TranscriptFormat, batch: list[Changed], readers: Readers) -> ReadBatch:
    async with database.snapshot() as connection:
        jobs = await _jobs(connection, format.source, batch)
    take = take_packed if readers.are_processes else take_batch
    taken = [job for job in jobs if job is not None]
    work = functools.partial(take, format, taken, is_sqlite=database.is_sqlite)
    return ReadBatch(batch, jobs, await asyncio.get_running_loop().run_in_executor(readers.pool, work))


async def _jobs(connection: DatabaseConnection, source: str, batch: Sequence[Changed]) -> list[Job | None]:
    """The job of each transcript; None for one that must be compared with the archive."""
    known = [one.known.transcript_id for one in batch if one.known is not None]
    rows = await transcripts_by_id(connection, known)
    companions = await companion_names(connection, list(rows)) if rows else {}
    new_names = [one.found.name for one in batch if one.known is None or one.known.transcript_id not in rows]
    taken_names = {row.name for row in await transcripts_of_names(connection, source, new_names)}
    ids = [row.session_id for row in rows.values() if row.session_id is not None]
    counts: dict[str | None, int] = {}
    for one in await transcripts_of_sessions(connection, source, ids):
        counts[one.session_id] = counts.get(one.session_id, 0) + 1
    sessions = await stored_sessions(connection, ids)
    jobs: list[Job | None] = []
    for changed in batch:
        # Mapping proxies cannot be sent to another process.
        found = changed.found._replace(companions=dict(changed.found.companions), excerpts=dict(changed.found.excerpts))
        row = None if changed.known is None else rows.get(changed.known.transcript_id)
        if changed.found.read is not None or (row is None and changed.found.name in taken_names):
            jobs.append(None)
        elif row is not None and row.name != changed.found.name:
            # Several files held the same bytes.
            jobs.append(None)
        elif row is None:
            jobs.append(Job(found))
        elif not found.has_excerpts_at_hand:
            # The archive has them.
            jobs.append(None)
        elif row.session_id is None:
            jobs.append(Job(found, changed.known, row, companions=companions.get(row.id, frozenset())))
        else:
            stored = sessions.get(row.session_id)
            if stored is None or counts[row.session_id] > 1 or stored.source != source or not row.is_derived:
                jobs.append(None)
            else:
                summaries = await stored_summaries(connection, row.session_id)
                archived = companions.get(row.id, frozenset())
                jobs.append(Job(found, changed.known, row, stored, summaries, archived))
    return jobs
