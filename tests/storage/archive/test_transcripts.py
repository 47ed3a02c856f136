"""Transcripts in the archive, with their companions, keys and files."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.archive.chunk import CHUNK_BYTES, first_changed_chunk, make_chunks
from storage.archive.companions import companion_digests, read_companion, read_companions, write_companions
from storage.archive.file_registry import paths_of, read_registry, write_registry
from storage.archive.file_state import NO_TRANSCRIPT, FileKey, FileStat, FileState
from storage.archive.transcript_rows import KeyRow, NewCompanion, TranscriptRow, new_transcript_id
from storage.archive.transcripts import (
    chunk_digests,
    delete_transcripts,
    in_order,
    insert_transcripts,
    read_transcript,
    transcript_of_key,
    transcripts_of_names,
    transcripts_of_session,
    write_chunks,
    write_keys,
)
from storage.database.database import Database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened


MODIFIED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def row(name: str, size: int = 0, generation: int = 0, session_id: str | None = "session") -> TranscriptRow:
    return TranscriptRow(new_transcript_id(), "AGENT", name, generation, session_id, False, True, MODIFIED, size)


async def content(database: Database, transcript: TranscriptRow) -> bytes:
    return b"".join([piece async for piece in read_transcript(database, transcript)])


async def test_appends_rewrite_the_last_chunk_until_it_is_full(database: Database) -> None:
    data = bytes(range(256)) * 10_000
    transcript = row("a.jsonl")
    async with database.write() as transaction:
        await insert_transcripts(transaction, [transcript])
    sizes = [0, 10, 2_000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 5, len(data)]
    for before, after in itertools.pairwise(sizes):
        chunks = make_chunks(lambda offset, count: data[offset : offset + count], first_changed_chunk(before), after)
        async with database.write() as transaction:
            await write_chunks(transaction, {transcript.id: list(chunks)})
        assert await content(database, transcript._replace(size=after)) == data[:after]
    async with database.snapshot() as connection:
        digests = await chunk_digests(connection, transcript.id)
    assert [chunk.size for chunk in digests] == [CHUNK_BYTES, CHUNK_BYTES, len(data) - 2 * CHUNK_BYTES]


async def test_transcripts_of_a_session_come_in_the_order_of_their_file_names(database: Database) -> None:
    rows = [row("z/1.jsonl"), row("a/2.jsonl", generation=1), row("a/2.jsonl"), row("a/0.jsonl", session_id="other")]
    async with database.write() as transaction:
        await insert_transcripts(transaction, rows)
    async with database.snapshot() as connection:
        found = await transcripts_of_session(connection, "AGENT", "session")
        assert [(one.name, one.generation) for one in found] == [("z/1.jsonl", 0), ("a/2.jsonl", 0), ("a/2.jsonl", 1)]
        assert in_order(await transcripts_of_names(connection, "AGENT", ["a/2.jsonl"])) == [rows[2], rows[1]]
        assert await transcripts_of_session(connection, "ELSE", "session") == []


async def test_companions_are_replaced_by_name(database: Database) -> None:
    first, second = row("a"), row("b")
    async with database.write() as transaction:
        await insert_transcripts(transaction, [first, second])
        await write_companions(
            transaction, [NewCompanion.make(one.id, "notes.txt", one.name.encode()) for one in (first, second)]
        )
    async with database.write() as transaction:
        await write_companions(transaction, [NewCompanion.make(first.id, "notes.txt", b"new")])
    async with database.snapshot() as connection:
        assert await read_companion(connection, first, "notes.txt") == b"new"
        assert await read_companion(connection, second, "notes.txt") == b"b"
        assert await read_companion(connection, second, "none") is None
        assert list(await companion_digests(connection, first)) == ["notes.txt"]


async def test_companions_of_other_generations_of_a_session_are_found(database: Database) -> None:
    older, newer = row("a"), row("a", generation=1)
    other = row("a", session_id="other", generation=2)
    async with database.write() as transaction:
        await insert_transcripts(transaction, [older, newer, other])
        companions = [(older, "gone.txt"), (older, "notes.txt"), (newer, "notes.txt"), (other, "other.txt")]
        await write_companions(
            transaction, [NewCompanion.make(one.id, name, f"{one.generation}".encode()) for one, name in companions]
        )
    async with database.snapshot() as connection:
        assert await read_companions(connection, newer) == {"gone.txt": b"0", "notes.txt": b"1"}
        assert await read_companions(connection, older) == {"gone.txt": b"0", "notes.txt": b"0"}
        assert await read_companion(connection, newer, "gone.txt") == b"0"
        assert await read_companion(connection, newer, "other.txt") is None


async def test_a_transcript_is_found_by_its_own_keys_alone(database: Database) -> None:
    base, fork = row("base"), row("fork")
    async with database.write() as transaction:
        await insert_transcripts(transaction, [base, fork])
        await write_keys(
            transaction,
            [base.id, fork.id],
            [KeyRow("k", "AGENT", True, base.id), KeyRow("k", "AGENT", False, fork.id)],
        )
    async with database.snapshot() as connection:
        assert await transcript_of_key(connection, "AGENT", "k") == base
        assert await transcript_of_key(connection, "AGENT", "none") is None
        assert await transcript_of_key(connection, "ELSE", "k") is None


async def test_deleting_takes_everything_of_one_transcript(database: Database) -> None:
    rows = [row("a", 3), row("b", 3)]
    async with database.write() as transaction:
        await insert_transcripts(transaction, rows)
        await write_chunks(transaction, {one.id: list(make_chunks(lambda *_: b"abc", 0, 3)) for one in rows})
        await write_keys(
            transaction, [one.id for one in rows], [KeyRow(one.name, "AGENT", True, one.id) for one in rows]
        )
    async with database.write() as transaction:
        await delete_transcripts(transaction, [rows[0].id])
    async with database.snapshot() as connection:
        assert await transcripts_of_session(connection, "AGENT", "session") == [rows[1]]
        assert await transcript_of_key(connection, "AGENT", "a") is None
        assert await transcript_of_key(connection, "AGENT", "b") == rows[1]
    assert await content(database, rows[1]) == b"abc"


async def test_the_registry_returns_what_was_written_last(database: Database, tmp_path: Path) -> None:
    key = FileKey.of(tmp_path / "a\udcff.jsonl", "a.jsonl")
    transcript = row("a.jsonl")
    first = FileState(transcript.id, False, FileStat(2**63 - 1, 2, 3, 4), 3, b"head", b"tail")
    other = (FileKey.of(tmp_path / "a", "b"), FileState(0, True, FileStat(1, 2, 3, 4), fingerprint="x"))
    async with database.write() as transaction:
        await insert_transcripts(transaction, [transcript])
        await write_registry(transaction, "AGENT", [(key, first), other])
    second = first._replace(taken=5)
    async with database.write() as transaction:
        await write_registry(transaction, "AGENT", [(key, second)])
        assert await paths_of(transaction, [transcript.id, 2]) == {transcript.id: [key.path]}
    assert await read_registry(database, "AGENT") == dict([(key, second), other])
    assert await read_registry(database, "ELSE") == {}
    async with database.write() as transaction:
        await delete_transcripts(transaction, [transcript.id])
    assert (await read_registry(database, "AGENT"))[key].transcript_id == NO_TRANSCRIPT
