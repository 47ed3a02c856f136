"""Opens archived transcripts for formats, which run in threads and know nothing of databases."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from storage.archive.archived_transcript import ArchivedTranscript
from storage.archive.byte_sources import ChunkBytes
from storage.archive.companions import read_companion
from storage.archive.kept_bases import read_kept_base
from storage.archive.transcript_rows import TranscriptRow
from storage.archive.transcripts import read_chunk, transcript_of_key, transcripts_by_id
from storage.database.database import Database
from storage.errors import Unreadable
from storage.transcripts.derived_writer import SessionChanged
from storage.transcripts.found_bytes import FoundBytes

T = TypeVar("T")


class ArchiveReader:
    """Reads the archive from threads, while the event loop that it was created in runs.

    `at_hand` has transcripts whose files are open, by id: they are read there. `asked_keys` collects the keys by which
    formats asked for other transcripts, by the id of the transcript that was opened first: a fork of a fork changes
    with the base of its base, too. In the same way `companions_of_bases` collects the companions of other transcripts
    that formats read.
    """

    def __init__(self, database: Database, at_hand: Mapping[int, FoundBytes] | None = None) -> None:
        self._database = database
        self._loop = asyncio.get_running_loop()
        self._at_hand = at_hand or {}
        self.asked_keys: dict[int, set[str]] = {}
        self.companions_of_bases: dict[int, set[tuple[TranscriptRow, str]]] = {}

    def open(self, row: TranscriptRow) -> ArchivedTranscript:
        """The transcript as it was when its row was read.

        Reading it raises Unavailable, Unreadable, and SessionChanged when it was deleted or merged since.
        """
        return self._open(row, row)

    def base(self, source: str, key: str) -> ArchivedTranscript | None:
        """The transcript with a key; None if there is none."""
        found = self._wait(self._base(source, key))
        return None if found is None else self.open(found)

    def bytes_of(self, row: TranscriptRow) -> Callable[[int, int], bytes]:
        """A function that returns bytes of a transcript by their offset and count."""
        if row.id in self._at_hand:
            return self._at_hand[row.id].read
        return ChunkBytes(lambda start: self._wait(self._chunk(row, start))).read

    def _open(self, row: TranscriptRow, asking: TranscriptRow) -> ArchivedTranscript:
        def companion(name: str) -> bytes | None:
            content = self._wait(self._companion(row, name))
            if content is not None and row is not asking:
                self.companions_of_bases.setdefault(asking.id, set()).add((row, name))
            return content

        def base(key: str) -> ArchivedTranscript | None:
            self.asked_keys.setdefault(asking.id, set()).add(key)
            if (found := self._wait(self._base(row.source, key))) is not None:
                return self._open(found, asking)
            # Its session may have been deleted: what continued it has what it needs of it.
            kept = self._wait(self._kept_base((row, asking), key))
            if kept is None:
                return None
            name, content = kept
            return ArchivedTranscript(name, row.modified_at, len(content), _slices(content), lambda _: None, base)

        return ArchivedTranscript(row.name, row.modified_at, row.size, self.bytes_of(row), companion, base)

    def _wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _chunk(self, row: TranscriptRow, start: int) -> bytes:
        async with self._database.snapshot() as connection:
            data = await read_chunk(connection, row.id, start)
            is_gone = data is None and not await transcripts_by_id(connection, [row.id])
        if is_gone:
            raise SessionChanged
        if data is None:
            raise Unreadable(f"A part of the transcript {row.name} is missing in the archive.")
        return data

    async def _companion(self, row: TranscriptRow, name: str) -> bytes | None:
        async with self._database.snapshot() as connection:
            return await read_companion(connection, row, name)

    async def _kept_base(self, rows: Sequence[TranscriptRow], key: str) -> tuple[str, bytes] | None:
        async with self._database.snapshot() as connection:
            for row in rows:
                if (kept := await read_kept_base(connection, row, key)) is not None:
                    return kept
        return None

    async def _base(self, source: str, key: str) -> TranscriptRow | None:
        async with self._database.snapshot() as connection:
            return await transcript_of_key(connection, source, key)


def _slices(content: bytes) -> Callable[[int, int], bytes]:
    return lambda start, count: content[start : start + count]
