"""Comparison of seeded threads with the sessions that they were seeded from."""

import asyncio
from typing import NamedTuple

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.resume_task import resume_task
from storage.database.tables.session import session
from storage.database.tables.thread import thread_item
from storage.database.transaction import DatabaseSnapshot
from storage.errors import Unreadable
from storage.records.resume_task import READY
from storage.resume.seeding.batch import ITEM_COLUMNS, BatchBuilder, Cursor
from storage.resume.seeding.messages import read_messages
from storage.resume.seeding.plan import read_plan

_MESSAGES = 100
_ITEMS = 1_000

_item_count = (
    sa.select(sa.func.count())
    .where(thread_item.c.thread_id == resume_task.c.thread_id)
    .correlate(resume_task)
    .scalar_subquery()
)
_linked = (
    sa.select(session.c.thread_id)
    .join_from(session, resume_task, resume_task.c.thread_id == session.c.thread_id)
    .where(session.c.id == sa.bindparam("session_id"), resume_task.c.state == READY)
    .where(resume_task.c.transcript_version == session.c.transcript_version)
    # The checks of counts report a thread with missing items.
    .where(resume_task.c.items_total == _item_count)
)
_items = (
    sa.select(*(thread_item.c[name] for name in ITEM_COLUMNS))
    .where(thread_item.c.thread_id == sa.bindparam("thread_id"))
    .where(
        sa.tuple_(thread_item.c.turn_position, thread_item.c.position)
        > sa.tuple_(sa.bindparam("turn_position", type_=sa.Integer), sa.bindparam("position", type_=sa.Integer))
    )
    .order_by(thread_item.c.turn_position, thread_item.c.position)
)


class WrongThread(NamedTuple):
    """A session's linked thread of which `difference_count` items differ from what the session seeds."""

    session_id: str
    thread_id: str
    difference_count: int


async def find_wrong_thread(database: Database, session_id: str) -> WrongThread | None:
    """Return the session's linked thread if it is READY and differs from the unchanged session. Raises Unavailable."""
    async with database.snapshot() as connection:
        thread_id = (await connection.execute(_linked, {"session_id": session_id})).scalar()
        if thread_id is None:
            return None
        count = await _differences(connection, session_id, thread_id)
    return WrongThread(session_id, thread_id, count) if count else None


async def _differences(connection: DatabaseSnapshot, session_id: str, thread_id: str) -> int:
    plan = await read_plan(connection, session_id)
    if plan is None:
        return 0
    builder, cursor, count = BatchBuilder(thread_id, plan.links), Cursor(), 0
    last = (-1, -1)
    while cursor.messages_read < plan.message_count:
        start = cursor.messages_read + builder.has_open_message
        try:
            end = min(start + _MESSAGES, plan.message_count)
            messages = await read_messages(connection, session_id, plan, start, end)
            batch = await asyncio.to_thread(builder.build, cursor, messages.rows, messages.elsewhere, _ITEMS)
        except Unreadable:
            # The checks of the session's own rows report this.
            return count
        at = {"thread_id": thread_id, "turn_position": last[0], "position": last[1]}
        rows = (await connection.execute(_items.limit(len(batch.items)), at)).all()
        count += sum(tuple(row) != item for row, item in zip(rows, batch.items, strict=False))
        count += len(batch.items) - len(rows)
        last = batch.items[-1][1:3] if batch.items else last
        cursor = batch.cursor
    return count


async def unlink_thread(database: Database, wrong: WrongThread) -> None:
    """Unlink a thread from its session, so that the next resume makes a new thread. Raises Unavailable."""
    async with database.write() as transaction:
        await transaction.execute(
            sa.update(session)
            .where(session.c.id == wrong.session_id, session.c.thread_id == wrong.thread_id)
            .values(thread_id=None)
        )
