"""Derives one session from the archive and stores it, in transactions that are bounded in bytes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import NamedTuple

from storage.archive.transcript_rows import KeyRow, TranscriptRow
from storage.archive.transcripts import (
    delete_transcripts,
    lock_archive,
    merge_transcripts,
    note_derived,
    transcripts_of_session,
    write_keys,
)
from storage.cancellation import run_in_cancellable_thread
from storage.database.database import Database
from storage.database.transaction import Transaction
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.documents.outcomes import CONFLICT, CREATED, DELETED, EMPTY, UNCHANGED, UPDATED
from storage.errors import Unavailable
from storage.search.index.drafts import SegmentDraft, draft_encoded
from storage.transcripts.archive_reader import ArchiveReader
from storage.transcripts.derivation import Derivation, derive
from storage.transcripts.derived_plan import DerivedPlan, WrittenMessages, batch_entries, placed, plan_session
from storage.transcripts.derived_rows import RowBatch, build_rows
from storage.transcripts.derived_writer import (
    SessionChanged,
    add_messages,
    begin_update,
    check_partial,
    create_sessions,
    deleted_sessions,
    finish_update,
    note_partial,
    stored_sessions,
    stored_summaries,
)
from storage.transcripts.found_bytes import FoundBytes
from storage.transcripts.summaries import MessageSummary, count

PIECE_BYTES = 4 * 2**20
"""Characters of messages that are written in one transaction."""

_MOST_ATTEMPTS = 5

Finish = Callable[[Transaction], Awaitable[None]]


class _Piece(NamedTuple):
    written: WrittenMessages
    summaries: list[MessageSummary]
    drafts: list[SegmentDraft]
    is_last: bool


async def _nothing(transaction: Transaction) -> None:
    """The default of `finish`."""


async def derive_session(
    database: Database,
    format: TranscriptFormat,
    session_id: str,
    *,
    at_hand: Mapping[int, FoundBytes] | None = None,
    leave_deleted: bool = True,
    finish: Finish = _nothing,
) -> str:
    """Store a session as its transcripts have it; returns the outcome. Raises Unavailable and Unreadable.

    `finish` is called in the last transaction. With `leave_deleted` a session that was deleted here stays deleted.
    """
    for _ in range(_MOST_ATTEMPTS):
        try:
            return await _derive_once(database, format, session_id, at_hand or {}, leave_deleted, finish)
        except SessionChanged:
            continue
    raise Unavailable(f"Other processes keep changing the session {session_id}.")


async def _derive_once(
    database: Database,
    format: TranscriptFormat,
    session_id: str,
    at_hand: Mapping[int, FoundBytes],
    leave_deleted: bool,
    finish: Finish,
) -> str:
    async with database.snapshot() as connection:
        rows = await transcripts_of_session(connection, format.source, session_id)
        stored = (await stored_sessions(connection, [session_id])).get(session_id)
        summaries = [] if stored is None else await stored_summaries(connection, session_id)
        is_deleted = leave_deleted and bool(await deleted_sessions(connection, format.source, [session_id]))
    if stored is not None and stored.source != format.source:
        return CONFLICT
    if stored is None and is_deleted:
        return DELETED
    reader = ArchiveReader(database, at_hand)
    derivation, keys = await run_in_cancellable_thread(_derive, format, rows, reader)
    end = _End(format.source, rows, [] if derivation is None else derivation.unused, keys, reader.asked_keys, finish)
    if derivation is None or not derivation.session.messages:
        await end.write(database)
        return EMPTY
    plan = await run_in_cancellable_thread(plan_session, derivation, format.version, stored, summaries)
    if plan.is_unchanged:
        await end.write(database)
        return UNCHANGED
    await _write(database, plan, derivation, end)
    return CREATED if stored is None else UPDATED


def _derive(
    format: TranscriptFormat, rows: list[TranscriptRow], reader: ArchiveReader
) -> tuple[Derivation | None, dict[int, list[str]]]:
    keys = {row.id: format.keys(reader.open(row)) for row in rows}
    return derive(format, rows, reader.open), keys


class _End(NamedTuple):
    """The statements of the last transaction of a derivation."""

    source: str
    rows: list[TranscriptRow]
    unused: list[int]
    keys: dict[int, list[str]]
    asked_keys: dict[int, set[str]]
    finish: Finish

    async def write(self, database: Database) -> None:
        async with database.write() as transaction:
            await lock_archive(transaction)
            await self.write_in(transaction)

    async def write_in(self, transaction: Transaction) -> None:
        """Must not be the first in a transaction."""
        kept = [row for row in self.rows if row.id not in self.unused]
        await note_derived(transaction, kept)
        ids = [row.id for row in kept]
        own = [KeyRow(key, self.source, True, id) for id in ids for key in sorted(set(self.keys.get(id, ())))]
        asked = [KeyRow(key, self.source, False, id) for id in ids for key in sorted(self.asked_keys.get(id, ()))]
        await write_keys(transaction, ids, own + asked)
        newest = {row.name: row.id for row in kept}
        for row in self.rows:
            if row.id in self.unused and row.name in newest:
                await merge_transcripts(transaction, [row.id], newest[row.name])
            elif row.id in self.unused:
                await delete_transcripts(transaction, [row.id])
        await self.finish(transaction)


async def _write(database: Database, plan: DerivedPlan, derivation: Derivation, end: _End) -> None:
    """Write what is planned, one transaction a piece. The next piece is built while one is written."""
    messages = derivation.session.messages
    batches = build_rows(messages, plan.digests, plan.places, plan.start, PIECE_BYTES)
    pieces = _pieces(plan, batches, len(messages), is_sqlite=database.is_sqlite)
    following = asyncio.create_task(run_in_cancellable_thread(next, pieces))
    summaries = placed(plan)
    number = 0
    try:
        is_first = True
        while True:
            piece = await following
            if not piece.is_last:
                following = asyncio.create_task(run_in_cancellable_thread(next, pieces))
            async with database.write() as transaction:
                await lock_archive(transaction)
                if not is_first:
                    await check_partial(transaction, plan.head.id, number, len(summaries))
                elif plan.stored is None:
                    created = await create_sessions(transaction, [piece.written])
                    if plan.head.id not in created:
                        raise SessionChanged
                    number = created[plan.head.id]
                else:
                    number = await begin_update(transaction, plan)
                await add_messages(transaction, [(piece.written, number)], piece.drafts)
                summaries += piece.summaries
                if piece.is_last:
                    if plan.stored is not None or not is_first:
                        await finish_update(transaction, plan, await asyncio.to_thread(count, summaries))
                    await end.write_in(transaction)
                else:
                    await note_partial(transaction, plan.head.id, number, summaries)
            if piece.is_last:
                return
            is_first = False
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _pieces(plan: DerivedPlan, batches: Iterator[RowBatch], message_count: int, *, is_sqlite: bool) -> Iterator[_Piece]:
    is_first = True
    for batch in batches:
        with_title = is_first and plan.indexes_title
        summaries = batch.summaries()
        is_last = batch.start + len(batch.rows) == message_count
        yield _Piece(
            WrittenMessages.of(plan, batch, count(summaries), with_title=with_title, is_sqlite=is_sqlite),
            summaries,
            draft_encoded(batch_entries(plan, batch, with_title=with_title)),
            is_last,
        )
        if is_last:
            return
        is_first = False
