"""Consistency checks: rows that contradict each other, an index that contradicts the rows, stuck tasks.

Sessions are read one by one and their messages in batches, so that memory stays small. A session that looks wrong is
checked again under a lock, so that a session that is being written is not reported.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

import sqlalchemy as sa

from storage.database.change_numbers import UNCHANGED, skip_number
from storage.database.database import Database
from storage.database.migrations import is_current
from storage.database.tables.session import session
from storage.database.transaction import Transaction
from storage.doctor.finding import Finding
from storage.doctor.number_check import examine_numbers
from storage.doctor.session_checks import CHECKED_COLUMNS, Repair, contradictions, message_batches
from storage.doctor.thread_checks import thread_checks
from storage.doctor.thread_contents import find_wrong_thread, unlink_thread
from storage.doctor.transcript_checks import examine_transcripts
from storage.documents.formats.registry import FORMATS
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.records.session_statistics import recount, replace_statistics
from storage.search.index.compaction import compact, find_renamed_sessions
from storage.search.index.drafts import draft_entries
from storage.search.index.entries import entry_ids
from storage.search.index.segment_store import index_entries, next_numbers
from storage.search.index.verification import (
    IndexedEntries,
    delete_segment,
    read_indexed_entries,
    read_indexed_entries_of,
)
from storage.transcripts.rederivation import outdated_sessions, rederive

_BATCH = 100
"""Sessions that are read at a time."""

_sessions = sa.select(*(session.c[name] for name in CHECKED_COLUMNS)).order_by(session.c.id)


async def examine(
    database: Database, *, repair: bool = False, formats: Mapping[str, TranscriptFormat] = FORMATS
) -> AsyncIterator[Finding]:
    """Yield all inconsistencies. Raises Unavailable.

    With `repair`, sessions of older formats are derived again, wrong counts and entries of the search index are
    rebuilt, and threads that differ from their sessions are unlinked, so that the next resume makes new ones.
    """
    if not await is_current(database):
        yield Finding("The database is not at this version's migration. Run `reprise migrate`.")
        return
    indexed = await read_indexed_entries(database)
    for segment_id in indexed.broken:
        if repair:
            await delete_segment(database, segment_id)
        yield Finding("A segment of the search index cannot be read.", repair)
    # Before the others, whose repairs take numbers.
    if (finding := await examine_numbers(database, indexed.ids, repair=repair)) is not None:
        yield finding
    async for finding in examine_transcripts(database):
        yield finding
    async for finding in _examine_derived(database, formats, repair):
        yield finding
    async for finding in _examine_sessions(database, indexed, repair):
        yield finding
    async for finding in _examine_tasks(database):
        yield finding


async def _examine_derived(
    database: Database, formats: Mapping[str, TranscriptFormat], repair: bool
) -> AsyncIterator[Finding]:
    if repair:
        async for session_id, _ in rederive(database, formats):
            yield Finding(f"Session {session_id}: it was not derived by this version.", is_repaired=True)
        return
    counts = Counter(format.agent for format, _ in await outdated_sessions(database, formats))
    for agent, count in counts.items():
        what = f"{count} sessions of {agent} are not derived by this version from their transcripts."
        yield Finding(f"{what} A server does so, or `reprise doctor --repair`.")


async def _examine_sessions(database: Database, indexed: IndexedEntries, repair: bool) -> AsyncIterator[Finding]:
    is_repaired = False
    async for row in _all_sessions(database):
        async with database.snapshot() as connection:
            is_suspect = bool([text async for text in contradictions(connection, row, indexed)])
        if is_suspect:
            for finding in await _examine_locked(database, row.id, repair):
                is_repaired |= finding.is_repaired
                yield finding
        elif (wrong := await find_wrong_thread(database, row.id)) is not None:
            if repair:
                await unlink_thread(database, wrong)
            advice = "" if repair else " Repair it, then resume the session for a new thread."
            text = f"{wrong.difference_count} of its items differ from session {wrong.session_id}.{advice}"
            yield Finding(f"Thread {wrong.thread_id}: {text}", repair)
    if is_repaired:
        await compact(database)


async def _all_sessions(database: Database) -> AsyncIterator[Any]:
    id = ""
    while True:
        async with database.snapshot() as connection:
            rows = (await connection.execute(_sessions.where(session.c.id > id).limit(_BATCH))).all()
        for row in rows:
            yield row
        if len(rows) < _BATCH:
            return
        id = rows[-1].id


async def _examine_locked(database: Database, session_id: str, repair: bool) -> list[Finding]:
    async with database.write() as transaction:
        await _allow_long_reads(transaction)
        row = (await transaction.execute(_sessions.where(session.c.id == session_id).with_for_update())).first()
        if row is None:
            return []
        indexed = await read_indexed_entries_of(transaction, row.number)
        found = [contradiction async for contradiction in contradictions(transaction, row, indexed)]
        repairs = {contradiction.repair for contradiction in found} if repair else set()
        if Repair.STATISTICS in repairs:
            await replace_statistics(transaction, row.number, await recount(transaction, row.id))
        if Repair.INDEX in repairs:
            await _rebuild_index(transaction, row)
        if repairs - {None}:
            await skip_number(transaction)
    return [Finding(f"Session {row.id}: {one.text}", repair and one.repair is not None) for one in found]


async def _rebuild_index(transaction: Transaction, row: Any) -> None:
    [number] = await next_numbers(transaction, 1)
    await transaction.execute(sa.update(session).where(session.c.id == row.id).values(number=number, **UNCHANGED))
    await index_entries(transaction, entry_ids(number, -1, 1), draft_entries([[row.title]]))
    async for batch in message_batches(transaction, row.id):
        if batch.rows:
            ids = entry_ids(number, batch.rows[0].position, len(batch.rows))
            await index_entries(transaction, ids, draft_entries(batch.texts()[: len(ids)]))


async def reindex_renamed_sessions(database: Database) -> int:
    """Index the sessions with several titles in the index again, and return their number. Raises Unavailable.

    Their old entries then count as those of a deleted session.
    """
    numbers = await find_renamed_sessions(database)
    for number in numbers:
        async with database.write() as transaction:
            await _allow_long_reads(transaction)
            row = (await transaction.execute(_sessions.where(session.c.number == number).with_for_update())).first()
            if row is not None:
                await _rebuild_index(transaction, row)
                await skip_number(transaction)
    return len(numbers)


async def _allow_long_reads(transaction: Transaction) -> None:
    """Lift the timeout for idle transactions, which reading a long session may exceed."""
    if not transaction.is_sqlite:
        await transaction.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))


async def _examine_tasks(database: Database) -> AsyncIterator[Finding]:
    for text, statement in thread_checks():
        async with database.snapshot() as connection:
            rows = (await connection.execute(statement)).all()
        for row in rows:
            yield Finding(text.format(*row))
