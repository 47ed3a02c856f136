"""Checks of the archive: chunks that are missing, too many, or not what was stored."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from storage.archive.byte_batches import byte_batches
from storage.archive.chunk import CHUNK_BYTES, chunk_digest
from storage.archive.transcript_rows import TranscriptRow
from storage.compression import decompress
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables.transcript import transcript, transcript_chunk
from storage.database.transaction import DatabaseConnection
from storage.doctor.finding import Finding

_BATCH = 500
_READ_BYTES = 4 * CHUNK_BYTES
"""Plain bytes of the chunks that are read at once."""

_rows = (
    sa.select(*(transcript.c[name] for name in TranscriptRow._fields))
    .where(transcript.c.id > sa.bindparam("after"))
    .order_by(transcript.c.id)
    .limit(_BATCH)
)


class _Stored(NamedTuple):
    """A chunk without its data."""

    transcript_id: int
    start: int
    size: int
    digest: bytes


async def examine_transcripts(database: Database) -> AsyncIterator[Finding]:
    """Yield a finding for each transcript whose bytes are not complete. Raises Unavailable."""
    after = -1
    while True:
        async with database.snapshot() as connection:
            rows = [TranscriptRow._make(row) for row in await connection.execute(_rows, {"after": after})]
            stored = await _stored_chunks(connection, [row.id for row in rows])
        fitting = {row.id for row in rows if _fits(row, stored[row.id])}
        changed = await _changed(database, [chunk for id in sorted(fitting) for chunk in stored[id]])
        for row in rows:
            if row.id not in fitting:
                yield _finding(row, "chunks are missing or do not fit")
            elif row.id in changed:
                yield _finding(row, "a chunk is not what was stored")
        if len(rows) < _BATCH:
            return
        after = rows[-1].id


async def _stored_chunks(connection: DatabaseConnection, ids: list[int]) -> dict[int, list[_Stored]]:
    """The chunks of transcripts, in order."""
    found: dict[int, list[_Stored]] = defaultdict(list)
    columns = (transcript_chunk.c[name] for name in _Stored._fields)
    of_ids = is_any_of(transcript_chunk.c.transcript_id, "ids", ids)
    for row in await connection.execute(sa.select(*columns).where(of_ids).order_by(transcript_chunk.c.start)):
        found[row.transcript_id].append(_Stored._make(row))
    return found


def _fits(row: TranscriptRow, chunks: Sequence[_Stored]) -> bool:
    starts = list(range(0, row.size, CHUNK_BYTES))
    return [chunk.start for chunk in chunks] == starts and sum(chunk.size for chunk in chunks) == row.size


async def _changed(database: Database, chunks: Sequence[_Stored]) -> set[int]:
    """The transcripts with a chunk that is not what was stored, without those that were deleted meanwhile."""
    changed: set[int] = set()
    for some in byte_batches(chunks, _BATCH, _READ_BYTES):
        async with database.snapshot() as connection:
            data = await _data(connection, some)
        read = [(chunk, data[chunk[:2]]) for chunk in some if chunk[:2] in data]
        changed |= await asyncio.to_thread(_changed_ids, read)
    return changed


async def _data(connection: DatabaseConnection, chunks: Sequence[_Stored]) -> dict[tuple[int, int], bytes]:
    """The compressed data of chunks, by their transcripts and starts."""
    ids = is_any_of(transcript_chunk.c.transcript_id, "ids", list({chunk.transcript_id for chunk in chunks}))
    starts = is_any_of(transcript_chunk.c.start, "starts", list({chunk.start for chunk in chunks}))
    columns = (transcript_chunk.c.transcript_id, transcript_chunk.c.start, transcript_chunk.c.data)
    rows = await connection.execute(sa.select(*columns).where(ids, starts))
    return {(row.transcript_id, row.start): row.data for row in rows}


def _changed_ids(read: Sequence[tuple[_Stored, bytes]]) -> set[int]:
    return {chunk.transcript_id for chunk, data in read if not _is_whole(data, chunk)}


def _is_whole(data: bytes, chunk: _Stored) -> bool:
    try:
        plain = decompress(data)
    except ValueError:
        return False
    # Longer: it was appended to since.
    return len(plain) > chunk.size or chunk_digest(plain) == chunk.digest


def _finding(row: TranscriptRow, what: str) -> Finding:
    return Finding(f"Transcript {row.name}, generation {row.generation}: {what}.")
