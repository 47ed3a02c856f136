"""Import of agents' transcripts: finds them below homes, imports what has changed, and derives the sessions that
continue it.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

from storage.archive.file_registry import read_registry
from storage.archive.file_state import FileKey
from storage.archive.transcripts import sessions_that_continue
from storage.database.database import Database
from storage.database.planner_statistics import refresh_statistics
from storage.documents.formats.transcript_format import FoundTranscript, TranscriptFormat
from storage.documents.outcomes import CONFLICT, CREATED, GONE, UPDATED, FileOutcome
from storage.documents.readers import Readers
from storage.errors import InvalidDocument, Unreadable
from storage.search.index.compaction import Compactor
from storage.transcripts.finding import Changed, ChangedTranscripts, find_changed
from storage.transcripts.session_derivation import derive_session
from storage.transcripts.transcript_batches import import_batches
from storage.transcripts.transcript_import import import_one
from storage.transcripts.transcript_taking import MOST_TAKEN_BYTES, Refused
from storage.transcripts.transcript_writer import Imported

# The most paths for which only their part of the registry of files is read.
_MOST_PATHS = 500


class TranscriptOutcome(NamedTuple):
    """The outcome for a transcript of `size` bytes, or None with the reason of its refusal."""

    found: FoundTranscript
    size: int
    result: str | None
    reason: str = ""

    @property
    def path(self) -> Path:
        """The path of its file."""
        return self.found.path


Batches = AsyncGenerator[list[FileOutcome], None] | AsyncGenerator[list[TranscriptOutcome], None]
"""The outcomes of an import of documents or of transcripts, some at a time."""


async def find_transcripts(
    database: Database,
    format: TranscriptFormat,
    homes: Sequence[Path],
    *,
    walked: Sequence[FoundTranscript] = (),
    named: Sequence[FoundTranscript] = (),
    since: float | None = None,
    include_deleted: bool = False,
) -> ChangedTranscripts:
    """Find the transcripts that have changed: below homes, and among those that were found already.

    `named` are those that a caller named itself, not by a folder. With `since`, a time in seconds, files that were last
    changed before it are left out. Raises Unavailable.
    """
    given = [*named, *walked]
    paths = {FileKey.of(path, "").path for one in given for path in (one.path, *one.companions.values())}
    is_few = not homes and len(paths) <= _MOST_PATHS
    registry = await read_registry(database, format.source, paths if is_few else None)
    return await asyncio.to_thread(find_changed, format, homes, walked, named, since, include_deleted, registry)


async def import_found(
    database: Database, found: ChangedTranscripts, *, include_deleted: bool = False, readers: Readers | None = None
) -> AsyncGenerator[list[TranscriptOutcome], None]:
    """Import what has changed; yields the outcomes, some at a time. Raises Unavailable and ReaderEnded.

    `readers` are those of imports of several agents, which a process takes a while to start.

    Sessions that were deleted here are not created again, unless their transcripts are named. Files that are gone by
    the time they are read are refused only if they are named: agents move and delete theirs.
    """
    format = found.format
    change_count = 0
    keys: set[str] = set()
    small = [one for one in found.changed if one.size <= MOST_TAKEN_BYTES]
    unusual = [one for one in found.changed if one.size > MOST_TAKEN_BYTES]
    left = frozenset(
        key
        for one in found.changed
        if not include_deleted and (key := FileKey.of(one.found.path, one.found.name)) not in found.named
    )
    async with Compactor(database) as compactor:
        async with aclosing(import_batches(database, format, small, left, readers)) as batches:
            async for results in batches:
                outcomes = []
                for changed, imported in results:
                    if imported is None:
                        unusual.append(changed)
                    else:
                        outcomes.append(_outcome(found, changed, imported))
                        if isinstance(imported, Imported) and imported.outcome in {CREATED, UPDATED}:
                            keys.update(imported.keys)
                changed_count = sum(outcome.result in {CREATED, UPDATED} for outcome in outcomes)
                change_count += changed_count
                if changed_count:
                    await compactor.begin()
                yield outcomes
        # Those that continue others come last: the others are archived by then.
        for changed in unusual:
            result = await _import_unusual(database, format, changed, left)
            if isinstance(result, Imported):
                keys.update(result.keys)
                if result.outcome in {CREATED, UPDATED}:
                    change_count += 1
                    await compactor.begin()
            yield [_outcome(found, changed, result)]
        await derive_dependents(database, format, keys)
        if change_count:
            await compactor.finish()
    await refresh_statistics(database, change_count)


async def _import_unusual(
    database: Database, format: TranscriptFormat, changed: Changed, left: frozenset[FileKey]
) -> Imported | Refused:
    key = FileKey.of(changed.found.path, changed.found.name)
    try:
        return await import_one(database, format, changed.found, leave_deleted=key in left)
    except (InvalidDocument, Unreadable) as error:
        return Refused(str(error))
    except OSError as error:
        return Refused.of(error)


async def derive_dependents(database: Database, format: TranscriptFormat, keys: set[str]) -> None:
    """Derive the sessions again that continue transcripts with these keys. Raises Unavailable."""
    if not keys:
        return
    async with database.snapshot() as connection:
        ids = await sessions_that_continue(connection, format.source, sorted(keys))
    for session_id in sorted(ids):
        await derive_session(database, format, session_id)


def _outcome(found: ChangedTranscripts, changed: Changed, result: Imported | Refused) -> TranscriptOutcome:
    if isinstance(result, Refused):
        if result.is_gone and FileKey.of(changed.found.path, changed.found.name) not in found.named:
            return TranscriptOutcome(changed.found, changed.size, GONE)
        return TranscriptOutcome(changed.found, changed.size, None, result.reason)
    if result.outcome == CONFLICT:
        agent = found.format.agent
        reason = f"The session {result.session_id} is stored already, and another agent than {agent} wrote it."
        return TranscriptOutcome(changed.found, changed.size, None, reason)
    return TranscriptOutcome(changed.found, changed.size, result.outcome)
