"""Saves batches of transcripts that readers have taken, each in one transaction."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from storage.archive.companions import write_companions
from storage.archive.file_registry import write_registry
from storage.archive.file_state import NO_TRANSCRIPT, FileKey
from storage.archive.transcripts import (
    insert_transcripts,
    lock_archive,
    transcripts_by_id,
    transcripts_of_names,
    transcripts_of_sessions,
    update_transcript,
    write_chunks,
    write_keys,
)
from storage.cancellation import run_in_cancellable_thread
from storage.database.database import Database
from storage.database.transaction import Transaction
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.documents.outcomes import CONFLICT, CREATED, DELETED, EMPTY, UNCHANGED, UPDATED
from storage.search.index.drafts import SegmentDraft, draft_encoded
from storage.transcripts.derived_plan import WrittenMessages
from storage.transcripts.derived_writer import (
    SessionChanged,
    add_messages,
    begin_update,
    create_sessions,
    deleted_sessions,
    finish_update,
    stored_sessions,
)
from storage.transcripts.finding import Changed
from storage.transcripts.transcript_taking import (
    Job,
    PackedBatch,
    Refused,
    Taken,
    TakenBatch,
    Unusual,
)
from storage.transcripts.transcript_writer import Imported


class Result(NamedTuple):
    """The outcome for a transcript: None when it must be compared with the archive."""

    changed: Changed
    imported: Imported | Refused | None


class ReadBatch(NamedTuple):
    """A batch that was read; `taken` has the results of the jobs that were not unusual from the outset, in order."""

    batch: list[Changed]
    jobs: list[Job | None]
    taken: TakenBatch | PackedBatch


async def save_batch(
    database: Database, format: TranscriptFormat, read: ReadBatch, leave_deleted: frozenset[FileKey]
) -> list[Result]:
    """Store what was taken in one transaction."""
    batch = read.taken if isinstance(read.taken, TakenBatch) else await asyncio.to_thread(read.taken.unpacked)
    results = iter(batch.results)
    taken = [next(results) if job is not None else Unusual() for job in read.jobs]
    outcomes: dict[int, Imported | Refused | None] = {}
    saved: dict[int, Taken] = {}
    for index, one in enumerate(taken):
        if isinstance(one, Taken):
            saved[index] = one
        else:
            outcomes[index] = one if isinstance(one, Refused) else None
    drafted_count = sum(one.written is not None for one in saved.values())
    if saved:
        async with database.write() as transaction:
            await lock_archive(transaction)
            await _refuse(transaction, format.source, saved, outcomes, read.batch, leave_deleted)
            await _store(transaction, format.source, saved, outcomes, batch.drafts, drafted_count)
    return [Result(changed, outcomes[index]) for index, changed in enumerate(read.batch)]


async def _refuse(
    transaction: Transaction,
    source: str,
    saved: dict[int, Taken],
    outcomes: dict[int, Imported | Refused | None],
    batch: Sequence[Changed],
    leave_deleted: frozenset[FileKey],
) -> None:
    """Remove from `saved` what is not new or has changed meanwhile, deleted sessions, and conflicts."""
    by_id = await transcripts_by_id(transaction, [one.row.id for one in saved.values() if one.before is not None])
    names = [one.row.name for one in saved.values() if one.before is None]
    by_name = {row.name for row in await transcripts_of_names(transaction, source, names)}
    ids = [one.row.session_id for one in saved.values() if one.row.session_id is not None]
    of_session: dict[str | None, set[int]] = {}
    for row in await transcripts_of_sessions(transaction, source, ids):
        of_session.setdefault(row.session_id, set()).add(row.id)
    sessions = await stored_sessions(transaction, ids)
    deleted = await deleted_sessions(transaction, source, ids)
    deleted_files = []
    for index, one in list(saved.items()):
        row = one.row
        stored = sessions.get(row.session_id or "")
        if stored is not None and stored.source != source:
            outcomes[index] = Imported(CONFLICT, row.session_id)
        elif (
            stored is None
            and row.session_id in deleted
            and FileKey.of(batch[index].found.path, batch[index].found.name) in leave_deleted
        ):
            outcomes[index] = Imported(DELETED, row.session_id)
            deleted_files += [(key, state._replace(transcript_id=NO_TRANSCRIPT)) for key, state in one.files]
        elif (
            (one.before is None and row.name in by_name)
            or (one.before is not None and by_id.get(row.id) != one.before)
            or (row.session_id is not None and of_session.get(row.session_id, set()) - {row.id})
        ):
            outcomes[index] = None
        else:
            # A second file of a transcript, or a second transcript of a session, is compared with the first.
            by_name.add(row.name)
            by_id.pop(row.id, None)
            if row.session_id is not None:
                of_session.setdefault(row.session_id, set()).add(row.id)
            continue
        del saved[index]
    await write_registry(transaction, source, deleted_files)


async def _store(
    transaction: Transaction,
    source: str,
    saved: Mapping[int, Taken],
    outcomes: dict[int, Imported | Refused | None],
    drafts: list[SegmentDraft],
    drafted_count: int,
) -> None:
    """Store transcripts and their sessions; `drafts` are those of `drafted_count` sessions."""
    numbers = await _begin(transaction, saved, outcomes)
    underived = {index for index in saved if outcomes[index] is None}
    rows = {index: one.row._replace(is_derived=index not in underived) for index, one in saved.items()}
    await insert_transcripts(transaction, [rows[index] for index, one in saved.items() if one.before is None])
    for index, one in saved.items():
        if one.before is not None:
            await update_transcript(transaction, rows[index])
    await write_chunks(transaction, {one.row.id: one.chunks for one in saved.values()})
    await write_companions(transaction, [companion for one in saved.values() for companion in one.companions])
    ids = [one.row.id for one in saved.values()]
    await write_keys(transaction, ids, [key for one in saved.values() for key in one.keys])
    await write_registry(
        transaction, source, [file for index, one in saved.items() if index not in underived for file in one.files]
    )
    written: list[tuple[WrittenMessages, int]] = [
        (one.written, numbers[index]) for index, one in saved.items() if index in numbers and one.written is not None
    ]
    if len(written) != drafted_count:
        entries = (entry for messages, _ in written for entry in messages.entries())
        drafts = await run_in_cancellable_thread(draft_encoded, entries)
    await add_messages(transaction, written, drafts)
    for messages, _ in written:
        if messages.plan.stored is not None:
            await finish_update(transaction, messages.plan, messages.counts)


async def _begin(
    transaction: Transaction, saved: Mapping[int, Taken], outcomes: dict[int, Imported | Refused | None]
) -> dict[int, int]:
    """Create or lock the sessions whose messages are written; their numbers by the index of the transcript.

    Adds an outcome for each transcript: None for one whose session another writer has created or changed meanwhile.
    """
    numbers: dict[int, int] = {}
    new = {
        index: one.written
        for index, one in saved.items()
        if one.written is not None and one.written.plan.stored is None
    }
    created = await create_sessions(transaction, list(new.values())) if new else {}
    for index, one in saved.items():
        outcome: str | None = UNCHANGED
        if index in new:
            outcome = None
            if one.row.session_id in created:
                outcome = CREATED
                numbers[index] = created[one.row.session_id or ""]
        elif one.written is not None:
            outcome = None
            with contextlib.suppress(SessionChanged):
                numbers[index] = await begin_update(transaction, one.written.plan)
                outcome = UPDATED
        elif one.row.session_id is None or one.before is None:
            outcome = EMPTY
        keys = [key.key for key in one.keys]
        outcomes[index] = None if outcome is None else Imported(outcome, one.row.session_id, keys)
    return numbers
