"""Consistency checks: rows that contradict each other, an index that contradicts the rows, stuck tasks.

Sessions are read one by one and their messages in batches, so that memory stays small. A session that looks wrong is
checked again under a lock, so that a session that is being written is not reported.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage.database.change_numbers import UNCHANGED, skip_number
from storage.database.database import Database
from storage.database.migrations import is_current
from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.database.transaction import DatabaseConnection, Transaction
from storage.doctor.finding import Finding as Finding
from storage.doctor.thread_checks import thread_checks
from storage.doctor.thread_contents import find_wrong_thread, unlink_thread
from storage.doctor.transcript_checks import examine_transcripts
from storage.documents.document import is_prompt, stored_role
from storage.documents.formats.registry import FORMATS
from storage.documents.formats.transcript_format import TranscriptFormat
from storage.json_codec import load
from storage.records.content_block import ContentBlock
from storage.records.searched_text import searched_texts
from storage.records.session_counts import count_messages
from storage.records.session_statistics import recount, replace_statistics, stored_statistics
from storage.records.stored_blocks import read_blocks
from storage.records.tool_links import ToolLinks, note
from storage.records.transcript_items import own_item_count
from storage.search.index.compaction import compact, find_renamed_sessions
from storage.search.index.drafts import draft_entries, entry_checksums
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


class _Batch(NamedTuple):
    """Consecutive messages and their blocks; None for a message that cannot be parsed."""

    rows: list[Any]
    blocks: list[list[ContentBlock] | None]
    is_last: bool

    def texts(self) -> list[list[str]]:
        return [[] if blocks is None else searched_texts(blocks) for blocks in self.blocks]


_sessions = sa.select(
    *(
        session.c[name]
        for name in ("number", "id", "title", "message_count", "prompt_count", "newest_count", "item_count")
    )
).order_by(session.c.id)
_messages = (
    sa.select(
        *(
            message.c[name]
            for name in ("position", "place", "role", "is_injected", "extra", "tool_links", "item_count", "content")
        ),
        message.c.created_at,
        message.c.usage,
    )
    .where(message.c.session_id == sa.bindparam("session_id"), message.c.position >= sa.bindparam("start"))
    .order_by(message.c.position)
    .limit(_BATCH)
)


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
            is_suspect = bool([text async for text in _contradictions(connection, row, indexed)])
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
        found = [contradiction async for contradiction in _contradictions(transaction, row, indexed)]
        repairs = {contradiction.repair for contradiction in found} if repair else set()
        if Repair.STATISTICS in repairs:
            await replace_statistics(transaction, row.number, await recount(transaction, row.id))
        if Repair.INDEX in repairs:
            await _rebuild_index(transaction, row)
        if repairs - {None}:
            await skip_number(transaction)
    return [Finding(f"Session {row.id}: {one.text}", repair and one.repair is not None) for one in found]


class _Counted(NamedTuple):
    """The values of a message that the statistics of a session count."""

    created_at: datetime | None
    usage: str | None
    tool_links: str | None


class Repair(Enum):
    """The parts of a session that can be rebuilt from its messages."""

    INDEX = "index"
    STATISTICS = "statistics"


class _Contradiction(NamedTuple):
    text: str
    repair: Repair | None = None


async def _contradictions(
    connection: DatabaseConnection, row: Any, indexed: IndexedEntries
) -> AsyncIterator[_Contradiction]:
    """Yield the inconsistencies of a session. `indexed` holds its entries in the index, and perhaps those of others."""
    count = prompts = wrong = item_count = 0
    notes: list[tuple[int, str | None]] = []
    counted: list[_Counted] = []
    async for batch in _batches(connection, row.id):
        start, count = count, count + len(batch.rows)
        if [one.position for one in batch.rows] != list(range(start, count)):
            yield _Contradiction(f"the positions of its messages have gaps after {start}.")
            return
        for one, blocks in zip(batch.rows, batch.blocks, strict=True):
            if blocks is None:
                yield _Contradiction(f"message {one.position} cannot be parsed.")
                return
            links = note(blocks)
            if links != one.tool_links:
                yield _Contradiction(f"message {one.position} differs from its stored tool links.")
            counted.append(_Counted(one.created_at, one.usage, links))
            prompts += is_prompt(one.role, one.is_injected, one.item_count)
            if one.place is None:
                continue
            own_items = own_item_count(stored_role(one.role, one.extra), blocks)
            if own_items != one.item_count:
                yield _Contradiction(f"message {one.position} makes {own_items} items instead of {one.item_count}.")
            item_count += own_items
            notes.append((one.place, links))
        wrong += indexed.differences(entry_ids(row.number, start, len(batch.rows)), entry_checksums(batch.texts()))
    wrong += indexed.title_differs(row.number, entry_checksums([[row.title]])[0])
    wrong += indexed.count_beyond(row.number, count)
    newest_count = len(notes)
    if count != row.message_count:
        yield _Contradiction(f"message_count is {row.message_count}, but it has {count} messages.")
    if prompts != row.prompt_count:
        yield _Contradiction(f"prompt_count is {row.prompt_count}, but {prompts} messages are prompts.")
    if newest_count != row.newest_count:
        yield _Contradiction(f"newest_count is {row.newest_count}, but {newest_count} messages have a place.")
    notes.sort(key=lambda note: note[0])
    if [place for place, _ in notes] != list(range(newest_count)):
        yield _Contradiction(f"the places of its messages are not the numbers below {newest_count}.")
    if await stored_statistics(connection, row.id) != count_messages(counted):
        yield _Contradiction("what is counted of its messages differs from them.", Repair.STATISTICS)
    item_count += ToolLinks(notes).orphan_count
    if item_count != row.item_count:
        yield _Contradiction(f"item_count is {row.item_count}, but its messages make {item_count} items.")
    if wrong:
        yield _Contradiction(f"{wrong} entries of the search index differ from its text.", Repair.INDEX)


async def _batches(connection: DatabaseConnection, session_id: str) -> AsyncIterator[_Batch]:
    start = 0
    is_last = False
    while not is_last:
        rows = list((await connection.execute(_messages, {"session_id": session_id, "start": start})).all())
        is_last = len(rows) < _BATCH
        yield _Batch(rows, list(map(_blocks, rows)), is_last)
        start = rows[-1].position + 1 if rows else start


def _blocks(row: Any) -> list[ContentBlock] | None:
    try:
        stored_role(row.role, row.extra)
        return read_blocks(load(row.content))
    except ValueError:
        return None


async def _rebuild_index(transaction: Transaction, row: Any) -> None:
    [number] = await next_numbers(transaction, 1)
    await transaction.execute(sa.update(session).where(session.c.id == row.id).values(number=number, **UNCHANGED))
    await index_entries(transaction, entry_ids(number, -1, 1), draft_entries([[row.title]]))
    async for batch in _batches(transaction, row.id):
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
