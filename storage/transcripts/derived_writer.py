"""Writes sessions that were derived from transcripts: many new ones at once, or one in pieces bounded in bytes."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from storage.database.list_parameters import is_any_of
from storage.database.session_insert import insert_new_sessions
from storage.database.tables.change import tombstone
from storage.database.tables.message import message
from storage.database.tables.session import session
from storage.database.transaction import DatabaseConnection, Transaction
from storage.documents.document import is_prompt
from storage.documents.updates import insert_messages, set_places
from storage.json_codec import load
from storage.records.casefold import title_columns
from storage.records.session_counts import SessionStatistics
from storage.records.session_statistics import insert_statistics, replace_statistics
from storage.search.index.drafts import SegmentDraft
from storage.search.index.entries import Ids, entry_ids
from storage.search.index.segment_store import forget_entries, index_entries, next_numbers
from storage.transcripts.derived_plan import DerivedPlan, WrittenMessages
from storage.transcripts.derived_rows import (
    MessageSummary,
    RowBatch,
    StoredSession,
    count,
    transcript_digest,
)

_MANY = 2_000
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


def _ids(number: int, batch: RowBatch, *, with_title: bool) -> Ids:
    ids = entry_ids(number, batch.start, len(batch.rows))
    return np.concatenate([entry_ids(number, -1, 1), ids]) if with_title else ids


async def create_sessions(transaction: Transaction, written: Sequence[WrittenMessages]) -> dict[str, int]:
    """Insert the rows of the new sessions that do not exist; return the numbers of those, by id.

    Messages and index entries are left to `add_messages`. Not the first statement of a transaction on SQLite.
    """
    numbers = await next_numbers(transaction, len(written))
    # Sorted, so that two transactions which create the same sessions do not deadlock.
    ordered = sorted(zip(numbers, written, strict=True), key=lambda pair: pair[1].plan.head.id)
    statement = insert_new_sessions(is_sqlite=transaction.is_sqlite)
    counts = {plan.head.id: _counts(batch.summaries()) for plan, batch, _ in written}
    values = [
        {
            **plan.head.columns,
            **title_columns(plan.head.title),
            **counts[plan.head.id].columns,
            "id": plan.head.id,
            "number": number,
            "is_renamed": False,
            "is_archived": plan.head.is_archived,
            "thread_id": None,
            "saved_at": datetime.now(UTC),
            "replaced": b"",
            "transcript_version": 1,
            "transcript_rewrites": 0,
        }
        for number, (plan, batch, _) in ordered
    ]
    created = set((await transaction.execute(statement, values)).scalars()) if values else set()
    if created:
        await transaction.execute(sa.delete(tombstone).where(is_any_of(tombstone.c.session_id, "ids", sorted(created))))
    numbers_by_id = {plan.head.id: number for number, (plan, _, _) in ordered if plan.head.id in created}
    await insert_statistics(transaction, [(number, counts[id].statistics) for id, number in numbers_by_id.items()])
    return numbers_by_id


async def add_messages(
    transaction: Transaction, written: Sequence[tuple[WrittenMessages, int]], drafts: Sequence[SegmentDraft]
) -> None:
    """Insert the messages of sessions with these numbers; `drafts` are those of `drafted_entries`."""
    await insert_messages(
        transaction,
        [
            (plan.head.id, position, row)
            for (plan, batch, _), _ in written
            for position, row in enumerate(batch.rows, batch.start)
        ],
    )
    ids = [_ids(number, batch, with_title=with_title) for (_, batch, with_title), number in written]
    if ids:
        await index_entries(transaction, np.concatenate(ids), drafts)


class _Counts(NamedTuple):
    """The columns of a session that its messages decide, and its statistics."""

    columns: dict[str, Any]
    statistics: SessionStatistics


def _counts(summaries: Sequence[MessageSummary]) -> _Counts:
    items, statistics = count(summaries)
    columns = {
        "message_count": len(summaries),
        "prompt_count": sum(is_prompt(one.role, one.is_injected, one.item_count) for one in summaries),
        "newest_count": sum(one.place is not None for one in summaries),
        "item_count": items,
        "transcript_hash": transcript_digest(summaries),
    }
    return _Counts(columns, statistics)


async def _counts_aside(summaries: Sequence[MessageSummary]) -> _Counts:
    """As `_counts`, of many messages in a thread: pairing hundreds of thousands of tool calls takes a while."""
    return await asyncio.to_thread(_counts, summaries) if len(summaries) > _MANY else _counts(summaries)


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
    counts = await _counts_aside(summaries)
    values = {
        **counts.columns,
        "parser_version": PARTIAL,
        "transcript_version": session.c.transcript_version + 1,
        "transcript_rewrites": session.c.transcript_rewrites + 1,
    }
    await transaction.execute(sa.update(session).where(session.c.id == session_id).values(values))
    await replace_statistics(transaction, number, counts.statistics)


async def finish_update(transaction: Transaction, plan: DerivedPlan, summaries: Sequence[MessageSummary]) -> None:
    """Store the columns of a session all of whose messages are written."""
    id = plan.head.id
    current = sa.select(session.c.number, session.c.header, session.c.is_renamed).where(session.c.id == id)
    row = (await transaction.execute(current)).one()
    counts = await _counts_aside(summaries)
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


def placed(plan: DerivedPlan) -> list[MessageSummary]:
    """The summaries of the messages that are kept, with the places that the plan gives them."""
    return [one._replace(place=place) for one, place in zip(plan.kept, plan.places, strict=False)]
