"""Checks of the archive: chunks that are missing, too many, or not what was stored."""

import asyncio
from collections.abc import AsyncIterator

import sqlalchemy as sa

from storage.archive.chunk import CHUNK_BYTES, chunk_digest
from storage.archive.transcript_rows import TranscriptRow
from storage.archive.transcripts import ChunkDigest, chunk_digests, read_chunk
from storage.compression import decompress
from storage.database.database import Database
from storage.database.tables.transcript import transcript
from storage.doctor.finding import Finding

_BATCH = 500
_rows = (
    sa.select(*(transcript.c[name] for name in TranscriptRow._fields))
    .where(transcript.c.id > sa.bindparam("after"))
    .order_by(transcript.c.id)
    .limit(_BATCH)
)


async def examine_transcripts(database: Database) -> AsyncIterator[Finding]:
    """Yield a finding for each transcript whose bytes are not complete. Raises Unavailable."""
    after = -1
    while True:
        async with database.snapshot() as connection:
            rows = [TranscriptRow._make(row) for row in await connection.execute(_rows, {"after": after})]
        for row in rows:
            async with database.snapshot() as connection:
                size = (
                    await connection.execute(sa.select(transcript.c.size).where(transcript.c.id == row.id))
                ).scalar()
                chunks = await chunk_digests(connection, row.id)
            # Deleted since it was listed.
            if size is None:
                continue
            starts = list(range(0, size, CHUNK_BYTES))
            if [chunk.start for chunk in chunks] != starts or sum(chunk.size for chunk in chunks) != size:
                yield _finding(row, "chunks are missing or do not fit")
            elif not await _are_readable(database, row, chunks):
                yield _finding(row, "a chunk is not what was stored")
        if len(rows) < _BATCH:
            return
        after = rows[-1].id


async def _are_readable(database: Database, row: TranscriptRow, chunks: list[ChunkDigest]) -> bool:
    for chunk in chunks:
        async with database.snapshot() as connection:
            data = await read_chunk(connection, row.id, chunk.start)
        if data is not None and not await asyncio.to_thread(_is_whole, data, chunk):
            return False
    return True


def _is_whole(data: bytes, chunk: ChunkDigest) -> bool:
    try:
        plain = decompress(data)
    except ValueError:
        return False
    # Longer: it was appended to since.
    return len(plain) > chunk.size or chunk_digest(plain) == chunk.digest


def _finding(row: TranscriptRow, what: str) -> Finding:
    return Finding(f"Transcript {row.name}, generation {row.generation}: {what}.")
