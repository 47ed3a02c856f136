"""The stored transcripts: rows, chunks and keys, each read and written by few statements."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from storage.archive.chunk import CHUNK_BYTES, Chunk
from storage.archive.companions import move_companions
from storage.archive.transcript_rows import KeyRow, TranscriptRow
from storage.compression import decompress
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables.transcript import transcript, transcript_chunk, transcript_companion, transcript_key
from storage.database.transaction import DatabaseConnection, Transaction

_CHUNK_COLUMNS = ("transcript_id", *Chunk._fields)
_KEY_COLUMNS = ("key", "source", "is_own", "transcript_id")


_rows = sa.select(*(transcript.c[name] for name in TranscriptRow._fields))
_of_session = _rows.where(
    transcript.c.source == sa.bindparam("source"), transcript.c.session_id == sa.bindparam("session_id")
)
_digests = (
    sa.select(transcript_chunk.c.start, transcript_chunk.c.size, transcript_chunk.c.digest)
    .where(transcript_chunk.c.transcript_id == sa.bindparam("transcript_id"))
    .order_by(transcript_chunk.c.start)
)
_chunk = sa.select(transcript_chunk.c.data).where(
    transcript_chunk.c.transcript_id == sa.bindparam("transcript_id"),
    transcript_chunk.c.start == sa.bindparam("start"),
)


def in_order(rows: Iterable[TranscriptRow]) -> list[TranscriptRow]:
    """Transcripts in an order that only depends on them: by the last part of their names, then by generation."""
    return sorted(rows, key=lambda row: (row.name.rpartition("/")[2], row.name, row.generation))


async def transcripts_of_session(connection: DatabaseConnection, source: str, session_id: str) -> list[TranscriptRow]:
    """All transcripts of a session with all their generations, in order."""
    rows = await connection.execute(_of_session, {"source": source, "session_id": session_id})
    return in_order(TranscriptRow._make(row) for row in rows)


async def transcripts_by_id(connection: DatabaseConnection, ids: Sequence[int]) -> dict[int, TranscriptRow]:
    """Transcripts by their ids."""
    rows = await connection.execute(_rows.where(is_any_of(transcript.c.id, "ids", list(ids))))
    return {row.id: TranscriptRow._make(row) for row in rows}


class ChunkDigest(NamedTuple):
    """The span of a chunk and the digest of its plain bytes."""

    start: int
    size: int
    digest: bytes


async def chunk_digests(connection: DatabaseConnection, transcript_id: int) -> list[ChunkDigest]:
    """The digests of all chunks of a transcript, in order."""
    rows = await connection.execute(_digests, {"transcript_id": transcript_id})
    return [ChunkDigest._make(row) for row in rows]


async def read_chunk(connection: DatabaseConnection, transcript_id: int, start: int) -> bytes | None:
    """The compressed chunk of a transcript that begins at `start`; None if there is none."""
    found = await connection.execute(_chunk, {"transcript_id": transcript_id, "start": start})
    return found.scalar()


async def read_transcript(database: Database, row: TranscriptRow) -> AsyncIterator[bytes]:
    """The bytes of a transcript, piece by piece. Raises Unavailable."""
    for start in range(0, row.size, CHUNK_BYTES):
        async with database.snapshot() as connection:
            data = await read_chunk(connection, row.id, start)
        if data is None:
            return
        # A chunk that was appended to meanwhile is longer.
        yield decompress(data)[: row.size - start]


async def insert_transcripts(transaction: Transaction, rows: Sequence[TranscriptRow]) -> None:
    """Insert new transcripts."""
    await transaction.insert(
        transcript,
        TranscriptRow._fields,
        [(*row[:-2], transaction.instant(row.modified_at), row.size) for row in rows],
    )


async def lock_archive(transaction: Transaction) -> None:
    """Wait for other transactions that write to the archive, in any process. It must come first in a transaction."""
    if transaction.is_sqlite:
        await transaction.execute(sa.text("UPDATE session_number SET last = last"))
    else:
        await transaction.execute(sa.select(sa.func.pg_advisory_xact_lock(_ARCHIVE_LOCK)))


_ARCHIVE_LOCK = 7_238_419_006_153
"""A number that no other lock has."""


async def update_transcript(transaction: Transaction, row: TranscriptRow) -> None:
    """Store the columns of a transcript that may change."""
    values = row._asdict()
    id = values.pop("id")
    await transaction.execute(sa.update(transcript).where(transcript.c.id == id).values(values))


async def rename_transcripts(transaction: Transaction, row: TranscriptRow, name: str) -> None:
    """Rename a transcript and its other generations of the same session. No transcript may have the new name."""
    columns = transcript.c
    is_same = sa.and_(columns.name == row.name, columns.source == row.source, columns.session_id == row.session_id)
    await transaction.execute(sa.update(transcript).where(is_same).values(name=name))


async def merge_transcripts(transaction: Transaction, ids: Sequence[int], into: int) -> None:
    """Delete transcripts with whose bytes another one begins. That one gets the companions that it lacks."""
    for id in ids:
        await move_companions(transaction, id, into)
    await delete_transcripts(transaction, ids)


async def note_derived(transaction: Transaction, rows: Sequence[TranscriptRow]) -> None:
    """Mark these transcripts as derived, except those that have grown since."""
    for row in rows:
        if not row.is_derived:
            is_same = sa.and_(transcript.c.id == row.id, transcript.c.size == row.size)
            await transaction.execute(sa.update(transcript).where(is_same).values(is_derived=True))


async def transcripts_of_names(
    connection: DatabaseConnection, source: str, names: Sequence[str]
) -> list[TranscriptRow]:
    """All generations of the transcripts with these names."""
    statement = _rows.where(is_any_of(transcript.c.name, "names", list(names)), transcript.c.source == source)
    return [TranscriptRow._make(row) for row in await connection.execute(statement)]


async def transcripts_of_sessions(
    connection: DatabaseConnection, source: str, ids: Sequence[str]
) -> list[TranscriptRow]:
    """All transcripts of these sessions."""
    statement = _rows.where(is_any_of(transcript.c.session_id, "ids", list(ids)), transcript.c.source == source)
    return [TranscriptRow._make(row) for row in await connection.execute(statement)]


async def sessions_that_continue(connection: DatabaseConnection, source: str, keys: Sequence[str]) -> set[str]:
    """The ids of the sessions with a transcript that continues one with these keys."""
    statement = (
        sa.select(transcript.c.session_id)
        .join_from(transcript, transcript_key, transcript_key.c.transcript_id == transcript.c.id)
        .where(is_any_of(transcript_key.c.key, "keys", list(keys)))
        .where(transcript_key.c.source == source, ~transcript_key.c.is_own, transcript.c.session_id.is_not(None))
    )
    return set((await connection.execute(statement)).scalars())


async def write_chunks(transaction: Transaction, chunks: Mapping[int, Sequence[Chunk]]) -> None:
    """Write chunks by the ids of their transcripts; the last chunk that is stored may be replaced by a longer one."""
    rewritten = [{"own": transcript_id, "first": some[0].start} for transcript_id, some in chunks.items() if some]
    if rewritten:
        await transaction.execute(_delete_chunks, rewritten)
    await transaction.insert(
        transcript_chunk,
        _CHUNK_COLUMNS,
        [(transcript_id, *chunk) for transcript_id, some in chunks.items() for chunk in some],
    )


_delete_chunks = sa.delete(transcript_chunk).where(
    transcript_chunk.c.transcript_id == sa.bindparam("own"), transcript_chunk.c.start >= sa.bindparam("first")
)


async def write_keys(transaction: Transaction, transcript_ids: Sequence[int], keys: Sequence[KeyRow]) -> None:
    """Replace all keys of these transcripts."""
    if transcript_ids:
        await transaction.execute(
            sa.delete(transcript_key).where(is_any_of(transcript_key.c.transcript_id, "ids", list(transcript_ids)))
        )
    await transaction.insert(transcript_key, _KEY_COLUMNS, keys)


async def transcript_of_key(connection: DatabaseConnection, source: str, key: str) -> TranscriptRow | None:
    """The newest generation of the transcript with a key; None if there is none."""
    rows = await connection.execute(
        _rows.join_from(transcript, transcript_key, transcript_key.c.transcript_id == transcript.c.id).where(
            transcript_key.c.key == key, transcript_key.c.source == source, transcript_key.c.is_own
        )
    )
    found = in_order(TranscriptRow._make(row) for row in rows)
    return found[-1] if found else None


async def delete_transcripts(transaction: Transaction, ids: Sequence[int]) -> None:
    """Delete transcripts with everything that belongs to them, except the states of their files."""
    for table in (transcript_chunk, transcript_companion, transcript_key):
        await transaction.execute(sa.delete(table).where(is_any_of(table.c.transcript_id, "ids", list(ids))))
    await transaction.execute(sa.delete(transcript).where(is_any_of(transcript.c.id, "ids", list(ids))))
