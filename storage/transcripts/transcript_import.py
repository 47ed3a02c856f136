"""Import of one transcript by comparing it with the archive: any size, any relation to what is stored."""

import contextlib
import os
from collections import Counter
from collections.abc import Sequence

from storage.archive.file_registry import paths_of
from storage.archive.file_state import NO_TRANSCRIPT, FileKey
from storage.archive.transcript_rows import TranscriptRow
from storage.archive.transcripts import chunk_digests, transcripts_of_names, transcripts_of_sessions
from storage.cancellation import run_in_cancellable_thread
from storage.database.database import Database
from storage.documents.derived_session import DerivedSession
from storage.documents.formats.transcript_format import FoundTranscript, TranscriptFormat
from storage.documents.outcomes import CONFLICT, DELETED, OUTDATED
from storage.errors import InvalidDocument, Unavailable
from storage.records.identifier import is_session_id
from storage.transcripts.archive_reader import ArchiveReader
from storage.transcripts.derived_rows import row_digests
from storage.transcripts.derived_writer import SessionChanged, deleted_sessions, stored_sessions, stored_summaries
from storage.transcripts.opened_transcript import OpenedTranscript, open_transcript
from storage.transcripts.transcript_comparison import Relation, compare
from storage.transcripts.transcript_writer import Imported, TranscriptWriter

_MOST_ATTEMPTS = 5


async def import_one(
    database: Database,
    format: TranscriptFormat,
    found: FoundTranscript,
    *,
    leave_deleted: bool,
    is_registered: bool = True,
) -> Imported:
    """Import a transcript. Raises OSError, InvalidDocument, Unavailable and Unreadable.

    `is_registered` is false for a transcript without files that can be read again.
    """
    opening = open_transcript(format, found, is_registered=is_registered)
    with contextlib.ExitStack() as files:
        opened = await run_in_cancellable_thread(files.enter_context, opening)
        for _ in range(_MOST_ATTEMPTS):
            with contextlib.suppress(SessionChanged):
                return await _Import(database, opened, leave_deleted=leave_deleted).run()
    raise Unavailable(f"Other processes keep changing the transcript {found.name}.")


class _Import:
    def __init__(self, database: Database, opened: OpenedTranscript, *, leave_deleted: bool) -> None:
        self._database = database
        self._opened = opened
        self._format = opened.format
        self._name = opened.found.name
        self._leave_deleted = leave_deleted
        self._reader = ArchiveReader(database)
        self._writer = TranscriptWriter(database, opened, self._reader, leave_deleted=leave_deleted)

    async def run(self) -> Imported:
        session_id = await run_in_cancellable_thread(self._format.session_id, self._opened.archived(self._reader))
        if session_id is not None and not is_session_id(session_id):
            raise InvalidDocument(f"The id of its session is invalid: {session_id[:200]!r}.")
        source, name = self._format.source, self._name
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
            await self._writer.register(NO_TRANSCRIPT)
            return Imported(DELETED, session_id)
        relations = {row: await self._compare(row) for row in sorted(candidates, key=lambda row: -row.size)}
        # Longest first.
        contained = [
            row
            for row, relation in relations.items()
            if relation is Relation.SAME_OR_GROWN and (row.size or row.name == name)
        ]
        if self._opened.content.size and Relation.OLDER in relations.values():
            longest = next(row for row, relation in relations.items() if relation is Relation.OLDER)
            await self._writer.leave(longest, contained)
            return Imported(OUTDATED, session_id)
        if contained:
            longest, *shorter = contained
            row = await self._renamed(longest, [one for one in candidates if one not in shorter])
            return await self._writer.append(row._replace(session_id=session_id), longest, shorter)
        candidates = await self._with_moved(candidates)
        generations = [row.generation for row in candidates if row.name == name]
        generation = 1 + max(generations, default=-1)
        if generations and session_id is not None and (has_more := await self._is_older(session_id)) is not None:
            if not has_more:
                newest = max((row for row in candidates if row.name == name), key=lambda row: row.generation)
                await self._writer.register(newest.id)
                return Imported(OUTDATED, session_id)
            generation = min(generations) - 1
        imported = await self._writer.append(self._opened.new_row(generation, session_id), None)
        return imported._replace(outcome=OUTDATED) if generation < min(generations, default=0) else imported

    async def _compare(self, row: TranscriptRow) -> Relation:
        async with self._database.snapshot() as connection:
            chunks = await chunk_digests(connection, row.id)
        archived = self._reader.bytes_of(row)
        return await run_in_cancellable_thread(
            compare, self._opened.content.read, self._opened.content.size, chunks, archived
        )

    async def _renamed(self, row: TranscriptRow, candidates: Sequence[TranscriptRow]) -> TranscriptRow:
        """The transcript under the name that a clean import of all its files would give it.

        That is the name of the file with the most bytes; of equal files the deepest one's, as copies tend to lie in no
        agent's layout.
        """
        name = self._name
        if row.name == name or any(other.name == name for other in candidates):
            return row
        renamed = row._replace(name=name, is_derived=False)
        if not await self._has_other_file(row):
            return renamed
        is_only_generation = sum(other.name == row.name for other in candidates) == 1
        is_first = self._opened.content.size > row.size or (-name.count("/"), name) < (-row.name.count("/"), row.name)
        return renamed._replace(generation=0) if is_only_generation and is_first else row

    async def _with_moved(self, candidates: list[TranscriptRow]) -> list[TranscriptRow]:
        """The candidates, of which those that this file replaces in another folder have its name.

        A program that moves a project gives the folder of its transcripts another name and writes the new directory
        into them: the file that was read is gone, and this one has the same name in its folder.
        """
        name = self._name
        if any(row.name == name for row in candidates):
            return candidates
        newest = {row.name: row for row in sorted(candidates, key=lambda row: row.generation)}
        for row in newest.values():
            if row.name.rpartition("/")[2] == name.rpartition("/")[2] and await self._is_gone(row):
                await self._writer.rename(row, name)
                return [one._replace(name=name) if one.name == row.name else one for one in candidates]
        return candidates

    async def _is_gone(self, row: TranscriptRow) -> bool:
        """Whether a transcript was read from files of which none is left."""
        async with self._database.snapshot() as connection:
            has_files = row.id in await paths_of(connection, [row.id])
        return has_files and not await self._has_other_file(row)

    async def _has_other_file(self, row: TranscriptRow) -> bool:
        async with self._database.snapshot() as connection:
            paths = (await paths_of(connection, [row.id])).get(row.id, [])
        own = FileKey.of(self._opened.found.path, "").path
        return await run_in_cancellable_thread(lambda: any(os.path.lexists(path) for path in paths if path != own))

    async def _is_older(self, session_id: str) -> bool | None:
        """None if the file is no older copy of the session; else whether it has messages that are not stored."""
        async with self._database.snapshot() as connection:
            stored = (await stored_sessions(connection, [session_id])).get(session_id)
            summaries = [] if stored is None else await stored_summaries(connection, session_id)
        if stored is None:
            return None
        session: DerivedSession | None = await run_in_cancellable_thread(
            self._format.derive, [self._opened.archived(self._reader)]
        )
        if session is None or not session.messages:
            return False
        missing = Counter(row_digests(session, self._format.version)) - Counter(one.digest for one in summaries)
        is_behind = session.updated_at < stored.updated_at
        is_subset = session.updated_at == stored.updated_at and not missing
        if is_behind or (is_subset and len(session.messages) < stored.message_count):
            return bool(missing)
        return None
