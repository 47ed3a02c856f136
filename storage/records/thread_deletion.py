"""Deletion of threads with their turns, items, events and resume tasks."""

from collections.abc import Sequence

import sqlalchemy as sa

from storage.database.bus import QUEUE, ended_topic, task_topic
from storage.database.database import Database
from storage.database.list_parameters import is_any_of
from storage.database.tables.resume_task import resume_task
from storage.database.tables.session import session
from storage.database.tables.thread import thread, thread_event, thread_item, turn
from storage.database.transaction import Transaction


async def delete_thread(database: Database, thread_id: str) -> bool:
    """Delete a thread for good. Returns whether it was stored. Raises Unavailable."""
    async with database.write() as transaction:
        return await delete_threads(transaction, [thread_id]) > 0


async def delete_threads(transaction: Transaction, ids: Sequence[str]) -> int:
    """Delete threads, and return how many were stored. Seeders lose their leases on them."""
    thread_ids = list(ids)
    if not thread_ids:
        return 0
    seeded = sa.select(thread.c.session_id).where(is_any_of(thread.c.id, "ids", thread_ids))
    # The session first, as a resume locks the rows: one that has reused the thread ends before it is deleted.
    await transaction.execute(
        sa.update(session)
        .where(session.c.id.in_(seeded), is_any_of(session.c.thread_id, "ids", thread_ids))
        .values(thread_id=None)
    )
    # Tasks next: a batch in progress, which holds its task's row, inserts no rows after the deletion of the others.
    for table in (resume_task, turn, thread_item, thread_event):
        await transaction.execute(sa.delete(table).where(is_any_of(table.c.thread_id, "ids", thread_ids)))
    deleted = await transaction.execute(sa.delete(thread).where(is_any_of(thread.c.id, "ids", thread_ids)))
    transaction.notify(QUEUE, *(topic(id) for id in thread_ids for topic in (task_topic, ended_topic)))
    return deleted.rowcount
