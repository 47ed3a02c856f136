"""Import of one transcript by comparing it with the archive: any size, any relation to what is stored."""

import contextlib
import os
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from storage.archive.archived_transcript import ArchivedTranscript
from storage.archive.byte_sources import end_of_lines
from storage.archive.chunk import Chunk, first_changed_chunk, make_chunks
from storage.archive.file_registry import paths_of, point_files_to, write_registry
from storage.archive.file_state import NO_TRANSCRIPT, FileKey, FileState
from storage.archive.transcript_rows import KeyRow, NewCompanion, TranscriptRow, new_transcript_id
from storage.archive.transcripts import (
    chunk_digests,
    companion_digests,
    insert_transcripts,
    lock_archive,
    merge_transcripts,
    note_derived,
    rename_transcripts,
    transcripts_by_id,
    transcripts_of_names,
    transcripts_of_sessions,
    update_transcript,
    write_chunks,
    write_companions,
    write_keys,
)
from storage.cancellation import run_in_cancellable_thread
from storage.database.database import Database
from storage.database.transaction import Transaction
from storage.documents.derived_session import DerivedSession
from storage.documents.formats.transcript_format import FoundTranscript, TranscriptFormat
from storage.documents.outcomes import CONFLICT, DELETED, EMPTY, OUTDATED, UNCHANGED
from storage.errors import InvalidDocument, Unavailable
from storage.records.identifier import is_session_id
from storage.transcripts.archive_reader import ArchiveReader
from storage.transcripts.derived_rows import row_digests
from storage.transcripts.derived_writer import SessionChanged, deleted_sessions, stored_sessions, stored_summaries
from storage.transcripts.found_bytes import FoundBytes, ReadCompanion, open_found, read_companions
from storage.transcripts.session_derivation import derive_session
from storage.transcripts.transcript_comparison import Relation, compare
from storage.transcripts.transcript_taking import file_states

PIECE_BYTES = 8 * 2**20
"""Bytes of a transcript that are stored in one transaction."""

_MOST_ATTEMPTS = 5


class Imported(NamedTuple):
    """The outcome for a transcript, its session, and the keys of the transcript if it has changed."""

    outcome: str
    session_id: str | None
    keys: Sequence[str] = ()


async def import_one(
    database: Database,
    format: TranscriptFormat,
    found: FoundTranscript,
    *,
    leave_deleted: bool,
    is_registered: bool = True,
) -> Imported:
    """Import a transcript. Raises OSError, InvalidDocument, Unavailable and Unreadable.

    Its files are registered, unless it is none that can be looked at again.
    """
    with contextlib.ExitStack() as files:
        opened = await run_in_cancellable_thread(lambda: files.enter_context(open_found(found)))
        companions = await run_in_cancellable_thread(read_companions, found)
        for _ in range(_MOST_ATTEMPTS):
            with contextlib.suppress(SessionChanged):
                run = _Import(database, format, found, opened, companions, leave_deleted, is_registered)
                return await run.run()
    raise Unavailable(f"Other processes keep changing the transcript {found.name}.")


class _Import:
    def __init__(
        self,
        database: Database,
        format: TranscriptFormat,
        found: FoundTranscript,
        opened: FoundBytes,
        companions: list[ReadCompanion],
        leave_deleted: bool,
        is_registered: bool,
    ) -> None:
        self._database = database
        self._format = format
        self._found = found
        self._opened = opened
        self._companions = companions
        self._leave_deleted = leave_deleted
        self._is_registered = is_registered
        # The rows of a database are exported anew whenever one changes.
        self._is_rewritten = found.is_rewritten or found.fingerprint != ""
        self._reader = ArchiveReader(database)

    async def run(self) -> Imported:
        session_id = await run_in_cancellable_thread(self._format.session_id, self._transcript())
        if session_id is not None and not is_session_id(session_id):
            raise InvalidDocument(f"The id of its session is invalid: {session_id[:200]!r}.")
        source, name = self._format.source, self._found.name
        async with self._database.snapshot() as connection:
            candidates = await transcripts_of_names(connection, source, [name])
            is_deleted = False
            if session_id is not None:
                stored = (await stored_sessions(connection, [session_id])).get(session_id)
                if stored is not None and stored.source != source:
                    return Imported(CONFLICT, session_id)
                is_left = stored is None and self._leave_deleted
                if is_left and await deleted_sessions(connection, source, [session_id]):
                    is_deleted = True
                others = await transcripts_of_sessions(connection, source, [session_id])
                candidates += [row for row in others if row.name != name]
        if is_deleted:
            await self._register(NO_TRANSCRIPT)
            return Imported(DELETED, session_id)
        relations = {row: await self._compare(row) for row in sorted(candidates, key=lambda row: -row.size)}
        # Longest first.
        contained = [
            row
            for row, relation in relations.items()
            if relation is Relation.SAME_OR_GROWN and (row.size or row.name == name)
        ]
        if self._opened.size and Relation.OLDER in relations.values():
            longest = next(row for row, relation in relations.items() if relation is Relation.OLDER)
            await self._leave(longest, contained)
            return Imported(OUTDATED, session_id)
        if contained:
            longest, *shorter = contained
            row = await self._renamed(longest, [one for one in candidates if one not in shorter])
            return await self._append(row._replace(session_id=session_id), longest, shorter)
        generations = [row.generation for row in candidates if row.name == name]
        generation = 1 + max(generations, default=-1)
        if generations and session_id is not None and (has_more := await self._is_older(session_id)) is not None:
            if not has_more:
                newest = max((row for row in candidates if row.name == name), key=lambda row: row.generation)
                await self._register(newest.id)
                return Imported(OUTDATED, session_id)
            generation = min(generations) - 1
        imported = await self._append(self._new_row(generation, session_id), None)
        return imported._replace(outcome=OUTDATED) if generation < min(generations, default=0) else imported

    def _new_row(self, generation: int, session_id: str | None) -> TranscriptRow:
        return TranscriptRow(
            new_transcript_id(),
            self._format.source,
            self._found.name,
            generation,
            session_id,
            self._is_rewritten,
            False,
            self._opened.modified_at,
            0,
        )

    def _transcript(self) -> ArchivedTranscript:
        contents = {one.name: one.content for one in self._companions}
        return ArchivedTranscript(
            self._found.name,
            self._opened.modified_at,
            self._opened.size,
            self._opened.read,
            contents.get,
            lambda key: self._reader.base(self._format.source, key),
        )

    async def _compare(self, row: TranscriptRow) -> Relation:
        async with self._database.snapshot() as connection:
            chunks = await chunk_digests(connection, row.id)
        archived = self._reader.bytes_of(row)
        return await run_in_cancellable_thread(compare, self._opened.read, self._opened.size, chunks, archived)

    async def _renamed(self, row: TranscriptRow, candidates: Sequence[TranscriptRow]) -> TranscriptRow:
        """The transcript under the name that a clean import of all its files would give it.

        That is the name of the file with the most bytes; of equal files the deepest one's, as copies tend to lie in no
        agent's layout.
        """
        name = self._found.name
        if row.name == name or any(other.name == name for other in candidates):
            return row
        renamed = row._replace(name=name, is_derived=False)
        if not await self._has_other_file(row):
            return renamed
        is_only_generation = sum(other.name == row.name for other in candidates) == 1
        is_first = self._opened.size > row.size or (-name.count("/"), name) < (-row.name.count("/"), row.name)
        return renamed._replace(generation=0) if is_only_generation and is_first else row

    async def _has_other_file(self, row: TranscriptRow) -> bool:
        async with self._database.snapshot() as connection:
            paths = (await paths_of(connection, [row.id])).get(row.id, [])
        own = FileKey.of(self._found.path, "").path
        return await run_in_cancellable_thread(lambda: any(os.path.lexists(path) for path in paths if path != own))

    async def _is_older(self, session_id: str) -> bool | None:
        """None if the file is no older copy of the session; else whether it has messages that are not stored."""
        async with self._database.snapshot() as connection:
            stored = (await stored_sessions(connection, [session_id])).get(session_id)
            summaries = [] if stored is None else await stored_summaries(connection, session_id)
        if stored is None:
            return None
        session: DerivedSession | None = await run_in_cancellable_thread(self._format.derive, [self._transcript()])
        if session is None or not session.messages:
            return False
        missing = Counter(row_digests(session, self._format.version)) - Counter(one.digest for one in summaries)
        is_behind = session.updated_at < stored.updated_at
        is_subset = session.updated_at == stored.updated_at and not missing
        if is_behind or (is_subset and len(session.messages) < stored.message_count):
            return bool(missing)
        return None

    def _states(self, transcript_id: int) -> list[tuple[FileKey, FileState]]:
        return file_states(self._found, self._opened, transcript_id, self._companions) if self._is_registered else []

    async def _register(self, transcript_id: int) -> None:
        """Note the files as those of a transcript to which they add nothing."""
        states = self._states(transcript_id)
        async with self._database.write() as transaction:
            await lock_archive(transaction)
            await write_registry(transaction, self._format.source, states)

    async def _leave(self, row: TranscriptRow, contained: Sequence[TranscriptRow]) -> None:
        """Note the files as those of a transcript that goes on, and merge those that it contains into it."""
        if not contained:
            await self._register(row.id)
            return
        states = self._states(row.id)
        async with self._database.write() as transaction:
            await lock_archive(transaction)
            await _store(transaction, row._replace(is_derived=False), row)
            await _merge(transaction, row, contained)
            await write_registry(transaction, self._format.source, states)
        if row.session_id is not None:
            await derive_session(self._database, self._format, row.session_id, leave_deleted=self._leave_deleted)

    async def _append(
        self, row: TranscriptRow, stored: TranscriptRow | None, contained: Sequence[TranscriptRow] = ()
    ) -> Imported:
        """Store what the file has beyond what is stored of a transcript, and derive its session.

        The file begins with all bytes of the transcripts that are `contained`, which are merged into this one.
        """
        end = self._opened.size
        companions = await self._changed_companions(row)
        if row == stored and row.is_derived and row.size == end and not companions and not contained:
            await self._register(row.id)
            return Imported(UNCHANGED, row.session_id)
        while True:
            start = row.size
            piece = end if self._is_rewritten else await run_in_cancellable_thread(self._end_of_piece, start)
            row = row._replace(size=piece, is_derived=False, modified_at=self._opened.modified_at)
            chunks = await run_in_cancellable_thread(self._chunks, start, piece)
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
            stored = await companion_digests(connection, row.id)
        made = await run_in_cancellable_thread(
            lambda: [NewCompanion.make(row.id, one.name, one.content) for one in self._companions]
        )
        return [one for one in made if stored.get(one.name) != one.digest]

    def _end_of_piece(self, start: int) -> int:
        """Where the lines end that are stored together: near PIECE_BYTES behind `start`."""
        end = self._opened.size
        stop = start + PIECE_BYTES
        while stop < end:
            if (found := end_of_lines(lambda first, count: self._opened.read(start + first, count), stop - start)) > 0:
                return start + found
            stop += PIECE_BYTES
        return end

    def _chunks(self, start: int, end: int) -> list[Chunk]:
        return list(make_chunks(self._opened.read, first_changed_chunk(start), end)) if end > start else []

    async def _derive(self, row: TranscriptRow) -> Imported:
        states = self._states(row.id)
        keys = await run_in_cancellable_thread(self._format.keys, self._transcript())

        async def finish(transaction: Transaction) -> None:
            await write_registry(transaction, self._format.source, states)

        if row.session_id is None:
            async with self._database.write() as transaction:
                await lock_archive(transaction)
                await note_derived(transaction, [row])
                await write_keys(transaction, [row.id], [KeyRow(key, row.source, True, row.id) for key in keys])
                await finish(transaction)
            return Imported(EMPTY, None, keys)
        outcome = await derive_session(
            self._database,
            self._format,
            row.session_id,
            at_hand={row.id: self._opened},
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
