"""Writing of one transcript to the archive, from which its session is then derived."""

from collections.abc import Sequence
from typing import NamedTuple

from storage.archive.companions import companion_digests, write_companions
from storage.archive.file_registry import point_files_to, write_registry
from storage.archive.transcript_rows import KeyRow, NewCompanion, TranscriptRow
from storage.archive.transcripts import (
    insert_transcripts,
    lock_archive,
    merge_transcripts,
    note_derived,
    rename_transcripts,
    transcripts_by_id,
    transcripts_of_names,
    update_transcript,
    write_chunks,
    write_keys,
)
from storage.cancellation import run_in_cancellable_thread
from storage.database.database import Database
from storage.database.transaction import Transaction
from storage.documents.outcomes import EMPTY, UNCHANGED
from storage.transcripts.archive_reader import ArchiveReader
from storage.transcripts.derived_writer import SessionChanged
from storage.transcripts.opened_transcript import OpenedTranscript
from storage.transcripts.session_derivation import derive_session


class Imported(NamedTuple):
    """The outcome for a transcript, its session, and the keys of the transcript if it has changed."""

    outcome: str
    session_id: str | None
    keys: Sequence[str] = ()


class TranscriptWriter:
    """Writes an open transcript. Its methods raise SessionChanged when another process has changed what is stored."""

    def __init__(
        self, database: Database, opened: OpenedTranscript, reader: ArchiveReader, *, leave_deleted: bool
    ) -> None:
        self._database = database
        self._opened = opened
        self._reader = reader
        self._source = opened.format.source
        self._leave_deleted = leave_deleted

    async def register(self, transcript_id: int) -> None:
        """Note the files as those of a transcript to which they add nothing."""
        states = self._opened.states(transcript_id)
        async with self._database.write() as transaction:
            await lock_archive(transaction)
            await write_registry(transaction, self._source, states)

    async def leave(self, row: TranscriptRow, contained: Sequence[TranscriptRow]) -> None:
        """Note the files as those of a transcript that is longer, and merge those that the file contains into it."""
        if not contained:
            await self.register(row.id)
            return
        states = self._opened.states(row.id)
        async with self._database.write() as transaction:
            await lock_archive(transaction)
            await _store(transaction, row._replace(is_derived=False), row)
            await _merge(transaction, row, contained)
            await write_registry(transaction, self._source, states)
        if row.session_id is not None:
            format = self._opened.format
            await derive_session(self._database, format, row.session_id, leave_deleted=self._leave_deleted)

    async def rename(self, row: TranscriptRow, name: str) -> None:
        """Give a transcript and its other generations a name that no transcript has."""
        async with self._database.write() as transaction:
            await lock_archive(transaction)
            is_changed = (await transcripts_by_id(transaction, [row.id])).get(row.id) != row
            if is_changed or await transcripts_of_names(transaction, row.source, [name]):
                raise SessionChanged
            await rename_transcripts(transaction, row, name)

    async def append(
        self, row: TranscriptRow, stored: TranscriptRow | None, contained: Sequence[TranscriptRow] = ()
    ) -> Imported:
        """Store what the file has beyond what is stored of a transcript, and derive its session.

        The file begins with all bytes of the transcripts that are `contained`, which are merged into this one.
        """
        opened = self._opened
        end = opened.content.size
        companions = await self._changed_companions(row)
        if row == stored and row.is_derived and row.size == end and not companions and not contained:
            await self.register(row.id)
            return Imported(UNCHANGED, row.session_id)
        while True:
            start = row.size
            piece = await run_in_cancellable_thread(opened.end_of_piece, start)
            row = row._replace(size=piece, is_derived=False, modified_at=opened.content.modified_at)
            chunks = await run_in_cancellable_thread(opened.chunks, start, piece)
            async with self._database.write() as transaction:
                await lock_archive(transaction)
                await _merge(transaction, row, contained)
                await _store(transaction, row, stored)
                await write_chunks(transaction, {row.id: chunks})
                await write_companions(transaction, companions)
            stored, companions, contained = row, [], ()
            if piece == end:
                return await self._derive(row)

    async def _changed_companions(self, row: TranscriptRow) -> list[NewCompanion]:
        async with self._database.snapshot() as connection:
            stored = await companion_digests(connection, row)
        return await run_in_cancellable_thread(self._opened.new_companions, row.id, stored)

    async def _derive(self, row: TranscriptRow) -> Imported:
        format, source = self._opened.format, self._source
        states = self._opened.states(row.id)
        keys = await run_in_cancellable_thread(format.keys, self._opened.archived(self._reader))

        async def finish(transaction: Transaction) -> None:
            await write_registry(transaction, source, states)

        if row.session_id is None:
            async with self._database.write() as transaction:
                await lock_archive(transaction)
                await note_derived(transaction, [row])
                await write_keys(transaction, [row.id], [KeyRow(key, source, True, row.id) for key in keys])
                await finish(transaction)
            return Imported(EMPTY, None, keys)
        outcome = await derive_session(
            self._database,
            format,
            row.session_id,
            at_hand={row.id: self._opened.content},
            leave_deleted=self._leave_deleted,
            finish=finish,
        )
        return Imported(outcome, row.session_id, keys)


async def _store(transaction: Transaction, row: TranscriptRow, stored: TranscriptRow | None) -> None:
    """Insert or update a transcript. Raises SessionChanged when another process has changed it."""
    if stored is None:
        same = await transcripts_of_names(transaction, row.source, [row.name])
        if any(one.generation == row.generation for one in same):
            raise SessionChanged
        await insert_transcripts(transaction, [row])
    else:
        if (await transcripts_by_id(transaction, [row.id])).get(row.id) != stored:
            raise SessionChanged
        if row.name != stored.name:
            await rename_transcripts(transaction, stored, row.name)
        await update_transcript(transaction, row)


async def _merge(transaction: Transaction, row: TranscriptRow, contained: Sequence[TranscriptRow]) -> None:
    """Merge transcripts into one that begins with their bytes. Raises SessionChanged as `_store` does."""
    if not contained:
        return
    found = await transcripts_by_id(transaction, [one.id for one in contained])
    if any(found.get(one.id) != one for one in contained):
        raise SessionChanged
    await merge_transcripts(transaction, [one.id for one in contained], row.id)
    await point_files_to(transaction, [one.id for one in contained], row.id)
