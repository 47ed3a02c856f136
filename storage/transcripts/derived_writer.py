"""Writes sessions that were derived from transcripts: many new ones at once, or one in pieces bounded in bytes."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import numpy as np
import sqlalchemy as sa

from storage.database.list_parameters import is_any_of
from storage.database.session_insert import insert_new_sessions
from storage.database.tables.change import tombstone
from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.database.transaction import DatabaseConnection, Transaction
from storage.documents.document import MESSAGE_COLUMNS
from storage.documents.updates import set_places
from storage.json_codec import load
from storage.records.casefold import title_columns
from storage.records.session_statistics import insert_statistics, replace_statistics
from storage.search.index.drafts import SegmentDraft
from storage.search.index.entries import Ids, entry_ids
from storage.search.index.segment_store import forget_entries, index_entries, next_numbers
from storage.transcripts.derived_plan import DerivedPlan, WrittenMessages
from storage.transcripts.derived_rows import StoredSession
from storage.transcripts.summaries import MessageSummary, SessionCounts, count

PARTIAL = -1
"""`parser_version` of a session of which only the first messages are written."""

_stored = sa.select(*(session.c[name] for name in StoredSession._fields))
_summaries = (
    sa.select(*(message.c[name] for name in MessageSummary._fields))
    .where(message.c.session_id == sa.bindparam("session_id"))
    .order_by(message.c.position)
)


class SessionChanged(Exception):
    """The session is not what its plan was made for: another writer came first, or it was deleted."""


async def stored_sessions(connection: DatabaseConnection, ids: Sequence[str]) -> dict[str, StoredSession]:
    """The stored sessions with these ids, whatever agent wrote them."""
    rows = await connection.execute(_stored.where(is_any_of(session.c.id, "ids", list(ids))))
    return {row.id: StoredSession._make(row) for row in rows}


async def stored_summaries(connection: DatabaseConnection, session_id: str) -> list[MessageSummary]:
    """The summaries of all stored messages of a session, in order."""
    rows = await connection.execute(_summaries, {"session_id": session_id})
    return [MessageSummary._make(row) for row in rows]


async def deleted_sessions(connection: DatabaseConnection, source: str, ids: Collection[str]) -> set[str]:
    """Which of an agent's sessions were deleted here."""
    rows = await connection.execute(
        sa.select(tombstone.c.session_id).where(
            is_any_of(tombstone.c.session_id, "ids", list(ids)), tombstone.c.source == source
        )
    )
    return set(rows.scalars())


def _ids(number: int, written: WrittenMessages) -> Ids:
    ids = entry_ids(number, written.start, len(written.values))
    return np.concatenate([entry_ids(number, -1, 1), ids]) if written.with_title else ids


async def create_sessions(transaction: Transaction, written: Sequence[WrittenMessages]) -> dict[str, int]:
    """Insert the rows of the new sessions that do not exist; return the numbers of those, by id.

    Messages and index entries are left to `add_messages`. Not the first statement of a transaction on SQLite.
    """
    numbers = await next_numbers(transaction, len(written))
    # Sorted, so that two transactions which create the same sessions do not deadlock.
    ordered = sorted(zip(numbers, written, strict=True), key=lambda pair: pair[1].plan.head.id)
    statement = insert_new_sessions(is_sqlite=transaction.is_sqlite)
    values = [
        {
            **one.plan.head.columns,
            **title_columns(one.plan.head.title),
            **one.counts.columns,
            "id": one.plan.head.id,
            "number": number,
            "is_renamed": False,
            "is_archived": one.plan.head.is_archived,
            "thread_id": None,
            "saved_at": datetime.now(UTC),
            "replaced": b"",
            "transcript_version": 1,
            "transcript_rewrites": 0,
        }
        for number, one in ordered
    ]
    created = set((await transaction.execute(statement, values)).scalars()) if values else set()
    if created:
        await transaction.execute(sa.delete(tombstone).where(is_any_of(tombstone.c.session_id, "ids", sorted(created))))
    inserted = [(number, one) for number, one in ordered if one.plan.head.id in created]
    await insert_statistics(transaction, [(number, one.counts.statistics) for number, one in inserted])
    return {one.plan.head.id: number for number, one in inserted}


async def add_messages(
    transaction: Transaction, written: Sequence[tuple[WrittenMessages, int]], drafts: Sequence[SegmentDraft]
) -> None:
    """Insert the messages of sessions with these numbers; `drafts` are those of their entries in order."""
    await transaction.insert(message, MESSAGE_COLUMNS, [values for one, _ in written for values in one.values])
    ids = [_ids(number, one) for one, number in written]
    if ids:
        await index_entries(transaction, np.concatenate(ids), drafts)


async def begin_update(transaction: Transaction, plan: DerivedPlan) -> int:
    """Remove what the plan replaces of a stored session; return the number under which its messages are written.

    Raises SessionChanged when the session is not the one that the plan was made for.
    """
    stored = plan.stored
    assert stored is not None
    locked = await transaction.execute(_stored.where(session.c.id == stored.id).with_for_update())
    row = locked.first()
    # Its title too, which the plan writes to the index: a person may have given another one meanwhile.
    if row is None or StoredSession._make(row) != stored:
        raise SessionChanged
    number = stored.number
    if plan.is_renumbered:
        [number] = await next_numbers(transaction, 1)
        await transaction.execute(sa.update(session).where(session.c.id == stored.id).values(number=number))
    elif plan.start < stored.message_count:
        await forget_entries(transaction, number, plan.start, stored.message_count - plan.start)
    if plan.start < stored.message_count:
        await transaction.execute(
            sa.delete(message).where(message.c.session_id == stored.id, message.c.position >= plan.start)
        )
    await set_places(transaction, stored.id, plan.kept, plan.places[: plan.start])
    return number


async def check_partial(transaction: Transaction, session_id: str, number: int, count: int) -> None:
    """Lock a session that is written in pieces. Raises SessionChanged unless exactly `count` messages are written."""
    columns = sa.select(session.c.number, session.c.message_count).where(session.c.id == session_id)
    row = (await transaction.execute(columns.with_for_update())).first()
    if row is None or tuple(row) != (number, count):
        raise SessionChanged


async def note_partial(
    transaction: Transaction, session_id: str, number: int, summaries: Sequence[MessageSummary]
) -> None:
    """Store that the session with this number has these messages so far, and that more follow."""
    counts = await asyncio.to_thread(count, summaries)
    values = {
        **counts.columns,
        "parser_version": PARTIAL,
        "transcript_version": session.c.transcript_version + 1,
        "transcript_rewrites": session.c.transcript_rewrites + 1,
    }
    await transaction.execute(sa.update(session).where(session.c.id == session_id).values(values))
    await replace_statistics(transaction, number, counts.statistics)


async def finish_update(transaction: Transaction, plan: DerivedPlan, counts: SessionCounts) -> None:
    """Store the columns of a session all of whose messages are written."""
    id = plan.head.id
    current = sa.select(session.c.number, session.c.header, session.c.is_renamed).where(session.c.id == id)
    row = (await transaction.execute(current)).one()
    values = {
        **plan.head.columns,
        **counts.columns,
        "saved_at": datetime.now(UTC),
        "transcript_version": session.c.transcript_version + int(plan.is_rewrite or plan.is_longer),
        "transcript_rewrites": session.c.transcript_rewrites + int(plan.is_rewrite),
    }
    if not row.is_renamed:
        values |= title_columns(plan.head.title)
    before = load(row.header)
    if isinstance(before, dict) and before.get("archived") is not plan.head.is_archived:
        values["is_archived"] = plan.head.is_archived
    await transaction.execute(sa.update(session).where(session.c.id == id).values(values))
    await replace_statistics(transaction, row.number, counts.statistics)
